//! The organisation's records as ShareCRM's open API has them.

use salespulse::connect::json::Json;

use crate::crm::books::Person;
use crate::crm::organisation::{Organisation, id_of_customer, id_of_rep};

pub(super) fn lead(organisation: &Organisation, place: usize) -> Json {
    let lead = &organisation.leads[place];
    Json::object([
        ("_id", Json::text_of(lead.id.as_str())),
        ("source", Json::text_of(format!("channel-{}", lead.channel))),
        ("owner", Json::Array(vec![Json::text_of(id_of_rep(lead.owner))])),
        ("data_own_department", Json::Array(vec![Json::text_of("east")])),
        ("create_time", Json::number_of(lead.created)),
        ("last_modified_time", Json::number_of(lead.deleted.unwrap_or(lead.modified))),
        ("life_status", Json::text_of(if lead.deleted.is_some() { "invalid" } else { "normal" })),
    ])
}

pub(super) fn payment(organisation: &Organisation, place: usize) -> Json {
    let payment = &organisation.books.payments[place];
    let names =
        if payment.is_refund { ["refunded_amount", "refunded_time"] } else { ["payment_amount", "payment_time"] };
    Json::object([
        ("_id", Json::text_of(payment.id.as_str())),
        (names[0], Json::text_of(payment.amount.to_string())),
        (names[1], Json::number_of(payment.created)),
        ("mc_currency", Json::text_of("CNY")),
        ("account_id", Json::text_of("customer")),
        ("owner", Json::Array(vec![Json::text_of(id_of_rep(payment.owner))])),
        ("data_own_department", Json::Array(vec![Json::text_of("east")])),
        ("create_time", Json::number_of(payment.created)),
        ("last_modified_time", Json::number_of(payment.modified)),
        ("life_status", Json::text_of(if payment.deleted.is_some() { "invalid" } else { "normal" })),
    ])
}

pub(super) fn person(person: &Person) -> Json {
    Json::object([
        ("openUserId", Json::text_of(person.id.as_str())),
        ("isStop", Json::Bool(!person.is_active)),
        ("mainDepartmentId", Json::text_of("east")),
        ("createTime", Json::number_of(person.joined)),
    ])
}

pub(super) fn deal(organisation: &Organisation, place: usize) -> Json {
    let deal = &organisation.deals[place];
    let step = deal.steps.last().expect("a stage");
    let (stage, status) = match step.stage {
        4 => ("9".to_owned(), "2"),
        5 => ("3".to_owned(), "3"),
        stage => (stage.to_string(), "1"),
    };
    Json::object([
        ("_id", Json::text_of(deal.id.as_str())),
        ("sales_stage", Json::text_of(stage)),
        ("sales_stage__r", Json::text_of(format!("阶段 {}", step.stage))),
        ("sales_status", Json::text_of(status)),
        ("sales_status__r", Json::text_of("状态")),
        ("stg_changed_time", Json::number_of(step.at)),
        ("amount", Json::text_of(deal.amount.to_string())),
        ("mc_currency", Json::text_of("CNY")),
        ("account_id", Json::text_of(id_of_customer(&deal.id))),
        ("leads_id", Json::optional(deal.came_from.as_deref())),
        ("owner", Json::Array(vec![Json::text_of(id_of_rep(deal.owner))])),
        ("data_own_department", Json::Array(vec![Json::text_of("east")])),
        ("create_time", Json::number_of(deal.created)),
        ("last_modified_time", Json::number_of(deal.deleted.unwrap_or(deal.modified))),
        ("life_status", Json::text_of(if deal.deleted.is_some() { "invalid" } else { "normal" })),
    ])
}
