//! What a scrape gets: the KPI families, if this member owns the partitions and has caught up, and our own health.
//!
//! A text is written once for all who wait for it. A large one is kept compressed, so that bodies which nobody takes are
//! small, and is unpacked piece by piece for a client that takes no gzip.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use axum::body::Bytes;
use tracing::error;

use super::text::{Text, Writing};
use crate::health::{Condition, Met, Metrics, Readiness, encode};
use crate::kpi::Catalogue;
use crate::kpi::exposition::{self, Format, TooManySeries};
use crate::service::reading_hub::{Published, ReadingError, ReadingHub};

/// Everything a scrape reads.
#[derive(Debug)]
pub struct Scrape {
    catalogue: Catalogue,
    hub: Arc<ReadingHub>,
    readiness: Arc<Readiness>,
    metrics: Arc<Metrics>,
    /// One for each format.
    desks: [Desk; 2],
}

/// A text with its number.
type Written = (u64, Result<Text, ScrapeError>);

/// Where texts of one format are written, one at a time, in the order of asking.
#[derive(Debug, Default)]
struct Desk {
    last: Arc<tokio::sync::Mutex<Option<Written>>>,
    /// How many texts were begun.
    begun: AtomicU64,
    /// How many clients wait for one.
    waiting: AtomicUsize,
}

/// Why a scrape cannot be answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ScrapeError {
    /// The configuration allows fewer series.
    #[error(transparent)]
    TooManySeries(#[from] TooManySeries),
    /// There is no reading.
    #[error(transparent)]
    Reading(#[from] ReadingError),
    /// Writing panicked.
    #[error("the scrape failed by a bug of salespulse; its log says more")]
    Panicked,
}

impl Scrape {
    /// A scrape of these readings.
    #[must_use]
    pub fn new(catalogue: Catalogue, hub: Arc<ReadingHub>, readiness: Arc<Readiness>, metrics: Arc<Metrics>) -> Scrape {
        let desks = [Desk::default(), Desk::default()];
        Scrape { catalogue, hub, readiness, metrics, desks }
    }

    /// Where this instance stands.
    #[must_use]
    pub fn readiness(&self) -> &Readiness {
        &self.readiness
    }

    /// Where everything is counted.
    #[must_use]
    pub fn metrics(&self) -> &Arc<Metrics> {
        &self.metrics
    }

    /// The complete exposition of a reading that was begun after this call. All who call while one is written share the
    /// next one.
    ///
    /// # Errors
    /// [`ScrapeError`]; never a part of the text.
    pub(super) async fn text(self: &Arc<Self>, format: Format) -> Result<Text, ScrapeError> {
        let scrape = Arc::clone(self);
        let begun_before = self.desk(format).begun.load(Ordering::SeqCst);
        self.desk(format).waiting.fetch_add(1, Ordering::SeqCst);
        // A task of its own goes on if the client hangs up, so that no second text is begun beside it.
        let task = tokio::spawn(async move {
            let desk = scrape.desk(format);
            let mut last = Arc::clone(&desk.last).lock_owned().await;
            let shared = last.as_ref().filter(|(number, _)| *number > begun_before).map(|(_, text)| text.clone());
            let text = match shared {
                Some(text) => text,
                None => {
                    let number = 1 + desk.begun.fetch_add(1, Ordering::SeqCst);
                    let text = scrape.compose(format).await;
                    *last = Some((number, text.clone()));
                    text
                }
            };
            if desk.waiting.fetch_sub(1, Ordering::SeqCst) == 1 {
                // Nobody waits for it any more, and it is large.
                *last = None;
            }
            text
        });
        task.await.unwrap_or(Err(ScrapeError::Panicked))
    }

    fn desk(&self, format: Format) -> &Desk {
        let [prometheus, open_metrics] = &self.desks;
        match format {
            Format::Prometheus => prometheus,
            Format::OpenMetrics => open_metrics,
        }
    }

    async fn compose(self: &Arc<Self>, format: Format) -> Result<Text, ScrapeError> {
        let timer = self.metrics.http.scrape_seconds.start_timer();
        let reading = if self.readiness.shows_gauges() { Some(self.hub.fresh().await?) } else { None };
        let scrape = Arc::clone(self);
        let text = tokio::task::spawn_blocking(move || scrape.write(reading.as_deref(), format)).await;
        let text = text.unwrap_or(Err(ScrapeError::Panicked))?;
        timer.observe_duration();
        Ok(text)
    }

    fn write(&self, reading: Option<&Published>, format: Format) -> Result<Text, ScrapeError> {
        let (mut writing, mut text) = (Writing::begin(), String::new());
        if let Some(published) = reading {
            let mut take = |piece: &mut String| writing.take(piece);
            let rendered =
                exposition::render_in_pieces(&self.catalogue, &published.reading, format, &mut text, &mut take);
            Met { condition: Condition::SeriesLimit, holds: rendered.is_err() }.report(&self.readiness);
            let series = rendered?;
            self.metrics.series.set(i64::try_from(series).unwrap_or(i64::MAX));
        }
        self.append_health(format, &mut text);
        writing.end(text).map_err(|error| {
            error!(%error, "a text cannot be packed");
            ScrapeError::Panicked
        })
    }

    /// Our own health alone.
    pub(super) fn health(&self, format: Format) -> Bytes {
        let mut text = String::new();
        self.append_health(format, &mut text);
        text.into()
    }

    fn append_health(&self, format: Format, text: &mut String) {
        // Last, so that it speaks of this reading.
        encode(&self.metrics.gather(&self.readiness), format, text);
        if format == Format::OpenMetrics {
            text.push_str("# EOF\n");
        }
    }
}
