//! Where a source is polled, as whom and how often. Secrets are named by their files and read when they are needed.

use std::path::{Path, PathBuf};

use super::mapping::{LoadFault, Section};
use crate::model::time::{DAY, HOUR, MINUTE, SECOND, Time, parse_duration};

/// The largest file of a secret, in bytes.
const LARGEST_SECRET: u64 = 16 * 1024;
/// No source is polled more often.
const SHORTEST_INTERVAL: i64 = 5 * SECOND;

/// How a source is polled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Polling {
    /// Between the beginnings of two cycles, in milliseconds.
    pub interval_ms: i64,
    /// How far behind its cursor a scan begins: what an index shows late is found so.
    pub overlap_ms: i64,
    /// How long a deal that came from a lead waits for the lead.
    pub hold_ms: i64,
    /// From when on records are read at first; all of them if none is given.
    pub since: Option<Time>,
    /// How many calls the CRM allows in 24 hours, where that is known.
    pub daily_calls: Option<u64>,
    /// As whom.
    pub account: Account,
}

/// An account at a vendor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Account {
    /// Zoho CRM.
    Zoho(ZohoAccount),
    /// 纷享销客 ShareCRM.
    ShareCrm(ShareCrmAccount),
    /// HubSpot.
    HubSpot(HubSpotAccount),
    /// Pipedrive.
    Pipedrive(PipedriveAccount),
}

/// A user of a company of Pipedrive's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PipedriveAccount {
    /// Where the API is.
    pub api_url: String,
    /// Holds the user's API token.
    pub token_file: PathBuf,
    /// How often missing leads are looked for, in milliseconds.
    pub census_ms: i64,
}

/// A private app of an account of HubSpot's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HubSpotAccount {
    /// Where the API is.
    pub api_url: String,
    /// Holds its access token.
    pub token_file: PathBuf,
    /// Whether leads are read.
    pub has_leads: bool,
    /// How often archived records are listed, in milliseconds.
    pub census_ms: i64,
}

/// An app of a tenant of ShareCRM's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShareCrmAccount {
    /// Where the API is.
    pub api_url: String,
    /// How the app signs in.
    pub sign_in: SignIn,
    /// The id of the app.
    pub app_id: String,
    /// Holds its secret.
    pub app_secret_file: PathBuf,
    /// Holds the tenant's permanent code.
    pub permanent_code_file: PathBuf,
    /// The employee whose rights the queries have.
    pub user_id: String,
    /// How often missing records are looked for, in milliseconds.
    pub census_ms: i64,
    /// Holds the secret of the tenant's functions that post here, if any do.
    pub push_secret_file: Option<PathBuf>,
    /// Hold the token and the `EncodingAESKey` of the platform's callback, if it rings here.
    pub callback: Option<(PathBuf, PathBuf)>,
}

/// How an app of ShareCRM's signs in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignIn {
    /// `/oauth2.0/token`: the calls carry headers.
    Token,
    /// `/cgi/corpAccessToken/get/V2`: the calls carry it in their bodies.
    Corp,
}

/// The hosts of ShareCRM's API. `www.fxiaoke.com` is none of them: it answers with a web page.
const SHARECRM_HOSTS: [&str; 6] = [
    "open.fxiaoke.com",
    "open-hwcloud.fxiaoke.com",
    "open-ale.fxiaoke.com",
    "open-hws.fxiaoke.com",
    "open-ksc.sharecrm.com",
    "open-na.sharecrm.com",
];

/// A client of Zoho's API with the refresh token of an organisation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ZohoAccount {
    /// Where tokens are given.
    pub accounts_url: String,
    /// Where records are, until a token says otherwise.
    pub api_url: String,
    /// The id of the client.
    pub client_id: String,
    /// Holds its secret.
    pub client_secret_file: PathBuf,
    /// Holds the refresh token.
    pub refresh_token_file: PathBuf,
    /// Where Zoho rings, if it does.
    pub bell: Option<Bell>,
}

/// Where a CRM rings when something has changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bell {
    /// The public address.
    pub url: String,
    /// Holds what every ring must carry.
    pub token_file: PathBuf,
}

/// A data centre of Zoho's: its name, where tokens are given, and where records are.
const ZOHO_CENTRES: [(&str, &str, &str); 8] = [
    ("com", "accounts.zoho.com", "www.zohoapis.com"),
    ("eu", "accounts.zoho.eu", "www.zohoapis.eu"),
    ("in", "accounts.zoho.in", "www.zohoapis.in"),
    ("com.au", "accounts.zoho.com.au", "www.zohoapis.com.au"),
    ("jp", "accounts.zoho.jp", "www.zohoapis.jp"),
    ("sa", "accounts.zoho.sa", "www.zohoapis.sa"),
    ("com.cn", "accounts.zoho.com.cn", "www.zohoapis.com.cn"),
    ("ca", "accounts.zohocloud.ca", "www.zohoapis.ca"),
];

type Found<T> = Result<T, LoadFault>;

/// How a source of Zoho CRM is polled; `None` if its section names no client.
///
/// # Errors
/// [`LoadFault`] with the line and the key.
pub(super) fn zoho(section: &Section<'_>) -> Found<Option<Polling>> {
    let Some(client_id) = section.text("client_id")? else { return Ok(None) };
    let centre = section.required("data_centre")?;
    let known = ZOHO_CENTRES.into_iter().find(|(name, ..)| *name == centre);
    let (_, accounts, api) = known.ok_or_else(|| {
        let names = ZOHO_CENTRES.map(|(name, ..)| name).join(", ");
        section.fault("data_centre", format!("{centre:?} is none of {names}: what your Zoho address ends with"))
    })?;
    let host = match section.text("environment")?.as_deref() {
        None | Some("production") => api.to_owned(),
        Some(other @ ("sandbox" | "developer")) => api.replacen("www.", &format!("{other}."), 1),
        Some(_) => return Err(section.fault("environment", "must be \"production\", \"sandbox\" or \"developer\"")),
    };
    let account = Account::Zoho(ZohoAccount {
        accounts_url: url(section, "accounts_url")?.unwrap_or_else(|| format!("https://{accounts}")),
        api_url: url(section, "api_url")?.unwrap_or_else(|| format!("https://{host}")),
        client_id,
        client_secret_file: section.required("client_secret_file")?.into(),
        refresh_token_file: section.required("refresh_token_file")?.into(),
        bell: bell(section)?,
    });
    polling(section, account, 2 * MINUTE).map(Some)
}

/// How a source of ShareCRM is polled; `None` if its section names no app.
///
/// # Errors
/// [`LoadFault`] with the line and the key.
pub(super) fn sharecrm(section: &Section<'_>) -> Found<Option<Polling>> {
    let Some(app_id) = section.text("app_id")? else { return Ok(None) };
    let host = section.text("host")?.unwrap_or_else(|| "open.fxiaoke.com".to_owned());
    if !SHARECRM_HOSTS.contains(&host.as_str()) {
        let message = format!("{host:?} is none of {}", SHARECRM_HOSTS.join(", "));
        return Err(section.fault("host", message));
    }
    let sign_in = match section.text("sign_in")?.as_deref() {
        None | Some("token") => SignIn::Token,
        Some("corp") => SignIn::Corp,
        Some(_) => return Err(section.fault("sign_in", "must be \"token\" or \"corp\"")),
    };
    let census_ms = census(section, DAY, "it lists every record")?;
    let files = ["callback_token_file", "callback_key_file"].map(|name| section.text(name));
    let callback = match files {
        [Ok(Some(token)), Ok(Some(key))] => Some((token.into(), key.into())),
        [Ok(None), Ok(None)] => None,
        [token, key] => {
            let name = if token?.is_some() { "callback_key_file" } else { "callback_token_file" };
            key?;
            return Err(section.fault(name, "is required: a callback has a token and a key"));
        }
    };
    let account = Account::ShareCrm(ShareCrmAccount {
        api_url: url(section, "api_url")?.unwrap_or_else(|| format!("https://{host}")),
        sign_in,
        app_id,
        app_secret_file: section.required("app_secret_file")?.into(),
        permanent_code_file: section.required("permanent_code_file")?.into(),
        user_id: section.required("user_id")?,
        census_ms,
        push_secret_file: section.text("push_secret_file")?.map(PathBuf::from),
        callback,
    });
    polling(section, account, 2 * MINUTE).map(Some)
}

/// How a source of HubSpot is polled; `None` if its section names no token.
///
/// # Errors
/// [`LoadFault`] with the line and the key.
pub(super) fn hubspot(section: &Section<'_>) -> Found<Option<Polling>> {
    let Some(token_file) = section.text("token_file")? else { return Ok(None) };
    let account = Account::HubSpot(HubSpotAccount {
        api_url: url(section, "api_url")?.unwrap_or_else(|| "https://api.hubapi.com".to_owned()),
        token_file: token_file.into(),
        has_leads: section.switch("leads")?.unwrap_or(false),
        census_ms: census(section, 10 * MINUTE, "it lists every archived record")?,
    });
    // Its search lags behind the records by more than others do.
    polling(section, account, 5 * MINUTE).map(Some)
}

/// How a source of Pipedrive is polled; `None` if its section names no token.
///
/// # Errors
/// [`LoadFault`] with the line and the key.
pub(super) fn pipedrive(section: &Section<'_>) -> Found<Option<Polling>> {
    let Some(token_file) = section.text("token_file")? else { return Ok(None) };
    let account = Account::Pipedrive(PipedriveAccount {
        api_url: url(section, "api_url")?.unwrap_or_else(|| "https://api.pipedrive.com".to_owned()),
        token_file: token_file.into(),
        census_ms: census(section, HOUR, "it lists every lead")?,
    });
    polling(section, account, MINUTE).map(Some)
}

/// How often records are listed that no list of changes has.
fn census(section: &Section<'_>, default: i64, why: &str) -> Found<i64> {
    let census_ms = duration(section, "census", default)?;
    if census_ms < MINUTE {
        return Err(section.fault("census", format!("must be at least \"1m\"; {why}")));
    }
    Ok(census_ms)
}

/// Where Zoho rings; `None` if it does not.
fn bell(section: &Section<'_>) -> Found<Option<Bell>> {
    match (section.text("notify_url")?, section.text("notify_token_file")?) {
        (None, None) => Ok(None),
        (Some(url), Some(_)) if !url.starts_with("https://") => {
            Err(section.fault("notify_url", "must begin with https://: Zoho rings at no other address"))
        }
        (Some(url), Some(file)) => Ok(Some(Bell { url, token_file: file.into() })),
        (Some(_), None) => Err(section.fault("notify_token_file", "is required: every ring must carry the token")),
        (None, Some(_)) => Err(section.fault("notify_url", "is required: where Zoho rings, such as https://…/in/NAME")),
    }
}

fn polling(section: &Section<'_>, account: Account, overlap_ms: i64) -> Found<Polling> {
    let interval_ms = interval(section)?;
    let since = section.text("since")?.map(|text| {
        let wrong = || section.fault("since", "must be RFC 3339 with an offset, such as 2026-01-01T00:00:00+08:00");
        Time::parse(&text).ok_or_else(wrong)
    });
    Ok(Polling {
        interval_ms,
        overlap_ms: duration(section, "overlap", overlap_ms)?,
        hold_ms: duration(section, "hold", 2 * MINUTE)?,
        since: since.transpose()?,
        daily_calls: section.whole("daily_calls")?,
        account,
    })
}

/// Between the beginnings of two looks.
pub(super) fn interval(section: &Section<'_>) -> Found<i64> {
    let interval_ms = duration(section, "interval", MINUTE)?;
    if interval_ms < SHORTEST_INTERVAL {
        return Err(section.fault("interval", "must be at least \"5s\"; a minute spares the calls of your CRM"));
    }
    Ok(interval_ms)
}

fn duration(section: &Section<'_>, name: &str, default: i64) -> Found<i64> {
    let Some(text) = section.text(name)? else { return Ok(default) };
    parse_duration(&text).ok_or_else(|| section.fault(name, "must be a duration such as \"30s\", \"5m\" or \"1h\""))
}

/// An address without its path. Without TLS the secrets could be read on the way, so that is for this machine only.
fn url(section: &Section<'_>, name: &str) -> Found<Option<String>> {
    let Some(text) = section.text(name)? else { return Ok(None) };
    let is_local = ["http://127.0.0.1", "http://localhost", "http://[::1]"]
        .iter()
        .any(|start| text.strip_prefix(start).is_some_and(|rest| rest.is_empty() || rest.starts_with(':')));
    if !is_local && !text.starts_with("https://") {
        return Err(section.fault(name, "must begin with https://; http:// is only for this machine"));
    }
    Ok(Some(text.trim_end_matches('/').to_owned()))
}

/// The secret in a file, without white space around it.
///
/// # Errors
/// A sentence that names the file.
pub fn secret(path: &Path) -> Result<String, String> {
    use std::io::Read as _;
    let cannot = |error: std::io::Error| format!("cannot read the secret in {}: {error}", path.display());
    let mut text = String::new();
    std::fs::File::open(path).map_err(cannot)?.take(LARGEST_SECRET).read_to_string(&mut text).map_err(cannot)?;
    match text.trim() {
        "" => Err(format!("{} holds no secret: it is empty", path.display())),
        secret if secret.contains(char::is_whitespace) => {
            Err(format!("{} holds more than one word, so nobody knows which is the secret", path.display()))
        }
        secret => Ok(secret.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connect::sources::{Defaults, Way, load};

    fn polling(keys: &str) -> Result<Option<Polling>, String> {
        let text = format!("[source.crm]\nkind = \"zoho\"\n{keys}");
        let sources = load(&text, "sources.toml", &Defaults::default()).map_err(|fault| fault.to_string())?;
        match sources.into_values().next().unwrap().way {
            None => Ok(None),
            Some(Way::Poll(polling)) => Ok(Some(*polling)),
            Some(_) => panic!("another way"),
        }
    }

    const CLIENT: &str = "client_id = \"1000.A\"\nclient_secret_file = \"/s\"\nrefresh_token_file = \"/r\"\n";

    #[test]
    fn a_client_makes_a_source_that_is_polled() {
        assert_eq!(polling(""), Ok(None));
        let cn = polling(&format!("{CLIENT}data_centre = \"com.cn\"\ninterval = \"30s\"")).unwrap().unwrap();
        let Account::Zoho(account) = cn.account else { panic!("another vendor") };
        assert_eq!((account.accounts_url.as_str(), cn.interval_ms), ("https://accounts.zoho.com.cn", 30_000));
        assert_eq!(account.api_url, "https://www.zohoapis.com.cn");
        let sandbox = polling(&format!("{CLIENT}data_centre = \"ca\"\nenvironment = \"sandbox\"")).unwrap().unwrap();
        let Account::Zoho(account) = sandbox.account else { panic!("another vendor") };
        assert_eq!(account.api_url, "https://sandbox.zohoapis.ca");
        assert_eq!(account.accounts_url, "https://accounts.zohocloud.ca");
    }

    #[test]
    fn what_cannot_be_polled_is_refused_with_line_and_key() {
        let refused = |keys: &str| polling(&format!("{CLIENT}{keys}")).unwrap_err();
        let all = [
            "",
            "data_centre = \"cn\"",
            "data_centre = \"eu\"\ninterval = \"1s\"",
            "data_centre = \"eu\"\nsince = \"2026\"",
            "data_centre = \"eu\"\napi_url = \"http://crm.example.com\"",
            "data_centre = \"eu\"\napi_url = \"http://127.0.0.1.example.com\"",
        ]
        .map(refused);
        insta::assert_snapshot!(all.join("\n"), @r#"
        sources.toml, line 1: source.crm.data_centre: is required
        sources.toml, line 6: source.crm.data_centre: "cn" is none of com, eu, in, com.au, jp, sa, com.cn, ca: what your Zoho address ends with
        sources.toml, line 7: source.crm.interval: must be at least "5s"; a minute spares the calls of your CRM
        sources.toml, line 7: source.crm.since: must be RFC 3339 with an offset, such as 2026-01-01T00:00:00+08:00
        sources.toml, line 7: source.crm.api_url: must begin with https://; http:// is only for this machine
        sources.toml, line 7: source.crm.api_url: must begin with https://; http:// is only for this machine
        "#);
    }
}
