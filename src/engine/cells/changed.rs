//! Which rows have changed.

/// A set of rows, to which adding costs a look at one bit.
#[derive(Clone, Debug, Default)]
pub(super) struct Changed {
    marks: Vec<u64>,
    rows: Vec<usize>,
}

impl Changed {
    /// Adds a row.
    pub(super) fn note(&mut self, row: usize) {
        let (word, bit) = (row / 64, 1_u64 << (row % 64));
        match self.marks.get_mut(word) {
            Some(marks) if *marks & bit != 0 => {}
            Some(marks) => {
                *marks |= bit;
                self.rows.push(row);
            }
            None => {
                self.marks.resize(word + 1, 0);
                self.note(row);
            }
        }
    }

    /// Takes all rows out, each once.
    pub(super) fn take(&mut self) -> Vec<usize> {
        self.marks.fill(0);
        std::mem::take(&mut self.rows)
    }
}
