//! What a scrape tells: the KPI families, if this member owns the partitions and has caught up, and our own health.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use crate::engine::board::{Board, Reading};
use crate::health::Standing;
use crate::health::{Metrics, encode};
use crate::kpi::Catalogue;
use crate::kpi::exposition::{self, Format, TooManySeries};
use crate::model::time::seconds;
use crate::service::horizon_clock::Present;
use crate::threads::{ShardGone, ShardReader};

/// Everything a scrape reads.
#[derive(Debug)]
pub struct Scrape {
    catalogue: Catalogue,
    shards: ShardReader,
    /// Kept from reading to reading; each reading of the shards must reach it.
    board: Mutex<Board>,
    present: Arc<Present>,
    standing: Arc<Standing>,
    metrics: Arc<Metrics>,
    /// The length of the last text: the next one will be about as long, and growing by doubling would copy it often.
    last_length: AtomicUsize,
}

/// Why a scrape cannot be answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ScrapeError {
    /// The configuration allows fewer series.
    #[error(transparent)]
    TooManySeries(#[from] TooManySeries),
    /// A shard's thread ended.
    #[error(transparent)]
    ShardGone(#[from] ShardGone),
    /// An earlier reading panicked.
    #[error("an earlier scrape failed by a bug of salespulse; the log says more; restart it")]
    BoardBroken,
}

impl Scrape {
    /// A scrape over these shards.
    #[must_use]
    pub fn new(
        catalogue: Catalogue,
        shards: ShardReader,
        board: Board,
        present: Arc<Present>,
        standing: Arc<Standing>,
        metrics: Arc<Metrics>,
    ) -> Scrape {
        let (board, last_length) = (Mutex::new(board), AtomicUsize::new(0));
        Scrape { catalogue, shards, board, present, standing, metrics, last_length }
    }

    /// Where this instance stands.
    #[must_use]
    pub fn standing(&self) -> &Standing {
        &self.standing
    }

    /// Where everything is counted.
    #[must_use]
    pub fn metrics(&self) -> &Arc<Metrics> {
        &self.metrics
    }

    /// The complete exposition. Blocks until every shard has answered.
    ///
    /// # Errors
    /// [`ScrapeError`]; never a part of the text.
    pub fn text(&self, format: Format) -> Result<String, ScrapeError> {
        let timer = self.metrics.scrape_seconds.start_timer();
        let mut text = String::with_capacity(self.last_length.load(Ordering::Relaxed));
        if self.standing.shows_gauges() {
            self.append_kpis(format, &mut text)?;
        }
        // Last, so that they tell of this reading.
        encode(&self.metrics.gather(&self.standing), format, &mut text);
        if format == Format::OpenMetrics {
            text.push_str("# EOF\n");
        }
        self.last_length.store(text.len(), Ordering::Relaxed);
        timer.observe_duration();
        Ok(text)
    }

    fn append_kpis(&self, format: Format, text: &mut String) -> Result<(), ScrapeError> {
        let reading = self.read()?;
        self.metrics.reading_timestamp_seconds.set(seconds(reading.now.millis()));
        let told = [
            (&self.metrics.journeys, reading.held.journeys),
            (&self.metrics.journey_bytes, reading.held.journey_bytes),
            (&self.metrics.identities, reading.held.identities),
            (&self.metrics.instants, reading.held.instants),
            (&self.metrics.wins, reading.wins),
            (&self.metrics.names, reading.names),
            (&self.metrics.cells, reading.held.cells),
        ];
        for (gauge, value) in told {
            gauge.set(i64::try_from(value).unwrap_or(i64::MAX));
        }
        let series = exposition::render(&self.catalogue, &reading, format, text)?;
        self.metrics.series.set(i64::try_from(series).unwrap_or(i64::MAX));
        Ok(())
    }

    fn read(&self) -> Result<Reading, ScrapeError> {
        // A board over which a reading panicked may have missed a part of it: it must not be read again.
        let mut board = self.board.lock().map_err(|_| ScrapeError::BoardBroken)?;
        loop {
            let now = self.present.now();
            let reading = board.read(now, self.shards.read(now)?);
            // Records that came after the horizon moved may have reached the shards before us.
            if !self.present.has_left(now) {
                return Ok(reading);
            }
        }
    }
}
