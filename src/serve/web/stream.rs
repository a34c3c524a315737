//! `/stream`: server-sent events that keep views up to date.
//!
//! A client holds one number for each view, that of the last picture it was sent, and no queue. When it is awake it gets the
//! change that follows that number, or the whole picture. So a slow client costs no memory, and a thousand clients of one
//! board cost one encoding.

pub(super) mod client;
mod event;
mod moments;
mod views;

pub(super) use client::open;
pub(super) use views::Views;

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::watch;
use tokio::time::sleep;

use super::Site;

/// Views of one stream.
pub(super) const MOST_VIEWS: usize = 8;
/// Between two pictures at least.
const TICK: Duration = Duration::from_millis(500);
/// A reading may take so much less of the time than the pause after it.
const REST: u32 = 8;
/// Between two looks whether anybody has opened a stream.
const GLANCE: Duration = Duration::from_millis(50);

/// Takes readings for those who have streams, at most twice a second and never for more than an eighth of the time.
pub(super) async fn keep_pace(site: Arc<Site>, closing: watch::Receiver<bool>) {
    let mut pause = TICK;
    while !*closing.borrow() {
        if site.views.is_idle() {
            site.views.moments.forget();
            sleep(GLANCE).await;
            continue;
        }
        let started = Instant::now();
        if site.readiness.shows_gauges() {
            // A reading that a scrape has just taken serves as well.
            if let Ok(published) = site.hub.recent(pause / 2).await {
                let worker = Arc::clone(&site);
                let cost = published.cost;
                let _ = tokio::task::spawn_blocking(move || worker.views.update(&worker, &published)).await;
                pause = TICK.max(cost.saturating_mul(REST));
            }
        } else {
            site.views.moments.forget();
        }
        site.views.wake();
        site.metrics.http.stream_interval_seconds.set(pause.as_secs_f64());
        sleep(pause.saturating_sub(started.elapsed()).max(GLANCE)).await;
    }
}
