//! Who may see what.

mod asker;

pub use asker::{Asker, Names, Role, Targets};
