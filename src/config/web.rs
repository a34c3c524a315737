//! `[web]` and `[[board]]`: where people look at the numbers, and what is shown on the wall.

use std::net::SocketAddr;
use std::path::PathBuf;

use super::access::{self, AccessConfig};
use super::error::ConfigError;
use super::path::KeyPath;
use super::settings::Settings;
use crate::model::rules::{Rules, Scope};
use crate::model::window::Window;

/// A board of the loop on the wall unless the user says otherwise.
const ROWS: usize = 10;
const SECONDS: u64 = 20;

/// What people are shown.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct WebConfig {
    /// The address to listen on; `None`: there is no page.
    pub listen: Option<SocketAddr>,
    /// The web configuration: TLS, users, headers, a rate limit.
    pub config_file: Option<PathBuf>,
    /// Who may see what; `None`: whoever gets in may see everything.
    pub access: Option<AccessConfig>,
    /// How a deal is found in the CRM: an address with `{lead_id}` in it.
    pub deal_url: Option<String>,
    /// The names under which a listener of the loopback interface may be asked, beside `localhost`.
    pub hosts: Vec<String>,
    /// What the page celebrates.
    pub celebrate: Celebrate,
    /// The boards, in their order.
    pub boards: Vec<Board>,
}

/// What is worth a card on the wall.
#[derive(Clone, Debug, PartialEq)]
pub struct Celebrate {
    /// A win of at least so much, in the reporting currency; empty: none.
    pub deal_over: String,
    /// An attainment that crosses one of these.
    pub quota: Vec<f64>,
    /// Another first place.
    pub leader: bool,
}

impl Default for Celebrate {
    fn default() -> Celebrate {
        Celebrate { deal_over: String::new(), quota: vec![1.0], leader: true }
    }
}

/// A board.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Board {
    /// Its id: 1 to 40 of `a-z 0-9 -`.
    pub id: String,
    /// What it is called in English.
    pub title_en: String,
    /// And in Chinese.
    pub title_zh: String,
    /// Who is ranked.
    pub scope: Scope,
    /// By which KPI.
    pub by: String,
    /// In which window.
    pub window: Window,
    /// Only the reps of this team.
    pub team: Option<String>,
    /// How many rows it shows.
    pub rows: usize,
    /// How long it is shown before the next one.
    pub seconds: u64,
}

pub(super) fn read(settings: &Settings, rules: &Rules) -> Result<WebConfig, ConfigError> {
    let listen = settings.required(&KeyPath::new("web.listen"), |value| {
        let text = value.text()?;
        if text.is_empty() { Some(None) } else { text.parse::<SocketAddr>().ok().map(Some) }
    })?;
    let config_file = settings.required(&KeyPath::new("web.config_file"), |value| value.text().map(str::to_owned))?;
    let config_file = Some(config_file).filter(|path| !path.is_empty()).map(PathBuf::from);
    if config_file.is_none() && listen.is_some_and(|address| !address.ip().is_loopback()) {
        let allowed =
            "a loopback address as long as there is no web.config_file: whoever reaches the page sees everything";
        return Err(settings.refuse(&KeyPath::new("web.listen"), allowed));
    }
    let is_address = |text: &&str| text.starts_with("https://") && text.contains("{lead_id}");
    let deal_url =
        settings.optional(&KeyPath::new("web.deal_url"), |value| value.text().filter(is_address).map(str::to_owned))?;
    let hosts = settings.texts(&KeyPath::new("web.hosts"))?.unwrap_or_default();
    let mut boards: Vec<Board> = Vec::new();
    for row in settings.rows(&KeyPath::new("board")) {
        let board = board(settings, &row, rules)?;
        if boards.iter().any(|known| known.id == board.id) {
            return Err(settings.refuse(&row.child("id"), "an id that no other board has"));
        }
        boards.push(board);
    }
    let ids: Vec<&str> = boards.iter().map(|board| board.id.as_str()).collect();
    let access = access::read(settings, &ids)?;
    Ok(WebConfig { listen, config_file, access, deal_url, hosts, celebrate: celebrate(settings)?, boards })
}

fn celebrate(settings: &Settings) -> Result<Celebrate, ConfigError> {
    let number = |text: &str| text.parse::<f64>().ok().filter(|number| number.is_finite() && *number > 0.0);
    let deal_over = settings.required(&KeyPath::new("celebrate.deal_over"), |value| {
        value.text().filter(|text| text.is_empty() || number(text).is_some()).map(str::to_owned)
    })?;
    let path = KeyPath::new("celebrate.quota");
    let quota: Option<Vec<f64>> = settings.texts(&path)?.unwrap_or_default().iter().map(|text| number(text)).collect();
    let quota =
        quota.ok_or_else(|| settings.refuse(&path, "a list of shares of the target, such as [\"0.8\", \"1\"]"))?;
    let leader = settings.required(&KeyPath::new("celebrate.leader"), super::value::Value::truth)?;
    Ok(Celebrate { deal_over, quota, leader })
}

fn board(settings: &Settings, row: &KeyPath, rules: &Rules) -> Result<Board, ConfigError> {
    let text = |name: &str| settings.optional(&row.child(name), |value| value.text().map(str::to_owned));
    let is_id = |id: &&str| {
        (1..=40).contains(&id.len()) && id.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'))
    };
    let id = settings.required(&row.child("id"), |value| value.text().filter(is_id).map(str::to_owned))?;
    let scopes = [Scope::Rep, Scope::Team, Scope::Channel];
    let scope = settings
        .optional(&row.child("scope"), |value| scopes.into_iter().find(|scope| Some(scope.name()) == value.text()))?;
    let scope = scope.unwrap_or(Scope::Rep);
    let window = settings.required(&row.child("window"), |value| Window::from_name(value.text()?))?;
    if !rules.windows.get(scope).contains(&window) {
        let windows: Vec<&str> = rules.windows.get(scope).iter().map(|window| window.name()).collect();
        let allowed = format!("a window that windows.{} names: {}", scope.name(), windows.join(", "));
        return Err(settings.refuse(&row.child("window"), allowed));
    }
    let by = settings.required(&row.child("by"), |value| value.text().map(str::to_owned))?;
    if let Err(allowed) = crate::kpi::judge_ranked(rules, scope, &by, window) {
        return Err(settings.refuse(&row.child("by"), allowed));
    }
    let whole = |name: &str, most: u64| {
        settings.optional(&row.child(name), |value| value.whole().filter(|whole| (1..=most).contains(whole)))
    };
    let rows = whole("rows", 50)?.and_then(|rows| usize::try_from(rows).ok()).unwrap_or(ROWS);
    Ok(Board {
        title_en: text("title.en")?.unwrap_or_else(|| id.clone()),
        title_zh: text("title.zh")?.unwrap_or_else(|| id.clone()),
        id,
        scope,
        by,
        window,
        team: text("team")?,
        rows,
        seconds: whole("seconds", 3_600)?.unwrap_or(SECONDS),
    })
}
