//! Runs the built program in a folder of its own.

use std::ffi::OsStr;
use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use tempfile::TempDir;

/// What the program printed and how it ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ended {
    /// The one line on standard error of a program that failed with this code and printed nothing else.
    #[track_caller]
    pub(crate) fn failed_with(self, code: i32) -> String {
        assert_eq!((self.code, self.stdout.as_str()), (Some(code), ""), "{}", self.stderr);
        let line = self.stderr.strip_suffix('\n').unwrap();
        assert!(line.starts_with("error: ") && !line.contains('\n'), "{line}");
        line.to_owned()
    }

    /// The summary: the last line on standard error.
    pub(crate) fn summary(&self) -> &str {
        self.stderr.strip_suffix('\n').unwrap().lines().last().unwrap()
    }
}

/// A folder with a small configuration, in which the program runs.
pub(crate) struct Folder(TempDir);

impl Folder {
    pub(crate) fn new() -> Folder {
        let folder = Folder(tempfile::tempdir().unwrap());
        folder.write("salespulse.toml", "org.reporting_currency = \"CNY\"\n");
        folder
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        std::fs::write(self.path(name), content).unwrap();
    }

    /// The program with arguments, and no environment but what a test gives.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_salespulse"));
        command.args(arguments).current_dir(self.0.path()).env_clear();
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Ended {
        end(self.command(arguments), b"")
    }

    pub(crate) fn run_with(&self, variable: (&str, impl AsRef<OsStr>), arguments: &[&str]) -> Ended {
        let mut command = self.command(arguments);
        command.env(variable.0, variable.1);
        end(command, b"")
    }

    /// A replay of files as of a fixed instant.
    pub(crate) fn replay(&self, arguments: &[&str], stdin: &[u8]) -> Ended {
        let fixed = ["replay", "--config", "salespulse.toml", "--as-of", "2026-03-31T18:00:00+08:00"];
        end(self.command(&[&fixed[..], arguments].concat()), stdin)
    }
}

pub(crate) fn end(mut command: Command, stdin: &[u8]) -> Ended {
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(stdin).unwrap();
    let output = child.wait_with_output().unwrap();
    Ended {
        code: output.status.code(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}
