//! salespulse on the job: starts the program and tells how many events it has applied.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::{broker, group, measure, variable};

/// What the others show: entries, revenue and conversion of reps and teams over three windows.
const CONFIGURATION: &str = r#"
[org]
reporting_currency = "CNY"
timezone = "Asia/Shanghai"
[windows]
rep = ["24h", "7d", "30d"]
team = ["24h", "7d", "30d"]
org = ["24h", "7d", "30d"]
channel = ["24h", "7d", "30d"]
[expose]
rep = ["sales_rep_leads", "sales_rep_stage_entries", "sales_rep_revenue", "sales_rep_funnel_conversion_ratio"]
team = ["sales_team_leads", "sales_team_stage_entries", "sales_team_revenue", "sales_team_funnel_conversion_ratio"]
org = []
channel = []
[kafka.topics]
spend = ""
feedback = ""
payment = ""
target = ""
rep = ""
[snapshot]
interval = "10s"
"#;

/// Ends the program with the one that started it.
pub(crate) struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

pub(crate) fn run() {
    let port = variable("PORT", "9310");
    let mut program = start(CONFIGURATION, &port, Some("2026-11-23T00:00:00+08:00"), &std::env::temp_dir());
    while program.0.try_wait().expect("a process").is_none() {
        if let Some(applied) = applied(&port) {
            println!("PROGRESS {applied}");
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    panic!("salespulse has ended");
}

/// Starts the program with a folder of its own in one that is there; its log and its snapshots stay in it.
pub(crate) fn start(configuration: &str, port: &str, as_of: Option<&str>, folder: &Path) -> Running {
    let folder = folder.join(group("peers-salespulse"));
    std::fs::create_dir_all(&folder).expect("a folder");
    let file = folder.join("salespulse.toml");
    std::fs::write(&file, configuration).expect("a configuration");
    let mut command = Command::new(variable("SALESPULSE", "target/release/salespulse"));
    command.args(["run", "--brokers", &broker()]);
    command.args(as_of.map(|instant| ["--as-of", instant]).into_iter().flatten());
    command.arg("--config").arg(&file).args(["--listen", &format!("127.0.0.1:{port}")]);
    command.env("SALESPULSE__KAFKA__GROUP", group("salespulse"));
    command.env("SALESPULSE__SNAPSHOT__STORE", folder.join("snapshots"));
    command.stdout(Stdio::null()).stderr(std::fs::File::create(folder.join("log")).expect("a log"));
    Running(command.spawn().expect("salespulse starts"))
}

/// How many events have been applied.
fn applied(port: &str) -> Option<u64> {
    let text = measure::get(port, "/metrics/health").ok()?;
    let line = text.lines().find(|line| line.starts_with("salespulse_applied_"))?;
    line.rsplit_once(' ')?.1.parse::<f64>().ok().map(|applied| applied as u64)
}
