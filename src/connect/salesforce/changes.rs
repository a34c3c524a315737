//! What change events have said of one opportunity. Its stages are a function of that, in whatever order the events came
//! and however often.

use std::collections::BTreeMap;

use crate::connect::json::Json;

/// What of an opportunity becomes part of an event.
const FOLLOWED: [&str; 6] = ["StageName", "Amount", "CloseDate", "CurrencyIsoCode", "OwnerId", "AccountId"];
/// So many changes are remembered; beyond that the oldest that entered no stage become one.
const MOST: usize = 200;

/// What a change says of all that it does not name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Extent {
    /// That there is nothing else: a creation, or a record as it is.
    Whole,
    /// That it is as it was.
    Part,
    /// Nothing at all: the CRM has left out what it was.
    Gap,
}

/// One change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Change {
    pub(super) extent: Extent,
    /// Since when the stage has held, where that was before the change.
    pub(super) since: Option<i64>,
    /// Who made it.
    pub(super) by: Option<String>,
    pub(super) fields: BTreeMap<&'static str, Json>,
}

impl Change {
    /// What a body says, of a change event or of a record. A field that is null there is one that has not changed,
    /// unless the event names it as emptied.
    pub(super) fn of(body: &Json, extent: Extent) -> Change {
        let emptied = |field: &str| {
            extent == Extent::Whole
                || body.items("/ChangeEventHeader/nulledFields").iter().any(|name| name.word("") == Some(field))
        };
        let value = |field: &'static str| match body.at(&format!("/{field}")) {
            None | Some(Json::Null) => emptied(field).then_some((field, Json::Null)),
            Some(value) => Some((field, value.clone())),
        };
        let by = body.word("/ChangeEventHeader/commitUser").map(str::to_owned);
        let fields = match extent {
            Extent::Gap => BTreeMap::new(),
            _ => FOLLOWED.into_iter().filter_map(value).collect(),
        };
        Change { extent, since: None, by, fields }
    }

    /// Whether it says anything that events have.
    fn is_empty(&self) -> bool {
        self.fields.is_empty() && self.extent == Extent::Part
    }

    fn stage(&self) -> Option<&Json> {
        self.fields.get("StageName").filter(|stage| **stage != Json::Null)
    }
}

/// All changes, by the time and the number of their commits.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Changes(BTreeMap<(i64, i64), Change>);

/// A stage as it was while the opportunity was in it.
struct Row {
    at: i64,
    number: i64,
    modified: i64,
    by: Option<String>,
    owner: Option<String>,
    fields: BTreeMap<&'static str, Json>,
}

impl Changes {
    /// Adds one; answers whether it says something.
    pub(super) fn add(&mut self, at: i64, number: i64, change: Change) -> bool {
        if change.is_empty() {
            return false;
        }
        self.0.insert((at, number), change);
        while self.0.len() > MOST && self.fold() {}
        true
    }

    /// Makes one of the two oldest that follow each other and enter no stage between them.
    fn fold(&mut self) -> bool {
        let pair = self.0.iter().zip(self.0.iter().skip(1)).find_map(|((first, _), (second, change))| {
            (change.extent == Extent::Part && change.stage().is_none()).then_some((*first, *second))
        });
        let Some((first, second)) = pair else { return false };
        let Some(later) = self.0.remove(&second) else { return false };
        if let Some(change) = self.0.get_mut(&first) {
            change.fields.extend(later.fields);
        }
        true
    }

    /// Whether all is known that the present stage needs: since the last whole record nothing was left out.
    pub(super) fn are_whole(&self) -> bool {
        let last =
            |extent: Extent| self.0.iter().rev().find(|(_, change)| change.extent == extent).map(|(key, _)| *key);
        match (last(Extent::Whole), last(Extent::Gap)) {
            (Some(whole), Some(gap)) => whole > gap,
            (whole, _) => whole.is_some(),
        }
    }

    /// The stages as the mapping reads them, the oldest first: rows with their owner then, customer and journey.
    pub(super) fn stages(&self, id: &str, lead: Option<&str>, converted: Option<&str>) -> Vec<Json> {
        let rows = self.rows();
        let last = rows.len().saturating_sub(1);
        let customer =
            self.0.values().rev().find_map(|change| change.fields.get("AccountId")?.filled("").map(str::to_owned));
        let customer = customer.as_deref().or(converted);
        let document = |(place, row): (usize, &Row)| {
            let mut record = Json::object([
                ("Id", Json::text_of(format!("{:020}", row.number))),
                ("OpportunityId", Json::text_of(id)),
                ("CreatedDate", Json::number_of(row.at)),
                ("SystemModstamp", Json::number_of(row.modified)),
                ("CreatedById", Json::optional(row.by.as_deref())),
            ]);
            row.fields.iter().for_each(|(name, value)| record.put(name, value.clone()));
            Json::object([
                ("row", record),
                ("owner", Json::optional(row.owner.as_deref().or(row.by.as_deref()))),
                ("customer", Json::optional(customer)),
                ("journey", Json::text_of(lead.unwrap_or(id))),
                ("is_current", Json::Bool(place == last)),
            ])
        };
        rows.iter().enumerate().map(document).collect()
    }

    fn rows(&self) -> Vec<Row> {
        let mut rows: Vec<Row> = Vec::new();
        let mut held: BTreeMap<&'static str, Json> = BTreeMap::new();
        for ((at, number), change) in &self.0 {
            let before = held.get("StageName").cloned();
            held.extend(change.fields.iter().map(|(name, value)| (*name, value.clone())));
            // A record as it is enters no stage in which it was already.
            let is_entered =
                change.stage().is_some_and(|stage| change.extent == Extent::Part || before.as_ref() != Some(stage));
            if is_entered {
                let owner = held.get("OwnerId").and_then(|owner| owner.filled("")).map(str::to_owned);
                let at = change.since.unwrap_or(*at);
                rows.push(Row {
                    at,
                    number: *number,
                    modified: at,
                    by: change.by.clone(),
                    owner,
                    fields: BTreeMap::new(),
                });
            }
            // Nobody has said whose it was then: whoever owns it when that is said first.
            let owner = change.fields.get("OwnerId").and_then(|owner| owner.filled(""));
            for row in rows.iter_mut().filter(|row| row.owner.is_none()) {
                row.owner = owner.map(str::to_owned);
            }
            if let Some(row) = rows.last_mut().filter(|_| change.extent != Extent::Gap) {
                row.modified = row.modified.max(*at);
                let of_stage = held.iter().filter(|(name, _)| !matches!(**name, "OwnerId" | "AccountId"));
                row.fields = of_stage.map(|(name, value)| (*name, value.clone())).collect();
            }
        }
        rows
    }

    /// As it is remembered.
    pub(super) fn to_json(&self) -> Json {
        let entry = |((at, number), change): (&(i64, i64), &Change)| {
            let mut entry = Json::object([("at", Json::number_of(at)), ("number", Json::number_of(number))]);
            match change.extent {
                Extent::Whole => entry.put("extent", Json::text_of("whole")),
                Extent::Gap => entry.put("extent", Json::text_of("gap")),
                Extent::Part => {}
            }
            if let Some(since) = change.since {
                entry.put("since", Json::number_of(since));
            }
            if let Some(by) = &change.by {
                entry.put("by", Json::text_of(by.as_str()));
            }
            change.fields.iter().for_each(|(name, value)| entry.put(name, value.clone()));
            entry
        };
        Json::Array(self.0.iter().map(entry).collect())
    }

    /// Reads what is remembered.
    pub(super) fn from_json(json: &Json) -> Changes {
        let entry = |entry: &Json| {
            let number = |name: &str| entry.word(name)?.parse::<i64>().ok();
            let extent = match entry.word("/extent") {
                Some("whole") => Extent::Whole,
                Some("gap") => Extent::Gap,
                _ => Extent::Part,
            };
            let field = |name: &'static str| Some((name, entry.child(name)?.clone()));
            let fields = FOLLOWED.into_iter().filter_map(field).collect();
            let by = entry.word("/by").map(str::to_owned);
            Some(((number("/at")?, number("/number")?), Change { extent, since: number("/since"), by, fields }))
        };
        Changes(json.items("").iter().filter_map(entry).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(text: &str, extent: Extent) -> Change {
        Change::of(&Json::parse(text.as_bytes()).unwrap(), extent)
    }

    fn shown(changes: &Changes) -> Vec<String> {
        let fields =
            ["/row/CreatedDate", "/row/SystemModstamp", "/row/StageName", "/row/Amount", "/owner", "/is_current"];
        let line = |stage: &Json| fields.map(|field| stage.word(field).unwrap_or("-").to_owned()).join(" ");
        changes.stages("006", None, None).iter().map(line).collect()
    }

    #[test]
    fn stages_are_the_same_in_any_order_and_after_they_were_remembered() {
        let all = [
            (10, 1, change(r#"{"StageName":"A","Amount":1.10,"OwnerId":"x"}"#, Extent::Whole)),
            (20, 2, change(r#"{"Amount":1234567890123.45}"#, Extent::Part)),
            (30, 3, change(r#"{"StageName":"B","OwnerId":"y"}"#, Extent::Part)),
            (40, 4, change(r#"{"OwnerId":"z","Amount":null}"#, Extent::Part)),
            (50, 5, change(r#"{"ChangeEventHeader":{"nulledFields":["Amount"]}}"#, Extent::Part)),
        ];
        let expected = ["10 20 A 1234567890123.45 x false", "30 50 B - y true"];
        for turn in 0..all.len() {
            let mut changes = Changes::default();
            for (at, number, change) in all.iter().cycle().skip(turn).take(2 * all.len()) {
                changes.add(*at, *number, change.clone());
                changes = Changes::from_json(&changes.to_json());
            }
            assert_eq!(shown(&changes), expected, "{turn}");
        }
    }

    #[test]
    fn what_was_left_out_is_waited_for() {
        let mut changes = Changes::default();
        changes.add(10, 1, change(r#"{"StageName":"B"}"#, Extent::Part));
        assert!(!changes.are_whole(), "nobody has said what it was before");
        let record = change(r#"{"StageName":"B","Amount":5}"#, Extent::Whole);
        changes.add(20, 0, record);
        assert!(changes.are_whole());
        assert_eq!(shown(&changes), ["10 20 B 5 - true"]);
        changes.add(30, 2, change("{}", Extent::Gap));
        assert!(!changes.are_whole());
        changes.add(40, 0, Change { since: Some(35), ..change(r#"{"StageName":"C","Amount":6}"#, Extent::Whole) });
        assert!(changes.are_whole());
        assert_eq!(shown(&changes), ["10 20 B 5 - false", "35 40 C 6 - true"]);
    }

    #[test]
    fn edits_beyond_a_bound_become_one() {
        let mut changes = Changes::default();
        changes.add(0, 0, change(r#"{"StageName":"A"}"#, Extent::Whole));
        for at in 1..1_000 {
            changes.add(at, 0, change(&format!(r#"{{"Amount":{at}}}"#), Extent::Part));
        }
        assert_eq!(changes.0.len(), MOST);
        assert_eq!(shown(&changes), ["0 999 A 999 - true"]);
    }
}
