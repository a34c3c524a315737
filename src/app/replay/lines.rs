//! The lines of a file, of which no length is too long for the memory.

use std::fs::File;
use std::io::{self, BufRead, Read, Seek, Write};

use crate::contract::decode::{BYTE_ORDER_MARK, LARGEST_VALUE};

/// A line without its line feed. Lines of only spaces, tabs and carriage returns are none.
#[derive(Debug)]
pub(super) enum Line<'a> {
    /// A line that may be a record.
    Whole(&'a [u8]),
    /// A line that is longer than any record may be.
    Long {
        /// Its length in bytes.
        size: u64,
        /// A file that holds it, from its start, if long lines are to be kept.
        spool: Option<File>,
    },
}

/// The lines of a reader.
#[derive(Debug)]
pub(super) struct Lines<R> {
    reader: R,
    /// The present line, or the beginning of a long one.
    buffer: Vec<u8>,
    number: u64,
    keep_long: bool,
}

/// One byte more than a record may have, or a record and its line feed.
const MOST_BUFFERED: u64 = LARGEST_VALUE as u64 + 1;

impl<R: BufRead> Lines<R> {
    /// The lines of a reader; `keep_long` says whether the content of long ones is wanted.
    pub(super) fn new(reader: R, keep_long: bool) -> Lines<R> {
        Lines { reader, buffer: Vec::new(), number: 0, keep_long }
    }

    /// The next line that is not blank, and its number, counted from 1 over all lines.
    pub(super) fn next(&mut self) -> io::Result<Option<(u64, Line<'_>)>> {
        loop {
            self.buffer.clear();
            let read = (&mut self.reader).take(MOST_BUFFERED).read_until(b'\n', &mut self.buffer)?;
            if read == 0 {
                return Ok(None);
            }
            self.number += 1;
            let ended = self.buffer.pop_if(|last| *last == b'\n').is_some();
            if !ended && self.buffer.len() > LARGEST_VALUE {
                if let Some(long) = self.long_line()? {
                    return Ok(Some((self.number, long)));
                }
            } else if !is_blank(self.without_mark()) {
                break;
            }
        }
        Ok(Some((self.number, Line::Whole(&self.buffer))))
    }

    /// What is in the buffer; of a file's first line without the byte order mark that may stand there.
    fn without_mark(&self) -> &[u8] {
        let mark = if self.number == 1 { BYTE_ORDER_MARK } else { &[] };
        self.buffer.strip_prefix(mark).unwrap_or(&self.buffer)
    }

    /// Reads the rest of a line whose beginning is in the buffer; `None` if all of it is blank.
    ///
    /// Only its end shows whether it is blank, so until then it waits in a file that has no name.
    fn long_line(&mut self) -> io::Result<Option<Line<'static>>> {
        let mut spool = self.keep_long.then(tempfile::tempfile).transpose()?;
        let mut blank = is_blank(self.without_mark());
        let mut size = self.buffer.len() as u64;
        if let Some(spool) = &mut spool {
            spool.write_all(&self.buffer)?;
        }
        loop {
            let chunk = self.reader.fill_buf()?;
            let end = chunk.iter().position(|byte| *byte == b'\n');
            let part = chunk.get(..end.unwrap_or(chunk.len())).unwrap_or_default();
            if let Some(spool) = &mut spool {
                spool.write_all(part)?;
            }
            blank &= is_blank(part);
            size += part.len() as u64;
            let used = part.len() + usize::from(end.is_some());
            let over = end.is_some() || chunk.is_empty();
            self.reader.consume(used);
            if over {
                break;
            }
        }
        if let Some(spool) = &mut spool {
            spool.rewind()?;
        }
        Ok((!blank).then_some(Line::Long { size, spool }))
    }
}

fn is_blank(line: &[u8]) -> bool {
    line.iter().all(|byte| matches!(byte, b' ' | b'\t' | b'\r'))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The lines of a text, read through a buffer of a few bytes.
    fn lines_of(text: &[u8]) -> Vec<(u64, Vec<u8>, bool)> {
        let mut lines = Lines::new(io::BufReader::with_capacity(7, text), true);
        let mut all = Vec::new();
        while let Some((number, line)) = lines.next().unwrap() {
            all.push(match line {
                Line::Whole(line) => (number, line.to_vec(), false),
                Line::Long { size, spool } => {
                    let mut content = Vec::new();
                    spool.unwrap().read_to_end(&mut content).unwrap();
                    assert_eq!(content.len() as u64, size);
                    (number, content, true)
                }
            });
        }
        all
    }

    #[test]
    fn blank_lines_count_but_are_none() {
        let lines = lines_of(b"a\r\n\n \t\r\n b \nlast");
        let expected: [(u64, &[u8]); 3] = [(1, b"a\r"), (4, b" b "), (5, b"last")];
        assert_eq!(lines, expected.map(|(number, line)| (number, line.to_vec(), false)));
        assert!(lines_of(b"").is_empty() && lines_of(b"\n\n").is_empty() && lines_of(b" ").is_empty());
    }

    #[test]
    fn a_first_line_may_be_blank_after_its_mark() {
        assert!(lines_of("\u{feff} \t\r\n\n".as_bytes()).is_empty());
        let lines = lines_of("\u{feff}a\n\u{feff}".as_bytes());
        assert_eq!(lines, [(1, "\u{feff}a".into(), false), (2, "\u{feff}".into(), false)]);
    }

    #[test]
    fn a_line_is_long_from_the_first_byte_too_many() {
        for end in ["", "\n", "\nx\n"] {
            for (length, is_long) in [(LARGEST_VALUE, false), (LARGEST_VALUE + 1, true), (300_000, true)] {
                let line = "é".repeat(length / 2) + if length % 2 == 1 { "!" } else { "" };
                let lines = lines_of(format!("{line}{end}").as_bytes());
                assert_eq!(lines[0], (1, line.into_bytes(), is_long));
                assert_eq!(lines.get(1).map(|line| line.0), end.contains('x').then_some(2));
            }
        }
    }

    #[test]
    fn long_lines_may_be_blank_to_the_end_or_not() {
        let blank = " \t".repeat(LARGEST_VALUE);
        assert_eq!(lines_of(format!("{blank}\nx").as_bytes()), [(2, b"x".to_vec(), false)]);
        let late = format!("{blank}x\r");
        assert_eq!(lines_of(late.as_bytes()), [(1, late.into_bytes(), true)]);
    }
}
