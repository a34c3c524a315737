//! Configuration lines.

use jiff::civil::Date;

use salespulse::model::calendar::{PeriodKind, Zone};
use salespulse::model::money::{Currency, Rates};
use salespulse::model::rules::{PerScope, Pipeline, Rules};
use salespulse::model::time::parse_duration;
use salespulse::model::window::Window;

use crate::configuration::ratio;

/// Applies a configuration line; false if the line is none.
pub(crate) fn apply(rules: &mut Rules, line: &str) -> bool {
    let words: Vec<&str> = line.split_whitespace().collect();
    match words.as_slice() {
        ["zone", name] => rules.zone = Zone::new(name).expect("a zone"),
        ["currency", code] => rules.rates = Rates::new(Currency::from_code(code).expect("a currency")),
        ["rate", day, code, rate] => {
            let day: Date = day.parse().expect("a date");
            assert!(rules.rates.add(day, Currency::from_code(code).expect("a currency"), ratio(rate)), "{line}");
        }
        ["stages", stages @ ..] => {
            rules.pipeline = Pipeline::new(stages.iter().map(|stage| (*stage).to_owned()).collect()).expect(line);
        }
        ["probability", stage, probability] => {
            assert!(rules.pipeline.set_probability(stage, ratio(probability)), "{line}");
        }
        ["stalled", stage, limit] => {
            assert!(rules.pipeline.set_stalled_after(stage, parse_duration(limit).expect(line)), "{line}");
        }
        ["retention", duration] => rules.retention = parse_duration(duration).expect(line),
        ["max_series", limit] => rules.max_series = limit.parse().expect(line),
        ["customer_period", word] => {
            let all = [PeriodKind::Month, PeriodKind::Quarter, PeriodKind::Year];
            rules.customer_period = all.into_iter().find(|kind| kind.name() == *word).expect(line);
        }
        ["market_size", size] => rules.market_size = Some(size.parse().expect(line)),
        ["team_market_size", team, size] => {
            rules.team_market_size.insert((*team).to_owned(), size.parse().expect(line));
        }
        ["windows", scope, windows @ ..] => {
            let named = |window: &Window| windows.contains(&window.name());
            *of_scope(&mut rules.windows, scope) = Window::ALL.into_iter().filter(named).collect();
        }
        ["expose", scope, families @ ..] => {
            *of_scope(&mut rules.expose, scope) = Some(families.iter().map(|family| (*family).to_owned()).collect());
        }
        ["leaderboard", by @ ..] => rules.leaderboard = by.iter().map(|kpi| (*kpi).to_owned()).collect(),
        _ => return false,
    }
    true
}

fn of_scope<'a, T>(scopes: &'a mut PerScope<T>, scope: &str) -> &'a mut T {
    match scope {
        "rep" => &mut scopes.rep,
        "team" => &mut scopes.team,
        "org" => &mut scopes.org,
        "channel" => &mut scopes.channel,
        other => panic!("no such scope: {other}"),
    }
}
