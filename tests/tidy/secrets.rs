//! Secrets are compared in constant time.

use crate::rust::code_before_tests;
use crate::tree;

/// What holds secrets and what is given for them.
const DOORS: [&str; 5] = [
    "src/connect/door.rs",
    "src/connect/hook.rs",
    "src/connect/receiver.rs",
    "src/connect/sharecrm/callback.rs",
    "src/connect/signature.rs",
];
/// The one file that compares them, …
const JUDGE: &str = "src/connect/signature.rs";
/// … and what they are called.
const NAMES: [&str; 5] = ["secret", "token", "signature", "given", "proof"];

#[test]
fn secrets_are_compared_in_constant_time() {
    let files: Vec<_> = tree::texts().into_iter().filter(|file| DOORS.contains(&file.path.as_str())).collect();
    assert_eq!(files.len(), DOORS.len(), "a door has moved");
    for file in files {
        let code = code_before_tests(&file.text);
        for line in code.lines().filter(|line| ["==", "!=", ".eq("].iter().any(|sign| line.contains(sign))) {
            // A header has a name and a value, and names are no secrets.
            let is_name = line.contains("name == ") || line.contains("== name");
            let is_secret = file.path == JUDGE || !is_name && NAMES.iter().any(|name| line.contains(name));
            assert!(!is_secret, "{} compares a secret by its bytes, one after the other: {line}", file.path);
        }
        if file.path == JUDGE {
            let bodies: Vec<&str> = code.split("pub fn ").skip(1).collect();
            assert!(bodies.len() >= 2 && bodies.iter().all(|body| body.contains("hmac::verify(")), "{code}");
        }
    }
}
