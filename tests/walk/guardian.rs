//! Cleans up when we are gone, in whatever way.

use std::ffi::OsStr;
use std::process::{Child, Command, Stdio};

/// A process that reads a pipe which only we hold. When the pipe ends, we have ended, and it runs its script.
pub(crate) struct Guardian(Child);

impl Guardian {
    /// Lets a script of sh run on an argument once we are gone. Ctrl-C does not end it.
    pub(crate) fn when_we_are_gone(script: &str, argument: impl AsRef<OsStr>) -> Guardian {
        let mut sh = Command::new("sh");
        sh.args(["-c", &format!("trap '' INT; cat > /dev/null; {script}"), "guardian"]).arg(argument);
        Guardian(sh.stdin(Stdio::piped()).spawn().unwrap())
    }
}

impl Drop for Guardian {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}
