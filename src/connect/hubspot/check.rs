//! What documents leave open, asked of the account itself.

use super::{DEAL_PROPERTIES, FOLLOWED, HubSpot, LEAD_PROPERTIES};
use crate::connect::exchange::{Exchange, Request, Trouble};
use crate::connect::finding::{Finding, clock_of, entries_of};
use crate::connect::json::Json;
use crate::connect::mapping::millis;
use crate::connect::sources::Source;

/// The properties whose names no document or payload has shown: what they are called is presumed.
const PRESUMED: [&str; 3] = ["deal_currency_code", "hubspot_owner_id", "hs_contact_analytics_source"];
/// Without these the events say less, and what they say is right all the same.
const OPTIONAL: [&str; 4] =
    ["closed_lost_reason", "deal_currency_code", "hs_analytics_source", "hs_contact_analytics_source"];

impl HubSpot {
    /// Asks the account whether it can be polled, and whether the table has all its stages.
    pub fn check(&mut self, source: &Source, exchange: &mut dyn Exchange) -> Vec<Finding> {
        let mut findings = Vec::new();
        let deals = match self.api.search("deals", None, "", &["hs_lastmodifieddate"], exchange) {
            Ok(found) => found.records,
            Err(trouble @ (Trouble::SignIn(_) | Trouble::Unreachable(_) | Trouble::Quota(_))) => {
                findings.push(Finding::Wrong(trouble.to_string()));
                return findings;
            }
            Err(trouble) => {
                findings.push(cannot("deals", "crm.objects.deals.read", &trouble));
                Vec::new()
            }
        };
        findings.push(Finding::Right("the token is taken".to_owned()));
        findings.extend(self.clock(exchange));
        findings.push(self.history(&deals, exchange));
        findings.push(self.leads(source, exchange));
        findings.extend(self.properties("deals", DEAL_PROPERTIES, exchange));
        if self.options.has_leads && source.mapping.is_for("leads") {
            findings.extend(self.properties("leads", LEAD_PROPERTIES, exchange));
        }
        if source.mapping.is_for("users") {
            findings.push(match self.api.owners(exchange) {
                Ok(owners) => Finding::Right(format!("all {} owners can be read", owners.len())),
                Err(trouble) => cannot("owners", "crm.objects.owners.read", &trouble),
            });
        }
        findings.push(self.stages(source, exchange));
        findings
    }

    fn clock(&mut self, exchange: &mut dyn Exchange) -> Option<Finding> {
        let request = Request::get("/crm/v3/pipelines/deals".to_owned());
        let (_, response) = self.api.call(&request, exchange).ok()?;
        Some(clock_of("HubSpot", exchange.now(), response.date?))
    }

    /// Whether the histories of some deals end with what their records say.
    fn history(&mut self, deals: &[Json], exchange: &mut dyn Exchange) -> Finding {
        /// Of so many deals the history is compared with the record.
        const COMPARED: usize = 10;
        let ids: Vec<String> =
            deals.iter().take(COMPARED).filter_map(|deal| deal.word("/id").map(str::to_owned)).collect();
        if ids.is_empty() {
            return Finding::Note("there are no deals yet, so no history is compared".to_owned());
        }
        let deals = match self.api.read("deals", &ids, DEAL_PROPERTIES, FOLLOWED, exchange) {
            Ok(deals) => deals,
            Err(trouble) => return cannot("the history of deals", "crm.objects.deals.read", &trouble),
        };
        let differs = |deal: &&Json| {
            let entries = deal.items("/propertiesWithHistory/dealstage");
            let last = entries.iter().max_by_key(|entry| entry.at("/timestamp").and_then(millis));
            last.and_then(|entry| entry.word("/value")) != deal.word("/properties/dealstage")
        };
        let wrong: Vec<&str> = deals.iter().filter(differs).filter_map(|deal| deal.word("/id")).collect();
        if wrong.is_empty() {
            return Finding::Right(format!("the history of stages ends with the present one ({} deals)", deals.len()));
        }
        Finding::Wrong(format!(
            "the history of stages of the deals {} does not end with their present one; do not run this source",
            wrong.join(", ")
        ))
    }

    /// Whether an object has the properties that are asked for: HubSpot leaves out one that it does not know, and says
    /// nothing.
    fn properties(&mut self, object: &str, asked: &[&str], exchange: &mut dyn Exchange) -> Vec<Finding> {
        let presumed: Vec<&str> = asked.iter().copied().filter(|name| PRESUMED.contains(name)).collect();
        let known = match self.api.properties(object, exchange) {
            Ok(known) => known,
            Err(trouble) => {
                return vec![Finding::Note(format!(
                    "nobody knows whether {object} have {}, whose names are presumed: {trouble}",
                    presumed.join(", ")
                ))];
            }
        };
        let (optional, needed): (Vec<&str>, Vec<&str>) =
            asked.iter().copied().filter(|name| !known.contains(*name)).partition(|name| OPTIONAL.contains(name));
        let mut findings = Vec::new();
        if !needed.is_empty() {
            findings.push(Finding::Wrong(format!(
                "{object} have no property {}, without which events are wrong; do not run this source",
                needed.join(", ")
            )));
        }
        if !optional.is_empty() {
            findings.push(Finding::Note(format!(
                "{object} have no property {}: the events do without, and amounts without a currency are in the source's",
                optional.join(", ")
            )));
        }
        if findings.is_empty() {
            findings.push(Finding::Right(format!(
                "{object} have all {} properties that are read; the names of {} were presumed",
                asked.len(),
                presumed.join(", ")
            )));
        }
        findings
    }

    fn leads(&mut self, source: &Source, exchange: &mut dyn Exchange) -> Finding {
        let answer = self.api.search("leads", None, "", LEAD_PROPERTIES, exchange);
        match (answer, self.options.has_leads && source.mapping.is_for("leads")) {
            (Ok(_), true) => Finding::Right("leads can be read".to_owned()),
            (Ok(found), false) if found.records.is_empty() => Finding::Right("there are no leads".to_owned()),
            (Ok(_), false) => Finding::Note("the account has leads, which are read with leads = true".to_owned()),
            (Err(trouble), true) => cannot("leads", "crm.objects.leads.read", &trouble),
            (Err(_), false) => Finding::Right("leads are not read".to_owned()),
        }
    }

    fn stages(&mut self, source: &Source, exchange: &mut dyn Exchange) -> Finding {
        let pipelines = match self.api.pipelines(exchange) {
            Ok(pipelines) => pipelines,
            Err(trouble) => return Finding::Note(format!("the stages cannot be compared: {trouble}")),
        };
        let stages: Vec<(String, String)> = pipelines
            .iter()
            .flat_map(|pipeline| pipeline.items("/stages"))
            .filter_map(|stage| {
                Some((stage.word("/id")?.to_owned(), stage.word("/label").unwrap_or_default().to_owned()))
            })
            .collect();
        entries_of("stages", "stages", &stages, source)
    }
}

fn cannot(what: &str, scope: &str, trouble: &Trouble) -> Finding {
    Finding::Wrong(format!("{what} cannot be read: {trouble}; the private app needs the scope {scope}"))
}
