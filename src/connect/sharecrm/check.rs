//! What documents leave open, asked of the tenant itself.

use super::{OBJECTS, PROJECTION, ShareCrm};
use crate::connect::dialect::sharecrm::Object;
use crate::connect::exchange::{Exchange, Trouble};
use crate::connect::finding::{Finding, clock_of, entries_of};
use crate::connect::sources::Source;

impl ShareCrm {
    /// Asks the tenant whether it can be polled, and whether the tables have all its stages.
    pub fn check(&mut self, source: &Source, exchange: &mut dyn Exchange) -> Vec<Finding> {
        let mut findings = Vec::new();
        for object in OBJECTS {
            if !source.mapping.is_for(object.stream()) {
                continue;
            }
            let name = object.api_name();
            match self.api.query(object, None, "", PROJECTION, exchange) {
                Ok(_) => findings.push(Finding::Right(format!("{name} can be read"))),
                Err(trouble @ (Trouble::SignIn(_) | Trouble::Unreachable(_) | Trouble::Quota(_))) => {
                    findings.push(Finding::Wrong(format!(
                        "{trouble}; the app needs its API quota, this machine's address on its list (IP 白名单), and \
                         developer mode (开发模式)"
                    )));
                    return findings;
                }
                Err(trouble) => findings.push(Finding::Wrong(format!("{name} cannot be read: {trouble}"))),
            }
        }
        if let Some(date) = self.api.clock(exchange.now()) {
            findings.push(clock_of("ShareCRM", exchange.now(), date));
        }
        for (field, table) in [("sales_stage", "stages"), ("sales_status", "statuses")] {
            findings.push(self.options_of(field, table, source, exchange));
        }
        findings
    }

    fn options_of(&mut self, field: &str, table: &str, source: &Source, exchange: &mut dyn Exchange) -> Finding {
        let options = match self.api.options(Object::Deals, field, exchange) {
            Ok(options) if options.is_empty() => {
                return Finding::Note(format!(
                    "ShareCRM lists no options of {field}, so [tables.{table}] is not compared"
                ));
            }
            Ok(options) => options,
            Err(trouble) => return Finding::Note(format!("[tables.{table}] cannot be compared: {trouble}")),
        };
        entries_of(table, &format!("options of {field}"), &options, source)
    }
}
