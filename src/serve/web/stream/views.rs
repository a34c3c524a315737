//! The views that anybody looks at, each computed and encoded once for all who see the same of it.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::body::Bytes;
use dashmap::DashMap;
use dashmap::mapref::entry::Entry;
use serde_json::{Map, Value};
use tokio::sync::watch;

use super::event;
use super::moments::Moments;
use crate::serve::access::Asker;
use crate::serve::web::Site;
use crate::serve::web::api::{Code, Problem, View};
use crate::service::reading_hub::Published;

/// Different views at a time.
const MOST: usize = 256;
/// Streams at a time.
pub(super) const MOST_STREAMS: usize = 1_000;
/// The lists of answers, and what names their parts.
const LISTS: [(&str, &[&str]); 3] = [("rows", &["id"]), ("values", &["name", "labels"]), ("steps", &["stage"])];
/// Fields that change with every reading: alone they are no change.
const INSTANT: [&str; 3] = ["as_of", "as_of_ms", "tick"];

/// All views that streams show. Each stream adds and removes its own; the pace walks over all of them meanwhile.
#[derive(Debug)]
pub(in crate::serve::web) struct Views {
    views: DashMap<String, Arc<Watched>>,
    streams: AtomicUsize,
    awake: watch::Sender<u64>,
    pub(in crate::serve::web) moments: Moments,
}

impl Default for Views {
    fn default() -> Views {
        Views {
            views: DashMap::new(),
            streams: AtomicUsize::new(0),
            awake: watch::Sender::new(0),
            moments: Moments::default(),
        }
    }
}

/// A view that somebody looks at.
#[derive(Debug)]
pub(super) struct Watched {
    view: View,
    asker: Asker,
    clients: AtomicUsize,
    frames: Mutex<Frames>,
}

/// The last picture of a view and the change that led to it, encoded.
#[derive(Clone, Debug, Default)]
pub(super) struct Frames {
    /// The reading of the picture; 0 before there is one.
    pub(super) tick: u64,
    pub(super) picture: Bytes,
    /// The change, and the reading of the picture before.
    pub(super) change: Option<(u64, Bytes)>,
    answer: Map<String, Value>,
    /// Why there is no picture any more.
    pub(super) problem: Option<Problem>,
}

/// A place among the streams.
#[derive(Debug)]
pub(super) struct Place(Arc<Site>);

impl Drop for Place {
    fn drop(&mut self) {
        self.0.views.streams.fetch_sub(1, Ordering::SeqCst);
        self.0.metrics.http.streams.dec();
    }
}

/// A client's hold on a view.
#[derive(Debug)]
pub(super) struct Hold {
    site: Arc<Site>,
    key: String,
    watched: Arc<Watched>,
}

impl Drop for Hold {
    fn drop(&mut self) {
        self.watched.clients.fetch_sub(1, Ordering::SeqCst);
        // Judged under the map's lock, so that nobody takes hold of it meanwhile.
        self.site.views.views.remove_if(&self.key, |_, watched| watched.clients.load(Ordering::SeqCst) == 0);
    }
}

impl Hold {
    /// What there is to send.
    pub(super) fn frames(&self) -> Frames {
        let frames = self.watched.lock();
        Frames {
            tick: frames.tick,
            picture: frames.picture.clone(),
            change: frames.change.clone(),
            answer: Map::new(),
            problem: frames.problem.clone(),
        }
    }
}

impl Watched {
    fn lock(&self) -> MutexGuard<'_, Frames> {
        // Frames are replaced as a whole.
        self.frames.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn update(&self, site: &Site, published: &Published) {
        let answer = self.view.answer(&site.context(published, &self.asker));
        let mut frames = self.lock();
        match answer {
            Ok(Value::Object(mut answer)) if published.number > frames.tick => {
                // In an event `view` is the number of the view.
                answer.remove("view");
                if let Some(next) = frames.next(published.number, answer) {
                    *frames = next;
                }
            }
            Ok(_) => {}
            Err(problem) => frames.problem = Some(problem),
        }
    }
}

impl Frames {
    /// The frames after another answer; `None` if it says nothing new.
    fn next(&self, tick: u64, answer: Map<String, Value>) -> Option<Frames> {
        let picture = event::tail(&answer);
        let change = if self.tick == 0 {
            None
        } else {
            let change = difference(&self.answer, &answer)?;
            change.map(|mut change| {
                change.insert("base".to_owned(), self.tick.into());
                (self.tick, event::tail(&change))
            })
        };
        Some(Frames { tick, picture, change, answer, problem: None })
    }
}

impl Views {
    /// Whether nobody has a stream.
    pub(in crate::serve::web) fn is_idle(&self) -> bool {
        self.streams.load(Ordering::SeqCst) == 0
    }

    /// Takes a place for a stream.
    pub(super) fn enter(site: &Arc<Site>) -> Result<Place, Problem> {
        let views = &site.views;
        if views.streams.fetch_add(1, Ordering::SeqCst) >= MOST_STREAMS {
            views.streams.fetch_sub(1, Ordering::SeqCst);
            let detail = format!("There are {MOST_STREAMS} streams already. Try again later.");
            return Err(Problem::new(Code::TooManyStreams, detail));
        }
        site.metrics.http.streams.inc();
        Ok(Place(Arc::clone(site)))
    }

    /// Takes hold of a view, which has a picture by this reading at the latest.
    pub(super) fn hold(
        site: &Arc<Site>,
        view: View,
        text: &str,
        asker: &Asker,
        published: &Published,
    ) -> Result<Hold, Problem> {
        let key = format!("{}\n{text}", asker.eyes());
        let len = site.views.views.len();
        let watched = match site.views.views.entry(key.clone()) {
            Entry::Occupied(known) => Arc::clone(known.get()),
            Entry::Vacant(_) if len >= MOST => {
                let detail = format!("There are {MOST} different views already. Look at one that others look at.");
                return Err(Problem::new(Code::TooManyViews, detail));
            }
            Entry::Vacant(place) => {
                let (clients, frames) = (AtomicUsize::new(0), Mutex::default());
                Arc::clone(&place.insert(Arc::new(Watched { view, asker: asker.clone(), clients, frames })))
            }
        };
        watched.clients.fetch_add(1, Ordering::SeqCst);
        let hold = Hold { site: Arc::clone(site), key, watched };
        if hold.watched.lock().tick == 0 {
            hold.watched.update(site, published);
        }
        let problem = hold.watched.lock().problem.clone();
        problem.map_or(Ok(hold), Err)
    }

    /// Computes every view by another reading, and finds what has happened since the one before.
    pub(in crate::serve::web) fn update(&self, site: &Site, published: &Arc<Published>) {
        self.moments.find(site, published);
        let watched: Vec<Arc<Watched>> = self.views.iter().map(|watched| Arc::clone(&watched)).collect();
        watched.iter().for_each(|watched| watched.update(site, published));
    }

    /// Lets every stream look.
    pub(in crate::serve::web) fn wake(&self) {
        self.awake.send_modify(|turn| *turn += 1);
    }

    /// Changes when there may be something to look at.
    pub(super) fn awake(&self) -> watch::Receiver<u64> {
        self.awake.subscribe()
    }
}

/// What an answer says that the one before did not: `None` if nothing, `Some(None)` if so much that the whole is shorter.
#[expect(clippy::option_option, reason = "no difference and no short one are different things")]
fn difference(before: &Map<String, Value>, after: &Map<String, Value>) -> Option<Option<Map<String, Value>>> {
    let mut change = Map::new();
    let mut is_news = false;
    for (field, value) in after {
        let known = before.get(field);
        if known == Some(value) {
            continue;
        }
        is_news = is_news || !INSTANT.contains(&field.as_str());
        let list = LISTS.iter().find(|(list, _)| list == field);
        let Some(((_, names), Some(Value::Array(known)), Value::Array(parts))) = list.map(|list| (list, known, value))
        else {
            change.insert(field.clone(), value.clone());
            continue;
        };
        let name = |part: &Value| names.iter().map(|name| part.get(name).cloned()).collect::<Vec<_>>();
        let changed: Vec<Value> = parts.iter().filter(|part| !known.contains(part)).cloned().collect();
        if changed.len() * 2 > parts.len() {
            return Some(None);
        }
        let names_now: Vec<_> = parts.iter().map(name).collect();
        let gone = known.iter().filter(|part| !names_now.contains(&name(part)));
        let gone: Vec<Value> = gone.filter_map(|part| part.get("id").cloned()).collect();
        if !gone.is_empty() {
            change.insert("gone".to_owned(), gone.into());
        }
        change.insert(field.clone(), changed.into());
    }
    let lost = before.keys().any(|field| !after.contains_key(field));
    match (is_news || lost, lost) {
        (false, _) => None,
        (true, true) => Some(None),
        (true, false) => Some(Some(change)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn map(value: &Value) -> Map<String, Value> {
        value.as_object().unwrap().clone()
    }

    #[test]
    fn a_change_holds_whole_rows_that_changed_and_the_ids_of_those_that_went() {
        let row = |id: &str, value: i32| json!({"id": [id, "east"], "value": value});
        let before = map(&json!({"tick": 1, "as_of_ms": 1, "status": "ready", "ranked": 4,
            "rows": [row("a", 1), row("b", 2), row("c", 3), row("d", 4)]}));
        let later = map(&json!({"tick": 2, "as_of_ms": 2, "status": "ready", "ranked": 4,
            "rows": [row("a", 1), row("b", 2), row("c", 3), row("d", 4)]}));
        assert_eq!(difference(&before, &later), None, "only the instant is another");
        let after = map(&json!({"tick": 3, "as_of_ms": 3, "status": "ready", "ranked": 3,
            "rows": [row("b", 9), row("a", 1), row("c", 3)]}));
        let change = difference(&before, &after).unwrap().unwrap();
        let expected = json!({"tick": 3, "as_of_ms": 3, "ranked": 3, "rows": [row("b", 9)], "gone": [["d", "east"]]});
        assert_eq!(Value::Object(change), expected);
        let most = map(&json!({"tick": 4, "rows": [row("a", 7), row("b", 7), row("c", 7), row("d", 4)]}));
        assert_eq!(difference(&before, &most), Some(None), "more than a half: the whole is sent");
    }

    #[test]
    fn a_client_that_misses_a_tick_finds_the_picture() {
        let answer = |tick: u64, value: i32| {
            map(&json!({"tick": tick, "values": [{"name": "won", "value": value}, {"name": "lost", "value": 1}]}))
        };
        let first = Frames::default().next(1, answer(1, 1)).unwrap();
        assert!(first.change.is_none());
        assert!(first.next(2, answer(2, 1)).is_none(), "nothing has changed");
        let second = first.next(3, answer(3, 2)).unwrap();
        assert_eq!(second.change.as_ref().map(|(base, _)| *base), Some(1));
        let third = second.next(4, answer(4, 3)).unwrap();
        assert_eq!(third.change.as_ref().map(|(base, _)| *base), Some(3), "who has seen 1 needs the picture");
    }
}
