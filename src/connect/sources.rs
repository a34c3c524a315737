//! The file of sources: where records come from, and which events they become.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;

use jiff::tz::TimeZone;

use super::account::{self, Polling};
use super::builtin;
use super::dialect::{Kind, Reader};
use super::hook::Hook;
use super::mapping::{LoadFault, Mapping, Place, Section, Setting, Tables};

/// One source.
#[derive(Clone, Debug)]
pub struct Source {
    /// Its name, which is part of every key of its state.
    pub name: String,
    /// How it writes.
    pub kind: Kind,
    /// Which events its records become.
    pub mapping: Mapping,
    /// What the mapping needs to know beside the record.
    pub setting: Setting,
    /// How payloads are opened.
    pub reader: Reader,
    /// What stands between two cells of a table.
    pub delimiter: u8,
    /// How its records reach us; `None` if only `connect map` reads them.
    pub way: Option<Way>,
}

/// How records reach us.
#[derive(Clone, Debug)]
pub enum Way {
    /// We ask for them.
    Poll(Box<Polling>),
    /// They are posted.
    Hook(Hook),
    /// They lie in these topics.
    Topics(Vec<String>),
    /// They lie in files.
    Files(Files),
}

/// Where tables lie.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Files {
    /// A file, or a folder of files whose names end with `.csv`.
    pub path: PathBuf,
    /// Between two looks, in milliseconds.
    pub interval_ms: i64,
}

impl Source {
    /// How it is polled, if it is.
    #[must_use]
    pub const fn polling(&self) -> Option<&Polling> {
        match &self.way {
            Some(Way::Poll(polling)) => Some(polling),
            _ => None,
        }
    }
}

type Found<T> = Result<T, LoadFault>;

/// What a source takes from the organisation's configuration where it says nothing itself.
#[derive(Clone, Debug)]
pub struct Defaults {
    /// The organisation's time zone.
    pub zone: TimeZone,
    /// Its reporting currency.
    pub currency: Option<String>,
}

impl Default for Defaults {
    fn default() -> Defaults {
        Defaults { zone: TimeZone::UTC, currency: None }
    }
}

impl Source {
    /// A source with the mapping that comes with the program and nothing else; `None` where there is no such mapping.
    ///
    /// # Errors
    /// None, which a test proves: the text that comes with the program is right.
    pub fn builtin(kind: Kind, defaults: &Defaults) -> Found<Option<Source>> {
        let Some(mapping) = builtin_mapping(kind, &Tables::default())? else { return Ok(None) };
        let setting =
            Setting { zone: defaults.zone.clone(), currency: defaults.currency.clone(), ..Setting::default() };
        let name = kind.name().to_owned();
        Ok(Some(Source { name, kind, mapping, setting, reader: Reader::default(), delimiter: b',', way: None }))
    }
}

/// How an instance of the connectors runs, beside its sources.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Connector {
    /// The group whose members take turns; that of the configuration with `-connect` behind it if none is given.
    pub group: Option<String>,
    /// The topic of what is remembered.
    pub state_topic: String,
    /// The topic of records that are no events.
    pub dead_letter_topic: String,
    /// Whether dead letters hold the record.
    pub dead_letter_bodies: bool,
    /// Where metrics and probes are served.
    pub listen: SocketAddr,
    /// Where CRMs and others post.
    pub receive: SocketAddr,
}

impl Connector {
    fn of(section: Option<&Section<'_>>) -> Found<Connector> {
        let default = Connector {
            group: None,
            state_topic: "sales.connect-state".to_owned(),
            dead_letter_topic: "sales.connect-dead-letters".to_owned(),
            dead_letter_bodies: true,
            listen: SocketAddr::from(([127, 0, 0, 1], 9465)),
            receive: SocketAddr::from(([127, 0, 0, 1], 9466)),
        };
        let Some(section) = section else { return Ok(default) };
        let address = |name: &str, default: SocketAddr| match section.text(name)? {
            None => Ok(default),
            Some(text) => text
                .parse()
                .map_err(|_| section.fault(name, format!("must be an address with a port, such as {default}"))),
        };
        let connector = Connector {
            group: section.text("group")?,
            state_topic: section.text("state_topic")?.unwrap_or(default.state_topic),
            dead_letter_topic: section.text("dead_letter_topic")?.unwrap_or(default.dead_letter_topic),
            dead_letter_bodies: section.switch("dead_letter_bodies")?.unwrap_or(true),
            listen: address("listen", default.listen)?,
            receive: address("receive", default.receive)?,
        };
        section.finish()?;
        if connector.state_topic == connector.dead_letter_topic {
            return Err(section.fault("state_topic", "must be another topic than that of the dead letters"));
        }
        Ok(connector)
    }
}

/// The sources of a file, by their names.
///
/// # Errors
/// [`LoadFault`] with the line and the key.
pub fn load(text: &str, file: &str, defaults: &Defaults) -> Found<BTreeMap<String, Source>> {
    load_all(text, file, defaults).map(|(_, sources)| sources)
}

/// How the connectors run, and the sources of a file by their names.
///
/// # Errors
/// [`LoadFault`] with the line and the key.
pub fn load_all(text: &str, file: &str, defaults: &Defaults) -> Found<(Connector, BTreeMap<String, Source>)> {
    let place = Place { file, text };
    let document = place.parse(text)?;
    let root = Section::root(place, &document);
    let global = root.tables("tables")?;
    let connector = Connector::of(root.section("connect")?.as_ref())?;
    let mut sources = BTreeMap::new();
    if let Some(all) = root.section("source")? {
        for name in all.names() {
            if name.contains('/') {
                return Err(all.fault(name, "must have no slash, which ends the name of a source in the state topic"));
            }
            let Some(section) = all.section(name)? else { continue };
            sources.insert(name.to_owned(), source(name, &section, &global, defaults)?);
        }
    }
    root.finish()?;
    if sources.is_empty() {
        return Err(root.fault("", "there is no [source.NAME]"));
    }
    if sources.len() > 1 {
        demand_prefixes(&root, &sources)?;
    }
    Ok((connector, sources))
}

/// Two CRMs may count their deals from 1 both.
fn demand_prefixes(root: &Section<'_>, sources: &BTreeMap<String, Source>) -> Found<()> {
    let crms = sources.values().filter(|source| {
        matches!(source.kind, Kind::Zoho | Kind::ShareCrm | Kind::HubSpot | Kind::Pipedrive | Kind::Salesforce)
    });
    let mut seen: BTreeMap<&str, &str> = BTreeMap::new();
    for source in crms {
        if let Some(other) = seen.insert(&source.setting.id_prefix, &source.name) {
            let message = format!(
                "{other} and {} may use the same ids for different deals: give one of them an id_prefix of its own",
                source.name
            );
            return Err(root.fault("source", message));
        }
    }
    Ok(())
}

fn source(name: &str, section: &Section<'_>, global: &Tables, defaults: &Defaults) -> Found<Source> {
    let kinds = || Kind::ALL.map(Kind::name).join(", ");
    let kind_name = section.required("kind")?;
    let kind = Kind::from_name(&kind_name)
        .ok_or_else(|| section.fault("kind", format!("{kind_name:?} is none of {}", kinds())))?;
    let zone = match section.text("timezone")? {
        None => defaults.zone.clone(),
        Some(zone) => TimeZone::get(&zone).map_err(|_| {
            section.fault("timezone", format!("{zone:?} is not an IANA time zone such as Asia/Shanghai"))
        })?,
    };
    let setting = Setting {
        zone,
        currency: section.text("currency")?.or_else(|| defaults.currency.clone()),
        generation: section.whole("generation")?.unwrap_or(0),
        id_prefix: section.text("id_prefix")?.unwrap_or_default(),
    };
    if setting.generation > 8_191 {
        return Err(section.fault("generation", "must be at most 8191"));
    }
    let mut tables = global.clone();
    tables.lay(&section.tables("tables")?);
    let delimiter = match section.text("delimiter")?.as_deref().map(str::as_bytes) {
        None => b',',
        Some([delimiter]) => *delimiter,
        Some(_) => return Err(section.fault("delimiter", "must be one character, such as \";\"")),
    };
    let reader = Reader { each: section.text("each")?, deals_start_journeys: starts_journeys(section)? };
    let mapping = mapping(kind, section, &tables)?;
    let way = match kind {
        Kind::Zoho => account::zoho(section)?.map(Box::new).map(Way::Poll),
        Kind::ShareCrm => account::sharecrm(section)?.map(Box::new).map(Way::Poll),
        Kind::HubSpot => account::hubspot(section)?.map(Box::new).map(Way::Poll),
        Kind::Pipedrive => account::pipedrive(section)?.map(Box::new).map(Way::Poll),
        Kind::Webhook => Hook::of(section)?.map(Way::Hook),
        Kind::Kafka | Kind::Debezium | Kind::Salesforce => section.texts("topics")?.map(Way::Topics),
        Kind::Csv => files(section)?.map(Way::Files),
    };
    section.finish()?;
    Ok(Source { name: name.to_owned(), kind, mapping, setting, reader, delimiter, way })
}

fn files(section: &Section<'_>) -> Found<Option<Files>> {
    let Some(path) = section.text("path")? else { return Ok(None) };
    Ok(Some(Files { path: path.into(), interval_ms: account::interval(section)? }))
}

fn starts_journeys(section: &Section<'_>) -> Found<bool> {
    match section.text("deals_without_lead")?.as_deref() {
        None | Some("plain") => Ok(false),
        Some("start") => Ok(true),
        Some(_) => Err(section.fault("deals_without_lead", "must be \"plain\" or \"start\"")),
    }
}

/// The rules of a source: its own if it has any, else those that come with the program, with its tables over theirs.
fn mapping(kind: Kind, section: &Section<'_>, tables: &Tables) -> Found<Mapping> {
    let builtin = builtin_mapping(kind, tables)?;
    let known = builtin.as_ref().map_or(tables, |builtin| &builtin.tables).clone();
    let rules = section.rules("map", &known)?;
    match (rules.is_empty(), builtin) {
        (true, Some(builtin)) => Ok(builtin),
        (true, None) => Err(section.fault("", format!("a source of kind \"{}\" needs [[source.….map]]", kind.name()))),
        (false, _) => Ok(Mapping { rules, tables: known }),
    }
}

/// The mapping that comes with the program, with a user's tables over its own.
fn builtin_mapping(kind: Kind, upper: &Tables) -> Found<Option<Mapping>> {
    let Some(text) = builtin::text(kind) else { return Ok(None) };
    let file = format!("the mapping of {}", kind.name());
    let place = Place { file: &file, text };
    let document = place.parse(text)?;
    let root = Section::root(place, &document);
    let mut tables = root.tables("tables")?;
    tables.lay(upper);
    let rules = root.rules("map", &tables)?;
    root.finish()?;
    Ok(Some(Mapping { rules, tables }))
}
