//! How much memory this process holds.

/// Resident memory in bytes; `None` where the system does not say.
pub(super) fn resident_bytes() -> Option<u64> {
    parse_resident(&std::fs::read_to_string("/proc/self/status").ok()?)
}

/// Finds `VmRSS:     1234 kB` in the text of `/proc/self/status`.
fn parse_resident(status: &str) -> Option<u64> {
    let value = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kibibytes: u64 = value.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_of_linux() {
        assert_eq!(parse_resident("Name:\tx\nVmRSS:\t  102400 kB\nThreads:\t1\n"), Some(104_857_600));
        assert_eq!(parse_resident("Name:\tx\n"), None);
    }
}
