//! The parts of the stack, started together without containers: Kafka, its topics, salespulse, Alertmanager and Prometheus,
//! each with the very file that `compose.yaml` mounts. Only addresses and folders are other ones. Grafana is no package.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::deploy::judges::{root, text};
use crate::harness::ports::free_port;
use crate::harness::process::Process;
use crate::harness::{tools, wait_until};

/// Long enough for two Java machines on busy cores.
const PATIENCE: Duration = Duration::from_secs(180);

/// Where everything lies and listens.
struct Stack {
    folder: PathBuf,
    class_path: PathBuf,
    /// What stands in the shipped files, and what stands for it here.
    places: Vec<(&'static str, String)>,
}

impl Stack {
    fn new(class_path: PathBuf) -> Stack {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("together-{}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("a temporary folder");
        let local = || format!("127.0.0.1:{}", free_port());
        let (kafka, host, controller) = (local(), local(), local());
        let places = vec![
            // Listeners first: they hold the ports that the addresses name.
            ("PLAINTEXT://0.0.0.0:9092", format!("PLAINTEXT://{kafka}")),
            ("HOST://0.0.0.0:9094", format!("HOST://{host}")),
            ("CONTROLLER://0.0.0.0:9093", format!("CONTROLLER://{controller}")),
            ("localhost:9094", host),
            ("alertmanager:9093", local()),
            ("salespulse:9464", local()),
            ("kafka:9092", kafka),
            ("kafka:9093", controller),
            ("/var/lib/kafka/data", folder.join("kafka-data").display().to_string()),
        ];
        Stack { folder, class_path, places }
    }

    fn place(&self, shipped: &str) -> &str {
        &self.places.iter().find(|(known, _)| *known == shipped).expect("a place").1
    }

    /// A folder of one part's own.
    fn folder(&self, name: &str) -> PathBuf {
        let folder = self.folder.join(name);
        std::fs::create_dir_all(&folder).expect("the folder can be written");
        folder
    }

    /// A shipped file, with the places of this test.
    fn shipped(&self, file: &str, folder: &Path) -> PathBuf {
        let here = |text: String, (shipped, here): &(&str, String)| text.replace(shipped, here);
        let text = self.places.iter().fold(text(file), here);
        let path = folder.join(Path::new(file).file_name().expect("a file"));
        std::fs::write(&path, text).expect("the folder can be written");
        path
    }

    fn java(&self) -> String {
        let logs = root("scripts/kafka/log4j2.xml");
        let class_path = self.class_path.display();
        format!(
            "java -Dlog4j2.configurationFile={} -Xmx512m -XX:TieredStopAtLevel=1 -cp '{class_path}'",
            logs.display()
        )
    }

    fn kafka(&self) -> Process {
        let folder = self.folder("kafka");
        let properties = self.shipped("deploy/kafka/server.properties", &folder);
        let (java, file) = (self.java(), properties.display());
        // As the image does: the storage is formatted, then the broker started.
        let script = format!(
            "{java} kafka.tools.StorageTool format -t c2FsZXNwdWxzZS1zdGFjaw -c {file} && exec {java} kafka.Kafka {file}"
        );
        Process::spawn(Command::new("sh").args(["-c", &script]), &folder)
    }

    /// As compose does. The program waits for the broker.
    fn topics(&self) {
        let folder = self.folder("topics");
        let config = self.shipped("deploy/compose/salespulse.toml", &folder);
        let mut command = Command::new(env!("CARGO_BIN_EXE_salespulse"));
        command.args(["topics", "--create", "--config"]).arg(config);
        command.env("SALESPULSE__KAFKA__BROKERS", self.place("kafka:9092"));
        let output = command.output().expect("the program starts");
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
        assert_eq!(said.matches(": created, ").count(), 8, "{said}");
    }

    fn salespulse(&self) -> Process {
        let folder = self.folder("salespulse");
        let config = self.shipped("deploy/compose/salespulse.toml", &folder);
        let mut command = Command::new(env!("CARGO_BIN_EXE_salespulse"));
        command.args(["run", "--config"]).arg(config).current_dir(&folder);
        command.env("SALESPULSE__KAFKA__BROKERS", self.place("kafka:9092"));
        command.env("SALESPULSE__HTTP__LISTEN", self.place("salespulse:9464"));
        Process::spawn(&mut command, &folder)
    }

    fn alertmanager(&self, program: &Path) -> Process {
        let folder = self.folder("alertmanager");
        let mut command = Command::new(program);
        let config = self.shipped("deploy/alertmanager/alertmanager.yml", &folder);
        command.arg(format!("--config.file={}", config.display()));
        command.arg(format!("--storage.path={}", folder.join("data").display()));
        command.arg(format!("--web.listen-address={}", self.place("alertmanager:9093")));
        command.arg("--cluster.listen-address=");
        Process::spawn(&mut command, &folder)
    }

    /// Prometheus, and its address.
    fn prometheus(&self, program: &Path) -> (Process, String) {
        let folder = self.folder("prometheus");
        let config = self.shipped("deploy/prometheus/prometheus.yml", &folder);
        std::os::unix::fs::symlink(root("deploy/prometheus/rules"), folder.join("rules")).expect("a new folder");
        let address = format!("127.0.0.1:{}", free_port());
        let mut command = Command::new(program);
        command.arg(format!("--config.file={}", config.display()));
        command.arg(format!("--storage.tsdb.path={}", folder.join("data").display()));
        command.arg(format!("--web.listen-address={address}"));
        (Process::spawn(&mut command, &folder), address)
    }
}

/// What a path answers; `None` while nobody does.
fn get(address: &str, path: &str) -> Option<String> {
    let mut stream = TcpStream::connect(address).ok()?;
    write!(stream, "GET {path} HTTP/1.0\r\nHost: {address}\r\n\r\n").ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    Some(answer)
}

/// Waits until a path answers with a text in which all words occur.
fn wait_for(address: &str, path: &str, words: &[&str]) {
    wait_until(&format!("{address}{path} answers with {words:?}"), PATIENCE, || {
        get(address, path).filter(|answer| words.iter().all(|word| answer.contains(word)))
    });
}

#[test]
fn the_parts_work_together_with_the_files_that_are_shipped() {
    let (Some(class_path), Some(prometheus), Some(alertmanager)) =
        (tools::kafka(), tools::prometheus("prometheus"), tools::alertmanager("prometheus-alertmanager"))
    else {
        return;
    };
    let stack = Stack::new(class_path);
    let _kafka = stack.kafka();
    stack.topics();
    let _salespulse = stack.salespulse();
    let _alertmanager = stack.alertmanager(&alertmanager);
    let (_prometheus, prometheus) = stack.prometheus(&prometheus);
    let mut simulate = Command::new(env!("CARGO_BIN_EXE_salespulse"));
    simulate.args(["simulate", "--duration", "30d", "--reps", "5", "--brokers", stack.place("kafka:9092")]);
    let output = simulate.output().expect("the program starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));

    wait_for(stack.place("salespulse:9464"), "/readyz", &["200 OK", "\"ready\":true"]);
    wait_for(stack.place("alertmanager:9093"), "/-/ready", &["200 OK"]);
    wait_for(&prometheus, "/api/v1/query?query=salespulse_ready", &["\"job\":\"salespulse\"", ",\"1\"]"]);
    wait_for(&prometheus, "/api/v1/query?query=sales_org_leads", &["\"window\":\"30d\""]);
    wait_for(&prometheus, "/api/v1/alertmanagers", &[stack.place("alertmanager:9093")]);
    wait_for(&prometheus, "/api/v1/rules", &["SalespulseDown", "SalesFunnelConversionDrop", "\"health\":\"ok\""]);
}
