//! The directory of names: reps in teams and channels by small numbers.
/// Names by number and numbers by name, shared by all threads.
#[derive(Debug, Default)]
pub struct Directory;
