//! Salesforce: change events (CDC) as connectors put them into topics, and rows of `OpportunityHistory`.
//!
//! The two have different clocks. Where the history of an opportunity is there, its stages are read from it alone; where
//! it is not, from the change events alone; never from both.

use std::collections::BTreeMap;

use super::{Payload, Reading, void_document as void};
use crate::connect::json::Json;
use crate::connect::mapping::{FaultCode, millis};

/// Where the body of a change event lies, with or without the wrappers of connectors.
const BODIES: [&str; 4] = ["", "/payload", "/data/payload", "/payload/payload"];

/// What is known of the CRM.
#[derive(Default)]
struct Known<'a> {
    /// By opportunity, sorted by time and id of the row.
    history: BTreeMap<&'a str, BTreeMap<(i64, &'a str), &'a Json>>,
    /// The changes, in the order of their commits.
    changes: BTreeMap<(i64, i64, usize), Change<'a>>,
}

struct Change<'a> {
    entity: &'a str,
    kind: &'a str,
    ids: Vec<&'a str>,
    at: i64,
    body: &'a Json,
}

/// Reads payloads of any kind together.
pub(super) fn read(payloads: &[Payload]) -> Reading {
    let mut reading = Reading::default();
    let mut known = Known::default();
    for (number, payload) in payloads.iter().enumerate() {
        known.note(number, payload, &mut reading);
    }
    let mut state = State::default();
    for ((at, ..), change) in &known.changes {
        state.apply(*at, change, &known, &mut reading);
    }
    for (opportunity, rows) in &known.history {
        let last = rows.len().saturating_sub(1);
        for (place, ((at, _), row)) in rows.iter().enumerate() {
            reading.add("stages", state.of_history(opportunity, *at, row, place == last));
        }
    }
    for (id, at, entity) in &state.deleted {
        let object = if *entity == "Lead" { "lead" } else { "deal" };
        let is_converted = state.leads.values().any(|(lead, _)| lead == id);
        if !is_converted {
            reading.add("voids", void(object, id, Json::number_of(at), state.journey(id)));
        }
    }
    reading
}

impl<'a> Known<'a> {
    fn note(&mut self, number: usize, payload: &'a Payload, reading: &mut Reading) {
        let json = &payload.json;
        if let Some(body) = body_of(json) {
            return self.note_change(number, body, reading);
        }
        let records = match json.items("/records") {
            [] if json.at("/OpportunityId").is_some() => std::slice::from_ref(json),
            records => records,
        };
        if records.is_empty() {
            reading.skip(&payload.name, "holds no records");
        }
        for record in records {
            let created = record.at("/CreatedDate").and_then(millis);
            match (record.word("/OpportunityId"), record.word("/Id"), created) {
                (Some(opportunity), Some(id), Some(at)) => {
                    self.history.entry(opportunity).or_default().insert((at, id), record);
                }
                _ => reading.skip(&payload.name, "holds a record that is no row of OpportunityHistory"),
            }
        }
    }

    fn note_change(&mut self, number: usize, body: &'a Json, reading: &mut Reading) {
        let word = |pointer: &str| body.word(pointer);
        let integer = |pointer: &str| body.word(pointer).and_then(|digits| digits.parse::<i64>().ok());
        let (Some(entity), Some(kind), Some(at)) = (
            word("/ChangeEventHeader/entityName"),
            word("/ChangeEventHeader/changeType"),
            integer("/ChangeEventHeader/commitTimestamp"),
        ) else {
            let message = "needs entityName, changeType and commitTimestamp";
            return reading.fault(FaultCode::Missing, "ChangeEventHeader", message);
        };
        let ids = body.items("/ChangeEventHeader/recordIds").iter().filter_map(|id| id.word("")).collect();
        let commit = integer("/ChangeEventHeader/commitNumber").unwrap_or(0);
        self.changes.insert((at, commit, number), Change { entity, kind, ids, at, body });
    }
}

/// The body of a change event, if it is one.
#[must_use]
pub fn body_of(payload: &Json) -> Option<&Json> {
    BODIES.iter().find_map(|body| payload.at(body).filter(|body| body.at("/ChangeEventHeader").is_some()))
}

/// What the changes so far have said.
#[derive(Default)]
struct State<'a> {
    /// By opportunity: its lead and the account that the conversion made.
    leads: BTreeMap<&'a str, (&'a str, Option<&'a str>)>,
    /// By opportunity: since when who has owned it.
    owners: BTreeMap<&'a str, Vec<(i64, &'a str)>>,
    accounts: BTreeMap<&'a str, &'a str>,
    /// By opportunity: the last value of each field.
    fields: BTreeMap<&'a str, BTreeMap<&'static str, Json>>,
    deleted: Vec<(&'a str, i64, &'a str)>,
}

/// The fields of an opportunity that stages need.
const FOLLOWED: [&str; 4] = ["StageName", "Amount", "CloseDate", "CurrencyIsoCode"];

impl<'a> State<'a> {
    fn journey(&self, opportunity: &'a str) -> &'a str {
        self.leads.get(opportunity).map_or(opportunity, |(lead, _)| lead)
    }

    fn apply(&mut self, at: i64, change: &Change<'a>, known: &Known<'a>, reading: &mut Reading) {
        let name = format!("{} {}", change.entity, change.ids.join(" "));
        if change.kind.starts_with("GAP_") || change.ids.iter().any(|id| id.ends_with('*')) {
            return reading
                .skip(&name, format!("is a {}, which names no fields: the record must be read", change.kind));
        }
        match (change.entity, change.kind) {
            ("Opportunity" | "Lead", "DELETE") => {
                self.deleted.extend(change.ids.iter().map(|id| (*id, at, change.entity)));
            }
            ("Lead", _) => self.apply_lead(change, reading),
            ("Opportunity", _) => {
                for id in &change.ids {
                    self.apply_opportunity(id, change, known.history.contains_key(id), reading);
                }
            }
            _ => reading.skip(&name, "is of an object that is not read"),
        }
    }

    fn apply_lead(&mut self, change: &Change<'a>, reading: &mut Reading) {
        let Some(lead) = change.ids.first() else { return };
        match change.body.word("/ConvertedOpportunityId") {
            Some(opportunity) => {
                self.leads.insert(opportunity, (lead, change.body.word("/ConvertedAccountId")));
            }
            None if change.kind == "CREATE" => {
                let mut record = change.body.clone();
                record.put("Id", Json::text_of(*lead));
                reading.add("leads", record);
            }
            None => reading.skip(lead, "is a change of a lead, whose first owner and source hold"),
        }
    }

    fn apply_opportunity(&mut self, id: &'a str, change: &Change<'a>, has_history: bool, reading: &mut Reading) {
        if let Some(owner) = change.body.word("/OwnerId") {
            self.owners.entry(id).or_default().push((change.at, owner));
        }
        if let Some(account) = change.body.word("/AccountId") {
            self.accounts.insert(id, account);
        }
        let fields = self.fields.entry(id).or_default();
        for field in FOLLOWED {
            if let Some(value) = change.body.at(&format!("/{field}")) {
                fields.insert(field, value.clone());
            }
        }
        if has_history || change.body.at("/StageName").is_none() {
            return;
        }
        let mut row = Json::object([
            (
                "Id",
                Json::text_of(format!("{:020}", change.body.word("/ChangeEventHeader/commitNumber").unwrap_or("0"))),
            ),
            ("OpportunityId", Json::text_of(id)),
            ("CreatedDate", Json::number_of(change.at)),
            ("SystemModstamp", Json::number_of(change.at)),
            ("CreatedById", change.body.at("/ChangeEventHeader/commitUser").cloned().unwrap_or(Json::Null)),
        ]);
        fields.iter().for_each(|(name, value)| row.put(name, value.clone()));
        let document = self.of_history(id, change.at, &row, true);
        reading.add("stages", document);
    }

    /// A row of the history with who owned the opportunity then, and whom it is sold to.
    fn of_history(&self, opportunity: &'a str, at: i64, row: &Json, is_current: bool) -> Json {
        let owners = self.owners.get(opportunity).map(Vec::as_slice).unwrap_or_default();
        let owner = owners.iter().rev().find(|(since, _)| *since <= at).map(|(_, owner)| *owner);
        let converted = self.leads.get(opportunity).and_then(|(_, account)| *account);
        let customer = self.accounts.get(opportunity).copied().or(converted);
        Json::object([
            ("row", row.clone()),
            ("owner", Json::optional(owner.or_else(|| row.word("/CreatedById")))),
            ("customer", Json::optional(customer)),
            ("journey", Json::text_of(self.journey(opportunity))),
            ("is_current", Json::Bool(is_current)),
        ])
    }
}
