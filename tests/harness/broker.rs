//! A real Apache Kafka broker in KRaft mode: one process that is broker and controller.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

use rdkafka::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer};
use tempfile::TempDir;

use super::certificate::Certificate;
use super::ports::free_port;
use super::process::{Process, Signal};
use super::wait_until;

/// Long enough for a Java machine on two busy cores.
const START: Duration = Duration::from_secs(90);

/// The user of the SASL listener.
pub(crate) const USER: &str = "sales";
/// The password of [`USER`].
pub(crate) const PASSWORD: &str = "a secret with = and spaces";

/// A broker with its own ports and its own data folder.
#[derive(Debug)]
pub(crate) struct Broker {
    /// `None` while it is away.
    process: Mutex<Option<Process>>,
    class_path: PathBuf,
    plaintext: u16,
    secure: Option<Secure>,
    behind: Option<Behind>,
    folder: TempDir,
}

/// A plain listener whose clients are told to come by another port.
#[derive(Clone, Copy, Debug)]
struct Behind {
    port: u16,
    told: u16,
}

/// The SASL_SSL listener.
#[derive(Debug)]
struct Secure {
    port: u16,
    certificate: Certificate,
}

impl Broker {
    /// Starts a broker with a plain listener and waits until it answers.
    pub(crate) fn start(class_path: PathBuf) -> Broker {
        Broker::start_in(class_path, false, None)
    }

    /// Starts a broker that has a SASL_SSL listener with SCRAM-SHA-512 too; what its user may do can be restricted.
    pub(crate) fn start_secure(class_path: PathBuf) -> Broker {
        Broker::start_in(class_path, true, None)
    }

    /// Starts a broker that has a second plain listener, for clients that come by another port to this one.
    pub(crate) fn start_behind(class_path: PathBuf, port: u16, told: u16) -> Broker {
        Broker::start_in(class_path, false, Some(Behind { port, told }))
    }

    fn start_in(class_path: PathBuf, secure: bool, behind: Option<Behind>) -> Broker {
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a temporary folder");
        let secure = secure.then(|| Secure { port: free_port(), certificate: Certificate::make(folder.path()) });
        let (process, plaintext) = (Mutex::default(), free_port());
        let broker = Broker { process, class_path, plaintext, secure, behind, folder };
        std::fs::write(broker.properties_path(), broker.properties()).expect("the folder can be written");
        broker.format();
        broker.restart();
        broker
    }

    /// Where clients find the plain listener.
    pub(crate) fn address(&self) -> String {
        format!("127.0.0.1:{}", self.plaintext)
    }

    /// Where clients find the SASL_SSL listener, and the certificate that they trust.
    pub(crate) fn secure_address(&self) -> (String, &Path) {
        let secure = self.secure.as_ref().expect("this broker was started with start_secure");
        (format!("127.0.0.1:{}", secure.port), &secure.certificate.authority)
    }

    /// A client configuration for the plain listener.
    pub(crate) fn client(&self) -> ClientConfig {
        let mut config = ClientConfig::new();
        config.set("bootstrap.servers", self.address()).set("reconnect.backoff.max.ms", "500");
        config
    }

    /// Starts the broker again that is away, on the same ports and data, and waits until it answers.
    pub(crate) fn restart(&self) {
        let mut command = self.java();
        command.args(["-Xms256m", "-Xmx512m", "kafka.Kafka"]).arg(self.properties_path());
        let mut process = Process::spawn(&mut command, self.folder.path());
        let consumer: BaseConsumer = self.client().create().expect("a client");
        wait_until("the broker answers a metadata request", START, || {
            assert!(process.exit_status().is_none(), "the broker ended: {}", process.log());
            consumer.fetch_metadata(None, Duration::from_millis(500)).ok().filter(|seen| !seen.brokers().is_empty())
        });
        *self.process() = Some(process);
    }

    /// Stops the broker in the orderly way.
    pub(crate) fn stop(&self) {
        if let Some(mut process) = self.process().take() {
            process.signal(Signal::Terminate);
            process.wait(START);
        }
    }

    /// Changes the last byte of a batch, counted from 0, in the only partition of a topic. A broker that was stopped in
    /// the orderly way does not look at it when it starts.
    pub(crate) fn damage(&self, topic: &str, batch: usize) {
        self.change_log(topic, |bytes, ends| bytes[ends[batch] - 1] ^= 1);
    }

    /// The same with the last batch.
    #[allow(dead_code, reason = "the benchmarks damage nothing")]
    pub(crate) fn damage_last(&self, topic: &str) {
        self.change_log(topic, |bytes, ends| bytes[ends.last().expect("a batch") - 1] ^= 1);
    }

    /// Takes the second half of its batches from partition 0 of a topic, as an election does whose winner has not got
    /// them. A broker that was not stopped in the orderly way believes its logs, and not what it knew of their ends.
    #[allow(dead_code, reason = "the benchmarks cut nothing")]
    pub(crate) fn cut(&self, topic: &str) {
        self.change_log(topic, |bytes, ends| bytes.truncate(ends[ends.len() / 2 - 1]));
        std::fs::remove_file(self.data().join(".kafka_cleanshutdown")).expect("it was stopped in the orderly way");
    }

    /// Changes the bytes of partition 0 of a topic, given where each batch ends.
    fn change_log(&self, topic: &str, change: impl FnOnce(&mut Vec<u8>, &[usize])) {
        let log = self.data().join(format!("{topic}-0")).join("00000000000000000000.log");
        let mut bytes = std::fs::read(&log).expect("the log");
        // A batch begins with its offset, in eight bytes, and with the length of what follows, in four.
        let next = |begin: &usize| {
            let length = bytes.get(begin + 8..begin + 12)?.try_into().expect("four bytes");
            Some(begin + 12 + u32::from_be_bytes(length) as usize)
        };
        let ends: Vec<usize> = std::iter::successors(next(&0), next).take_while(|end| *end <= bytes.len()).collect();
        change(&mut bytes, &ends);
        std::fs::write(&log, bytes).expect("the log can be written");
    }

    /// Where the logs are.
    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// Lets the user of the SASL listener do this with a topic, and nothing else that it has not been allowed before.
    #[allow(dead_code, reason = "the benchmarks forbid nothing")]
    pub(crate) fn allow(&self, topic: &str, operations: &[&str]) {
        let mut command = self.java();
        command.args(["org.apache.kafka.tools.AclCommand", "--bootstrap-server", &self.address(), "--add"]);
        command.arg("--allow-principal").arg(format!("User:{USER}")).args(["--topic", topic]);
        for operation in operations {
            command.args(["--operation", operation]);
        }
        let output = command.output().expect("java starts");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }

    /// Lets the broker stand still, with its connections open, or go on.
    #[allow(dead_code, reason = "the benchmarks want it to run")]
    pub(crate) fn stand_still(&self, still: bool) {
        let signal = if still { Signal::Stop } else { Signal::Continue };
        self.process.lock().expect("not poisoned").as_ref().expect("it runs").signal(signal);
    }

    /// Kills the broker without warning.
    pub(crate) fn kill(&self) {
        *self.process() = None;
    }

    fn process(&self) -> MutexGuard<'_, Option<Process>> {
        self.process.lock().expect("not poisoned")
    }

    fn properties_path(&self) -> PathBuf {
        self.folder.path().join("server.properties")
    }

    fn java(&self) -> Command {
        let log_config = concat!(env!("CARGO_MANIFEST_DIR"), "/scripts/kafka/log4j2.xml");
        let mut command = Command::new("java");
        command.arg(format!("-Dlog4j2.configurationFile={log_config}"));
        command.args(["-XX:TieredStopAtLevel=1", "-cp"]).arg(&self.class_path).current_dir(self.folder.path());
        command
    }

    /// Writes the identity of a new cluster, and the SCRAM user if there is a listener for one.
    fn format(&self) {
        let mut command = self.java();
        command.args(["kafka.tools.StorageTool", "format", "--standalone", "-t", "c2FsZXNwdWxzZS10ZXN0cw", "-c"]);
        command.arg(self.properties_path());
        if self.secure.is_some() {
            command.arg("--add-scram").arg(format!("SCRAM-SHA-512=[name={USER},password=\"{PASSWORD}\"]"));
        }
        let output = command.output().expect("java starts");
        let text = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "the storage cannot be formatted: {text}");
    }

    fn properties(&self) -> String {
        let (port, controller, data) = (self.plaintext, free_port(), self.data());
        let (sasl_listener, sasl_properties) = self.secure.as_ref().map(Secure::properties).unwrap_or_default();
        let listener = |port| format!(",BEHIND://127.0.0.1:{port}");
        let behind = self.behind.map(|behind| listener(behind.port)).unwrap_or_default();
        let told = self.behind.map(|behind| listener(behind.told)).unwrap_or_default();
        format!(
            "process.roles=broker,controller
node.id=1
controller.quorum.bootstrap.servers=127.0.0.1:{controller}
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}{sasl_listener}{behind}
advertised.listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}{sasl_listener}{told}
listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,BEHIND:PLAINTEXT,SASL_SSL:SASL_SSL
inter.broker.listener.name=PLAINTEXT
controller.listener.names=CONTROLLER
log.dirs={data}
offsets.topic.num.partitions=4
offsets.topic.replication.factor=1
transaction.state.log.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
log.cleaner.dedupe.buffer.size=16777216
log.cleaner.backoff.ms=1000
auto.create.topics.enable=false
{sasl_properties}",
            data = data.display()
        )
    }
}

impl Secure {
    /// The listener's address, and what the broker must know about it.
    fn properties(&self) -> (String, String) {
        let listener = format!(",SASL_SSL://127.0.0.1:{}", self.port);
        let keystore = self.certificate.keystore.display();
        let properties = format!(
            "listener.name.sasl_ssl.ssl.keystore.type=PEM
listener.name.sasl_ssl.ssl.keystore.location={keystore}
listener.name.sasl_ssl.sasl.enabled.mechanisms=SCRAM-SHA-512
listener.name.sasl_ssl.scram-sha-512.sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required;
authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
allow.everyone.if.no.acl.found=true
super.users=User:ANONYMOUS
"
        );
        (listener, properties)
    }
}
