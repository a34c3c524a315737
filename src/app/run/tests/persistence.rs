//! What a start finds of the state before it.

use std::path::{Path, PathBuf};

use tempfile::tempdir;

use super::bench::{Bench, LEADS, SPEND, STAGE_CHANGES};
use crate::config::Config;
use crate::model::money::{Currency, Rates, Ratio};

/// All objects, the latest last.
fn objects(folder: &Path) -> Vec<PathBuf> {
    let mut objects = Vec::new();
    for entry in folder.read_dir().unwrap().map(|entry| entry.unwrap().path()) {
        if entry.is_dir() {
            objects.extend(self::objects(&entry));
        } else {
            objects.push(entry);
        }
    }
    objects.sort();
    objects
}

fn damage(object: &Path) {
    let mut bytes = std::fs::read(object).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(object, bytes).unwrap();
}

fn usd(rate: u128) -> impl Fn(&mut Config) {
    move |config| {
        let [cny, usd] = ["CNY", "USD"].map(|code| Currency::from_code(code).unwrap());
        let mut rates = Rates::new(cny);
        if rate > 0 {
            rates.add(jiff::civil::date(2020, 1, 1), usd, Ratio { numerator: rate, denominator: 1 });
        }
        config.rules.rates = rates;
    }
}

#[test]
fn a_start_goes_on_where_the_last_one_stopped() {
    let (bench, folder) = (Bench::new(), tempdir().unwrap());
    bench.send_lead("L1");
    bench.send(STAGE_CHANGES, Some("L1"), &bench.stage_change("e2", "L1", "won"));
    bench.send(LEADS, Some("L2"), "bad");
    let service = bench.start_keeping("a", folder.path());
    service.wait_for("sales_org_won{window=\"1h\"} 1");
    service.wait_for("salespulse_dead_letters_total 1");
    service.wait_for("salespulse_snapshots_failed_total 0");
    service.stop().unwrap();
    assert!(!objects(folder.path()).is_empty());

    bench.send_lead("L3");
    let service = bench.start_keeping("a", folder.path());
    service.wait_for("sales_org_leads{window=\"1h\"} 2");
    for line in [
        "sales_org_won{window=\"1h\"} 1",
        "salespulse_consumed_records_total{topic=\"sales.leads\"} 1",
        "salespulse_consumed_records_total{topic=\"sales.stage-changes\"} 0",
        "salespulse_snapshots_restored_total 1",
        "salespulse_snapshots_unusable_total 0",
        "salespulse_rejected_records_total{code=\"not_json\"} 0",
        "salespulse_condition{condition=\"records_missing\"} 0",
        "salespulse_condition{condition=\"older_contract\"} 0",
    ] {
        service.wait_for(line);
    }
    service.wait_for_at_least("salespulse_audits_total", 1);
    service.wait_for("salespulse_audit_mismatches_total 0");
    service.stop().unwrap();
    bench.dead_letters(1);
}

#[test]
fn a_damaged_snapshot_is_counted_and_the_one_before_is_used() {
    let (bench, folder) = (Bench::new(), tempdir().unwrap());
    let service = bench.start_keeping("a", folder.path());
    for lead in 1..=3 {
        bench.send_lead(&format!("L{lead}"));
        service.wait_for(&format!("sales_org_leads{{window=\"1h\"}} {lead}"));
        service.wait_for_at_least("salespulse_snapshots_written_total", lead);
    }
    service.stop().unwrap();
    let objects = objects(folder.path());
    assert_eq!(objects.len(), 3, "three are kept");
    damage(&objects[2]);
    let service = bench.start_keeping("a", folder.path());
    service.wait_for("sales_org_leads{window=\"1h\"} 3");
    service.wait_for("salespulse_snapshots_unusable_total 1");
    service.wait_for("salespulse_snapshots_restored_total 1");
    service.wait_for("salespulse_consumed_records_total{topic=\"sales.leads\"} 1");
    service.stop().unwrap();

    // The damaged one lay where the next one would have been written; nothing is left of it.
    let service = bench.start_keeping("a", folder.path());
    service.wait_for("sales_org_leads{window=\"1h\"} 3");
    service.wait_for("salespulse_snapshots_unusable_total 0");
    service.stop().unwrap();
}

#[test]
fn other_rates_convert_what_is_kept_or_it_is_read_again() {
    let (bench, folder) = (Bench::new(), tempdir().unwrap());
    let spend = |id: &str| {
        let now = crate::model::time::Clock::System.now().plus(-crate::model::time::MINUTE);
        format!(r#"{{"event_id":"{id}","occurred_at":{},"amount":"10","currency":"USD"}}"#, now.millis())
    };
    bench.send(SPEND, Some("s1"), &spend("s1"));
    let revenue = |yuan: u32| format!("sales_org_spend{{currency=\"CNY\",window=\"1h\"}} {yuan}");
    // Without a rate what is kept cannot be counted, so it is read again, and refused. The snapshot that has it stays.
    for (rate, unusable, rejected) in [(7, 0, 0), (8, 0, 0), (0, 1, 1), (9, 0, 0)] {
        let service = bench.start_keeping_under("a", folder.path(), usd(rate));
        service.wait_for("salespulse_ready 1");
        service.wait_for_at_least("salespulse_snapshots_unusable_total", unusable);
        service.wait_for(&format!("salespulse_rejected_records_total{{code=\"unknown_currency\"}} {rejected}"));
        service.wait_for(&revenue(10 * u32::try_from(rate).unwrap()));
        service.stop().unwrap();
    }
}

#[test]
fn a_snapshot_of_another_cluster_is_not_used() {
    let (bench, folder) = (Bench::new(), tempdir().unwrap());
    bench.send_lead("L1");
    let service = bench.start_keeping("a", folder.path());
    service.wait_for("sales_org_leads{window=\"1h\"} 1");
    service.stop().unwrap();
    let other = Bench::new();
    let service = other.start_keeping("a", folder.path());
    service.wait_for("salespulse_ready 1");
    service.wait_for("salespulse_snapshots_restored_total 0");
    service.wait_for("sales_org_leads{window=\"1h\"} 0");
    service.stop().unwrap();
}

#[test]
fn a_store_that_cannot_be_is_refused() {
    let (bench, folder) = (Bench::new(), tempdir().unwrap());
    let file = folder.path().join("file");
    std::fs::write(&file, "x").unwrap();
    let refused = bench.start_keeping("a", &file).wait().unwrap_err();
    assert_eq!(refused.exit_code(), 64);
    assert!(refused.to_string().contains("must be a directory that can be made and written"), "{refused}");
}
