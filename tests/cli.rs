//! The built program as a user meets it: what it prints where, and how it ends.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails, at the place where it could not")]

mod check;
mod connect;
mod demo;
mod errors;
mod guides;
mod program;
mod replay;
mod run;
mod simulate;
