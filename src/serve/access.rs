//! Who is let in, and who may see what.

mod asker;
mod certificate;
mod client;
mod gate;
mod read_file;
mod refusal;
mod right;
mod tls;
mod users;
mod web_file;

pub use asker::Asker;
pub(super) use client::Client;
pub use gate::Gate;
pub(super) use gate::{Door, admit};
pub(super) use refusal::{Reason, Refusal};
pub(super) use tls::{HTTP2, Tls};
