//! The channel over which Zoho rings, over weeks of restarts.

use salespulse::model::time::{DAY, HOUR};

use super::topic::Topic;
use super::zoho::{Instance, Server};

/// How long the organisation is followed.
const DAYS: i64 = 60;

pub(crate) fn try_channel() {
    let (mut server, mut topic) = (Server::new(7), Topic::default());
    server.is_busy = false;
    let mut active = Instance::new(&mut topic, 0).with_channel();
    let steps = DAYS * DAY / (6 * HOUR);
    for step in 0..steps {
        if step % 5 == 4 {
            active = Instance::new(&mut topic, 0).with_channel();
        }
        assert!(active.cycle(&mut server, &mut topic), "step {step}");
        server.organisation.now += 6 * HOUR;
        // It is open now, and was so all the time.
        assert!(server.channel.is_some_and(|ends| ends > server.organisation.now), "step {step}");
    }
    // Two thirds of a week, which is a multiple of no step: once in five days.
    let watches = i64::try_from(server.watches).expect("few");
    assert!((DAYS / 6..=DAYS / 4).contains(&watches), "{watches} in {DAYS} days");

    // Somebody closes it: it is opened anew when it would have been renewed, and the poll goes on meanwhile.
    server.channel = None;
    for _ in 0..24 {
        assert!(active.cycle(&mut server, &mut topic));
        server.organisation.now += 6 * HOUR;
    }
    assert!(server.channel.is_some_and(|ends| ends > server.organisation.now));
}
