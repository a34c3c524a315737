//! 纷享销客 ShareCRM: pages of `data/query`, lists of users, and what a tenant's function posts.

use std::collections::BTreeMap;

use super::{Payload, Reader, Reading};
use crate::connect::json::Json;

/// The objects that are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Object {
    /// 线索.
    Leads,
    /// 商机 2.0.
    Deals,
    /// 回款.
    Payments,
    /// 退款.
    Refunds,
    /// Users.
    Users,
}

impl Object {
    /// The stream of the mapping.
    #[must_use]
    pub const fn stream(self) -> &'static str {
        match self {
            Object::Leads => "leads",
            Object::Deals => "deals",
            Object::Payments => "payments",
            Object::Refunds => "refunds",
            Object::Users => "users",
        }
    }

    /// The object of an API name.
    #[must_use]
    pub fn from_api_name(name: &str) -> Option<Object> {
        Some(match name {
            "LeadsObj" => Object::Leads,
            "NewOpportunityObj" => Object::Deals,
            "PaymentObj" => Object::Payments,
            "RefundObj" => Object::Refunds,
            _ => return None,
        })
    }

    /// The name in the API.
    #[must_use]
    pub const fn api_name(self) -> &'static str {
        match self {
            Object::Leads => "LeadsObj",
            Object::Deals => "NewOpportunityObj",
            Object::Payments => "PaymentObj",
            Object::Refunds => "RefundObj",
            Object::Users => "PersonnelObj",
        }
    }
}

/// Reads pages and pushes of any object together.
pub(super) fn read(payloads: &[Payload], reader: &Reader) -> Reading {
    let mut reading = Reading::default();
    let mut latest: BTreeMap<(Object, &str), (&Json, bool)> = BTreeMap::new();
    for payload in payloads {
        let mut found = records(&payload.json).peekable();
        if found.peek().is_none() {
            reading.skip(&payload.name, "holds no records");
        }
        for (hint, is_void, record) in found {
            let Some(object) = object_of(record, hint, &payload.name) else {
                reading.skip(&payload.name, "holds a record of an object that is not read");
                continue;
            };
            let id = record.word("/_id").or_else(|| record.word("/openUserId")).unwrap_or_default();
            let modified = |record: &Json| record.word("/last_modified_time").and_then(|ms| ms.parse::<i64>().ok());
            let is_older = latest.get(&(object, id)).is_some_and(|(known, _)| modified(known) > modified(record));
            if !is_older {
                latest.insert((object, id), (record, is_void));
            }
        }
    }
    let with_deals: Vec<&str> = latest
        .iter()
        .filter(|((object, _), _)| *object == Object::Deals)
        .filter_map(|(_, (deal, _))| deal.word("/leads_id"))
        .collect();
    for ((object, id), (record, is_void)) in &latest {
        let has_deal = *object == Object::Leads && with_deals.contains(id);
        reading.add(object.stream(), document(*object, record, *is_void, has_deal, reader));
    }
    reading
}

/// The records of a payload, each with the object that the payload names and whether it says that they are void.
fn records(json: &Json) -> impl Iterator<Item = (Option<Object>, bool, &Json)> {
    let named = json.word("/object").and_then(Object::from_api_name);
    let is_push = json.word("/object").is_some();
    let is_void = is_push && json.word("/trigger") == Some("void");
    let pushed = json.at("/data").filter(|_| is_push).into_iter();
    let listed = json.items("/data/dataList").iter();
    let single = json.at("/data/_id").filter(|_| !is_push).and_then(|_| json.at("/data")).into_iter();
    let users = json.items("/userList").iter().map(|user| (Some(Object::Users), false, user));
    pushed.chain(listed).chain(single).map(move |record| (named, is_void, record)).chain(users)
}

/// The object of a record: as it is named, or by the fields that only it has.
fn object_of(record: &Json, hint: Option<Object>, name: &str) -> Option<Object> {
    let has = |name: &str| record.at(name).is_some();
    let described = record.word("/object_describe_api_name").and_then(Object::from_api_name);
    let by_fields = || match () {
        () if has("/sales_stage") || has("/stg_changed_time") || has("/sales_status") => Some(Object::Deals),
        () if has("/refunded_amount") || has("/refunded_time") => Some(Object::Refunds),
        () if has("/payment_time") || has("/payment_amount") => Some(Object::Payments),
        () if has("/biz_status") || has("/leads_pool_id") => Some(Object::Leads),
        () => None,
    };
    let by_name = || {
        let name = name.to_ascii_lowercase();
        let hints = [
            ("opportunity", Object::Deals),
            ("lead", Object::Leads),
            ("refund", Object::Refunds),
            ("payment", Object::Payments),
        ];
        hints.into_iter().find(|(hint, _)| name.contains(hint)).map(|(_, object)| object)
    };
    hint.or(described).or_else(by_fields).or_else(by_name)
}

/// A record with the journey it belongs to and the state it is in.
///
/// The state is `live`, `pending` (not yet approved), `void`, or `gone`: a voided lead whose journey a deal goes on with.
#[must_use]
pub fn document(object: Object, record: &Json, is_void: bool, has_deal: bool, reader: &Reader) -> Json {
    let id = record.word("/_id").unwrap_or_default();
    let lead = record.filled("/leads_id").filter(|_| object == Object::Deals);
    let is_void = is_void
        || record.word("/life_status") == Some("invalid")
        || matches!(record.word("/is_deleted"), Some("true" | "1"));
    let is_converted = has_deal || record.word("/biz_status") == Some("transformed");
    let state = match record.word("/life_status") {
        _ if is_void && object == Object::Leads && is_converted => "gone",
        _ if is_void => "void",
        None | Some("normal") => "live",
        // An edit that waits for approval leaves the deal what it is; money counts once it is approved.
        Some("in_change") if matches!(object, Object::Deals | Object::Leads) => "live",
        Some(_) => "pending",
    };
    let mut document = record.clone();
    document.put("state", Json::text_of(state));
    document.put("journey", Json::text_of(lead.unwrap_or(id)));
    if reader.deals_start_journeys && object == Object::Deals && lead.is_none() {
        let field = |pointer: &str| record.at(pointer).cloned().unwrap_or(Json::Null);
        document.put("start", Json::object([("channel", field("/source")), ("started_at", field("/create_time"))]));
    }
    document
}
