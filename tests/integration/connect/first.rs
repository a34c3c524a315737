//! The first reading of a large organisation: what it takes until everything is in Kafka.

use std::collections::BTreeSet;
use std::time::Instant;

use super::Instance;
use super::streams::counted;
use crate::crm::many::{STEPS, deals};
use crate::crm::over_http::OverHttp;
use crate::crm::{ZOHO, tables};
use crate::harness::reader::read_all;
use crate::harness::service::SOON;
use crate::harness::{Topics, announce, shared_broker, wait_until};

#[test]
fn a_first_reading_tells_each_stage_once_and_holds_little() {
    let Some(broker) = shared_broker() else { return };
    let (topics, crm) = (Topics::create(broker, 2), OverHttp::many(deals()));
    let url = crm.url();
    let tables = tables("crm");
    let sources = format!("{ZOHO}accounts_url = \"{url}\"\napi_url = \"{url}\"\ncurrency = \"CNY\"\n{tables}");
    let began = Instant::now();
    let instance = Instance::with(broker, &topics, &sources);
    let line = format!("salespulse_connect_remembered_records{{source=\"crm\"}} {}\n", deals());
    wait_until("the first cycle is finished", 20 * SOON, || {
        instance.get("/metrics").is_some_and(|text| text.contains(&line)).then_some(())
    });
    announce(&format!(
        "{} deals of {STEPS} stages are in Kafka after {:?}, with {} MB at most",
        deals(),
        began.elapsed(),
        instance.peak()
    ));
    let counted = counted(&read_all(&broker.client(), &topics.name("stage_change")));
    assert_eq!(counted.len(), deals() * STEPS);
    assert_eq!(counted.values().collect::<BTreeSet<_>>(), [&1].into(), "each once");
    assert_eq!(read_all(&broker.client(), &topics.unique("letters")), []);
}
