//! What a sales team might send: new journeys and money, repetitions, corrections, retractions, and what nobody can read.

use super::dice::Dice;

/// The instant at which the readings are compared, and at which the service's clock stands still.
pub(super) const INSTANT: &str = "2026-06-15T12:00:00Z";
/// The same in Unix milliseconds.
pub(super) const INSTANT_MILLIS: i64 = 1_781_524_800_000;

/// How far back events lie.
const DAYS: u64 = 40;
/// How many earlier facts may be repeated or corrected.
const MEMORY: usize = 5_000;

const STAGES: [&str; 5] = ["contacted", "proposal", "won", "lost", "void"];
const REPS: [&str; 4] = ["ann", "bob", "cid", "dee"];
const TEAMS: [&str; 2] = ["east", "west"];
const CHANNELS: [&str; 3] = ["web", "fair", "phone"];

/// A fact of which later records may be versions.
#[derive(Clone, Debug)]
struct Fact {
    kind: &'static str,
    event_id: String,
    lead_id: Option<String>,
    version: u64,
}

/// A record to be produced.
#[derive(Clone, Debug)]
pub(super) struct Line {
    /// Its topic.
    pub(super) kind: &'static str,
    /// Its key.
    pub(super) key: String,
    /// One line of JSON, or of what is none.
    pub(super) value: String,
}

/// Makes records.
#[derive(Debug)]
pub(super) struct Facts {
    dice: Dice,
    made: u64,
    known: Vec<(Fact, Line)>,
}

impl Facts {
    pub(super) fn new(seed: u64) -> Facts {
        Facts { dice: Dice::new(seed), made: 0, known: Vec::new() }
    }

    /// The next record that is an event.
    pub(super) fn event(&mut self) -> Line {
        self.made += 1;
        match self.dice.below(100) {
            _ if self.known.is_empty() => self.new_fact("lead"),
            0..5 => self.dice.pick(&self.known).1.clone(),
            5..12 => self.version(false),
            12..15 => self.version(true),
            15..45 => self.new_fact("lead"),
            45..75 => self.stage_change(),
            75..83 => self.new_fact("spend"),
            83..91 => self.new_fact("payment"),
            91..99 => self.new_fact("feedback"),
            _ => self.new_fact("target"),
        }
    }

    /// A lead that no other record is about, of a rep of whom there is nothing else.
    pub(super) fn steady(&mut self) -> Line {
        self.made += 1;
        let (id, at) = (format!("steady-{}", self.made), INSTANT_MILLIS - 3_600_000);
        let who = r#""rep_id":"zoe","team_id":"east""#;
        let value = format!(r#"{{"type":"lead","event_id":"{id}","lead_id":"{id}","occurred_at":{at},{who}}}"#);
        Line { kind: "lead", key: id, value }
    }

    /// A record that nobody can read, unlike any other.
    pub(super) fn poison(&mut self) -> Line {
        self.made += 1;
        let made = self.made;
        let value = match self.dice.below(3) {
            0 => format!("poison {made}"),
            1 => format!(r#"{{"event_id":"p-{made}","type":"spend""#),
            _ => format!(r#"{{"event_id":"p-{made}","type":"spend","note":"no amount"}}"#),
        };
        Line { kind: "spend", key: format!("p-{made}"), value }
    }

    fn new_fact(&mut self, kind: &'static str) -> Line {
        let lead_id = (kind == "lead").then(|| format!("journey-{}", self.made));
        self.remember(Fact { kind, event_id: format!("{kind}-{}", self.made), lead_id, version: 0 }, false)
    }

    fn stage_change(&mut self) -> Line {
        let lead_id = self.dice.pick(&self.known).0.lead_id.clone();
        let lead_id = lead_id.unwrap_or_else(|| format!("orphan-{}", self.made));
        let event_id = format!("stage-{}", self.made);
        self.remember(Fact { kind: "stage_change", event_id, lead_id: Some(lead_id), version: 0 }, false)
    }

    /// Another version of a fact: of one that has been corrected already it may be another with the same number.
    fn version(&mut self, is_retraction: bool) -> Line {
        let fact = self.dice.pick(&self.known).0.clone();
        self.remember(Fact { version: fact.version + 1, ..fact }, is_retraction)
    }

    fn remember(&mut self, fact: Fact, is_retraction: bool) -> Line {
        let fields = if is_retraction { r#","retracted":true"#.to_owned() } else { self.fields(fact.kind) };
        let Fact { kind, event_id, lead_id, version } = &fact;
        let journey = lead_id.as_ref().map(|id| format!(r#","lead_id":"{id}""#)).unwrap_or_default();
        let value = format!(r#"{{"type":"{kind}","event_id":"{event_id}","version":{version}{journey}{fields}}}"#);
        let line = Line { kind, key: lead_id.as_ref().unwrap_or(event_id).clone(), value };
        if self.known.len() < MEMORY {
            self.known.push((fact, line.clone()));
        } else {
            let place = self.dice.below(MEMORY as u64);
            self.known[usize::try_from(place).expect("small")] = (fact, line.clone());
        }
        line
    }

    /// The fields of a kind, as chance has them.
    fn fields(&mut self, kind: &str) -> String {
        let dice = &mut self.dice;
        let ago = i64::try_from(dice.below(DAYS * 86_400_000)).expect("some weeks");
        let at = format!(r#","occurred_at":{}"#, INSTANT_MILLIS - ago);
        let who = format!(r#","rep_id":"{}","team_id":"{}""#, dice.pick(&REPS), dice.pick(&TEAMS));
        let amount = format!("{}.{:02}", 1 + dice.below(5_000), dice.below(100));
        let money = format!(r#","amount":"{amount}","currency":"{}""#, dice.pick(&["EUR", "USD"]));
        let customer = format!(r#","customer_id":"c{}""#, dice.below(500));
        let channel = format!(r#","channel":"{}""#, dice.pick(&CHANNELS));
        let rest = match kind {
            "lead" => format!("{who}{customer}{channel}"),
            "stage_change" => format!(r#"{who}{customer}{money},"stage":"{}""#, dice.pick(&STAGES)),
            "spend" => format!("{who}{money}{channel}"),
            "payment" => format!(r#"{who}{customer}{money},"kind":"{}""#, dice.pick(&["payment", "refund"])),
            "feedback" => format!(r#"{who}{customer},"survey":"nps","score":{}"#, dice.below(11)),
            "target" => format!(r#"{who}{money},"scope":"rep","period":"2026-Q{}""#, 1 + dice.below(4)),
            _ => panic!("no records of the kind {kind} are made"),
        };
        at + &rest
    }
}
