//! One reading for everybody: whoever wants numbers waits here, and all who wait get the same reading.
//!
//! A reading uses every shard, so only one is taken at a time. Whoever asks while one is being taken gets the next one,
//! together with all the others who asked meanwhile: nobody gets numbers from before the question, and many who ask cost
//! no more than one.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::watch;

use super::horizon_clock::HorizonClock;
use crate::engine::board::{Board, MOST_WON, Reading, Won};
use crate::engine::directory::Directory;
use crate::engine::shard::Deal;
use crate::health::Metrics;
use crate::model::time::seconds;
use crate::threads::{ShardGone, ShardReader};

/// A reading with its number.
#[derive(Debug)]
pub struct Published {
    /// Counts from 1 since the start of the process.
    pub number: u64,
    /// What the board says.
    pub reading: Reading,
    /// When it was complete.
    pub taken: Instant,
    /// How long it took.
    pub cost: Duration,
}

/// Why there is no reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReadingError {
    /// A shard's thread ended.
    #[error(transparent)]
    ShardGone(#[from] ShardGone),
    /// An earlier reading panicked.
    #[error("an earlier reading failed by a bug of salespulse; the log says more; restart it")]
    BoardBroken,
}

/// Takes readings when somebody waits for one, and publishes them.
#[derive(Debug)]
pub struct ReadingHub {
    shards: ShardReader,
    directory: Arc<Directory>,
    /// Kept from reading to reading; each reading of the shards must reach it.
    board: Mutex<Board>,
    present: Arc<HorizonClock>,
    metrics: Arc<Metrics>,
    /// Held by whoever takes a reading; it is handed on in the order of asking.
    turn: tokio::sync::Mutex<()>,
    /// How many readings were begun.
    begun: AtomicU64,
    /// The last reading, while anybody is interested.
    latest: watch::Sender<Option<Arc<Published>>>,
    interested: AtomicUsize,
    /// The deals won of late, with the number of the reading that had each first: whoever looks at some readings only finds
    /// those of the others here.
    won: Mutex<VecDeque<(u64, Won)>>,
}

/// Keeps the last reading in memory as long as it lives.
#[derive(Debug)]
pub struct Interest(Arc<ReadingHub>);

impl Drop for Interest {
    fn drop(&mut self) {
        if self.0.interested.fetch_sub(1, Ordering::SeqCst) == 1 {
            // A reading is as large as the tables; nobody needs it now.
            self.0.latest.send_replace(None);
        }
    }
}

impl ReadingHub {
    /// A hub over these shards and their board.
    #[must_use]
    pub fn new(
        shards: ShardReader,
        board: Board,
        present: Arc<HorizonClock>,
        metrics: Arc<Metrics>,
    ) -> Arc<ReadingHub> {
        Arc::new(ReadingHub {
            shards,
            directory: Arc::clone(board.directory()),
            board: Mutex::new(board),
            present,
            metrics,
            turn: tokio::sync::Mutex::default(),
            begun: AtomicU64::new(0),
            latest: watch::Sender::new(None),
            interested: AtomicUsize::new(0),
            won: Mutex::default(),
        })
    }

    /// Lets the last reading be kept for as long as the answer lives.
    #[must_use]
    pub fn interest(self: &Arc<Self>) -> Interest {
        self.interested.fetch_add(1, Ordering::SeqCst);
        Interest(Arc::clone(self))
    }

    /// Where this hub's readings are published; `None` while there is none.
    #[must_use]
    pub fn subscribe(&self) -> watch::Receiver<Option<Arc<Published>>> {
        self.latest.subscribe()
    }

    /// A reading that was begun after this call.
    ///
    /// # Errors
    /// [`ReadingError`].
    pub async fn fresh(self: &Arc<Self>) -> Result<Arc<Published>, ReadingError> {
        let begun_before = self.begun.load(Ordering::SeqCst);
        let hub = Arc::clone(self);
        // A task of its own goes on if the one who asked goes away, so that no second reading begins beside it.
        let task = tokio::spawn(async move {
            let interest = hub.interest();
            let turn = hub.turn.lock().await;
            if let Some(shared) = hub.latest.borrow().clone().filter(|latest| latest.number > begun_before) {
                return Ok(shared);
            }
            let number = 1 + hub.begun.fetch_add(1, Ordering::SeqCst);
            let worker = Arc::clone(&hub);
            let reading = tokio::task::spawn_blocking(move || worker.take(number)).await;
            let published = reading.map_err(|_| ReadingError::BoardBroken)??;
            hub.latest.send_replace(Some(Arc::clone(&published)));
            drop((turn, interest));
            Ok(published)
        });
        task.await.unwrap_or(Err(ReadingError::BoardBroken))
    }

    /// The last reading if it is younger than `age`, else a fresh one.
    ///
    /// # Errors
    /// [`ReadingError`].
    pub async fn recent(self: &Arc<Self>, age: Duration) -> Result<Arc<Published>, ReadingError> {
        let latest = self.latest.borrow().clone();
        match latest.filter(|latest| latest.taken.elapsed() < age) {
            Some(latest) => Ok(latest),
            None => self.fresh().await,
        }
    }

    /// The deals that were won, as far as is known, after the reading of a number.
    #[must_use]
    pub fn won_since(&self, number: u64) -> Vec<Won> {
        let won = self.won.lock().unwrap_or_else(PoisonError::into_inner);
        won.iter().filter(|(of, _)| *of > number).map(|(_, won)| won.clone()).collect()
    }

    /// Visits every deal that is won or open at a reading's instant, with the rep and the team who are credited. What has
    /// come since the reading is in it already. It takes as long as reading a snapshot does.
    ///
    /// # Errors
    /// [`ReadingError`].
    pub fn each_deal(&self, reading: &Reading, mut visit: impl FnMut(Deal, &str, &str)) -> Result<(), ReadingError> {
        let images = self.shards.images()?;
        // Read after the images, so that it has all of their rows.
        let rows = self.directory.rows();
        for image in images {
            image.each_deal(&reading.rules, &self.directory, reading.now, |deal| {
                if let Some(pair) = rows.get(deal.row.index()) {
                    visit(deal, &self.directory.text(pair.rep), &self.directory.text(pair.team));
                }
            });
        }
        Ok(())
    }

    fn take(&self, number: u64) -> Result<Arc<Published>, ReadingError> {
        let started = Instant::now();
        let reading = self.read()?;
        self.count(&reading);
        {
            let mut won = self.won.lock().unwrap_or_else(PoisonError::into_inner);
            won.extend(reading.won.iter().map(|one| (number, one.clone())));
            let oldest = won.len().saturating_sub(MOST_WON);
            won.drain(..oldest);
        }
        Ok(Arc::new(Published { number, reading, taken: Instant::now(), cost: started.elapsed() }))
    }

    fn read(&self) -> Result<Reading, ReadingError> {
        // A board over which a reading panicked may have missed a part of it: it must not be read again.
        let mut board = self.board.lock().map_err(|_| ReadingError::BoardBroken)?;
        loop {
            let now = self.present.now();
            let reading = board.read(now, self.shards.read(now)?);
            // Records that came after the horizon moved may have reached the shards before us.
            if !self.present.has_left(now) {
                return Ok(reading);
            }
        }
    }

    fn count(&self, reading: &Reading) {
        let metrics = &self.metrics;
        metrics.http.readings.inc();
        metrics.reading_timestamp_seconds.set(seconds(reading.now.millis()));
        let held = [
            (&metrics.journeys, reading.held.journeys),
            (&metrics.long_journeys, reading.held.long_journeys),
            (&metrics.journey_bytes, reading.held.journey_bytes),
            (&metrics.identities, reading.held.identities),
            (&metrics.instants, reading.held.instants),
            (&metrics.wins, reading.wins),
            (&metrics.names, reading.names),
            (&metrics.cells, reading.held.cells),
        ];
        for (gauge, value) in held {
            gauge.set(i64::try_from(value).unwrap_or(i64::MAX));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Config, Settings};
    use crate::engine::directory::Directory;
    use crate::model::time::Clock;
    use crate::threads::ShardThreads;

    fn hub() -> (Arc<ReadingHub>, ShardThreads) {
        let mut settings = Settings::defaults().unwrap();
        settings.lay_toml("org.reporting_currency = \"CNY\"", "test").unwrap();
        let rules = Arc::new(Config::new(&settings, String::new).unwrap().rules);
        let (directory, metrics) = (Arc::<Directory>::default(), Metrics::new(std::iter::empty()).unwrap());
        let present = Arc::new(HorizonClock::new(Clock::System, Arc::clone(&rules)));
        let shards = ShardThreads::start(1, &rules, &directory, present.now(), &metrics).unwrap();
        let board = Board::new(rules, directory, present.now());
        (ReadingHub::new(shards.reader(), board, present, metrics), shards)
    }

    #[tokio::test]
    async fn all_who_ask_meanwhile_share_the_next_reading() {
        let (hub, _shards) = hub();
        // Nobody gets a turn until all have asked.
        let turn = hub.turn.lock().await;
        let asking: Vec<_> = (0..20)
            .map(|_| {
                let hub = Arc::clone(&hub);
                tokio::spawn(async move { hub.fresh().await.map(|published| published.number) })
            })
            .collect();
        while hub.interested.load(Ordering::SeqCst) < 20 {
            tokio::task::yield_now().await;
        }
        drop(turn);
        for asked in asking {
            assert_eq!(asked.await.unwrap(), Ok(1));
        }
        assert_eq!(hub.fresh().await.unwrap().number, 2, "who asks later gets a later one");
    }

    #[tokio::test]
    async fn a_reading_is_kept_only_while_somebody_is_interested() {
        let (hub, _shards) = hub();
        assert_eq!(hub.fresh().await.unwrap().number, 1);
        assert!(hub.latest.borrow().is_none());
        let interest = hub.interest();
        assert_eq!(hub.recent(Duration::from_secs(600)).await.unwrap().number, 2);
        assert_eq!(hub.recent(Duration::from_secs(600)).await.unwrap().number, 2, "it is recent");
        assert_eq!(hub.recent(Duration::ZERO).await.unwrap().number, 3);
        drop(interest);
        assert!(hub.latest.borrow().is_none());
    }

    #[tokio::test]
    async fn a_reading_after_its_shards_have_gone_is_an_error() {
        let (hub, shards) = hub();
        drop(shards);
        // The reader keeps the shards alive, so the hub goes on; only a board that broke ends it.
        assert!(hub.fresh().await.is_ok());
        let broken = Arc::clone(&hub);
        let _ = std::thread::spawn(move || {
            let _board = broken.board.lock().unwrap();
            panic!("for the test");
        })
        .join();
        assert_eq!(hub.fresh().await.map(drop), Err(ReadingError::BoardBroken));
    }
}
