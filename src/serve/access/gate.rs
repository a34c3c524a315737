//! Who is let in: by password, certificate, display key or a proxy's word, as the web configuration says.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::{Duration, Instant};

use axum::extract::{Request, State};
use axum::http::header::{AUTHORIZATION, COOKIE, SET_COOKIE};
use axum::http::{HeaderMap, HeaderValue};
use axum::middleware::Next;
use axum::response::Response;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use ring::digest;
use tracing::{info, warn};

use super::asker::Asker;
use super::client::Client;
use super::read_file::ReadFile;
use super::refusal::{Reason, Refusal};
use super::right::Right;
use super::users::{Login, Users};
use super::web_file::WebFile;
use crate::config::{AccessConfig, Display, Role, WebConfig};
use crate::health::{Condition, Met, Metrics, Readiness};

/// Between two looks whether the file is another one.
const LOOK: Duration = Duration::from_secs(1);
/// The cookie that holds a display's key, for streams, which cannot send headers.
const COOKIE_NAME: &str = "salespulse_display";
/// How long it lasts.
const COOKIE_LIFE: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// The web configuration in force and what is known of those who ask.
#[derive(Debug)]
pub struct Gate {
    path: Option<PathBuf>,
    access: Option<AccessConfig>,
    aliases: Arc<BTreeMap<String, String>>,
    file: RwLock<Arc<WebFile>>,
    looked: Mutex<Looked>,
    users: Users,
    /// Requests that may still be granted, and when that was so.
    saved: Mutex<(f64, Instant)>,
    metrics: Arc<Metrics>,
    readiness: Arc<Readiness>,
}

/// When the file was looked at last, and as what it was found.
#[derive(Debug)]
struct Looked {
    at: Instant,
    found: Vec<ReadFile>,
}

/// The gate as a listener has it, with how a refusal is answered there.
#[derive(Clone, Debug)]
pub(crate) struct Door {
    pub(crate) gate: Arc<Gate>,
    /// The answer on a path.
    pub(crate) refuse: fn(&str, &Refusal) -> Response,
}

/// How somebody was let in.
struct Admitted {
    asker: Asker,
    /// The key to be set as a cookie.
    key: Option<String>,
}

impl Gate {
    /// The gate of a configuration.
    ///
    /// # Errors
    /// A sentence that names the file and what is wrong.
    pub fn new(config: &WebConfig, metrics: Arc<Metrics>, readiness: Arc<Readiness>) -> Result<Arc<Gate>, String> {
        let (path, file) = (config.config_file.clone(), Gate::read(config)?);
        let saved = file.rate.map_or(0.0, |rate| f64::from(rate.burst));
        Ok(Arc::new(Gate {
            path,
            access: config.access.clone(),
            aliases: Arc::new(config.access.as_ref().map(|access| access.aliases.clone()).unwrap_or_default()),
            file: RwLock::new(Arc::new(file)),
            looked: Mutex::new(Looked { at: Instant::now(), found: Vec::new() }),
            users: Users::new()?,
            saved: Mutex::new((saved, Instant::now())),
            metrics,
            readiness,
        }))
    }

    /// Judges the web configuration as a start does.
    ///
    /// # Errors
    /// A sentence that names the file and what is wrong.
    pub fn judge_file(config: &WebConfig) -> Result<(), String> {
        Gate::read(config).map(drop)
    }

    fn read(config: &WebConfig) -> Result<WebFile, String> {
        Ok(config.config_file.as_deref().map(WebFile::read).transpose()?.unwrap_or_default())
    }

    /// A gate that lets everybody in, for tests.
    #[cfg(test)]
    pub(crate) fn open() -> Arc<Gate> {
        let config = WebConfig::default();
        Gate::new(&config, Metrics::new(std::iter::empty()).unwrap(), Arc::default()).unwrap()
    }

    /// Whether nobody has to say who they are.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.lets_everybody_in(&self.file())
    }

    /// The file in force. It is read anew when it, or a certificate of it, was written; a bad one changes nothing.
    pub(crate) fn file(&self) -> Arc<WebFile> {
        let present = || Arc::clone(&self.file.read().unwrap_or_else(PoisonError::into_inner));
        let Some(path) = &self.path else { return present() };
        let found_before = {
            let mut looked = self.looked.lock().unwrap_or_else(PoisonError::into_inner);
            if looked.at.elapsed() < LOOK {
                return present();
            }
            looked.at = Instant::now();
            std::mem::take(&mut looked.found)
        };
        let known = present();
        let found = known.found_now();
        // A file that is written step by step is not read before it rests: half of one may be valid and ask nobody for a
        // password.
        let rests = found == found_before || found.iter().all(|file| file.rests(LOOK));
        self.looked.lock().unwrap_or_else(PoisonError::into_inner).found = found;
        if !known.is_old() {
            self.note(false);
            return known;
        }
        if !rests {
            return known;
        }
        match WebFile::read(path).and_then(|file| file.in_place_of(&known, path)) {
            Ok(file) => {
                self.note(false);
                info!(path = %path.display(), "the web configuration was read anew");
                *self.file.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(file);
            }
            Err(fault) => {
                if !self.readiness.holds(Condition::WebConfig) {
                    warn!(fault, "the web configuration on disk is wrong");
                }
                self.note(true);
            }
        }
        present()
    }

    /// Whether the file on disk is wrong.
    fn note(&self, holds: bool) {
        Met { condition: Condition::WebConfig, holds }.report(&self.readiness);
    }

    fn lets_everybody_in(&self, file: &WebFile) -> bool {
        let knows_others =
            self.access.as_ref().is_some_and(|access| !access.displays.is_empty() || access.proxy.is_some());
        let asks_for_certificates = file.tls.as_ref().is_some_and(|tls| tls.asks_for_certificates());
        !file.asks_for_users() && !asks_for_certificates && !knows_others
    }

    /// Who asks and whether their connection is encrypted, if they may ask for this.
    async fn judge(
        &self,
        headers: &HeaderMap,
        client: Option<&Client>,
        right: Right,
        file: &WebFile,
    ) -> Result<(Admitted, bool), Refusal> {
        if !self.grants(file) {
            return Err(Refusal::new(Reason::TooMany, "There were too many requests. Try again."));
        }
        let Some(client) = client else {
            return Err(Refusal::new(Reason::Bug, "Nobody knows where this request comes from."));
        };
        let admitted = self.admit(headers, client, file).await?;
        if right.is_of(admitted.asker.role) {
            return Ok((admitted, client.is_secure));
        }
        let role = admitted.asker.role.name();
        Err(Refusal::new(Reason::NotYours, format!("The role {role} may not ask for this.")))
    }

    async fn admit(&self, headers: &HeaderMap, client: &Client, file: &WebFile) -> Result<Admitted, Refusal> {
        if let Some(user) = self.user_of_proxy(headers, client)? {
            return Ok(Admitted { asker: self.asker(&user), key: None });
        }
        if let Some(admitted) = self.display(headers, client)? {
            return Ok(admitted);
        }
        if let Some((user, password)) = basic(headers) {
            let login = self.users.verify(&file.users, &user, &password, client.address.ip()).await;
            let (word, result) = match login {
                Login::Right => ("right", Ok(Admitted { asker: self.asker(&user), key: None })),
                Login::Wrong => ("wrong", Err(Refusal::new(Reason::NoPassword, "The user or the password is wrong."))),
                Login::Busy => {
                    let detail = "Too many logins wait to be verified. Try again.";
                    ("busy", Err(Refusal::new(Reason::TooMany, detail)))
                }
            };
            self.metrics.http.logins.with_label_values(&[word]).inc();
            return result;
        }
        // Where there are passwords, a certificate stands for one only if a name of it is listed.
        let listed = client.names.iter().find(|name| self.lists(name));
        let named = listed.or_else(|| client.names.first().filter(|_| !file.asks_for_users()));
        if let Some(name) = named {
            return Ok(Admitted { asker: self.asker(name), key: None });
        }
        if self.lets_everybody_in(file) || (client.has_certificate && !file.asks_for_users()) {
            return Ok(Admitted { asker: self.asker(""), key: None });
        }
        Err(Refusal::new(Reason::NoPassword, "Log in with a user of the web configuration."))
    }

    fn lists(&self, user: &str) -> bool {
        self.access.as_ref().is_some_and(|access| access.users.iter().any(|listed| listed.name == user))
    }

    /// Whether the files of the page, which hold no numbers, are everybody's: a screen needs them before it can show its key.
    fn opens_files(&self) -> bool {
        self.access.as_ref().is_some_and(|access| !access.displays.is_empty())
    }

    /// The user whom the proxy names, if the request is the proxy's.
    fn user_of_proxy(&self, headers: &HeaderMap, client: &Client) -> Result<Option<String>, Refusal> {
        let proxy = self.access.as_ref().and_then(|access| access.proxy.as_ref());
        let Some(proxy) = proxy.filter(|proxy| proxy.is_from(client.address.ip())) else { return Ok(None) };
        let mut names = headers.get_all(&proxy.user_header).iter();
        match (names.next(), names.next()) {
            (None, _) => Ok(None),
            (Some(name), None) => match name.to_str() {
                Ok(name) if !name.is_empty() => Ok(Some(name.to_owned())),
                _ => Err(Refusal::new(Reason::NoPassword, "The proxy names no user.")),
            },
            (Some(_), Some(_)) => Err(Refusal::new(Reason::NoPassword, "The proxy names more than one user.")),
        }
    }

    fn display(&self, headers: &HeaderMap, client: &Client) -> Result<Option<Admitted>, Refusal> {
        let by_header = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok()?.strip_prefix("Display "));
        let Some(key) = by_header.or_else(|| cookie(headers)) else { return Ok(None) };
        let displays = self.access.as_ref().map_or(&[][..], |access| &access.displays);
        let hash = hexadecimal(digest::digest(&digest::SHA256, key.as_bytes()).as_ref());
        let Some(display) = displays.iter().find(|display| display.key_sha256 == hash) else {
            // A cookie of before is no reason to keep somebody out who has a password.
            let wrong = || Refusal::new(Reason::NoKey, "No display has this key.");
            return if by_header.is_some() { Err(wrong()) } else { Ok(None) };
        };
        if !client.is_secure && !client.address.ip().is_loopback() {
            let detail =
                "A display's key is not taken over a connection that anybody can read. Serve the page with TLS.";
            return Err(Refusal::new(Reason::NotYours, detail));
        }
        let key = by_header.map(str::to_owned);
        Ok(Some(Admitted { asker: self.asker_of_display(display), key }))
    }

    fn asker(&self, user: &str) -> Asker {
        let Some(access) = &self.access else { return Asker::everybody(user) };
        let listed = access.users.iter().find(|listed| listed.name == user);
        Asker {
            user: user.into(),
            role: listed.map_or(access.default, |listed| listed.role),
            rep: listed.and_then(|listed| listed.rep.as_deref().map(Arc::from)),
            teams: listed.map(|listed| listed.teams.clone().into()).unwrap_or_default(),
            boards: Arc::default(),
            targets: access.targets,
            names: access.names,
            aliases: Arc::clone(&self.aliases),
        }
    }

    fn asker_of_display(&self, display: &Display) -> Asker {
        let nobody = self.asker("");
        Asker {
            user: display.id.as_str().into(),
            role: Role::Display,
            boards: display.boards.clone().into(),
            rep: None,
            teams: Arc::default(),
            ..nobody
        }
    }

    /// Whether the rate limit grants one more request.
    fn grants(&self, file: &WebFile) -> bool {
        let Some(rate) = file.rate else { return true };
        let mut saved = self.saved.lock().unwrap_or_else(PoisonError::into_inner);
        let earned = saved.1.elapsed().as_secs_f64() / rate.interval.as_secs_f64();
        *saved = ((saved.0 + earned).min(f64::from(rate.burst)), Instant::now());
        let is_granted = saved.0 >= 1.0;
        if is_granted {
            saved.0 -= 1.0;
        }
        is_granted
    }
}

/// Lets a request in, or says why not.
pub(crate) async fn admit(State(door): State<Door>, mut request: Request, next: Next) -> Response {
    let gate = &door.gate;
    let file = gate.file();
    let path = request.uri().path().to_owned();
    let right = Right::of(&path);
    let mut response = if right == Right::Anybody || (right == Right::Page && gate.opens_files()) {
        next.run(request).await
    } else {
        let (headers, client) = (request.headers().clone(), request.extensions().get::<Client>().cloned());
        match gate.judge(&headers, client.as_ref(), right, &file).await {
            Ok((admitted, is_secure)) => {
                request.extensions_mut().insert(admitted.asker);
                let mut response = next.run(request).await;
                if let Some(cookie) = admitted.key.and_then(|key| set_cookie(&key, is_secure)) {
                    response.headers_mut().insert(SET_COOKIE, cookie);
                }
                response
            }
            Err(refusal) => refusal.with_challenge((door.refuse)(&path, &refusal)),
        }
    };
    for (name, value) in &file.headers {
        response.headers_mut().insert(name.clone(), value.clone());
    }
    gate.metrics.http.requests.with_label_values(&[Right::path_word(&path), response.status().as_str()]).inc();
    response
}

fn basic(headers: &HeaderMap) -> Option<(String, String)> {
    let text = headers.get(AUTHORIZATION)?.to_str().ok()?;
    let (scheme, encoded) = text.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let text = String::from_utf8(BASE64_STANDARD.decode(encoded.trim()).ok()?).ok()?;
    let (user, password) = text.split_once(':')?;
    Some((user.to_owned(), password.to_owned()))
}

fn cookie(headers: &HeaderMap) -> Option<&str> {
    let cookies = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = cookies.flat_map(|text| text.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(name, _)| *name == COOKIE_NAME).map(|(_, key)| key)
}

fn set_cookie(key: &str, is_secure: bool) -> Option<HeaderValue> {
    let secure = if is_secure { "; Secure" } else { "" };
    let life = COOKIE_LIFE.as_secs();
    // Without a path it holds for the API alone, below whatever path a proxy puts it.
    HeaderValue::from_str(&format!("{COOKIE_NAME}={key}; HttpOnly; SameSite=Strict; Max-Age={life}{secure}")).ok()
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
