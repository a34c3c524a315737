//! What `connect check` says of accounts, of those in which something is wrong too.

use salespulse::connect::exchange::Exchange;
use salespulse::connect::finding::Finding;
use salespulse::connect::sources::Source;
use salespulse::model::time::MINUTE;

use super::course::Vendor;
use super::{hubspot, pipedrive};

/// What `connect check` prints of an account in which people have worked for a while.
fn said<V: Vendor>(mut server: V, prepare: &dyn Fn(&mut V), source: &Source) -> Vec<String> {
    server.be_busy(false);
    for _ in 0..60 {
        server.act();
        server.organisation().now += 1_000;
    }
    server.organisation().now += 10 * MINUTE;
    prepare(&mut server);
    let mut crm = server.poller();
    let exchange: &mut dyn Exchange = &mut server;
    shown(crm.check(source, exchange))
}

/// Findings as they are printed.
pub(super) fn shown(findings: Vec<Finding>) -> Vec<String> {
    let line = |finding: Finding| match finding {
        Finding::Right(sentence) => format!("ok: {sentence}"),
        Finding::Note(sentence) => format!("note: {sentence}"),
        Finding::Wrong(sentence) => format!("WRONG: {sentence}"),
    };
    findings.into_iter().map(line).collect()
}

pub(super) fn assert_begin(lines: &[String], expected: &[&str]) {
    assert_eq!(lines.len(), expected.len(), "{lines:#?}");
    for (line, expected) in lines.iter().zip(expected) {
        assert!(line.starts_with(expected), "{expected} is expected of {lines:#?}");
    }
}

/// What is printed of a server to which something has happened, beside what is printed of one as it should be.
fn assert_differs<V: Vendor>(well: &[String], server: V, prepare: &dyn Fn(&mut V), expected: &[&str]) {
    let new: Vec<String> =
        said(server, prepare, &V::source(0)).into_iter().filter(|line| !well.contains(line)).collect();
    assert_begin(&new, expected);
}

pub(crate) fn try_hubspot() {
    let server = || hubspot::Server::new(1);
    let well = said(server(), &|_| {}, &hubspot::Server::source(0));
    let expected = [
        "ok: the token is taken",
        "note: this machine's clock is 90 s away from HubSpot's; ",
        "ok: the history of stages ends with the present one (",
        "ok: leads can be read",
        "ok: deals have all 11 properties that are read; the names of deal_currency_code, hubspot_owner_id were presumed",
        "ok: leads have all 4 properties that are read; the names of hubspot_owner_id, hs_contact_analytics_source were",
        "ok: all 3 owners can be read",
        "ok: all 6 stages are in [tables.stages]",
    ];
    assert_begin(&well, &expected);
    let differs = |prepare: &dyn Fn(&mut hubspot::Server), expected: &[&str]| {
        assert_differs(&well, server(), prepare, expected);
    };
    let refused =
        "cannot be read: the CRM does not allow this: MISSING_SCOPES: no scope; the private app needs the scope";
    let (leads, deals) = (format!("WRONG: leads {refused} crm.objects.leads.read"), format!("WRONG: deals {refused}"));
    differs(&|server| server.refuses = Some("leads/search"), &[&leads]);
    differs(&|server| server.refuses = Some("deals/search"), &[&deals, "note: there are no deals yet"]);
    let unknown =
        "note: nobody knows whether deals have deal_currency_code, hubspot_owner_id, whose names are presumed: ";
    differs(&|server| server.refuses = Some("properties/deals"), &[unknown]);
    let nobody = ["deals", "leads"].map(|object| format!("WRONG: {object} have no property hubspot_owner_id, without"));
    differs(&|server| server.lacks = Some("hubspot_owner_id"), &[&nobody[0], &nobody[1]]);
    let currency = "note: deals have no property deal_currency_code: the events do without";
    differs(&|server| server.lacks = Some("deal_currency_code"), &[currency]);
    differs(&|server| server.loses_history = true, &["WRONG: the history of stages of the deals "]);
    let one_stage = super::source("[source.h]\nkind = \"hubspot\"\n[source.h.tables.stages]\n\"S0\" = \"contacted\"\n");
    let lines = said(server(), &|_| {}, &one_stage);
    let missing = lines.iter().find(|line| line.starts_with("WRONG: [tables.stages] has no entry for \"S1\" (S1), "));
    assert!(missing.is_some(), "{lines:#?}");
}

pub(crate) fn try_pipedrive() {
    let server = || pipedrive::Server::new(1);
    let well = said(server(), &|_| {}, &pipedrive::Server::source(0));
    let expected = [
        "ok: the token is taken, and deals can be read",
        "note: this machine's clock is 90 s away from Pipedrive's; ",
        "ok: the token is that of an administrator",
        "ok: the changelogs end with the present stage and status (",
        "ok: leads can be read",
        "ok: all 4 stages are in [tables.stages]",
    ];
    assert_begin(&well, &expected);
    let differs = |prepare: &dyn Fn(&mut pipedrive::Server), expected: &[&str]| {
        assert_differs(&well, server(), prepare, expected);
    };
    let refused = "cannot be read: the CRM does not allow this: scope and URL mismatch";
    let (deals, leads, logs) =
        (format!("WRONG: deals {refused}"), format!("WRONG: leads {refused}"), format!("WRONG: changelogs {refused}"));
    differs(&|server| server.refuses = Some("v2/deals"), &[&deals]);
    differs(&|server| server.refuses = Some("/leads"), &[&leads]);
    differs(&|server| server.refuses = Some("/changelog"), &[&logs]);
    differs(&|server| server.refuses = Some("/stages"), &["note: the stages cannot be compared: "]);
    differs(&|server| server.refuses = Some("/users/me"), &["note: nobody knows whose token it is: "]);
    differs(&|server| server.is_admin = false, &["note: the token is not that of an administrator; "]);
    differs(&pipedrive::Server::lose_changes, &["WRONG: the changelogs of the deals "]);
    let one_stage =
        super::source("[source.p]\nkind = \"pipedrive\"\n[source.p.tables.stages]\n\"1\" = \"contacted\"\n");
    let lines = said(server(), &|_| {}, &one_stage);
    let missing =
        lines.iter().find(|line| line.starts_with("WRONG: [tables.stages] has no entry for \"2\" (stage 2), "));
    assert!(missing.is_some(), "{lines:#?}");
}
