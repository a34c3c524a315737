//! What helps while typing: completions for shells and man pages, both made of the definition of the command line.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;

use clap::builder::Resettable;
use clap_complete::Shell;
use clap_mangen::Man;
use clap_mangen::roff::{Roff, roman};

use super::AppError;
use super::command_line::definition;

/// The script that completes our commands and flags in a shell.
pub(super) fn completions(shell: Shell) -> String {
    let mut definition = definition();
    let name = definition.get_name().to_owned();
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut definition, name, &mut script);
    String::from_utf8_lossy(&script).into_owned()
}

/// The man page of the program, which names those of its commands.
pub(super) fn man_page() -> Result<String, AppError> {
    let mut text = Vec::new();
    write_page(definition(), &mut text).map_err(|error| AppError::Output(error.to_string()))?;
    Ok(String::from_utf8_lossy(&text).into_owned())
}

/// Writes a man page for the program and for each command into a folder, which is made if need be.
pub(super) fn write_man_pages(folder: &Path) -> Result<(), AppError> {
    let write = || {
        fs::create_dir_all(folder)?;
        let mut definition = definition();
        // Only a built definition knows its commands by their whole names, such as salespulse-run.
        definition.build();
        for command in with_all_below(&definition) {
            let name = command.get_display_name().unwrap_or(command.get_name());
            let mut file = File::create(folder.join(format!("{name}.1")))?;
            write_page(command.clone(), &mut file)?;
        }
        Ok(())
    };
    write().map_err(|error: io::Error| {
        AppError::Output(format!("cannot write the man pages to {}: {error}", folder.display()))
    })
}

/// A command and all that lie below it, but for the hidden ones.
fn with_all_below(command: &clap::Command) -> Vec<&clap::Command> {
    let below = command.get_subcommands().filter(|command| !command.is_hide_set());
    below.flat_map(with_all_below).chain([command]).collect()
}

/// Writes one page. It lacks the commit, so that it stays the same as long as the command does.
fn write_page(command: clap::Command, output: &mut dyn Write) -> io::Result<()> {
    // What follows the help is laid out by hand: examples, tables. The crate would fill it like a paragraph.
    let notes = command.get_after_help().map(ToString::to_string);
    let command = command.after_help(Resettable::Reset).version(env!("CARGO_PKG_VERSION"));
    Man::new(command).source(concat!("salespulse ", env!("CARGO_PKG_VERSION"))).manual("salespulse").render(output)?;
    let Some(notes) = notes else { return Ok(()) };
    let mut section = Roff::new();
    section.control("SH", ["NOTES"]).control("nf", []);
    for line in notes.lines() {
        section.text([roman(line)]);
    }
    section.control("fi", []).to_writer(output)
}
