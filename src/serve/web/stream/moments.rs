//! What people celebrate: a target reached, a large deal won, another first place.
//!
//! Each is found by comparing a reading with the one before it, so that nothing that was there already is news: not at the
//! first reading, not after a pause, not when a period turns or a target becomes another.

mod found;

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use self::found::Leader;
use crate::config::Role;
use crate::engine::board::SubjectName;
use crate::kpi::Unit;
use crate::model::rules::Scope;
use crate::model::time::Time;
use crate::model::value::Value as Amount;
use crate::serve::access::Asker;
use crate::serve::web::Site;
use crate::serve::web::api::Number;
use crate::service::reading_hub::Published;

/// Moments that are kept for those who come back.
const KEPT: usize = 100;
/// Older ones are no news for them.
const NEWS: Duration = Duration::from_secs(10 * 60);
/// More at once are a backlog: they are counted instead.
const MOST: usize = 5;
/// A reading before that is older says nothing of what has happened just now.
const OLD: Duration = Duration::from_secs(60);

/// What happened.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::serve::web) enum Event {
    /// An attainment crossed this threshold, in the period that the window is.
    Quota { threshold: f64, window: &'static str },
    /// A deal was won.
    Won { amount: i64 },
    /// Somebody else is the first.
    Leader { by: String, window: &'static str },
}

/// Something that happened to somebody.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::serve::web) struct Moment {
    pub(super) subject: SubjectName,
    pub(super) event: Event,
    /// The name of the roster.
    pub(super) name: Option<Box<str>>,
    /// The instant of the reading.
    pub(super) at: Time,
}

/// One event of streams.
#[derive(Clone, Debug)]
pub(in crate::serve::web) enum News {
    /// One moment.
    One(Moment),
    /// So many at once.
    More(usize),
}

#[derive(Debug)]
struct Kept {
    number: u64,
    tick: u64,
    since: Instant,
    news: Arc<News>,
}

/// The reading before, with who was the first on each board.
#[derive(Debug)]
struct Last {
    published: Arc<Published>,
    leaders: Vec<Leader>,
}

/// The newest moments. Those who have streams read them, and the pace adds to them.
#[derive(Debug, Default)]
pub(in crate::serve::web) struct Moments {
    kept: Mutex<VecDeque<Kept>>,
    last: Mutex<Option<Last>>,
}

impl Moments {
    /// Forgets the reading before: what changes until the next one is no news.
    pub(in crate::serve::web) fn forget(&self) {
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// Finds what has happened since the reading before.
    pub(super) fn find(&self, site: &Site, published: &Arc<Published>) {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if last.as_ref().is_some_and(|last| last.published.number >= published.number) {
            return;
        }
        let leaders = found::leaders(site, &published.reading);
        let before = last.replace(Last { published: Arc::clone(published), leaders });
        let (Some(before), Some(now)) = (before, last.as_ref()) else { return };
        if published.taken.saturating_duration_since(before.published.taken) < OLD {
            let found = found::between(site, (&before.published, &before.leaders), (published, &now.leaders));
            self.keep(published.number, found);
        }
    }

    fn keep(&self, tick: u64, found: Vec<Moment>) {
        let more = [News::More(found.len())];
        let news: Vec<News> = if found.len() > MOST { more.into() } else { found.into_iter().map(News::One).collect() };
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        for news in news {
            let number = 1 + kept.back().map_or(0, |last| last.number);
            kept.push_back(Kept { number, tick, since: Instant::now(), news: Arc::new(news) });
        }
        let oldest = kept.len().saturating_sub(KEPT);
        kept.drain(..oldest);
    }

    /// The moment before the first one that a stream has to send: of those who have seen a reading, whatever came after it
    /// and is news still; of all others, nothing that has happened by now.
    pub(super) fn begin(&self, seen: Option<u64>) -> u64 {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let is_new = |kept: &&Kept| seen.is_some_and(|seen| kept.tick > seen) && kept.since.elapsed() < NEWS;
        let end = kept.back().map_or(0, |last| last.number);
        kept.iter().find(is_new).map_or(end, |first| first.number - 1)
    }

    /// The last moment's number, and the moments after one.
    pub(in crate::serve::web) fn after(&self, number: u64) -> (u64, Vec<Arc<News>>) {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let news = kept.iter().filter(|kept| kept.number > number).map(|kept| Arc::clone(&kept.news)).collect();
        (kept.back().map_or(number, |last| last.number), news)
    }
}

impl News {
    /// The event as somebody may see it; `None` if it is not theirs to see.
    pub(in crate::serve::web) fn for_asker(&self, site: &Site, asker: &Asker) -> Option<Value> {
        match self {
            News::One(moment) => moment.for_asker(site, asker),
            News::More(count) => Some(json!({"more": count})),
        }
    }
}

impl Moment {
    fn for_asker(&self, site: &Site, asker: &Asker) -> Option<Value> {
        let (rep, team) = match &self.subject {
            SubjectName::Rep { rep, team } => (Some(&**rep), &**team),
            SubjectName::Team(team) => (None, &**team),
            SubjectName::Region(_) | SubjectName::Org | SubjectName::Channel(_) => return None,
        };
        let mut own = site.boards.iter().filter(|board| asker.is_shown(&board.id));
        if asker.role == Role::Display && !own.any(|board| board.team.as_deref().is_none_or(|of| of == team)) {
            return None;
        }
        if self.event.is_about_targets() && !asker.sees_target_of(rep, team) {
            return None;
        }
        let name = rep.and_then(|rep| asker.calls(rep, team, self.name.as_deref()));
        let mut json = json!({
            "kind": self.event.word(),
            "scope": if rep.is_some() { Scope::Rep.name() } else { Scope::Team.name() },
            "id": rep.into_iter().chain([team]).collect::<Vec<_>>(),
            "team": team,
            "at_ms": self.at.millis(),
        });
        let fields = json.as_object_mut()?;
        fields.extend(name.map(|name| ("name".to_owned(), name.into())));
        let currency = site.rules.reporting_currency();
        match &self.event {
            Event::Quota { threshold, window } => {
                fields.insert("threshold".to_owned(), (*threshold).into());
                fields.insert("window".to_owned(), (*window).into());
            }
            Event::Won { amount } => {
                let amount = Number::new(Amount::Money((*amount).into()), Unit::Money, currency);
                fields.insert("amount".to_owned(), json!(amount));
                fields.insert("currency".to_owned(), currency.code().into());
            }
            Event::Leader { by, window } => {
                fields.insert("by".to_owned(), by.as_str().into());
                fields.insert("window".to_owned(), (*window).into());
            }
        }
        Some(json)
    }
}

impl Event {
    const fn word(&self) -> &'static str {
        match self {
            Event::Quota { .. } => "quota",
            Event::Won { .. } => "won",
            Event::Leader { .. } => "leader",
        }
    }

    /// Whether it says what somebody's target is or how much of it is reached.
    fn is_about_targets(&self) -> bool {
        match self {
            Event::Quota { .. } => true,
            Event::Won { .. } => false,
            Event::Leader { by, .. } => found::is_about_targets(by),
        }
    }
}
