//! Tables in files: comma-separated values with a row of names.

use crate::connect::json::{Fields, Json};

/// The longest table that is read at once, in bytes.
pub const LARGEST_TABLE: usize = 256 << 20;

/// The rows of a table as objects of texts; an empty cell is null.
///
/// # Errors
/// A sentence that names the line.
pub fn rows(bytes: &[u8], delimiter: u8) -> Result<Vec<Json>, String> {
    let bytes = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes);
    let Ok(text) = std::str::from_utf8(bytes) else {
        return Err("it is not UTF-8; of a file in GB18030: iconv -f GB18030 -t UTF-8 FILE > NEW".to_owned());
    };
    let mut reader = csv::ReaderBuilder::new().delimiter(delimiter).from_reader(bytes);
    let names: Vec<String> =
        reader.headers().map_err(|error| error.to_string())?.iter().map(|name| name.trim().to_owned()).collect();
    if let Some((place, name)) =
        names.iter().enumerate().find(|(place, name)| names.iter().take(*place).any(|known| known == *name))
    {
        return Err(format!("its column {} has the name {name:?} of another column", place + 1));
    }
    let mut rows = Vec::new();
    let mut record = csv::StringRecord::new();
    while reader.read_record(&mut record).map_err(|error| error.to_string())? {
        let place = |position: Option<&csv::Position>| usize::try_from(position.map_or(0, csv::Position::byte)).ok();
        let (start, end) = (place(record.position()), place(Some(reader.position())));
        let text = start.zip(end).and_then(|(start, end)| text.get(start..end)).unwrap_or_default();
        let cells = names.iter().zip(record.iter()).map(|(name, cell)| {
            let value = if cell.is_empty() { Json::Null } else { Json::text_of(cell) };
            (name.clone(), value)
        });
        rows.push(Json::Object(cells.collect::<Fields>().with_text(text.trim_matches(['\r', '\n']))));
    }
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_quotes_and_line_ends() {
        let rows = rows("\u{feff}a,b\r\n\"1,5\",\r\n\"x\"\"y\ny\",2\r\n".as_bytes(), b',').unwrap();
        assert_eq!(rows.len(), 2);
        assert_eq!((rows[0].word("/a"), rows[0].word("/b")), (Some("1,5"), None));
        assert_eq!((rows[1].word("/a"), rows[1].word("/b")), (Some("x\"y\ny"), Some("2")));
        assert_eq!(rows[0].source_text(), Some("\"1,5\","), "as it came, for a dead letter");
        assert_eq!(rows[1].source_text(), Some("\"x\"\"y\ny\",2"));
    }

    #[test]
    fn what_is_no_table_is_refused() {
        assert!(rows(b"a,b\n1\n", b',').unwrap_err().contains("line"));
        assert!(rows(&[b'a', 0xc4, 0xe3], b',').unwrap_err().contains("iconv"));
        assert!(rows(b"a,a\n1,2\n", b',').unwrap_err().contains("another column"));
    }
}
