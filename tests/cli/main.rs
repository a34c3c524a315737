//! The built program as a user meets it: what it prints where, and how it ends.

mod errors;
mod program;
mod replay;
