//! The programs that judge, and how they are asked.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::harness::tools::{installed, on_path};

/// The Helm that the setup script builds.
const HELM: &str = "helm-3.19.0/helm";

/// A file of the repository.
pub(crate) fn root(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// The text of a file of the repository.
pub(crate) fn text(path: &str) -> String {
    std::fs::read_to_string(root(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// A judge that comes by pip.
pub(crate) fn python(program: &str) -> Option<PathBuf> {
    let home = cache().join("deploy");
    let wanted = std::fs::read(root("scripts/deploy/requirements.txt")).expect("it is ours");
    let is_current = std::fs::read(home.join("complete")).is_ok_and(|installed| installed == wanted);
    installed(is_current, "a judge of deploy/", "scripts/setup-test-tools.sh deploy", || home.join("bin").join(program))
}

/// Helm.
pub(crate) fn helm() -> Option<PathBuf> {
    let path = cache().join(HELM);
    installed(path.exists(), "Helm", "scripts/setup-test-tools.sh helm", || path)
}

/// The program of systemd that looks at units.
pub(crate) fn systemd_analyze() -> Option<PathBuf> {
    on_path("systemd-analyze", "apt-get install systemd")
}

/// What a judge says, and whether it is content.
pub(crate) fn ask(program: &Path, arguments: &[&str]) -> (bool, String) {
    let mut command = Command::new(program);
    let output = command.args(arguments).current_dir(root("")).output().expect("the judge starts");
    let said = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    (output.status.success(), said.into_owned())
}

/// A file of a test's own. The name tells the test apart from others that run at the same time.
pub(crate) fn write(name: &str, text: &str) -> String {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("deploy-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a temporary folder");
    let path = folder.join(name);
    std::fs::write(&path, text).expect("the folder can be written");
    path.to_str().expect("a path in UTF-8").to_owned()
}

/// Where the setup script puts what it installs.
pub(crate) fn cache() -> PathBuf {
    let variable = |name| std::env::var_os(name).map(PathBuf::from);
    variable("SALESPULSE_TEST_TOOLS").unwrap_or_else(|| {
        let user_cache = variable("XDG_CACHE_HOME").or_else(|| Some(variable("HOME")?.join(".cache")));
        user_cache.unwrap_or_default().join("salespulse")
    })
}
