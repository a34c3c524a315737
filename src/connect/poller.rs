//! The thread of one source: cycle after cycle, until it is asked to stop or what it reads cannot be kept.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError};

use super::account::{Account, Polling, secret};
use super::bell::Bell;
use super::desk::{Batch, Desk, Sink};
use super::events::Gate;
use super::exchange::{Exchange, Trouble};
use super::finding::Finding;
use super::hubspot::{self, HubSpot};
use super::inbox::{Answer, Call, MOST_WAITING, Push};
use super::memory::Memory;
use super::pipedrive::{self, Pipedrive};
use super::sharecrm::{self, PushFault, ShareCrm};
use super::sources::Source;
use super::status::Status;
use super::zoho::{self, Zoho};
use crate::health::Stop;
use crate::model::time::{MINUTE, SECOND, Time};

/// The first pause after a cycle that could not be finished; it doubles with each further one.
const FIRST_PAUSE: i64 = 5 * SECOND;
/// How soon a request to stop is heard while something may be posted.
const GLANCE: i64 = 200;
/// The longest pause.
const LONGEST_PAUSE: i64 = 15 * MINUTE;

/// A CRM that is polled.
#[derive(Debug)]
pub enum Crm {
    /// Zoho CRM.
    Zoho(Box<Zoho>),
    /// 纷享销客 ShareCRM.
    ShareCrm(Box<ShareCrm>),
    /// HubSpot.
    HubSpot(Box<HubSpot>),
    /// Pipedrive.
    Pipedrive(Box<Pipedrive>),
}

impl Crm {
    /// The CRM of an account, with its secrets read from their files.
    ///
    /// # Errors
    /// A sentence that names the file.
    pub fn of(polling: &Polling) -> Result<Crm, String> {
        match &polling.account {
            Account::Zoho(account) => {
                let credentials = zoho::Credentials {
                    client_id: account.client_id.clone(),
                    client_secret: secret(&account.client_secret_file)?,
                    refresh_token: secret(&account.refresh_token_file)?,
                };
                let api = zoho::Api::at(credentials, &account.accounts_url, &account.api_url);
                let channel = match &account.bell {
                    Some(bell) => Some(zoho::Channel::new(&bell.url, &secret(&bell.token_file)?)?),
                    None => None,
                };
                let options = zoho::Options {
                    overlap_ms: polling.overlap_ms,
                    hold_ms: polling.hold_ms,
                    since: polling.since,
                    ..zoho::Options::default()
                };
                Ok(Crm::Zoho(Box::new(Zoho::new(api, options).with_channel(channel))))
            }
            Account::ShareCrm(account) => {
                let credentials = sharecrm::Credentials {
                    app_id: account.app_id.clone(),
                    app_secret: secret(&account.app_secret_file)?,
                    permanent_code: secret(&account.permanent_code_file)?,
                    user_id: account.user_id.clone(),
                };
                let api = sharecrm::Api::new(credentials, account.sign_in, &account.api_url);
                let options = sharecrm::Options {
                    overlap_ms: polling.overlap_ms,
                    since: polling.since,
                    census_ms: account.census_ms,
                    ..sharecrm::Options::default()
                };
                Ok(Crm::ShareCrm(Box::new(ShareCrm::new(api, options))))
            }
            Account::HubSpot(account) => {
                let api = hubspot::Api::new(&secret(&account.token_file)?, &account.api_url);
                let options = hubspot::Options {
                    overlap_ms: polling.overlap_ms,
                    since: polling.since,
                    census_ms: account.census_ms,
                    has_leads: account.has_leads,
                    ..hubspot::Options::default()
                };
                Ok(Crm::HubSpot(Box::new(HubSpot::new(api, options))))
            }
            Account::Pipedrive(account) => {
                let api = pipedrive::Api::new(&secret(&account.token_file)?, &account.api_url);
                let options = pipedrive::Options {
                    overlap_ms: polling.overlap_ms,
                    hold_ms: polling.hold_ms,
                    since: polling.since,
                    census_ms: account.census_ms,
                    ..pipedrive::Options::default()
                };
                Ok(Crm::Pipedrive(Box::new(Pipedrive::new(api, options))))
            }
        }
    }

    /// Reads everything that has changed, tells it, and moves the cursors.
    ///
    /// # Errors
    /// [`Trouble`]; then the cursor of what failed has not moved.
    pub fn cycle(&mut self, desk: &mut Desk<'_>, exchange: &mut dyn Exchange) -> Result<(), Trouble> {
        let outcome = match self {
            Crm::Zoho(zoho) => zoho.cycle(desk, exchange),
            Crm::ShareCrm(sharecrm) => sharecrm.cycle(desk, exchange),
            Crm::HubSpot(hubspot) => hubspot.cycle(desk, exchange),
            Crm::Pipedrive(pipedrive) => pipedrive.cycle(desk, exchange),
        };
        if outcome.as_ref().is_err_and(|trouble| !matches!(trouble, Trouble::Sink(_))) {
            // What was told until then is remembered as told, so it is kept.
            desk.commit().map_err(Trouble::Sink)?;
        }
        outcome
    }

    /// Asks the CRM what documents leave open.
    pub fn check(&mut self, source: &Source, exchange: &mut dyn Exchange) -> Vec<Finding> {
        match self {
            Crm::Zoho(zoho) => zoho.check(source, exchange),
            Crm::ShareCrm(sharecrm) => sharecrm.check(source, exchange),
            Crm::HubSpot(hubspot) => hubspot.check(source, exchange),
            Crm::Pipedrive(pipedrive) => pipedrive.check(source, exchange),
        }
    }
}

/// One source at work.
pub struct Poller<'a> {
    /// The source.
    pub source: &'a Source,
    /// Its CRM.
    pub crm: Crm,
    /// Between the beginnings of two cycles, in milliseconds.
    pub interval_ms: i64,
    /// Our own decoder.
    pub gate: &'a Gate,
    /// What was told.
    pub memory: Memory,
    /// What is posted for this source, where anything is.
    pub inbox: Option<Receiver<Call>>,
    /// Who says how it goes.
    pub status: Arc<Status>,
    /// Whether to end.
    pub stop: Stop,
}

impl Poller<'_> {
    /// Polls until it is asked to stop.
    ///
    /// # Errors
    /// A sentence if what was read cannot be kept: then memory may say what the topics do not, and must be read again.
    pub fn run(mut self, sink: &mut dyn Sink, exchange: &mut dyn Exchange) -> Result<(), String> {
        let (mut failures, mut bell) = (0_u32, Bell::new());
        while !self.stop.requested() {
            let began = exchange.now();
            let mut desk = Desk {
                source: self.source,
                gate: self.gate,
                memory: &mut self.memory,
                sink: &mut *sink,
                now: began,
                batch: Batch::default(),
            };
            let outcome = self.crm.cycle(&mut desk, exchange);
            if self.stop.requested() {
                break;
            }
            let wait = match outcome {
                Ok(()) => {
                    failures = 0;
                    self.status.finished(&self.source.name, exchange.now(), self.memory.len());
                    self.interval_ms - exchange.now().since(began)
                }
                Err(trouble) => {
                    self.status.failed(&self.source.name, &trouble);
                    failures = failures.saturating_add(1);
                    match trouble {
                        Trouble::Sink(reason) => return Err(reason),
                        Trouble::Throttled { wait_ms } => wait_ms.max(pause_after(failures)),
                        _ => pause_after(failures).max(self.interval_ms),
                    }
                }
            };
            // A CRM that is in trouble, or has few calls left, is not asked sooner because it rings.
            let earliest = (failures == 0 && exchange.can_spare_calls()).then(|| bell.earliest(began));
            if self.rest(wait, earliest, sink, exchange)? {
                bell.answered(exchange.now());
            }
        }
        Ok(())
    }

    /// Waits for the next cycle, and keeps meanwhile what is posted. A ring ends the rest, but not before `earliest`;
    /// answers whether one did.
    fn rest(
        &mut self,
        millis: i64,
        earliest: Option<Time>,
        sink: &mut dyn Sink,
        exchange: &mut dyn Exchange,
    ) -> Result<bool, String> {
        let (mut until, mut is_rung) = (exchange.now().plus(millis.max(0)), false);
        loop {
            let left = until.since(exchange.now());
            let called = match &self.inbox {
                None => {
                    exchange.pause(left.max(0));
                    return Ok(false);
                }
                Some(inbox) => exchange.hear(inbox, left.clamp(0, GLANCE)),
            };
            match called {
                Ok(Call::Push(push)) => self.keep(&push, sink, exchange.now())?,
                Ok(Call::Ring) => {
                    if let Some(earliest) = earliest.filter(|earliest| *earliest < until) {
                        (until, is_rung) = (earliest, true);
                    }
                }
                Err(RecvTimeoutError::Disconnected) => exchange.pause(left.clamp(0, GLANCE)),
                Err(RecvTimeoutError::Timeout) => {}
            }
            if left <= 0 || self.stop.requested() {
                self.clear(sink, exchange.now())?;
                return Ok(is_rung);
            }
        }
    }

    /// Keeps what waits to be kept. All rings until now are answered by the cycle that begins now.
    fn clear(&mut self, sink: &mut dyn Sink, now: Time) -> Result<(), String> {
        for _ in 0..MOST_WAITING {
            match self.inbox.as_ref().map(Receiver::try_recv) {
                Some(Ok(Call::Push(push))) => self.keep(&push, sink, now)?,
                Some(Ok(Call::Ring)) => {}
                Some(Err(_)) | None => break,
            }
        }
        Ok(())
    }

    fn keep(&mut self, push: &Push, sink: &mut dyn Sink, now: Time) -> Result<(), String> {
        let memory = &mut self.memory;
        let mut desk = Desk { source: self.source, gate: self.gate, memory, sink, now, batch: Batch::default() };
        let (answer, outcome) = match sharecrm::take_push(&push.body, &mut desk) {
            Ok(()) => (Answer::Kept, Ok(())),
            Err(PushFault::Body(reason)) => (Answer::Refused(reason), Ok(())),
            Err(PushFault::Sink(reason)) => (Answer::Later, Err(reason)),
        };
        // Whoever posted it may have given up.
        let _ = push.answer.try_send(answer);
        outcome
    }
}

fn pause_after(failures: u32) -> i64 {
    let doubled = FIRST_PAUSE.saturating_mul(1_i64.checked_shl(failures.saturating_sub(1)).unwrap_or(i64::MAX));
    if doubled <= 0 { LONGEST_PAUSE } else { doubled.min(LONGEST_PAUSE) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_and_have_an_end() {
        assert_eq!([1, 2, 3].map(pause_after), [5_000, 10_000, 20_000]);
        for failures in [10, 62, 63, 64, 65, u32::MAX] {
            assert_eq!(pause_after(failures), LONGEST_PAUSE, "{failures}");
        }
    }
}
