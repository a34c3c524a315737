//! A fake of Zoho CRM: few records, over real HTTP.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use salespulse::model::time::{Clock, DAY};
use serde_json::{Value, json};

use crate::crm::ZOHO;
use crate::harness::ports::free_port;

#[derive(Default)]
struct Crm {
    leads: BTreeMap<String, Value>,
    deals: BTreeMap<String, (Value, Vec<Value>)>,
    is_revoked: bool,
    /// How often deals were listed.
    cycles: usize,
    /// Everything that went over the line.
    said: String,
}

/// Its thread ends with the test program.
pub(crate) struct FakeZoho {
    address: String,
    crm: Arc<Mutex<Crm>>,
}

fn instant(hour: u8) -> String {
    format!("2026-01-05T{hour:02}:00:00+08:00")
}

impl FakeZoho {
    pub(crate) fn start() -> FakeZoho {
        let address = format!("127.0.0.1:{}", free_port());
        let listener = TcpListener::bind(&address).expect("the port is free");
        let crm = Arc::<Mutex<Crm>>::default();
        let shared = Arc::clone(&crm);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let shared = Arc::clone(&shared);
                std::thread::spawn(move || serve(&stream, &shared));
            }
        });
        FakeZoho { address, crm }
    }

    /// The source `crm` that reads it, without its tables.
    pub(crate) fn source(&self) -> String {
        let crm = &self.address;
        format!(
            r#"{ZOHO}accounts_url = "http://{crm}"
api_url = "http://{crm}"
interval = "5s"
hold = "0s"
"#
        )
    }

    fn crm(&self) -> std::sync::MutexGuard<'_, Crm> {
        self.crm.lock().expect("no thread has panicked")
    }

    pub(super) fn lead(&self, id: &str, deal: Option<&str>) {
        let record = json!({
            "id": id, "Lead_Source": "web", "Owner": { "id": "r1", "name": "Zhang Wei", "email": "zhang@example.test" },
            "Created_Time": instant(0), "Modified_Time": instant(1), "Converted__s": deal.is_some(),
            "Converted_Deal": deal.map(|deal| json!({ "id": deal })), "Full_Name": "Zhang Wei",
        });
        self.crm().leads.insert(id.to_owned(), record);
    }

    /// A deal with the rows of its history: id, stage and hour.
    pub(crate) fn deal(&self, id: &str, rows: &[(&str, &str, u8)]) {
        let (_, stage, hour) = rows.last().expect("a stage");
        let deal = json!({
            "id": id, "Stage": stage, "Amount": 1_234_567.89, "Currency": "CNY", "Deal_Name": "Zhang Wei",
            "Account_Name": { "id": "c1", "name": "Zhang Wei" }, "Owner": { "id": "r1", "name": "Zhang Wei" },
            "Created_Time": instant(rows[0].2), "Modified_Time": instant(*hour), "Stage_Modified_Time": instant(*hour),
        });
        let row = |(place, (row, stage, hour)): (usize, &(&str, &str, u8))| {
            json!({
                "id": row, "Stage": stage, "Potential_Name": { "id": id, "name": "Zhang Wei" }, "Amount": 1_234_567.89,
                "Moved_To__s": rows.get(place + 1).map(|next| next.1), "Modified_Time": instant(*hour),
            })
        };
        let rows = rows.iter().enumerate().map(row).collect();
        self.crm().deals.insert(id.to_owned(), (deal, rows));
    }

    pub(super) fn revoke(&self, is_revoked: bool) {
        self.crm().is_revoked = is_revoked;
    }

    pub(super) fn cycles(&self) -> usize {
        self.crm().cycles
    }

    pub(super) fn has_said(&self, word: &str) -> bool {
        self.crm().said.contains(word)
    }
}

impl Crm {
    fn answer(&mut self, path: &str) -> (u16, Value) {
        if path.ends_with("/token") {
            let revoked = json!({ "error": "invalid_code" });
            return (200, if self.is_revoked { revoked } else { json!({ "access_token": "t", "expires_in": 3600 }) });
        }
        if self.is_revoked {
            return (401, json!({ "code": "INVALID_TOKEN", "message": "invalid oauth token", "status": "error" }));
        }
        let path = path.strip_prefix("/crm/v8/").expect("the API").split('?').next().unwrap_or_default();
        let newest_first = |mut rows: Vec<Value>| {
            rows.sort_by_key(|row| std::cmp::Reverse(row["Modified_Time"].as_str().map(str::to_owned)));
            rows
        };
        let records: Vec<Value> = match path.split('/').collect::<Vec<_>>().as_slice() {
            ["Leads"] => self.leads.values().cloned().collect(),
            ["Deals"] => {
                self.cycles += 1;
                self.deals.values().map(|(deal, _)| deal.clone()).collect()
            }
            ["DealHistory"] => newest_first(self.deals.values().flat_map(|(_, rows)| rows.clone()).collect()),
            ["Deals", id, "Stage_History"] => newest_first(self.deals[*id].1.clone()),
            ["Deals", id] if *id != "deleted" => vec![self.deals[*id].0.clone()],
            ["actions", "watch"] => {
                let ends = Clock::System.now().plus(7 * DAY);
                let details = json!({ "events": [{ "channel_expiry": ends.to_string() }] });
                return (201, json!({ "watch": [{ "status": "success", "details": details }] }));
            }
            ["settings", "fields"] => {
                let values = ["Qualification", "Proposal/Price Quote", "Closed Won", "Strange"];
                let values = values.map(|value| json!({ "display_value": value, "actual_value": value }));
                return (200, json!({ "fields": [{ "api_name": "Stage", "pick_list_values": values }] }));
            }
            _ => Vec::new(),
        };
        let status = if records.is_empty() { 204 } else { 200 };
        (status, json!({ "data": records, "info": { "more_records": false } }))
    }
}

fn serve(stream: &TcpStream, crm: &Mutex<Crm>) -> Option<()> {
    stream.set_read_timeout(Some(Duration::from_secs(60))).ok()?;
    let (mut reader, mut writer) = (BufReader::new(stream), stream);
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok().filter(|length| *length > 0)?;
        let path = line.split(' ').nth(1)?.to_owned();
        let mut length = 0;
        while line.trim() != "" {
            line.clear();
            reader.read_line(&mut line).ok()?;
            if let Some((name, value)) = line.split_once(':')
                && name.eq_ignore_ascii_case("content-length")
            {
                length = value.trim().parse().ok()?;
            }
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body).ok()?;
        let (status, json) = crm.lock().ok()?.answer(&path);
        let text = if status == 204 { String::new() } else { json.to_string() };
        let mut answer = format!("HTTP/1.1 {status} Fake\r\nContent-Type: application/json\r\n");
        if status != 204 {
            let _ = write!(answer, "Content-Length: {}\r\n", text.len());
        }
        let _ = write!(answer, "\r\n{text}");
        let mut crm = crm.lock().ok()?;
        crm.said += &String::from_utf8_lossy(&body);
        crm.said += &text;
        drop(crm);
        writer.write_all(answer.as_bytes()).ok()?;
    }
}
