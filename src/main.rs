//! The program: everything it does is in the library.

use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// A panic is a bug of ours; the panic's own message is already on standard error.
const BUG: u8 = 70;

fn main() -> ExitCode {
    std::panic::catch_unwind(salespulse::app::main).unwrap_or(ExitCode::from(BUG))
}
