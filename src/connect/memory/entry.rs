//! What is remembered of one object: ids, times and digests, no names; amounts only where nobody can be asked for them again.

use crate::connect::json::Json;
use crate::contract::encode::{Draft, FieldValue};
use crate::model::event::EventType;

/// What is remembered of a record of a CRM.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Object {
    /// The lead from which a deal came.
    pub lead: Option<String>,
    /// When the record was last edited, as far as it was read, in Unix milliseconds.
    pub modified: i64,
    /// The row of the history, or the key, of the stage in which it is now; of Salesforce what its change events have said.
    pub current: Option<Json>,
    /// When it was deleted; `None` if it is there.
    pub deleted: Option<i64>,
    /// Since when it waits for its lead.
    pub held_since: Option<i64>,
    /// Every version below was given to facts that were taken back.
    pub floor: u64,
    /// The facts that hold, by their ids.
    pub told: Facts,
}

/// Facts, sorted by their ids.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts(Vec<(String, Told)>);

impl Facts {
    fn place(&self, id: &str) -> Result<usize, usize> {
        self.0.binary_search_by(|(known, _)| known.as_str().cmp(id))
    }

    /// The fact of this id.
    #[must_use]
    pub fn get(&self, id: &str) -> Option<&Told> {
        self.place(id).ok().and_then(|place| self.0.get(place)).map(|(_, told)| told)
    }

    /// The fact of this id, to be changed.
    pub fn get_mut(&mut self, id: &str) -> Option<&mut Told> {
        self.place(id).ok().and_then(|place| self.0.get_mut(place)).map(|(_, told)| told)
    }

    /// Whether there is a fact of this id.
    #[must_use]
    pub fn contains_key(&self, id: &str) -> bool {
        self.place(id).is_ok()
    }

    /// Adds a fact, or puts it in the place of the one that has its id.
    pub fn insert(&mut self, id: String, told: Told) {
        match self.place(&id) {
            Ok(place) => {
                if let Some((_, known)) = self.0.get_mut(place) {
                    *known = told;
                }
            }
            Err(place) => {
                if self.0.len() == self.0.capacity() {
                    self.0.reserve_exact(1 + self.0.len() / 4);
                }
                self.0.insert(place, (id, told));
            }
        }
    }

    /// Adds a fact behind all others; `None` if its place is not there.
    pub(super) fn push(&mut self, id: String, told: Told) -> Option<()> {
        if self.0.last().is_some_and(|(last, _)| *last >= id) {
            return None;
        }
        self.0.push((id, told));
        Some(())
    }

    /// Takes a fact out.
    pub fn remove(&mut self, id: &str) -> Option<Told> {
        self.place(id).ok().map(|place| self.0.remove(place).1)
    }

    /// The ids.
    pub fn keys(&self) -> impl Iterator<Item = &String> {
        self.0.iter().map(|(id, _)| id)
    }

    /// The facts.
    pub fn values(&self) -> impl Iterator<Item = &Told> {
        self.0.iter().map(|(_, told)| told)
    }

    /// The facts with their ids.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &Told)> {
        self.0.iter().map(|(id, told)| (id.as_str(), told))
    }

    /// How many there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl FromIterator<(String, Told)> for Facts {
    fn from_iter<I: IntoIterator<Item = (String, Told)>>(all: I) -> Facts {
        let mut facts = Facts::default();
        all.into_iter().for_each(|(id, told)| facts.insert(id, told));
        facts
    }
}

/// A fact that was told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// Its type.
    pub kind: EventType,
    /// The journey under which it was told; empty for a fact of none.
    pub journey: String,
    /// The version that its record gave it.
    pub base: u64,
    /// The version that it was given.
    pub version: u64,
    /// A digest of what it said.
    pub content: u64,
    /// Who was credited.
    pub rep: Option<String>,
    /// In which team.
    pub team: Option<String>,
    /// When it happened, where the record does not say so.
    pub at: Option<i64>,
}

impl Told {
    pub(super) fn of(draft: &Draft, base: u64, version: u64, content: u64) -> Told {
        let id = |name: &str| draft.get(name).map(|value| value.as_str().to_owned());
        let journey = if draft.kind().is_of_journey() { draft.text("lead_id").to_owned() } else { String::new() };
        Told { kind: draft.kind(), journey, base, version, content, rep: id("rep_id"), team: id("team_id"), at: None }
    }

    /// As much of the event as a retraction needs.
    pub(super) fn draft(&self, event_id: &str) -> Draft {
        let mut draft = Draft::new(self.kind);
        draft.set("event_id", FieldValue::Text(event_id.to_owned()));
        if self.kind.is_of_journey() {
            draft.set("lead_id", FieldValue::Text(self.journey.clone()));
        }
        draft
    }

    fn from_json(json: &Json) -> Option<(String, Told)> {
        let text = |pointer: &str| json.word(pointer).map(str::to_owned);
        let number = |pointer: &str| json.word(pointer).and_then(|digits| digits.parse::<u64>().ok());
        let told = Told {
            kind: EventType::from_name(json.word("/kind")?)?,
            journey: text("/journey")?,
            base: number("/base")?,
            version: number("/version")?,
            content: number("/content")?,
            rep: text("/rep"),
            team: text("/team"),
            at: json.word("/at").and_then(|at| at.parse().ok()),
        };
        Some((text("/id")?, told))
    }
}

impl Object {
    /// Reads an entry as it was before there was a packed form; what it does not say is as it is for a new object.
    #[must_use]
    pub(super) fn from_json(json: &Json) -> Object {
        let number = |pointer: &str| json.word(pointer).and_then(|digits| digits.parse::<i64>().ok());
        Object {
            lead: json.word("/lead").map(str::to_owned),
            modified: number("/modified").unwrap_or(0),
            current: json.at("/current").cloned(),
            deleted: number("/deleted"),
            held_since: number("/held_since"),
            floor: json.word("/floor").and_then(|digits| digits.parse().ok()).unwrap_or(0),
            told: json.items("/told").iter().filter_map(Told::from_json).collect(),
        }
    }
}
