//! A PostgreSQL of one test, and people who type SQL.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;

use crate::harness::ports::free_port;
use crate::harness::process::{Process, Signal};
use crate::harness::wait_until;

const START: Duration = Duration::from_secs(60);
/// The user of everybody.
pub(super) const USER: &str = "crm";

/// A server with a database of its own.
pub(super) struct Postgres {
    process: Process,
    programs: PathBuf,
    pub(super) port: u16,
    _folder: TempDir,
}

/// PostgreSQL refuses to run as root.
fn as_nobody_special(program: &Path) -> Command {
    let is_root = Command::new("id").arg("-u").output().is_ok_and(|output| output.stdout.trim_ascii() == b"0");
    if !is_root {
        return Command::new(program);
    }
    let mut command = Command::new("setpriv");
    command.args(["--reuid=postgres", "--regid=postgres", "--clear-groups"]).arg(program);
    command
}

impl Postgres {
    pub(super) fn start(programs: PathBuf) -> Postgres {
        // Not below our own folder, which another user may not be allowed to enter.
        let folder = tempfile::tempdir().expect("a temporary folder");
        let data = folder.path().join("data");
        std::fs::create_dir(&data).expect("a folder");
        // Whether it belongs to us or not, it is the server's.
        let _ = Command::new("chown").arg("postgres").arg(&data).status();
        let mode = Command::new("chmod").arg("711").arg(folder.path()).status();
        assert!(mode.is_ok_and(|status| status.success()), "the server may enter its folder");
        let mut command = as_nobody_special(&programs.join("initdb"));
        command.args(["--no-sync", "--auth=trust", "--encoding=UTF8", "--locale=C", "--username", USER, "-D"]);
        let output = command.arg(&data).current_dir("/").output().expect("initdb starts");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let port = free_port();
        let mut command = as_nobody_special(&programs.join("postgres"));
        command.arg("-D").arg(&data).args(["-p", &port.to_string()]).current_dir("/");
        for setting in ["listen_addresses=127.0.0.1", "unix_socket_directories=", "wal_level=logical", "fsync=off"] {
            command.args(["-c", setting]);
        }
        let process = Process::spawn(&mut command, folder.path());
        let postgres = Postgres { process, programs, port, _folder: folder };
        wait_until("PostgreSQL answers", START, || {
            postgres.psql().args(["-c", "select 1"]).output().is_ok_and(|output| output.status.success()).then_some(())
        });
        postgres
    }

    fn psql(&self) -> Command {
        let mut command = Command::new(self.programs.join("psql"));
        command.args(["-X", "-q", "-A", "-t", "-h", "127.0.0.1", "-U", USER, "-v", "ON_ERROR_STOP=1"]);
        command.args(["-p", &self.port.to_string(), "postgres"]);
        command
    }

    /// Somebody who types.
    pub(super) fn session(&self) -> Session {
        let mut command = self.psql();
        let mut child =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::inherit()).spawn().expect("psql starts");
        let typed = child.stdin.take().expect("its input");
        let shown = BufReader::new(child.stdout.take().expect("its output"));
        Session { child, typed, shown }
    }

    /// Ends it in the orderly way, so that nothing of it stays in the machine's shared memory.
    pub(super) fn stop(mut self) {
        self.process.signal(Signal::Interrupt);
        self.process.wait(START);
    }
}

/// A session of `psql`, with a transaction of its own if it begins one.
pub(super) struct Session {
    child: Child,
    typed: ChildStdin,
    shown: BufReader<ChildStdout>,
}

impl Session {
    /// Lets statements be carried out; the rows that they answer.
    pub(super) fn run(&mut self, statements: &str) -> Vec<String> {
        writeln!(self.typed, "{statements};\n\\echo ---").expect("psql reads");
        let mut rows = Vec::new();
        loop {
            let mut row = String::new();
            let length = self.shown.read_line(&mut row).expect("text");
            assert!(length > 0, "psql ended at: {statements}");
            match row.trim_end() {
                "---" => return rows,
                row => rows.push(row.to_owned()),
            }
        }
    }

    /// The only value that a statement answers.
    pub(super) fn value(&mut self, statement: &str) -> String {
        let rows = self.run(statement);
        let [value] = rows.as_slice() else { panic!("{statement}: {rows:?}") };
        value.clone()
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
