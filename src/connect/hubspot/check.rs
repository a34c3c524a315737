//! What documents leave open, asked of the account itself.

use super::{DEAL_PROPERTIES, FOLLOWED, HubSpot, LEAD_PROPERTIES};
use crate::connect::exchange::{Exchange, Request, Trouble};
use crate::connect::finding::{Finding, clock_of, entries_of};
use crate::connect::json::Json;
use crate::connect::mapping::millis;
use crate::connect::sources::Source;

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
