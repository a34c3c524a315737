//! Passwords: verified beside the server, remembered for a while, and slowly refused.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use dashmap::DashMap;
use ring::hmac;
use tokio::sync::Semaphore;
use tokio::time::sleep;

/// Verifications at once: each takes a core for a tenth of a second or more.
const WORKING: usize = 2;
/// More that may wait for one.
const WAITING: usize = 16;
/// How long a right password is remembered.
const REMEMBERED: Duration = Duration::from_secs(10 * 60);
/// Right passwords that are remembered at once.
const MOST_REMEMBERED: usize = 1_000;
/// After so many wrong passwords of an address each costs a pause.
const FREE_FAILURES: u32 = 10;
const PAUSE: Duration = Duration::from_secs(1);
/// Logins from such addresses at once: fewer than may wait, so that there is always a place for others.
const PAUSING: usize = 8;
/// Failures are forgotten after so long.
const FORGOTTEN: Duration = Duration::from_secs(10 * 60);
/// Addresses whose failures are counted.
const MOST_ADDRESSES: usize = 10_000;

/// How a login ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Login {
    /// The password is right.
    Right,
    /// The user or the password is wrong.
    Wrong,
    /// Too many wait to be verified.
    Busy,
}

/// Verifies passwords. All connections of both listeners ask at the same time.
#[derive(Debug)]
pub(crate) struct Users {
    /// Chosen at the start: what is remembered is of no use elsewhere.
    key: hmac::Key,
    remembered: DashMap<[u8; 32], Instant>,
    failures: DashMap<IpAddr, (u32, Instant)>,
    working: Arc<Semaphore>,
    waiting: Arc<Semaphore>,
    pausing: Arc<Semaphore>,
    /// Whether a password is that of a hash: bcrypt's, which tests count.
    compare: fn(&str, &str) -> bool,
}

impl Users {
    pub(crate) fn new() -> Result<Users, String> {
        let random = ring::rand::SystemRandom::new();
        let key = hmac::Key::generate(hmac::HMAC_SHA256, &random).map_err(|_| "the system has no random numbers")?;
        Ok(Users {
            key,
            remembered: DashMap::new(),
            failures: DashMap::new(),
            working: Arc::new(Semaphore::new(WORKING)),
            waiting: Arc::new(Semaphore::new(WORKING + WAITING)),
            pausing: Arc::new(Semaphore::new(PAUSING)),
            compare: |password, hash| bcrypt::verify(password, hash).unwrap_or(false),
        })
    }

    /// Whether a password is that of a user. An unknown user costs the work that a known one does.
    pub(crate) async fn verify(
        &self,
        known: &BTreeMap<String, String>,
        user: &str,
        password: &str,
        address: IpAddr,
    ) -> Login {
        let hash = known.get(user);
        let mark = hash.map(|hash| self.mark(user, hash, password));
        if mark.is_some_and(|mark| self.remembered.get(&mark).is_some_and(|since| since.elapsed() < REMEMBERED)) {
            return Login::Right;
        }
        let _pausing = if self.has_failed_often(address) {
            let Ok(place) = self.pausing.try_acquire() else { return Login::Busy };
            sleep(PAUSE).await;
            Some(place)
        } else {
            None
        };
        let Ok(_place) = self.waiting.try_acquire() else { return Login::Busy };
        // The semaphore is never closed.
        let Ok(permit) = Arc::clone(&self.working).acquire_owned().await else { return Login::Busy };
        let compared = hash.or_else(|| self.stand_in(known, user)).cloned().unwrap_or_default();
        let (compare, password) = (self.compare, password.to_owned());
        let work = tokio::task::spawn_blocking(move || {
            let is_right = compare(&password, &compared);
            drop(permit);
            is_right
        });
        let is_right = work.await.unwrap_or(false) && hash.is_some();
        if is_right {
            mark.into_iter().for_each(|mark| self.remember(mark));
            return Login::Right;
        }
        self.count_failure(address);
        Login::Wrong
    }

    /// The hash whose work an unknown user costs: always the same one of those that there are, which may have several costs.
    fn stand_in<'a>(&self, known: &'a BTreeMap<String, String>, user: &str) -> Option<&'a String> {
        let dice = usize::from(self.mark(user, "", "").first().copied()?);
        known.values().nth(dice % known.len().max(1))
    }

    /// Stands for a user, the hash and the password; each part has its length before it, so that no two mix.
    fn mark(&self, user: &str, hash: &str, password: &str) -> [u8; 32] {
        let mut context = hmac::Context::with_key(&self.key);
        for part in [user, hash, password] {
            context.update(&(part.len() as u64).to_be_bytes());
            context.update(part.as_bytes());
        }
        let mut mark = [0; 32];
        mark.iter_mut().zip(context.sign().as_ref()).for_each(|(mark, byte)| *mark = *byte);
        mark
    }

    fn remember(&self, mark: [u8; 32]) {
        if self.remembered.len() >= MOST_REMEMBERED {
            self.remembered.retain(|_, since| since.elapsed() < REMEMBERED);
        }
        if self.remembered.len() < MOST_REMEMBERED {
            self.remembered.insert(mark, Instant::now());
        }
    }

    fn has_failed_often(&self, address: IpAddr) -> bool {
        let failures = self.failures.get(&address);
        failures.is_some_and(|failures| failures.0 >= FREE_FAILURES && failures.1.elapsed() < FORGOTTEN)
    }

    fn count_failure(&self, address: IpAddr) {
        if self.failures.len() >= MOST_ADDRESSES {
            self.failures.retain(|_, (_, at)| at.elapsed() < FORGOTTEN);
        }
        if self.failures.len() < MOST_ADDRESSES {
            let mut entry = self.failures.entry(address).or_insert((0, Instant::now()));
            let (count, at) = entry.value_mut();
            *count = if at.elapsed() < FORGOTTEN { count.saturating_add(1) } else { 1 };
            *at = Instant::now();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOME: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

    fn known() -> BTreeMap<String, String> {
        [("li".to_owned(), bcrypt::hash("right", 4).unwrap())].into()
    }

    #[tokio::test]
    async fn a_password_is_right_for_its_user_alone_and_then_remembered() {
        let (users, known) = (Users::new().unwrap(), known());
        assert_eq!(users.verify(&known, "li", "wrong", HOME).await, Login::Wrong);
        assert_eq!(users.verify(&known, "wang", "right", HOME).await, Login::Wrong);
        assert!(users.remembered.is_empty(), "what is wrong is not remembered");
        assert_eq!(users.verify(&known, "li", "right", HOME).await, Login::Right);
        assert_eq!(users.remembered.len(), 1);
        let all = users.waiting.acquire_many(18).await.unwrap();
        assert_eq!(users.verify(&known, "li", "right", HOME).await, Login::Right, "it is remembered");
        assert_eq!(users.verify(&known, "li", "other", HOME).await, Login::Busy);
        drop(all);
        let changed = [("li".to_owned(), bcrypt::hash("new", 4).unwrap())].into();
        assert_eq!(users.verify(&changed, "li", "right", HOME).await, Login::Wrong, "another hash is another user");
    }

    /// What was compared in [`an_unknown_user_costs_what_a_known_one_does`].
    static COMPARED: std::sync::Mutex<Vec<String>> = std::sync::Mutex::new(Vec::new());

    #[tokio::test]
    async fn an_unknown_user_costs_what_a_known_one_does() {
        let compare = |_: &str, hash: &str| {
            COMPARED.lock().unwrap().push(hash.to_owned());
            false
        };
        let users = Users { compare, ..Users::new().unwrap() };
        // Of different costs, which nobody may learn of a user by the time that a refusal takes.
        let known: BTreeMap<String, String> =
            [("li", "$2y$04$"), ("wang", "$2y$12$")].map(|(name, hash)| (name.to_owned(), hash.to_owned())).into();
        let mut addresses = (0..=u8::MAX).map(|number| IpAddr::from([10, 0, 0, number]));
        let mut compared = async |user: &str| {
            COMPARED.lock().unwrap().clear();
            assert_eq!(users.verify(&known, user, "wrong", addresses.next().unwrap()).await, Login::Wrong);
            let compared = COMPARED.lock().unwrap().clone();
            assert_eq!(compared.len(), 1, "{user} is compared once");
            compared[0].clone()
        };
        assert_eq!((compared("li").await, compared("wang").await), ("$2y$04$".to_owned(), "$2y$12$".to_owned()));
        let mut stood_in = std::collections::BTreeSet::new();
        for number in 0..40 {
            let user = format!("nobody-{number}");
            let hash = compared(&user).await;
            assert_eq!(compared(&user).await, hash, "the same each time, as of somebody known");
            stood_in.insert(hash);
        }
        assert_eq!(stood_in.len(), 2, "unknown users are as different as known ones");
        let nobody = BTreeMap::new();
        COMPARED.lock().unwrap().clear();
        assert_eq!(users.verify(&nobody, "li", "wrong", HOME).await, Login::Wrong);
        assert_eq!(*COMPARED.lock().unwrap(), [""], "without users nothing is right");
    }

    /// Of the time between a wrong user and a wrong password, as a share of either.
    const MOST_APART: f64 = 0.1;

    #[tokio::test]
    async fn a_wrong_user_and_a_wrong_password_take_the_same_time() {
        let users = Users::new().unwrap();
        let known: BTreeMap<String, String> =
            ["li", "wang"].map(|name| (name.to_owned(), bcrypt::hash("right", 6).unwrap())).into();
        let mut addresses = (0..=u16::MAX).map(|number| IpAddr::V4(std::net::Ipv4Addr::from_bits(number.into())));
        let mut times = [const { Vec::new() }; 2];
        // One after the other, so that whatever else the machine does slows down both.
        for _ in 0..200 {
            for (times, user) in times.iter_mut().zip(["li", "nobody"]) {
                let started = Instant::now();
                let login = users.verify(&known, user, "wrong", addresses.next().unwrap()).await;
                times.push(started.elapsed().as_secs_f64());
                assert_eq!(login, Login::Wrong);
            }
        }
        let [password, user] = times.map(|mut times| {
            times.sort_unstable_by(f64::total_cmp);
            times[times.len() / 2]
        });
        assert!((password - user).abs() < MOST_APART * password.min(user), "{password} s and {user} s");
    }

    #[tokio::test]
    async fn a_flood_from_some_addresses_leaves_room_for_others() {
        let (users, known) = (Users::new().unwrap(), known());
        let flooding: IpAddr = "10.0.0.1".parse().unwrap();
        (0..FREE_FAILURES).for_each(|_| users.count_failure(flooding));
        let pausing = users.pausing.acquire_many(u32::try_from(PAUSING).unwrap()).await.unwrap();
        assert_eq!(users.verify(&known, "li", "wrong", flooding).await, Login::Busy);
        assert_eq!(users.waiting.available_permits(), WORKING + WAITING, "who pauses takes no place of others");
        assert_eq!(users.verify(&known, "li", "right", HOME).await, Login::Right);
        drop(pausing);
        const { assert!(PAUSING < WORKING + WAITING) };
    }

    #[test]
    fn no_two_logins_share_a_mark() {
        let users = Users::new().unwrap();
        assert_ne!(users.mark("ab", "c", "d"), users.mark("a", "bc", "d"));
        assert_ne!(users.mark("a", "b", "cd"), users.mark("a", "bc", "d"));
    }

    #[tokio::test]
    async fn failures_of_an_address_are_counted() {
        let users = Users::new().unwrap();
        (0..FREE_FAILURES).for_each(|_| users.count_failure(HOME));
        assert!(users.has_failed_often(HOME));
        assert!(!users.has_failed_often("10.0.0.1".parse().unwrap()));
    }
}
