//! What a scrape tells: the KPI families, if this member owns the partitions and has caught up, and our own health.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::board::Board;
use crate::directory::Directory;
use crate::exposition::{self, Format, TooManySeries};
use crate::kpi::Catalogue;
use crate::lifecycle::Standing;
use crate::rules::Rules;
use crate::shard_threads::{ShardGone, ShardReader};
use crate::telemetry::{self, Metrics};
use crate::time::Clock;

/// Everything a scrape reads.
#[derive(Debug)]
pub struct Scrape {
    rules: Arc<Rules>,
    catalogue: Catalogue,
    directory: Arc<Directory>,
    shards: ShardReader,
    clock: Clock,
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
}

impl Scrape {
    /// A scrape over these shards.
    #[must_use]
    pub fn new(
        rules: Arc<Rules>,
        catalogue: Catalogue,
        directory: Arc<Directory>,
        shards: ShardReader,
        clock: Clock,
        standing: Arc<Standing>,
        metrics: Arc<Metrics>,
    ) -> Scrape {
        Scrape { rules, catalogue, directory, shards, clock, standing, metrics, last_length: AtomicUsize::new(0) }
    }

    /// Where this instance stands.
    #[must_use]
    pub fn standing(&self) -> &Standing {
        &self.standing
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
        telemetry::encode(&self.metrics.gather(&self.standing), format, &mut text);
        if format == Format::OpenMetrics {
            text.push_str("# EOF\n");
        }
        self.last_length.store(text.len(), Ordering::Relaxed);
        timer.observe_duration();
        Ok(text)
    }

    fn append_kpis(&self, format: Format, text: &mut String) -> Result<(), ScrapeError> {
        let now = self.clock.now();
        let board = Board::new(&self.rules, &self.directory, now, self.shards.read(now)?);
        self.metrics.journeys.set(i64::try_from(board.journeys).unwrap_or(i64::MAX));
        let series = exposition::render(&self.catalogue, &board, format, text)?;
        self.metrics.series.set(i64::try_from(series).unwrap_or(i64::MAX));
        Ok(())
    }
}
