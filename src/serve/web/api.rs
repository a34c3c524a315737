//! The JSON API: answers are computed from one reading, for one asker.

pub(super) mod audit;
mod choice;
mod deals;
mod funnel;
mod handlers;
mod head;
mod kpis;
mod leaderboard;
mod meta;
mod number;
mod openapi;
mod parameters;
mod permission;
mod problem;
mod words;

pub(super) use choice::shows_targets;
pub(super) use handlers::{in_force, router};
pub(super) use number::Number;
pub use openapi::document;
pub(super) use problem::ProblemAnswer;
pub use problem::{Code, Problem};

use serde_json::Value;

use self::funnel::Funnel;
use self::kpis::Kpis;
use self::leaderboard::Leaderboard;
use self::parameters::Parameters;
use crate::config::Board;
use crate::health::Readiness;
use crate::kpi::Catalogue;
use crate::model::rules::Rules;
use crate::serve::access::Asker;
use crate::service::reading_hub::Published;

/// What an answer is computed from.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    /// Every KPI.
    pub catalogue: &'a Catalogue,
    /// The reading.
    pub published: &'a Published,
    /// How the instance is.
    pub readiness: &'a Readiness,
    /// Who asks.
    pub asker: &'a Asker,
    /// The boards of the configuration.
    pub boards: &'a [Board],
}

/// What a question is understood by.
#[derive(Clone, Copy, Debug)]
struct Known<'a> {
    rules: &'a Rules,
    catalogue: &'a Catalogue,
}

impl<'a> Context<'a> {
    fn known(&self) -> Known<'a> {
        Known { rules: &self.published.reading.rules, catalogue: self.catalogue }
    }
}

/// Something to look at: a GET that a stream can keep up to date.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum View {
    /// A board.
    Leaderboard(Leaderboard),
    /// The numbers of a subject.
    Kpis(Kpis),
    /// A funnel.
    Funnel(Funnel),
}

impl View {
    /// Reads a path below `/api/v1` with its query.
    ///
    /// # Errors
    /// [`Problem`] that names the parameter and what it may be.
    pub fn parse(path: &str, query: &str, rules: &Rules, catalogue: &Catalogue) -> Result<View, Problem> {
        let known = Known { rules, catalogue };
        match path {
            "/leaderboard" => {
                let parameters = Parameters::parse(query, &leaderboard::PARAMETERS)?;
                Leaderboard::parse(&parameters, known).map(View::Leaderboard)
            }
            "/kpis" => Kpis::parse(&Parameters::parse(query, &kpis::PARAMETERS)?, known).map(View::Kpis),
            "/funnel" => Funnel::parse(&Parameters::parse(query, &funnel::PARAMETERS)?, known).map(View::Funnel),
            _ => {
                let detail = format!("There is no view {path:?}.");
                Err(Problem::new(Code::BadParameter, detail).of("view", ["/leaderboard", "/kpis", "/funnel"]))
            }
        }
    }

    /// The answer as JSON.
    ///
    /// # Errors
    /// [`Problem`] if there is none, or not for this asker.
    pub fn answer(&self, context: &Context<'_>) -> Result<Value, Problem> {
        self.permit(context)?;
        let json = match self {
            View::Leaderboard(view) => serde_json::to_value(view.answer(context)?),
            View::Kpis(view) => serde_json::to_value(view.answer(context)?),
            View::Funnel(view) => serde_json::to_value(view.answer(context)?),
        };
        json.map_err(|error| Problem::new(Code::Bug, format!("The answer is no JSON: {error}.")))
    }

    /// The answer as comma-separated values; only a board has them.
    fn csv(&self, context: &Context<'_>) -> Option<Result<String, Problem>> {
        let View::Leaderboard(view) = self else { return None };
        if !view.is_csv() {
            return None;
        }
        Some(self.permit(context).and_then(|()| view.csv(context)))
    }

    /// The rep whose numbers these are, with the team where one is asked for.
    #[must_use]
    pub fn rep(&self) -> Option<(&str, Option<&str>)> {
        if let View::Kpis(view) = self { view.rep() } else { None }
    }

    fn permit(&self, context: &Context<'_>) -> Result<(), Problem> {
        permission::permit(self, context)
    }
}
