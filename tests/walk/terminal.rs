//! Where a newcomer types: bash in the clone.

use std::fs::{self, File};
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use tempfile::TempDir;

use crate::clone::Clone;
use crate::guardian::Guardian;
use crate::ports::Ports;
use crate::wait::wait_until;

/// Variables that cargo and make set for us and a newcomer does not have; those that end in _ as a prefix.
const OURS: [&str; 9] = [
    "CARGO_PKG_",
    "CARGO_MANIFEST_",
    "CARGO_BIN_",
    "OUT_DIR",
    "MAKEFLAGS",
    "MAKELEVEL",
    "MFLAGS",
    "SALESPULSE__",
    "SALESPULSE_CO",
];

/// A terminal in a clone.
pub(crate) struct Terminal<'a> {
    clone: &'a Clone,
    ports: &'a Ports,
}

impl<'a> Terminal<'a> {
    pub(crate) fn open(clone: &'a Clone, ports: &'a Ports) -> Terminal<'a> {
        Terminal { clone, ports }
    }

    /// Types a command, and leaves it running.
    pub(crate) fn start(&self, command: &str) -> Job {
        // Who starts the tests in the background may have them ignore Ctrl-C, and scripts cannot undo that.
        let mut bash = Command::new("env");
        bash.args(["--default-signal=INT,QUIT", "bash", "--norc", "-c", &self.ports.rewrite(command)]);
        bash.current_dir(self.clone.path());
        for (name, _) in std::env::vars_os() {
            if OURS.iter().any(|ours| name.to_string_lossy().starts_with(ours)) {
                bash.env_remove(name);
            }
        }
        bash.env("CARGO_TARGET_DIR", self.clone.target()).envs(self.ports.environment());
        Job::spawn(bash, command)
    }

    /// Types a command, waits until it has ended well, and answers what it printed.
    pub(crate) fn run(&self, command: &str, deadline: Duration) -> String {
        let mut job = self.start(command);
        let status = job.wait(deadline);
        assert!(status.success(), "{command} ended with {status}: {}", job.errors());
        job.printed()
    }
}

/// A command that was typed, with all the processes that it starts: a process group, which is what Ctrl-C reaches.
pub(crate) struct Job {
    command: String,
    child: Child,
    guardian: Option<Guardian>,
    folder: TempDir,
}

impl Job {
    fn spawn(mut bash: Command, command: &str) -> Job {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str| File::create(folder.path().join(name)).unwrap();
        bash.process_group(0).stdin(Stdio::null()).stdout(file("printed")).stderr(file("errors"));
        let child = bash.spawn().unwrap();
        let guardian = Guardian::when_we_are_gone("kill -s KILL -- \"-$1\"", child.id().to_string());
        Job { command: command.to_owned(), child, guardian: Some(guardian), folder }
    }

    /// What it has printed so far.
    pub(crate) fn printed(&self) -> String {
        self.text("printed")
    }

    /// What it has written to standard error so far.
    pub(crate) fn errors(&self) -> String {
        self.text("errors")
    }

    fn text(&self, name: &str) -> String {
        let path: PathBuf = self.folder.path().join(name);
        String::from_utf8_lossy(&fs::read(path).unwrap()).into_owned()
    }

    /// Fails if it has ended.
    pub(crate) fn assert_running(&mut self) {
        let ended = self.child.try_wait().unwrap();
        assert!(ended.is_none(), "{} ended with {ended:?}: {}", self.command, self.errors());
    }

    /// What Ctrl-C does.
    pub(crate) fn interrupt(&self) {
        assert!(self.signal("INT"), "{} is still there", self.command);
    }

    pub(crate) fn wait(&mut self, deadline: Duration) -> ExitStatus {
        let what = format!("{} ends", self.command);
        wait_until(&what, deadline, || self.child.try_wait().unwrap())
    }

    fn signal(&self, signal: &str) -> bool {
        let group = format!("-{}", self.child.id());
        let status = Command::new("sh").args(["-c", "kill -s \"$1\" -- \"$2\"", "kill", signal, &group]).status();
        status.unwrap().success()
    }
}

impl Drop for Job {
    fn drop(&mut self) {
        // The guardian goes first: once the child is waited for, its id may belong to another group.
        drop(self.guardian.take());
        if self.child.try_wait().is_ok_and(|ended| ended.is_none()) {
            self.signal("KILL");
            drop(self.child.wait());
        }
    }
}
