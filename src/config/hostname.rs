//! The name of this machine, from which the default instance id is made.

use std::ffi::OsString;
use std::process::Command;

/// The first of these that there is: the variable `HOSTNAME`, the files in which Linux keeps the name, the
/// answer of the command `hostname`, and `localhost`.
pub(super) fn find(environment: &[(OsString, OsString)]) -> String {
    let variable = environment.iter().find(|(name, _)| name == "HOSTNAME").and_then(|(_, value)| value.to_str());
    let file = |path| std::fs::read_to_string(path).ok();
    variable
        .and_then(tidy)
        .or_else(|| tidy(&file("/proc/sys/kernel/hostname")?))
        .or_else(|| tidy(&file("/etc/hostname")?))
        .or_else(|| tidy(&command()?))
        .unwrap_or_else(|| "localhost".to_owned())
}

fn command() -> Option<String> {
    let output = Command::new("hostname").output().ok()?;
    String::from_utf8(output.stdout).ok()
}

fn tidy(name: &str) -> Option<String> {
    let name = name.trim();
    (!name.is_empty()).then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_variable_counts_before_the_machine() {
        assert_eq!(find(&[("HOSTNAME".into(), " pod-7\n".into())]), "pod-7");
        assert!(!find(&[("HOSTNAME".into(), "".into())]).is_empty());
    }
}
