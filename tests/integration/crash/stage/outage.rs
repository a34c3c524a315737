//! A service that lives on while something between it and its records does not.

use std::time::{Duration, Instant};

use super::super::dice::Dice;
use super::super::moments::{Aim, Struck, letters_in};
use super::{Life, Stage};
use crate::harness::service::SOON;
use crate::harness::{Broker, wait_until};

/// What the client library says when the broker has not answered a member for the length of its session.
const SESSION_ENDED: &str = "session timed out";

impl Stage<'_> {
    /// A stage whose services reach the broker at another address.
    pub(in super::super) fn set_behind<'a>(broker: &'a Broker, address: &str, seed: u64) -> Stage<'a> {
        let stage = Stage::set(broker, seed);
        Stage { builder: stage.builder.clone().brokers(address), ..stage }
    }

    /// Lets records flow and a service go on until a moment has come: this one, or its successor if it is one of a start.
    pub(in super::super) fn await_moment(&self, mut life: Life, aim: Aim, dice: &mut Dice) -> Life {
        self.flow.resume();
        if aim.is_of_a_start() {
            life = self.replace(life);
        }
        let mut tail = life.service.follow_log();
        self.wait_for(aim, &mut tail, dice);
        life
    }

    /// Kills a service and starts another, which has more to read.
    pub(in super::super) fn replace(&self, mut life: Life) -> Life {
        life.service.kill();
        self.flow.stream().send(super::BACKLOG);
        // What arrived meanwhile is of no interest, and the broker may be away.
        Life { letters_before: 0, service: self.builder.spawn() }
    }

    /// Waits until the service tells what a twin tells of everything that was sent. The stream stands still from then on.
    pub(in super::super) fn compare(&self, life: &mut Life) {
        self.flow.pause();
        let mut stream = self.flow.stream();
        let start = Instant::now();
        wait_until("the service has had time to read everything", SOON * 2, || {
            life.service.assert_running();
            let is_told = stream.is_told_as_by_twin(&life.service);
            (is_told || start.elapsed() > SOON).then_some(())
        });
        stream.assert_told_as_by_twin(&life.service);
    }
}

impl Life {
    /// What an outage struck that has just begun.
    pub(in super::super) fn struck(&self) -> Struck {
        let log = self.service.log();
        // It has no way to the broker, so what it waits for now it waited for when the way ended.
        let waiting = self.service.metrics().get("salespulse_dead_letters_outstanding").expect("it is shown");
        let sent = u32::try_from(letters_in(&log)).expect("few");
        #[expect(clippy::cast_possible_truncation, reason = "a small whole number")]
        let arrived = (f64::from(sent) - waiting) as i64;
        Struck::read(&log, arrived)
    }

    /// Whether it had to join the group anew because of a late commit.
    pub(in super::super) fn was_shut_out(&self) -> bool {
        self.service.log().contains("joining the group anew")
    }

    /// Waits until the member's session has ended once more, and until it has hidden its numbers.
    pub(in super::super) fn outlast_session(&mut self) {
        let ended = |life: &Life| life.service.log().matches(SESSION_ENDED).count();
        let before = ended(self);
        wait_until("the session ends", SOON, || {
            self.service.assert_running();
            (ended(self) > before).then_some(())
        });
        wait_until("the numbers are hidden", Duration::from_secs(5), || {
            (!self.service.metrics().has_kpis()).then_some(())
        });
    }
}
