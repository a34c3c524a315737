//! The rules of the repository that a program can check. CONTRIBUTING.md says why they are there.

// The lints for tests, which let them unwrap and panic, follow this attribute into functions that are no test themselves.
#![cfg(test)]

mod circles;
mod dependencies;
mod files;
mod layers;
mod links;
mod rust;
mod secrets;
mod text;
mod tree;
