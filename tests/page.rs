//! The page that people see: its files by their rules, and what it shows, says and does in a real browser.

mod browser;
mod encrypted;
mod files;
mod login;
mod pictures;
mod service;
mod words;
