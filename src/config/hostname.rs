//! The name of this machine, from which the default instance id is made.

use std::ffi::OsString;

/// The variable `HOSTNAME` where it is set, as in a container; else what the system answers.
pub(super) fn find(environment: &[(OsString, OsString)]) -> String {
    let variable = environment.iter().find(|(name, _)| name == "HOSTNAME").and_then(|(_, value)| value.to_str());
    let named = |name: &str| Some(name.trim().to_owned()).filter(|name| !name.is_empty());
    variable
        .and_then(named)
        .or_else(|| named(&gethostname::gethostname().to_string_lossy()))
        .unwrap_or_else(|| "localhost".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_variable_counts_before_the_machine() {
        assert_eq!(find(&[("HOSTNAME".into(), " pod-7\n".into())]), "pod-7");
        let of_the_machine = gethostname::gethostname().to_string_lossy().into_owned();
        assert_eq!(find(&[("HOSTNAME".into(), "".into())]), of_the_machine);
    }
}
