//! A child process that never outlives the tests.

use std::fs::File;
use std::io::Read as _;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use super::wait_until;

/// A signal that a test sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Signal {
    /// What a terminal sends on Ctrl-C.
    Interrupt,
    /// What a supervisor sends first.
    Terminate,
    /// What nobody survives.
    Kill,
    /// What a terminal sends that is closed.
    Hangup,
    /// What makes it stand still.
    Stop,
    /// What makes it go on.
    Continue,
}

impl Signal {
    const fn flag(self) -> &'static str {
        match self {
            Signal::Interrupt => "-INT",
            Signal::Terminate => "-TERM",
            Signal::Kill => "-KILL",
            Signal::Hangup => "-HUP",
            Signal::Stop => "-STOP",
            Signal::Continue => "-CONT",
        }
    }
}

/// A child process whose output goes to a file.
///
/// A second process, its guardian, reads a pipe that only we hold: when we are gone, in whatever
/// way, it ends the child and removes its folder. A dropped child is killed at once.
#[derive(Debug)]
pub(crate) struct Process {
    child: Child,
    guardian: Child,
    log: PathBuf,
}

impl Process {
    /// Starts a command with both its outputs appended to the file `log` of a temporary folder, which is the child's alone.
    pub(crate) fn spawn(command: &mut Command, folder: &Path) -> Process {
        let log = folder.join("log");
        let file = File::options().create(true).append(true).open(&log).expect("the log can be written");
        command.stdin(Stdio::null()).stderr(file.try_clone().expect("a second handle")).stdout(file);
        let child = command.spawn().unwrap_or_else(|error| panic!("{command:?} does not start: {error}"));
        let guardian = Command::new("sh")
            .args(["-c", "cat >/dev/null; kill -KILL \"$1\"; rm -rf \"$2\"", "guardian", &child.id().to_string()])
            .arg(folder)
            .stdin(Stdio::piped())
            .spawn()
            .expect("sh starts");
        Process { child, guardian, log }
    }

    /// The process id.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Sends a signal.
    pub(crate) fn signal(&self, signal: Signal) {
        let status = Command::new("kill").arg(signal.flag()).arg(self.id().to_string()).status();
        assert!(status.expect("kill starts").success(), "our own child can be signalled");
    }

    /// Kills it at this instant: no other process has to start first.
    pub(crate) fn kill(&mut self) {
        self.child.kill().expect("our own child can be killed");
        let status = self.child.wait().expect("our own child can be waited for");
        assert_eq!(status.signal(), Some(9), "it had ended before: {}", self.log());
    }

    /// Its exit status, if it has ended.
    pub(crate) fn exit_status(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().expect("our own child can be waited for")
    }

    /// Waits until it ends by itself.
    pub(crate) fn wait(&mut self, deadline: Duration) -> ExitStatus {
        let what = format!("process {} ends; its log: {}", self.id(), self.log.display());
        wait_until(&what, deadline, || self.exit_status())
    }

    /// Its log, to be followed.
    pub(crate) fn follow_log(&self) -> Tail {
        Tail { file: File::open(&self.log).expect("the log is there"), text: String::new() }
    }

    /// All it has written so far.
    pub(crate) fn log(&self) -> String {
        String::from_utf8_lossy(&std::fs::read(&self.log).unwrap_or_default()).into_owned()
    }
}

/// A log that is read as it grows.
#[derive(Debug)]
pub(crate) struct Tail {
    file: File,
    text: String,
}

impl Tail {
    /// All of it so far.
    pub(crate) fn read(&mut self) -> &str {
        let mut news = Vec::new();
        self.file.read_to_end(&mut news).expect("the log can be read");
        self.text += &String::from_utf8_lossy(&news);
        &self.text
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // The guardian goes first: once the child is waited for, its id may belong to another process.
        drop(self.guardian.kill());
        drop(self.guardian.wait());
        drop(self.child.kill());
        drop(self.child.wait());
        if std::thread::panicking() {
            let log = self.log();
            let tail: Vec<&str> = log.lines().rev().take(60).collect();
            eprintln!("--- the end of {} ---", self.log.display());
            tail.iter().rev().for_each(|line| eprintln!("{line}"));
        }
    }
}
