//! Records that wait until all of a list is read, compressed: the first reading of a large organisation has millions.

use xxhash_rust::xxh3::xxh3_64;

use crate::connect::json::Json;

/// Records lie on so many boards: one board's are parsed at a time.
pub(super) const BOARDS: usize = 256;
/// So many bytes of a board are compressed together.
const BLOCK: usize = 32 << 10;
/// What is before a record: its length.
const LENGTH: usize = 4;

/// The records of one list, as they came. Those of one id lie on one board, in the order in which they came.
#[derive(Debug, Default)]
pub(super) struct Shelf {
    boards: Vec<Board>,
}

#[derive(Clone, Debug, Default)]
struct Board {
    /// Blocks, each with its length before it was compressed.
    packed: Vec<(usize, Box<[u8]>)>,
    loose: Vec<u8>,
}

/// The board of an id.
pub(super) fn board_of(id: &str) -> usize {
    let [board, ..] = xxh3_64(id.as_bytes()).to_le_bytes();
    usize::from(board)
}

impl Shelf {
    /// Puts a record on the board of an id.
    ///
    /// # Errors
    /// If it cannot be compressed.
    pub(super) fn put(&mut self, id: &str, record: &Json) -> Result<(), String> {
        self.boards.resize(BOARDS, Board::default());
        let Some(board) = self.boards.get_mut(board_of(id)) else { return Ok(()) };
        let made: Vec<u8>;
        let text = match record.source_text() {
            Some(text) => text.as_bytes(),
            None => {
                made = record.encode();
                &made
            }
        };
        let length = u32::try_from(text.len()).map_err(|_| "a record is too long".to_owned())?;
        board.loose.extend(length.to_le_bytes());
        board.loose.extend(text);
        if board.loose.len() >= BLOCK {
            let packed = zstd::bulk::compress(&board.loose, 1).map_err(|error| error.to_string())?;
            board.packed.push((board.loose.len(), packed.into_boxed_slice()));
            board.loose.clear();
        }
        Ok(())
    }

    /// The records of a board.
    ///
    /// # Errors
    /// If they are not what was put there.
    pub(super) fn board(&self, place: usize) -> Result<Vec<Json>, String> {
        let mut records = Vec::new();
        let Some(board) = self.boards.get(place) else { return Ok(records) };
        for (length, packed) in &board.packed {
            let block = zstd::bulk::decompress(packed, *length).map_err(|error| error.to_string())?;
            read(&block, &mut records)?;
        }
        read(&board.loose, &mut records)?;
        Ok(records)
    }

    /// How many bytes it holds.
    #[cfg(test)]
    fn bytes(&self) -> usize {
        let of =
            |board: &Board| board.packed.iter().map(|(_, block)| block.len()).sum::<usize>() + board.loose.capacity();
        self.boards.iter().map(of).sum()
    }
}

fn read(mut block: &[u8], records: &mut Vec<Json>) -> Result<(), String> {
    while let Some((length, rest)) = block.split_first_chunk::<LENGTH>() {
        let length = usize::try_from(u32::from_le_bytes(*length)).map_err(|error| error.to_string())?;
        let (record, rest) = rest.split_at_checked(length).ok_or("a record ends before its end")?;
        records.push(Json::parse_records(record, &[""]).map_err(|fault| fault.to_string())?);
        block = rest;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(number: usize) -> String {
        let deal = 6_756_839_000_001_000_000 + number / 5;
        let row = 6_756_839_000_005_000_000 + number * 7;
        format!(
            r#"{{"id":"{row}","Potential_Name":{{"name":"Deal of {number}","id":"{deal}"}},"Stage":"Proposal/Price Quote",
            "Moved_To__s":"Negotiation/Review","Modified_Time":"2026-01-{:02}T{:02}:{:02}:00+08:00","Amount":{}.50,
            "Closing_Date":"2026-03-{:02}"}}"#,
            1 + number % 28,
            number % 24,
            number % 60,
            number * 37 % 100_000,
            1 + number % 30
        )
    }

    #[test]
    fn what_was_put_there_is_there_byte_for_byte_and_in_order() {
        let mut shelf = Shelf::default();
        let count = 60_000;
        for number in 0..count {
            let record = Json::parse_records(row(number).as_bytes(), &[""]).unwrap();
            shelf.put(record.word("/Potential_Name/id").unwrap(), &record).unwrap();
        }
        shelf.put("x", &Json::object([("id", Json::text_of("made"))])).unwrap();
        let mut found = Vec::new();
        for board in 0..BOARDS {
            let records = shelf.board(board).unwrap();
            let ids = records.iter().filter_map(|record| record.word("/Potential_Name/id"));
            assert!(ids.clone().all(|id| board_of(id) == board));
            let texts: Vec<String> = records.iter().map(|record| record.source_text().unwrap().to_owned()).collect();
            assert!(texts.len() < 3 * count / BOARDS, "{} on one board", texts.len());
            found.extend(texts);
        }
        found.sort();
        let mut put: Vec<String> = (0..count).map(row).chain([r#"{"id":"made"}"#.to_owned()]).collect();
        put.sort();
        assert_eq!(found, put);
        let (bytes, raw) = (shelf.bytes(), put.iter().map(String::len).sum::<usize>());
        // What is loose is not compressed yet.
        assert!(bytes < raw / 4 + BOARDS * 2 * BLOCK, "{bytes} of {raw}");
    }
}
