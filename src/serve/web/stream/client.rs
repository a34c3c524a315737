//! One client's stream.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::{Extension, RawQuery, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderName};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::json;
use tokio::sync::watch;
use tokio::time::{Instant, Interval, MissedTickBehavior, interval, sleep_until};

use super::views::{Hold, Place, Views};
use super::{MOST_VIEWS, event};
use crate::model::time::Clock;
use crate::serve::access::Asker;
use crate::serve::web::api::{Code, Problem, View, audit, in_force};
use crate::serve::web::{Closing, Site};

/// Between two beats: a client that hears none for twice as long has lost the connection.
const BEAT: Duration = Duration::from_secs(5);
/// After so long a stream ends, so that roles are judged anew and connections spread; each a bit earlier or later.
const LIFE: Duration = Duration::from_secs(15 * 60);
/// A reading that is younger begins a stream.
const RECENT: Duration = Duration::from_millis(500);
/// When a browser that lost the stream by itself opens another.
const RETRY_MS: u32 = 2_000;

/// Views that are kept up to date: each `view` is a path of the API below `/api/v1`, such as `/leaderboard?by=won`.
#[utoipa::path(get, path = "/api/v1/stream", tag = "stream", params(
    ("view" = Vec<String>, Query, description = "1 to 8 views, each a path of the API below `/api/v1`")),
    responses((status = 200, description = "server-sent events: hello, picture, change, moment, beat, bye", body = String,
        content_type = "text/event-stream"),
        (status = "4XX", body = crate::serve::web::api::ProblemAnswer), (status = "5XX", body = crate::serve::web::api::ProblemAnswer)))]
pub(in crate::serve::web) async fn open(
    State(site): State<Arc<Site>>,
    Extension(asker): Extension<Asker>,
    Extension(closing): Extension<Closing>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let asked = views(query.as_deref().unwrap_or_default(), &site)?;
    in_force(&site.readiness.status(), site.readiness.shows_gauges())?;
    let watched: Vec<_> = asked.iter().filter_map(|(_, view)| audit::subject(view, &asker)).collect();
    let place = Views::enter(&site)?;
    let published = site.hub.recent(RECENT).await?;
    let holding = {
        let site = Arc::clone(&site);
        tokio::task::spawn_blocking(move || {
            let hold = |(text, view): (String, View)| Views::hold(&site, view, &text, &asker, &published);
            let holds = asked.into_iter().map(hold).collect::<Result<Vec<Hold>, Problem>>();
            holds.map(|holds| (holds, asker))
        })
    };
    let held = holding.await.map_err(|_| Problem::new(Code::Bug, "A view failed; the log says more."))?;
    let status = held.as_ref().map_or_else(|problem| problem.code().status(), |_| StatusCode::OK);
    watched.iter().for_each(|(user, role, rep)| audit::note(user, role, "/stream", rep, status));
    let (holds, asker) = held?;
    let client = Client::new(site, (holds, asker), place, closing.0, headers.get("last-event-id"));
    let events = futures_util::stream::unfold(client, async |mut client| {
        let bytes = client.next().await?;
        Some((Ok::<Bytes, Infallible>(bytes), client))
    });
    let headers = [
        (CONTENT_TYPE, "text/event-stream"),
        (CACHE_CONTROL, "no-store, no-transform"),
        // nginx holds a stream back otherwise.
        (HeaderName::from_static("x-accel-buffering"), "no"),
    ];
    Ok((headers, Body::from_stream(events)).into_response())
}

/// The views of a query.
fn views(query: &str, site: &Site) -> Result<Vec<(String, View)>, Problem> {
    let mut views = Vec::new();
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        if name != "view" {
            let detail = format!("There is no parameter {name:?} here; a stream takes view.");
            return Err(Problem::new(Code::UnknownParameter, detail).of(&name, ["view"]));
        }
        let (path, query) = value.split_once('?').unwrap_or((&value, ""));
        let view = View::parse(path, query, &site.rules, &site.catalogue)?;
        views.push((value.clone().into_owned(), view));
    }
    match views.len() {
        0 => Err(Problem::new(Code::MissingParameter, "A stream needs a view.")
            .of("view", ["/leaderboard", "/kpis", "/funnel"])),
        more if more > MOST_VIEWS => {
            let detail = format!("A stream has at most {MOST_VIEWS} views.");
            Err(Problem::new(Code::BadParameter, detail).of("view", [format!("1 to {MOST_VIEWS}")]))
        }
        _ => Ok(views),
    }
}

/// What one stream remembers.
struct Client {
    site: Arc<Site>,
    holds: Vec<Hold>,
    _place: Place,
    /// The tick of each view that was sent last; 0 before.
    sent: Vec<u64>,
    asker: Asker,
    /// The moment that was looked at last.
    moment: u64,
    /// What is encoded and goes next: a few events at most, since nothing is added before it is empty.
    queue: VecDeque<Bytes>,
    awake: watch::Receiver<u64>,
    closing: watch::Receiver<bool>,
    beat: Interval,
    end: Instant,
    status: &'static str,
    has_ended: bool,
}

/// What a stream waits for.
enum News {
    /// The server ends.
    Closing,
    /// The stream has lived long enough.
    Life,
    /// There may be another picture.
    Numbers,
    /// It is time for a beat.
    Beat,
}

impl Client {
    fn new(
        site: Arc<Site>,
        (holds, asker): (Vec<Hold>, Asker),
        place: Place,
        closing: watch::Receiver<bool>,
        last_event: Option<&HeaderValue>,
    ) -> Client {
        let mut beat = interval(BEAT);
        beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let seen =
            last_event.and_then(|id| id.to_str().ok()?.strip_prefix(&site.boot)?.strip_prefix('.')?.parse().ok());
        // An id stands at the last event of a tick only, so whoever has it has everything of that tick.
        let sent = holds.iter().map(|hold| seen.filter(|seen| hold.frames().tick <= *seen).unwrap_or(0)).collect();
        let hello = json!({
            "boot": site.boot, "build": site.build, "tick": holds.iter().map(|hold| hold.frames().tick).max(),
            "views": holds.len(), "beat_s": BEAT.as_secs(),
        });
        let retry = Bytes::from(format!("retry: {RETRY_MS}\n"));
        // Streams that were opened together shall not end together.
        let shift = u32::try_from(Arc::as_ptr(&site) as usize & 0xffff).unwrap_or(0);
        let spread = LIFE / 10 * (shift % 100) / 100;
        let mut client = Client {
            awake: site.views.awake(),
            moment: site.views.moments.begin(seen),
            asker,
            status: site.readiness.status().status,
            site,
            holds,
            _place: place,
            sent,
            queue: VecDeque::from([retry, event::whole("hello", &hello)]),
            closing,
            beat,
            end: Instant::now() + LIFE - spread,
            has_ended: false,
        };
        client.look();
        client
    }

    /// The next bytes; `None` when the stream has ended.
    async fn next(&mut self) -> Option<Bytes> {
        loop {
            if let Some(bytes) = self.queue.pop_front() {
                return Some(bytes);
            }
            if self.has_ended {
                return None;
            }
            match self.wait().await {
                News::Closing => self.bye("closing", 1_000),
                News::Life => self.bye("life", 200),
                News::Numbers => self.look(),
                News::Beat => self.beat(),
            }
        }
    }

    async fn wait(&mut self) -> News {
        tokio::select! {
            biased;
            _ = self.closing.wait_for(|is_closing| *is_closing) => News::Closing,
            () = sleep_until(self.end) => News::Life,
            woken = self.awake.changed() => if woken.is_ok() { News::Numbers } else { News::Closing },
            _ = self.beat.tick() => News::Beat,
        }
    }

    /// Queues what the views have that was not sent.
    fn look(&mut self) {
        let (last, moments) = self.site.views.moments.after(self.moment);
        self.moment = last;
        let moments = moments.iter().filter_map(|moment| moment.for_asker(&self.site, &self.asker));
        self.queue.extend(moments.map(|moment| event::whole("moment", &moment)));
        let mut events: Vec<(&str, usize, u64, Bytes)> = Vec::new();
        for (view, (hold, sent)) in self.holds.iter().zip(&mut self.sent).enumerate() {
            let frames = hold.frames();
            if frames.problem.is_some() {
                // The subject is gone, or is not this client's any more: asking anew says why.
                return self.bye("role", 200);
            }
            if frames.tick <= *sent {
                continue;
            }
            let (name, tail) = match frames.change {
                Some((base, change)) if base == *sent => ("change", change),
                _ => ("picture", frames.picture),
            };
            *sent = frames.tick;
            events.push((name, view, frames.tick, tail));
        }
        let last = events.len().saturating_sub(1);
        let tick = events.iter().map(|(_, _, tick, _)| *tick).max().unwrap_or(0);
        for (number, (name, view, _, tail)) in events.into_iter().enumerate() {
            let id = (number == last).then(|| format!("{}.{tick}", self.site.boot));
            self.queue.push_back(event::head(name, id.as_deref(), view));
            self.queue.push_back(tail);
        }
        if self.site.readiness.status().status != self.status {
            self.beat();
        }
    }

    fn beat(&mut self) {
        let status = self.site.readiness.status();
        self.status = status.status;
        let latest = self.site.hub.subscribe().borrow().as_ref().map(|latest| latest.reading.now);
        let sent = Clock::System.now();
        let beat = json!({
            "as_of_ms": latest.map(|latest| latest.millis()),
            "sent_ms": sent.millis(),
            "status": status.status,
            "conditions": status.conditions,
            "behind_s": latest.map(|latest| sent.since(latest) / 1_000),
        });
        self.queue.push_back(event::whole("beat", &beat));
    }

    fn bye(&mut self, why: &str, retry_ms: u32) {
        self.has_ended = true;
        self.queue.push_back(event::whole("bye", &json!({"why": why, "retry_ms": retry_ms})));
    }
}
