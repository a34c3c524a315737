//! Connectors beside the organisation, which read a CRM, a topic and what is posted, and one CRM that does not answer.

use crate::harness::ports::free_port;
use crate::harness::prometheus::Prometheus;
use crate::harness::service::SOON;
use crate::harness::{Broker, Producer, Sent, Topics, wait_until};
use crate::integration::connect::Instance;
use crate::integration::connect::zoho::FakeZoho;

pub(crate) struct Connectors {
    instance: Instance,
    /// Of their own, so that the organisation has no events but those that it sends.
    topics: Topics,
    producer: Producer,
    _zoho: FakeZoho,
}

impl Connectors {
    pub(crate) fn start(broker: &Broker) -> Connectors {
        let (topics, zoho) = (Topics::create(broker, 1), FakeZoho::start());
        topics.create_another("orders", 1);
        zoho.deal("21", &[("31", "Qualification", 1)]);
        let (crm, nobody, orders) = (zoho.source(), free_port(), topics.name("orders"));
        let sources = format!(
            r#"{crm}notify_url = "https://connect.example.test/in/crm"
notify_token_file = "secret"
daily_calls = 50000
[source.away]
kind = "hubspot"
id_prefix = "away:"
token_file = "secret"
api_url = "http://127.0.0.1:{nobody}"
[source.orders]
kind = "kafka"
topics = {orders:?}
[[source.orders.map]]
to = "payment"
event_id = "/id"
occurred_at = "/paid"
amount = "/amount"
currency = "CNY"
"#
        );
        let instance = Instance::with(broker, &topics, &sources);
        Connectors { instance, topics, producer: Producer::new(&broker.client(), &[]), _zoho: zoho }
    }

    /// Where their metrics are.
    pub(crate) fn address(&self) -> String {
        format!("127.0.0.1:{}", self.instance.port)
    }

    /// Lets records become no events once everything else has been scraped, and answers when the organisation was scraped
    /// within a minute of that: on a busy machine some scrapes fail.
    pub(crate) fn meet_trouble(&self, prometheus: &Prometheus) -> f64 {
        let is_scraped = |query: &str| prometheus.wait_for(query, |value| value > 0.0);
        is_scraped("salespulse_connect_lag_records + 1");
        is_scraped("salespulse_connect_cursor_timestamp_seconds{stream=\"deals\"}");
        is_scraped("salespulse_connect_subscription_expires_timestamp_seconds");
        is_scraped("sum(increase(salespulse_connect_requests_total{source=\"crm\"}[10m]))");
        is_scraped("salespulse_connect_condition{source=\"away\", condition=\"unreachable\"}");
        wait_until("a scrape has dead letters before it", SOON, || {
            self.producer.send_all(&[Sent::new(&self.topics.name("orders"), "1", "{}")]);
            let at = prometheus.query("max(timestamp(sales_org_customers))")?;
            let letters = format!("sum(increase(salespulse_connect_dead_letters_total[1m] @ {at}))");
            prometheus.query(&letters).filter(|letters| *letters > 0.0).map(|_| at)
        })
    }
}
