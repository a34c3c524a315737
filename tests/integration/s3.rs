//! The service keeps its snapshots in a real S3-compatible server, which goes away and comes back.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Command;

use tempfile::TempDir;

use crate::harness::ports::free_port;
use crate::harness::process::{Process, Signal};
use crate::harness::service::SOON;
use crate::harness::{Producer, Service, ServiceBuilder, Topics, shared_broker, tools, wait_until};
use crate::integration::events::{ORG_LEADS, ORG_SPEND, lead, spend};

/// A server that keeps everything in memory.
pub(crate) struct S3 {
    process: Option<Process>,
    program: PathBuf,
    port: u16,
    folder: TempDir,
}

impl S3 {
    /// Starts a server of a test's own, with the bucket `snapshots`.
    pub(crate) fn start(program: PathBuf) -> S3 {
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a temporary folder");
        let mut server = S3 { process: None, program, port: free_port(), folder };
        server.restart();
        server
    }

    /// Starts it, again, with nothing in it.
    pub(crate) fn restart(&mut self) {
        let mut command = Command::new(&self.program);
        command.args(["-H", "127.0.0.1", "-p", &self.port.to_string()]);
        self.process = Some(Process::spawn(&mut command, self.folder.path()));
        let bucket = format!("{}/snapshots", self.address());
        wait_until("the bucket is made", SOON, || ureq::put(&bucket).send_empty().ok());
    }

    /// Kills it, with everything in it.
    pub(crate) fn kill(&mut self) {
        self.process = None;
    }

    /// Where it listens.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    fn address(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// The options of a store in it.
    pub(crate) fn options(&self) -> BTreeMap<String, String> {
        let address = self.address();
        let options = [
            ("aws_endpoint", address.as_str()),
            ("aws_allow_http", "true"),
            ("aws_region", "us-east-1"),
            ("aws_access_key_id", "somebody"),
            ("aws_secret_access_key", "something"),
        ];
        options.map(|(name, value)| (name.to_owned(), value.to_owned())).into()
    }
}

fn value(service: &Service, series: &str) -> f64 {
    service.metrics().get(series).unwrap_or_default()
}

fn wait_for_more(service: &Service, series: &str, than: f64) {
    wait_until(&format!("{series} exceeds {than}"), SOON, || (value(service, series) > than).then_some(()));
}

#[test]
fn the_state_is_continued_from_s3_and_outlives_its_absence() {
    let (Some(program), Some(broker)) = (tools::moto(), shared_broker()) else { return };
    let mut server = S3::start(program);
    let topics = Topics::create(broker, 2);
    let producer = Producer::new(&broker.client(), &[]);
    let mut builder =
        ServiceBuilder::new(broker, &topics).snapshot("store", "s3://snapshots/sales/eu").snapshot("interval", "200ms");
    for (name, value) in server.options() {
        builder = builder.snapshot(&format!("options.{name}"), &value);
    }

    let mut service = builder.start();
    producer.send_all(&[lead(&topics, "a"), spend(&topics, "s", "2.00")]);
    service.wait_for(ORG_LEADS, 1.0);
    service.wait_for(ORG_SPEND, 2.0);
    wait_for_more(&service, "salespulse_snapshots_written_total", 0.0);
    assert_eq!(service.end_with(Signal::Terminate).code(), Some(0));

    let mut service = builder.start();
    service.wait_for("salespulse_snapshots_restored_total", 1.0);
    service.wait_for(ORG_LEADS, 1.0);
    service.wait_for(ORG_SPEND, 2.0);

    server.kill();
    producer.send_all(&[lead(&topics, "b"), spend(&topics, "t", "3.00")]);
    wait_for_more(&service, "salespulse_snapshots_failed_total", 0.0);
    wait_for_more(&service, "salespulse_snapshots_failed_total", 1.0);
    service.wait_for(ORG_LEADS, 2.0);
    service.wait_for(ORG_SPEND, 5.0);
    let written = value(&service, "salespulse_snapshots_written_total");

    server.restart();
    wait_for_more(&service, "salespulse_snapshots_written_total", written);
    assert_eq!(service.end_with(Signal::Kill).code(), None);

    // Only what was written after the server came back can be there, since it came back empty.
    let service = builder.start();
    service.wait_for("salespulse_snapshots_restored_total", 1.0);
    service.wait_for(ORG_LEADS, 2.0);
    service.wait_for(ORG_SPEND, 5.0);
}
