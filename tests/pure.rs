//! What needs no other program: the contract, the command line, the documents, the core against its twin, recovery from
//! any crash, mutants of what is read, the simulated organisation.
//!
//! One program, because each program of tests links the whole of librdkafka and OpenSSL. A part of it:
//! `cargo test --test pure laws::`.

mod cli;
mod contract;
mod crm;
mod dice;
mod docs;
mod fuzz;
mod laws;
mod laws_of_crm;
mod recovery;
mod simulate;
