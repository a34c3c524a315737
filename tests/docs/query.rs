//! The typed query answers what the text exposition says, and the catalogue's entries say what their values do.

use std::collections::BTreeMap;

use salespulse::engine::board::{Reading, SubjectName};
use salespulse::kpi::{Better, Catalogue, Family, NoInstance, Query, every_family};
use salespulse::model::rules::Scope;
use salespulse::model::value::Value;

use crate::docs::small_team;

fn reading() -> Reading {
    small_team::reading(&small_team::events())
}

/// A series as the exposition names it.
fn series(family: &Family, subject: &SubjectName, labels: &[(&str, &str)]) -> String {
    let own: Vec<(&str, &str)> = match subject {
        SubjectName::Rep { rep, team } => vec![("rep", rep), ("team", team)],
        SubjectName::Team(team) => vec![("team", team)],
        SubjectName::Region(region) => vec![("region", region)],
        SubjectName::Org => Vec::new(),
        SubjectName::Channel(channel) => vec![("channel", channel)],
    };
    let all: Vec<String> = own.iter().chain(labels).map(|(name, value)| format!("{name}=\"{value}\"")).collect();
    if all.is_empty() { family.name().to_owned() } else { format!("{}{{{}}}", family.name(), all.join(",")) }
}

#[test]
fn every_sample_of_the_text_is_the_answer_to_a_query_by_its_labels() {
    let reading = reading();
    let catalogue = Catalogue::whole(&reading.rules).unwrap();
    let minor_per_major = reading.rules.reporting_currency().minor_per_major();
    let mut answered: BTreeMap<String, f64> = BTreeMap::new();
    // Reasons are names of a reading, not of the rules, so no label leads to them.
    let is_of_the_rules = |name: &str| !name.ends_with("_lost_by_reason");
    for family in catalogue.families().iter().filter(|family| is_of_the_rules(family.name())) {
        for known in family.instances() {
            let labels = family.labels(*known, &reading.rules);
            let instance = family.instance(&labels, &reading.rules).unwrap();
            assert_eq!(instance, *known, "{}", family.name());
            let query = Query::new(family, instance, &reading);
            let subjects = reading.subjects.get(family.scope());
            for (subject, value) in subjects.iter().zip(query.values()) {
                let Some(value) = value else { continue };
                let mut text = String::new();
                value.write(&mut text, minor_per_major);
                answered.insert(series(family, &subject.name, &labels), text.parse().unwrap());
            }
        }
    }
    let mut written = small_team::series(&small_team::events());
    written.retain(|name, _| is_of_the_rules(name.split('{').next().unwrap()));
    written.retain(|name, _| name.starts_with("sales_") && !name.starts_with("sales_rep_info"));
    assert_eq!(answered, written);
}

#[test]
fn additive_values_are_exact_and_add_up_to_the_organisation() {
    let reading = reading();
    let catalogue = Catalogue::whole(&reading.rules).unwrap();
    for org in catalogue.families().iter().filter(|family| family.scope() == Scope::Org && family.kpi().additive) {
        let Some(team) = catalogue.find(Scope::Team, org.kpi().name) else { continue };
        for instance in org.instances() {
            let exact = |values: Vec<Option<Value>>| -> i128 {
                let exact = values.into_iter().flatten().map(|value| match value {
                    Value::Count(exact) | Value::Money(exact) => exact,
                    Value::Real(real) => panic!("{} is {real}", org.name()),
                });
                exact.sum()
            };
            let whole = exact(Query::new(org, *instance, &reading).values());
            let sum = exact(Query::new(team, *instance, &reading).values());
            assert_eq!(sum, whole, "{} {instance:?}", org.name());
        }
    }
}

#[test]
fn ranks_by_the_query_are_those_of_the_gauge() {
    let reading = reading();
    let catalogue = Catalogue::whole(&reading.rules).unwrap();
    let gauge = catalogue.find(Scope::Rep, "rank").unwrap();
    let revenue = catalogue.find(Scope::Rep, "revenue").unwrap();
    let labels = [("by", "revenue"), ("window", "mtd")];
    let ranked = Query::new(gauge, gauge.instance(&labels, &reading.rules).unwrap(), &reading).values();
    let by = revenue.instance(&labels, &reading.rules).unwrap();
    let ranking = Query::new(revenue, by, &reading).ranking();
    let own: Vec<Option<Value>> =
        ranking.ranks.iter().map(|rank| rank.map(|rank| Value::Count(rank as i128))).collect();
    assert_eq!(own, ranked);
    assert!(ranking.ranks.iter().flatten().count() > 1);
    assert!(!gauge.is_rankable() && revenue.is_rankable());
}

#[test]
fn the_smaller_value_stands_first_where_it_is_better() {
    let reading = reading();
    let catalogue = Catalogue::whole(&reading.rules).unwrap();
    let lost = catalogue.find(Scope::Rep, "lost").unwrap();
    assert_eq!(lost.kpi().better, Better::Less);
    let instance = lost.instance(&[("window", "mtd")], &reading.rules).unwrap();
    let ranking = Query::new(lost, instance, &reading).ranking();
    let least = ranking.values.iter().zip(&ranking.ranks).filter(|(_, rank)| rank.is_some());
    let first = least.min_by(|(left, _), (right, _)| left.unwrap().compare(&right.unwrap())).unwrap();
    assert_eq!(first.1, &Some(1));
}

#[test]
fn the_previous_window_of_a_team_is_its_family_of_that_name() {
    let reading = reading();
    let catalogue = Catalogue::whole(&reading.rules).unwrap();
    for name in ["leads", "stage_entries", "revenue"] {
        let family = catalogue.find(Scope::Team, name).unwrap();
        let previous = catalogue.find(Scope::Team, &format!("{name}_previous")).unwrap();
        for instance in family.instances() {
            let ranking = family.previous(*instance, &reading).unwrap();
            assert_eq!(ranking.values, Query::new(previous, *instance, &reading).values(), "{name}");
        }
    }
}

#[test]
fn labels_choose_an_instance_or_say_what_is_allowed() {
    let reading = reading();
    let rules = &reading.rules;
    let catalogue = Catalogue::whole(rules).unwrap();
    let family = catalogue.find(Scope::Rep, "stage_entries").unwrap();
    let missing = family.instance(&[("stage", "won")], rules).unwrap_err();
    let windows: Vec<String> = rules.windows.rep.iter().map(|window| window.name().to_owned()).collect();
    assert_eq!(missing, NoInstance::Missing { label: "window", allowed: windows });
    let unknown = family.instance(&[("stage", "lead"), ("window", "mtd")], rules).unwrap_err();
    assert!(matches!(unknown, NoInstance::Unknown { label: "stage", .. }), "{unknown:?}");
    let revenue = catalogue.find(Scope::Org, "revenue").unwrap();
    assert!(revenue.instance(&[("window", "mtd")], rules).is_ok(), "the currency is no choice");
}

#[test]
fn the_whole_catalogue_has_what_is_not_exposed() {
    let mut rules = (*reading().rules).clone();
    rules.expose.rep = Some(Vec::new());
    assert!(Catalogue::new(&rules).unwrap().find(Scope::Rep, "revenue").is_none());
    assert_eq!(Catalogue::whole(&rules).unwrap().families().len(), every_family().len());
}
