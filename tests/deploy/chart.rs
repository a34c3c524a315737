//! The Helm chart.

use std::path::Path;

use crate::deploy::judges::{ask, helm, python, root, write};

const CHART: &str = "deploy/helm/salespulse";
/// The least that a user has to say.
const CONFIGURED: &str = "deploy/helm/examples/least.yaml";
/// The oldest and the newest Kubernetes of the schemas that the chart is for.
const VERSIONS: [&str; 3] = ["1.29", "1.33", "1.37"];
/// What has no schema here: the CRDs of the Prometheus Operator.
const NOT_CHECKED: &str = "apiVersion: monitoring.coreos.com/";

/// What the chart renders, or what Helm says instead.
fn render(helm: &Path, settings: &str) -> (bool, String) {
    render_with(helm, &["--values", CONFIGURED, "--set", settings])
}

fn render_with(helm: &Path, options: &[&str]) -> (bool, String) {
    let (is_rendered, said) =
        ask(helm, &[&["template", "release", CHART, "--kube-version", "1.33.0"], options].concat());
    // Helm tells on standard error that it follows the links in the chart.
    let rendered = said.lines().filter(|line| !line.contains("found symbolic link in path"));
    (is_rendered, rendered.map(|line| format!("{line}\n")).collect())
}

#[test]
fn helm_lints_it() {
    let Some(helm) = helm() else { return };
    let (is_content, said) = ask(&helm, &["lint", "--strict", CHART, "--values", CONFIGURED]);
    assert!(is_content, "{said}");
}

#[test]
fn kubernetes_would_take_what_it_renders() {
    let (Some(helm), Some(judge)) = (helm(), python("kubernetes-validate")) else { return };
    let everything =
        "serviceMonitor.enabled=true,prometheusRule.enabled=true,secretName=kafka,env[0].name=A,env[0].value=b";
    let dashboards = "dashboards.enabled=true,dashboards.languages={en,zh}";
    let settings = [
        "replicas=1,topics.create=true,topics.replicas=3",
        everything,
        dashboards,
        "snapshot.store=s3://bucket/prefix",
        "web.enabled=true,web.configSecret=web,web.tls=true",
    ];
    for (place, settings) in settings.iter().enumerate() {
        let (is_rendered, text) = render(&helm, settings);
        assert!(is_rendered, "{text}");
        let documents = text.split("\n---").filter(|document| document.contains("\nkind: "));
        let known: Vec<&str> = documents.filter(|document| !document.contains(NOT_CHECKED)).collect();
        assert!(known.len() >= 6, "{text}");
        let path = write(&format!("rendered-{place}.yaml"), &known.join("\n---"));
        for version in VERSIONS {
            let (is_content, said) = ask(&judge, &["-k", version, "--strict", "--no-warn", &path]);
            assert!(is_content, "{settings}, Kubernetes {version}: {said}");
        }
    }
}

#[test]
fn kubernetes_would_refuse_a_fault() {
    let (Some(helm), Some(judge)) = (helm(), python("kubernetes-validate")) else { return };
    let (_, text) = render(&helm, "replicas=1");
    let documents: Vec<&str> = text.split("\n---").filter(|document| document.contains("kind: StatefulSet")).collect();
    let path = write("faulty.yaml", &documents.join("\n---").replace("serviceName:", "servicename:"));
    let (is_content, said) = ask(&judge, &["-k", "1.33", "--strict", &path]);
    assert!(!is_content, "{said}");
}

/// The switches do what they say, and members are static.
#[test]
fn switches_switch() {
    let Some(helm) = helm() else { return };
    let (_, plain) = render(&helm, "replicas=1");
    assert!(!plain.contains(NOT_CHECKED) && plain.contains("volumeClaimTemplates:"), "{plain}");
    assert!(plain.contains("name: SALESPULSE__KAFKA__INSTANCE_ID"), "{plain}");
    let (_, full) = render(
        &helm,
        "serviceMonitor.enabled=true,prometheusRule.enabled=true,snapshot.store=s3://b/p,topics.create=true",
    );
    assert!(full.contains("kind: ServiceMonitor") && full.contains("kind: PrometheusRule"), "{full}");
    assert!(full.contains("kind: Job") && !plain.contains("kind: Job"), "{full}");
    // The instances do not begin without topics, and `helm install --wait` waits for them before it looks at later hooks.
    assert_eq!(full.matches("helm.sh/hook: pre-install,pre-upgrade").count(), 2, "{full}");
    assert!(!full.contains("volumeClaimTemplates:"), "{full}");
    let (_, bare) = render(&helm, "podDisruptionBudget.enabled=false,networkPolicy.enabled=false");
    assert!(!bare.contains("kind: PodDisruptionBudget") && !bare.contains("kind: NetworkPolicy"), "{bare}");
}

/// The page is served with a web configuration or not at all, and then probes, policy and Prometheus know of it.
#[test]
fn the_page_is_a_switch() {
    let Some(helm) = helm() else { return };
    let (_, without) = render(&helm, "replicas=1");
    assert!(!without.contains("9465") && without.contains("scheme: HTTP }"), "{without}");
    let (is_rendered, said) = render(&helm, "web.enabled=true");
    assert!(!is_rendered && said.contains("web.configSecret"), "{said}");
    let (_, with) = render(&helm, "web.enabled=true,web.configSecret=web,web.tls=true,serviceMonitor.enabled=true");
    for part in [
        "value: 0.0.0.0:9465",
        "value: /run/secrets/salespulse-web/web.yml",
        "secret: { secretName: web, defaultMode: 0440 }",
        "name: release-salespulse-web",
        "{ port: web, protocol: TCP }",
        "scheme: https\n",
    ] {
        assert!(with.contains(part), "{part}: {with}");
    }
    assert!(with.contains("scheme: HTTPS }") && !with.contains("scheme: HTTP }"), "{with}");
}

/// Nobody's numbers are in a currency that nobody chose.
#[test]
fn a_currency_must_be_chosen() {
    let Some(helm) = helm() else { return };
    let (is_rendered, said) = render_with(&helm, &[]);
    assert!(!is_rendered && said.contains("set reporting_currency in [org]"), "{said}");
}

/// Each example renders into what Kubernetes would take, and into what its head promises.
#[test]
fn examples_render() {
    let (Some(helm), Some(judge)) = (helm(), python("kubernetes-validate")) else { return };
    for (name, promised) in [
        ("least", "- { port: 9092, protocol: TCP }"),
        ("sasl", "- { port: 9096, protocol: TCP }"),
        ("s3", "cidr: 169.254.170.23/32"),
        ("page", "kubernetes.io/metadata.name: ingress-nginx"),
        ("strimzi", "- { port: 9093, protocol: TCP }"),
    ] {
        let (is_rendered, text) = render_with(&helm, &["--values", &format!("deploy/helm/examples/{name}.yaml")]);
        assert!(is_rendered && text.contains(promised), "{name}: {text}");
        let documents = text.split("\n---").filter(|document| document.contains("\nkind: "));
        let known: Vec<&str> = documents.filter(|document| !document.contains(NOT_CHECKED)).collect();
        let path = write(&format!("example-{name}.yaml"), &known.join("\n---"));
        let (is_content, said) = ask(&judge, &["-k", "1.33", "--strict", "--no-warn", &path]);
        assert!(is_content, "{name}: {said}");
    }
}

/// The network policy follows the brokers' ports and opens to the namespace of Prometheus; instances spread over nodes.
#[test]
fn defaults_do_not_bite() {
    let Some(helm) = helm() else { return };
    let (_, text) =
        render(&helm, "kafka.brokers=a:9094\\,b:9095\\,c:9094,networkPolicy.monitoringNamespace=monitoring");
    assert!(text.contains("port: 9094") && text.contains("port: 9095") && !text.contains("port: 9092"), "{text}");
    assert_eq!(text.matches("{ port: 9094").count(), 1, "{text}");
    assert!(text.contains("kubernetes.io/metadata.name: monitoring"), "{text}");
    assert!(text.contains("topologyKey: kubernetes.io/hostname"), "{text}");
    let (_, named) = render(&helm, "networkPolicy.kafkaPorts={19092}");
    assert!(named.contains("port: 19092") && !named.contains("port: 9092"), "{named}");
}

#[test]
fn wrong_values_are_refused() {
    let Some(helm) = helm() else { return };
    for (settings, named) in [
        ("replica=2", "replica"),
        ("kafka.brokers=kafka", "brokers"),
        ("config=[org]", "reporting_currency"),
        ("networkPolicy.monitoringNamespace=Mon", "monitoringNamespace"),
        ("snapshot.store=/tmp", "store"),
        ("dashboards.languages[0]=fr", "languages"),
        ("web.tls=perhaps", "tls"),
    ] {
        let (is_rendered, said) = render(&helm, settings);
        assert!(!is_rendered && said.contains(named), "{settings}: {said}");
    }
}

/// Rules and dashboards of the chart are links to those of Prometheus and Grafana, so no copy can differ.
#[test]
fn rules_and_dashboards_are_the_same_files() {
    for (link, target) in [("rules", "deploy/prometheus/rules"), ("dashboards", "deploy/grafana/dashboards")] {
        if !root(target).exists() {
            assert_eq!(link, "dashboards", "{target} is not there");
            continue;
        }
        let link = root(CHART).join("files").join(link);
        let led_to = std::fs::canonicalize(&link).unwrap_or_else(|error| panic!("{}: {error}", link.display()));
        assert_eq!(led_to, std::fs::canonicalize(root(target)).expect("it is there"));
    }
}
