//! A folder with so much room and no more: a file system of its own in memory, mounted where only those see it who are let in.

use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use super::process::Process;
use super::service::SOON;
use super::tools::{installed, on_path};
use super::wait_until;

/// A small file system. It lives as long as this.
#[derive(Debug)]
pub(crate) struct Room {
    keeper: Process,
    nsenter: PathBuf,
    store: PathBuf,
    _folder: TempDir,
}

impl Room {
    /// A file system of so many KiB; `None` where the system does not let us mount one.
    pub(crate) fn make(kib: u32) -> Option<Room> {
        let remedy = "apt-get install util-linux, and kernel.unprivileged_userns_clone=1";
        let (unshare, nsenter) = (on_path("unshare", remedy)?, on_path("nsenter", remedy)?);
        let allowed = Command::new(&unshare).args(["-rm", "true"]).status().is_ok_and(|status| status.success());
        installed(allowed, "a mount of one's own", remedy, || {
            let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a temporary folder");
            let store = folder.path().join("store");
            std::fs::create_dir(&store).expect("the folder can be written");
            let mount = format!("mount -t tmpfs -o size={kib}k none \"$0\" && echo mounted && exec sleep 86400");
            let mut command = Command::new(unshare);
            command.args(["-rm", "sh", "-c", &mount]).arg(&store);
            let keeper = Process::spawn(&mut command, folder.path());
            wait_until("the file system is mounted", SOON, || keeper.log().contains("mounted").then_some(()));
            Room { keeper, nsenter, store, _folder: folder }
        })
    }

    /// Where it is, for those who are let in.
    pub(crate) fn path(&self) -> &Path {
        &self.store
    }

    /// What lets a program in.
    pub(crate) fn door(&self) -> Vec<String> {
        let nsenter = self.nsenter.display().to_string();
        let target = self.keeper.id().to_string();
        let words = [&nsenter, "--target", &target, "--user", "--mount", "--preserve-credentials", "--"];
        words.map(str::to_owned).into()
    }

    /// Gives it so many KiB.
    pub(crate) fn resize(&self, kib: u32) {
        self.run(&["mount", "-o", &format!("remount,size={kib}k"), &self.store.display().to_string()]);
    }

    /// The names of all files.
    pub(crate) fn files(&self) -> String {
        self.run(&["find", &self.store.display().to_string(), "-type", "f"])
    }

    fn run(&self, words: &[&str]) -> String {
        let door = self.door();
        let (first, rest) = door.split_first().expect("a program");
        let output = Command::new(first).args(rest).args(words).output().expect("nsenter starts");
        assert!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("text")
    }
}
