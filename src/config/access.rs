//! `[access]`: who may see what.

use std::collections::BTreeMap;
use std::net::IpAddr;

use super::error::ConfigError;
use super::path::KeyPath;
use super::settings::Settings;

/// What somebody may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Prometheus: the scrape and the probes.
    Scraper,
    /// A screen on a wall: its boards.
    Display,
    /// Boards, teams and the organisation.
    Viewer,
    /// A viewer who sees the own numbers too.
    Rep,
    /// A viewer who sees everything of the own teams.
    Manager,
    /// Everything.
    Admin,
}

impl Role {
    /// All roles, in the order of the documented table.
    pub const ALL: [Role; 6] = [Role::Viewer, Role::Rep, Role::Manager, Role::Admin, Role::Display, Role::Scraper];

    /// The word in the configuration.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Role::Scraper => "scraper",
            Role::Display => "display",
            Role::Viewer => "viewer",
            Role::Rep => "rep",
            Role::Manager => "manager",
            Role::Admin => "admin",
        }
    }
}

/// What viewers, reps and displays see of the targets of others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Targets {
    /// All of them.
    #[default]
    All,
    /// The own ones only.
    Own,
    /// None at all.
    None,
}

/// How others are called for viewers, reps and displays.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Names {
    /// By the name of the roster.
    #[default]
    Name,
    /// By the alias that the configuration gives them, else by the id.
    Alias,
    /// By the id alone.
    Id,
}

/// Who may see what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessConfig {
    /// What a user may do who is not listed.
    pub default: Role,
    /// What viewers, reps and displays see of the targets of others.
    pub targets: Targets,
    /// How others are called for them.
    pub names: Names,
    /// The aliases of reps by their ids.
    pub aliases: BTreeMap<String, String>,
    /// The users that are listed.
    pub users: Vec<User>,
    /// The screens.
    pub displays: Vec<Display>,
    /// The proxy that names users.
    pub proxy: Option<Proxy>,
}

/// A user of the web configuration, of a client certificate or of a proxy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// The name.
    pub name: String,
    /// What they may do.
    pub role: Role,
    /// The rep that they are.
    pub rep: Option<String>,
    /// The teams that they lead.
    pub teams: Vec<String>,
}

/// A screen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Display {
    /// Its id.
    pub id: String,
    /// The SHA-256 of its key, in lower-case hexadecimal digits.
    pub key_sha256: String,
    /// The boards that it shows.
    pub boards: Vec<String>,
}

/// A proxy that logs people in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proxy {
    /// The networks from which its header counts: an address and how many of its bits.
    pub from: Vec<(IpAddr, u8)>,
    /// The header that names the user.
    pub user_header: String,
}

impl Proxy {
    /// Whether it speaks from this address.
    #[must_use]
    pub fn is_from(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.from.iter().any(|(network, bits)| {
            let keep = |value: u128, width: u32| value.checked_shr(width.saturating_sub(u32::from(*bits))).unwrap_or(0);
            match (network, address) {
                (IpAddr::V4(network), IpAddr::V4(address)) => {
                    keep(network.to_bits().into(), 32) == keep(address.to_bits().into(), 32)
                }
                (IpAddr::V6(network), IpAddr::V6(address)) => {
                    keep(network.to_bits(), 128) == keep(address.to_bits(), 128)
                }
                _ => false,
            }
        })
    }
}

/// `None` where the configuration has no such table.
pub(super) fn read(settings: &Settings, boards: &[&str]) -> Result<Option<AccessConfig>, ConfigError> {
    let top = KeyPath::new("access");
    if !settings.all().any(|(path, _)| path.starts_with(&top)) {
        return Ok(None);
    }
    let listed = [Role::Viewer, Role::Rep, Role::Manager, Role::Admin, Role::Scraper];
    let role = |text: Option<&str>| listed.into_iter().find(|role| Some(role.name()) == text);
    let targets = [("all", Targets::All), ("own", Targets::Own), ("none", Targets::None)];
    let names = [("name", Names::Name), ("alias", Names::Alias), ("id", Names::Id)];
    let default = settings.optional(&top.child("default"), |value| role(value.text()))?.unwrap_or(Role::Viewer);
    let mut users: Vec<User> = Vec::new();
    for row in settings.rows(&top.child("user")) {
        let name = settings
            .required(&row.child("name"), |value| value.text().filter(|name| !name.is_empty()).map(str::to_owned))?;
        if users.iter().any(|known| known.name == name) {
            return Err(settings.refuse(&row.child("name"), "a name that no other [[access.user]] has"));
        }
        let role = settings.required(&row.child("role"), |value| role(value.text()))?;
        let rep = settings.optional(&row.child("rep"), |value| value.text().map(str::to_owned))?;
        if role == Role::Rep && rep.is_none() {
            return Err(ConfigError::Missing {
                key: row.child("rep").to_string(),
                allowed: "given for a user of the role rep: which rep they are".to_owned(),
            });
        }
        let teams = settings.texts(&row.child("teams"))?.unwrap_or_default();
        users.push(User { name, role, rep, teams });
    }
    Ok(Some(AccessConfig {
        default,
        targets: settings.optional(&top.child("targets"), |value| word(value.text(), &targets))?.unwrap_or_default(),
        names: settings.optional(&top.child("names"), |value| word(value.text(), &names))?.unwrap_or_default(),
        aliases: aliases(settings, &top.child("aliases"))?,
        users,
        displays: displays(settings, &top, boards)?,
        proxy: proxy(settings, &top.child("proxy"))?,
    }))
}

fn aliases(settings: &Settings, path: &KeyPath) -> Result<BTreeMap<String, String>, ConfigError> {
    let mut aliases: BTreeMap<String, String> = BTreeMap::new();
    for path in settings.below(path) {
        let alias = settings
            .required(path, |value| value.text().filter(|alias| !alias.trim().is_empty()).map(str::to_owned))?;
        if aliases.values().any(|known| *known == alias) {
            return Err(settings.refuse(path, "an alias that no other rep has"));
        }
        aliases.insert(path.name().to_owned(), alias);
    }
    Ok(aliases)
}

fn word<T: Copy>(text: Option<&str>, words: &[(&str, T)]) -> Option<T> {
    words.iter().find(|(word, _)| Some(*word) == text).map(|(_, value)| *value)
}

fn displays(settings: &Settings, top: &KeyPath, boards: &[&str]) -> Result<Vec<Display>, ConfigError> {
    let mut displays = Vec::new();
    for row in settings.rows(&top.child("display")) {
        let id = settings.required(&row.child("id"), |value| value.text().map(str::to_owned))?;
        let is_hash =
            |text: &&str| text.len() == 64 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        let key_sha256 =
            settings.required(&row.child("key_sha256"), |value| value.text().filter(is_hash).map(str::to_owned))?;
        let own = row.child("boards");
        let shown = settings.texts(&own)?.unwrap_or_default();
        if shown.is_empty() {
            return Err(ConfigError::Missing {
                key: own.to_string(),
                allowed: "given: the ids of the boards that the screen shows".to_owned(),
            });
        }
        if let Some(unknown) = shown.iter().find(|shown| !boards.contains(&shown.as_str())) {
            return Err(settings.refuse(&own, format!("a list of ids of [[board]]; there is none called {unknown:?}")));
        }
        displays.push(Display { id, key_sha256, boards: shown });
    }
    Ok(displays)
}

fn proxy(settings: &Settings, path: &KeyPath) -> Result<Option<Proxy>, ConfigError> {
    let Some(networks) = settings.texts(&path.child("from"))? else { return Ok(None) };
    let mut from = Vec::new();
    for text in networks {
        let network = network(&text).ok_or_else(|| {
            settings
                .refuse(&path.child("from"), format!("a list of networks such as \"127.0.0.1/32\"; {text:?} is none"))
        })?;
        from.push(network);
    }
    let is_name =
        |name: &&str| !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    let header =
        settings.required(&path.child("user_header"), |value| value.text().filter(is_name).map(str::to_owned))?;
    Ok(Some(Proxy { from, user_header: header }))
}

fn network(text: &str) -> Option<(IpAddr, u8)> {
    let (address, bits) = text.split_once('/')?;
    let (address, bits): (IpAddr, u8) = (address.parse().ok()?, bits.parse().ok()?);
    let most = if address.is_ipv4() { 32 } else { 128 };
    (bits <= most).then_some((address, bits))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proxy_speaks_from_its_networks_alone() {
        let from = ["10.1.0.0/16", "127.0.0.1/32", "fd00::/8"].map(|text| network(text).unwrap()).to_vec();
        let proxy = Proxy { from, user_header: "X-User".to_owned() };
        for (address, is_from) in [
            ("10.1.2.3", true),
            ("10.2.0.1", false),
            ("127.0.0.1", true),
            ("127.0.0.2", false),
            ("::ffff:10.1.2.3", true),
            ("fd12::1", true),
            ("fe80::1", false),
        ] {
            assert_eq!(proxy.is_from(address.parse().unwrap()), is_from, "{address}");
        }
        assert_eq!(network("10.0.0.0/33"), None);
        assert!(Proxy { from: vec![network("0.0.0.0/0").unwrap()], ..proxy }.is_from("9.9.9.9".parse().unwrap()));
    }
}
