//! What an operator, another instance or a disk does while no service runs.

use super::super::moments::DURABLE;
use super::{Life, Stage};
use crate::harness::process::Signal;
use crate::harness::service::{RULES, SOON};
use crate::harness::{Producer, ServiceBuilder, Topics, wait_until};
use crate::integration::events::lead;

/// More rounds than are kept whole.
const EVICTING: usize = 5;
/// Records between a snapshot and an upset.
const NEWS: usize = 300;

/// What happens between two lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Upset {
    /// A topic is deleted, created anew, and filled again.
    Recreated,
    /// A log loses its last records, and grows again.
    Cut,
    /// A batch cannot be read until the disk is mended.
    Damaged,
    /// A service with other topics runs for a while in the same group, with the same store.
    WrongTopics,
    /// A service with other rates, another zone and another idea of the future runs for a while.
    WrongRules,
    /// A service with another rate runs for a while: it goes on from the right snapshots, and the right one from its own.
    WrongRates,
}

impl Upset {
    pub(in super::super) const ALL: [Upset; 6] =
        [Upset::Recreated, Upset::Cut, Upset::Damaged, Upset::WrongTopics, Upset::WrongRules, Upset::WrongRates];
}

impl Stage<'_> {
    /// Lets it happen after a kill; answers a service that shows the numbers of everything that was sent.
    pub(in super::super) fn upset(&self, upset: Upset) -> Life {
        self.leave_a_snapshot();
        match upset {
            Upset::Recreated => {
                self.topics.create_again("stage_change", 2);
                self.begin_anew("stage_change")
            }
            Upset::Cut => {
                self.broker.stop();
                self.broker.cut(&self.topics.name("lead"));
                self.broker.restart();
                self.begin_anew("lead")
            }
            Upset::Damaged => self.read_once_it_is_mended(),
            Upset::WrongTopics => self.run_with_other_topics(),
            Upset::WrongRules => self.run_with_other_rules(),
            Upset::WrongRates => self.run_with_another_rate(),
        }
    }

    /// A service writes a snapshot and is gone.
    fn leave_a_snapshot(&self) {
        let Life { mut service, .. } = self.start();
        let mut log = service.follow_log();
        let before = log.read().matches(DURABLE).count();
        wait_until("a snapshot is durable", SOON, || {
            self.flow.stream().send(1);
            (log.read().matches(DURABLE).count() > before).then_some(())
        });
        service.kill();
    }

    /// The records of a log that is another now are sent once more. The start is refused all the same: who knows what
    /// else was in it? One that may begin anew shows what the topics hold, which is everything again.
    fn begin_anew(&self, kind: &'static str) -> Life {
        self.flow.stream().send_again(self.broker, kind);
        let Life { service: mut refused, .. } = self.spawn();
        assert_eq!(refused.wait_exit().code(), Some(69), "{}", refused.log());
        let sentences = refused.sentences();
        for words in ["the topic was created anew or its log was cut", "snapshot.on_gap", &self.topics.name(kind)] {
            assert!(sentences.contains(words), "no {words:?} in: {sentences}");
        }
        let mut allowed = self.builder.clone().snapshot("on_gap", "degrade").start();
        assert!(allowed.holds("records_missing"));
        self.flow.stream().assert_told_as_by_twin(&allowed);
        assert_eq!(allowed.end_with(Signal::Terminate).code(), Some(0), "{}", allowed.log());
        self.start()
    }

    /// A batch behind the snapshot is damaged: the start ends, and names it. Mended it is read.
    fn read_once_it_is_mended(&self) -> Life {
        self.flow.stream().send(NEWS);
        self.flow.stream().flush();
        let topic = self.topics.name("lead");
        self.damage(&topic);
        let Life { service: mut ended, .. } = self.spawn();
        assert_eq!(ended.wait_exit().code(), Some(69), "{}", ended.log());
        let sentences = ended.sentences();
        for words in [&*format!("{topic}/0 at offset "), "a batch of them is damaged", "kafka.on_unreadable"] {
            assert!(sentences.contains(words), "no {words:?} in: {sentences}");
        }
        self.damage(&topic);
        self.start()
    }

    /// The same once more mends it.
    fn damage(&self, topic: &str) {
        self.broker.stop();
        self.broker.damage_last(topic);
        self.broker.restart();
    }

    /// What it writes and deletes is beside what was there: the next start of the right one goes on from its own.
    fn run_with_other_topics(&self) -> Life {
        let topics = Topics::create(self.broker, 1);
        let producer = Producer::new(&self.broker.client(), &[]);
        let builder = self.builder.clone().reading(&topics);
        self.give_up_seat(&builder);
        self.run_wrong(&builder, |count| {
            producer.send_all(&[lead(&topics, &format!("wrong-{count}"))]);
        });
        self.give_up_seat(&self.builder);
        let life = self.start();
        life.service.wait_for("salespulse_snapshots_restored_total", 1.0);
        life
    }

    /// Where a process with other topics was killed a moment ago, the group gives its seat back as it was: whoever
    /// comes next leaves, with a sentence. Once its session is over the group has forgotten it.
    fn give_up_seat(&self, builder: &ServiceBuilder) {
        let mut service = builder.spawn();
        let ended = wait_until("it has ended or is ready", SOON, || {
            let ended = service.ended();
            (ended.is_some() || service.is_ready()).then_some(ended)
        });
        let Some(status) = ended else { return service.kill() };
        assert_eq!(status.code(), Some(69), "{}", service.log());
        assert!(service.sentences().contains("This one has left the group; start it again"), "{}", service.log());
    }

    /// What it shows is right by its own rules, and its snapshots, in the place of the right ones, are of no use: the
    /// next start reads everything again.
    fn run_with_other_rules(&self) -> Life {
        let rules = RULES.replace("\"0.5\"", "\"0.25\"").replace("\"UTC\"", "\"Asia/Tokyo\"");
        assert_ne!(rules, RULES);
        let rules = format!("allowed_skew = \"1h\"\n{rules}");
        self.run_wrong(&self.builder.clone().rules(&rules), |_| self.flow.stream().send(1));
        let life = self.start();
        life.service.wait_for("salespulse_snapshots_restored_total", 0.0);
        life
    }

    /// Amounts are kept in their own currencies, so those of its snapshots are converted anew, and nothing is read again.
    fn run_with_another_rate(&self) -> Life {
        let rules = RULES.replace("\"0.5\"", "\"0.25\"");
        assert_ne!(rules, RULES);
        self.run_wrong(&self.builder.clone().rules(&rules), |_| self.flow.stream().send(1));
        let life = self.start();
        life.service.wait_for("salespulse_snapshots_restored_total", 1.0);
        life.service.wait_for("salespulse_snapshots_unusable_total", 0.0);
        life
    }

    /// Runs a service that nobody wants until it has written more rounds than are kept; before each, something is sent.
    fn run_wrong(&self, builder: &ServiceBuilder, mut send: impl FnMut(usize)) {
        let mut wrong = builder.start();
        let mut log = wrong.follow_log();
        for count in 0..EVICTING {
            let before = log.read().matches(DURABLE).count();
            send(count);
            wait_until("another snapshot is durable", SOON, || {
                (log.read().matches(DURABLE).count() > before).then_some(())
            });
        }
        wrong.kill();
    }
}
