//! What documents leave open, asked of the company itself.

use super::Pipedrive;
use crate::connect::dialect::pipedrive::agrees;
use crate::connect::exchange::{Exchange, Trouble};
use crate::connect::finding::{Finding, clock_of, entries_of};
use crate::connect::json::Json;
use crate::connect::sources::Source;

/// Of so many deals the changelog is compared with the record.
const COMPARED: usize = 10;

/// Whether a user administers deals: older answers say so themselves, newer ones by what the user has access to.
fn is_admin(user: &Json) -> bool {
    let is_so = |record: &Json, pointer: &str| record.word(pointer).is_some_and(|is| matches!(is, "1" | "true"));
    let mut access = user.items("/data/access").iter();
    is_so(user, "/data/is_admin") || access.any(|app| app.word("/app") == Some("sales") && is_so(app, "/admin"))
}

impl Pipedrive {
    /// Asks the company whether it can be polled, and whether the table has all its stages.
    pub fn check(&mut self, source: &Source, exchange: &mut dyn Exchange) -> Vec<Finding> {
        let mut findings = Vec::new();
        let deals = match self.api.deals("deals", None, None, exchange) {
            Ok(page) => page.records,
            Err(trouble) => {
                findings.push(Finding::Wrong(format!("deals cannot be read: {trouble}")));
                return findings;
            }
        };
        findings.push(Finding::Right("the token is taken, and deals can be read".to_owned()));
        findings.extend(self.user(exchange));
        findings.push(self.changelogs(&deals, exchange));
        if source.mapping.is_for("leads") {
            findings.push(match self.api.get("/v1/leads?limit=1", exchange) {
                Ok(_) => Finding::Right("leads can be read".to_owned()),
                Err(trouble) => Finding::Wrong(format!("leads cannot be read: {trouble}")),
            });
        }
        findings.push(self.stages(source, exchange));
        findings
    }

    /// Whether the user of the token sees everything, and whether the clocks agree.
    fn user(&mut self, exchange: &mut dyn Exchange) -> Vec<Finding> {
        let (user, response) = match self.api.get("/v1/users/me", exchange) {
            Ok((Some(user), response)) => (user, response),
            Ok((None, _)) => return Vec::new(),
            Err(trouble) => return vec![Finding::Note(format!("nobody knows whose token it is: {trouble}"))],
        };
        let mut findings = Vec::new();
        findings.extend(response.date.map(|date| clock_of("Pipedrive", exchange.now(), date)));
        findings.push(if is_admin(&user) {
            Finding::Right("the token is that of an administrator".to_owned())
        } else {
            Finding::Note(
                "the token is not that of an administrator; what its user may not see becomes no events".to_owned(),
            )
        });
        findings
    }

    /// Whether the changelogs of some deals end with what their records say.
    fn changelogs(&mut self, deals: &[Json], exchange: &mut dyn Exchange) -> Finding {
        let mut wrong = Vec::new();
        for deal in deals.iter().take(COMPARED) {
            let Some(id) = deal.word("/id") else { continue };
            match self.api.changelog(id, exchange) {
                Ok(changelog) if agrees(deal, &changelog) => {}
                Ok(_) => wrong.push(id.to_owned()),
                Err(trouble) => return Finding::Wrong(format!("changelogs cannot be read: {trouble}")),
            }
        }
        match (deals.len().min(COMPARED), wrong.as_slice()) {
            (0, _) => Finding::Note("there are no deals yet, so no changelog is compared".to_owned()),
            (compared, []) => Finding::Right(format!(
                "the changelogs end with the present stage and status ({compared} deals compared)"
            )),
            _ => Finding::Wrong(format!(
                "the changelogs of the deals {} do not end with their present stage and status; do not run this source",
                wrong.join(", ")
            )),
        }
    }

    fn stages(&mut self, source: &Source, exchange: &mut dyn Exchange) -> Finding {
        let stages: Result<Vec<Json>, Trouble> = self.api.all("/api/v2/stages?limit=500", exchange);
        let stages = match stages {
            Ok(stages) => stages,
            Err(trouble) => return Finding::Note(format!("the stages cannot be compared: {trouble}")),
        };
        let named = |stage: &Json| Some((stage.word("/id")?.to_owned(), stage.word("/name")?.to_owned()));
        entries_of("stages", "stages", &stages.iter().filter_map(named).collect::<Vec<_>>(), source)
    }
}
