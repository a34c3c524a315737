//! What documents leave open, asked of the organisation itself.

use super::api::time_of;
use super::{CAMPAIGN_FIELDS, DEAL_FIELDS, HISTORY_FIELDS, LEAD_FIELDS, Zoho};
use crate::connect::dialect::zoho::current_row;
use crate::connect::exchange::{Exchange, Request, Trouble};
use crate::connect::finding::{Finding, clock_of};
use crate::connect::json::Json;
use crate::connect::sources::Source;

/// Of so many open deals the history is compared with the record.
const COMPARED: usize = 10;

impl Zoho {
    /// Asks the organisation whether it can be polled and its stage history means what we take it for.
    pub fn check(&mut self, source: &Source, exchange: &mut dyn Exchange) -> Vec<Finding> {
        let mut findings = Vec::new();
        let deals = self.list("Deals", DEAL_FIELDS, "Modified_Time", "desc", exchange);
        if let Err(trouble @ (Trouble::SignIn(_) | Trouble::Unreachable(_))) = &deals {
            findings.push(Finding::Wrong(trouble.to_string()));
            return findings;
        }
        findings.push(Finding::Right("the refresh token is taken".to_owned()));
        self.check_clock(exchange, &mut findings);
        let mut lists = vec![("Deals", deals)];
        lists.push(("Leads", self.list("Leads", LEAD_FIELDS, "id", "asc", exchange)));
        lists.push(("DealHistory", self.list("DealHistory", HISTORY_FIELDS, "Modified_Time", "desc", exchange)));
        if source.mapping.is_for("spend") {
            lists.push(("Campaigns", self.list("Campaigns", CAMPAIGN_FIELDS, "id", "asc", exchange)));
        }
        for path in ["Deals/deleted?type=all&per_page=1", "Leads/deleted?type=all&per_page=1"] {
            let answer = self.api().get(path, exchange).map(|_| Vec::new());
            lists.push((path.split('?').next().unwrap_or(path), answer));
        }
        if source.mapping.is_for("users") {
            let answer = self.api().get("users?type=AllUsers&per_page=1", exchange).map(|_| Vec::new());
            lists.push(("users", answer));
        }
        for (name, list) in &lists {
            findings.push(match list {
                Ok(_) => Finding::Right(format!("{name} can be read")),
                Err(trouble) => Finding::Wrong(format!(
                    "{name} cannot be read: {trouble}; the refresh token needs the scopes ZohoCRM.modules.READ, \
                     ZohoCRM.settings.READ, ZohoCRM.users.READ and ZohoCRM.org.READ"
                )),
            });
        }
        let found = |wanted: &str| {
            let list = lists.iter().find(|(name, _)| *name == wanted);
            list.and_then(|(_, list)| list.as_ref().ok()).cloned().unwrap_or_default()
        };
        findings.extend(order_of(&found("DealHistory")));
        findings.push(self.meaning_of_history(&found("Deals"), exchange));
        findings.push(self.stages(source, exchange));
        findings
    }

    fn list(
        &mut self,
        module: &str,
        fields: &str,
        sort: &str,
        order: &str,
        exchange: &mut dyn Exchange,
    ) -> Result<Vec<Json>, Trouble> {
        let path = format!("{module}?fields={fields}&sort_by={sort}&sort_order={order}&per_page=200&page=1");
        let answer = self.api().get(&path, exchange)?;
        Ok(answer.map(|answer| answer.items("/data").to_vec()).unwrap_or_default())
    }

    fn check_clock(&mut self, exchange: &mut dyn Exchange, findings: &mut Vec<Finding>) {
        let Ok((_, response)) = self.api().call(&Request::get("org".to_owned()), exchange) else { return };
        let Some(date) = response.date else { return };
        findings.push(clock_of("Zoho", exchange.now(), date));
    }

    /// Whether the time of a row is that of entering its stage.
    fn meaning_of_history(&mut self, deals: &[Json], exchange: &mut dyn Exchange) -> Finding {
        let (mut compared, mut wrong) = (0, Vec::new());
        for deal in deals.iter().take(5 * COMPARED) {
            let Some(id) = deal.word("/id") else { continue };
            let Ok(rows) = self.all_rows(id, exchange) else { continue };
            let rows: Vec<&Json> = rows.values().collect();
            let Some(open) = current_row(&rows) else { continue };
            let Some(row) = rows.iter().find(|row| row.word("/id") == Some(open)) else { continue };
            let entered = time_of(row, "/Modified_Time");
            let is_after = entered > time_of(deal, "/Modified_Time");
            let changed = deal.at("/Stage_Modified_Time").map(|_| time_of(deal, "/Stage_Modified_Time"));
            if is_after || changed.is_some_and(|changed| changed != entered) {
                wrong.push(id.to_owned());
            }
            compared += 1;
            if compared == COMPARED {
                break;
            }
        }
        match (compared, wrong.as_slice()) {
            (0, _) => Finding::Note(
                "no deal has a stage history yet, so it is not proved that its times are those of entering a stage"
                    .to_owned(),
            ),
            (_, []) => Finding::Right(format!(
                "the times of the stage history are those of entering a stage ({compared} deals compared)"
            )),
            _ => Finding::Wrong(format!(
                "the stage history of the deals {} does not say when the stage was entered, so every stage would have \
                 the time of another; do not run this source",
                wrong.join(", ")
            )),
        }
    }

    /// Whether the tables have every stage of the organisation.
    fn stages(&mut self, source: &Source, exchange: &mut dyn Exchange) -> Finding {
        let answer = match self.api().get("settings/fields?module=Deals", exchange) {
            Ok(Some(answer)) => answer,
            Ok(None) => {
                return Finding::Note("Zoho lists no fields of deals, so the stages are not compared".to_owned());
            }
            Err(trouble) => return Finding::Note(format!("the stages cannot be compared: {trouble}")),
        };
        let stage = answer.items("/fields").iter().find(|field| field.word("/api_name") == Some("Stage"));
        let values = stage.map(|field| field.items("/pick_list_values")).unwrap_or_default();
        if values.is_empty() {
            return Finding::Note("Zoho lists no stages, so they are not compared".to_owned());
        }
        let names =
            values.iter().filter_map(|value| value.word("/actual_value").or_else(|| value.word("/display_value")));
        let names: Vec<&str> = names.filter(|name| !matches!(*name, "None" | "-None-")).collect();
        let unmapped: Vec<&str> =
            names.iter().copied().filter(|name| source.mapping.tables.find("stages", name).is_none()).collect();
        if unmapped.is_empty() {
            return Finding::Right(format!("all {} stages are in [tables.stages]", names.len()));
        }
        Finding::Wrong(format!(
            "[tables.stages] has no entry for {}: deals in them would become dead letters",
            unmapped.iter().map(|name| format!("{name:?}")).collect::<Vec<_>>().join(", ")
        ))
    }
}

/// Whether the history is listed in the order by which a scan knows where to stop.
fn order_of(rows: &[Json]) -> Option<Finding> {
    let times: Vec<i64> = rows.iter().map(|row| time_of(row, "/Modified_Time")).collect();
    if times.is_empty() {
        return None;
    }
    Some(if times.is_sorted_by(|left, right| left >= right) {
        Finding::Right("the stage history is listed with the newest row first".to_owned())
    } else {
        Finding::Wrong(
            "the stage history is not listed with the newest row first, so changes would be missed; do not run this source"
                .to_owned(),
        )
    })
}
