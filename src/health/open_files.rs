//! How many files the process may have open: connections are files, and without them nothing is read and nobody answered.

/// What the service may need: connections of scrapes and browsers, to brokers and to a store, snapshots, the standard ones.
const NEEDED: u64 = 512;
/// Where Linux says what the process may do.
const LIMITS: &str = "/proc/self/limits";

/// Whether the process may open as many files as it needs. A system that does not say has as many as anybody wants.
///
/// # Errors
/// A sentence if it may not.
pub fn check_limit() -> Result<(), String> {
    std::fs::read_to_string(LIMITS).map_or(Ok(()), |limits| judge(&limits))
}

fn judge(limits: &str) -> Result<(), String> {
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"));
    // Another word than a number is `unlimited`.
    let soft = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
    match soft.filter(|soft| *soft < NEEDED) {
        None => Ok(()),
        Some(soft) => Err(format!(
            "the process may open {soft} files, and needs {NEEDED}: raise the limit (ulimit -n {NEEDED}, LimitNOFILE={NEEDED} of \
             systemd, --ulimit nofile={NEEDED} of a container)"
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn too_few_are_named() {
        let limits =
            |soft: &str| format!("Limit   Soft Limit   Hard Limit   Units\nMax open files   {soft}   4096   files\n");
        for soft in ["512", "1024", "unlimited"] {
            assert_eq!(judge(&limits(soft)), Ok(()));
        }
        let told = judge(&limits("64")).unwrap_err();
        assert!(
            told.starts_with("the process may open 64 files, and needs 512: raise the limit (ulimit -n 512,"),
            "{told}"
        );
        assert_eq!(judge("Max processes 1 1 processes"), Ok(()));
    }
}
