//! Which paths are whose.

use crate::config::Role;

/// What a path needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Right {
    /// Nothing: whether the process answers is no secret.
    Anybody,
    /// The metrics.
    Metrics,
    /// Whether the numbers may be read.
    Readiness,
    /// The page and its files.
    Page,
    /// The description of the API.
    Document,
    /// The API; each view judges what of it.
    Api,
}

impl Right {
    pub(crate) fn of(path: &str) -> Right {
        match path {
            "/livez" => Right::Anybody,
            "/metrics" | "/metrics/health" => Right::Metrics,
            "/readyz" => Right::Readiness,
            "/openapi.json" => Right::Document,
            _ if path.starts_with("/api/") => Right::Api,
            _ => Right::Page,
        }
    }

    /// The closed set of words for paths in metrics.
    pub(crate) fn path_word(path: &str) -> &'static str {
        const PATHS: [&str; 12] = [
            "/",
            "/livez",
            "/readyz",
            "/metrics",
            "/metrics/health",
            "/openapi.json",
            "/api/v1/meta",
            "/api/v1/leaderboard",
            "/api/v1/kpis",
            "/api/v1/funnel",
            "/api/v1/deals",
            "/api/v1/stream",
        ];
        let known = PATHS.into_iter().find(|known| *known == path);
        known.unwrap_or(if path.starts_with("/assets/") { "/assets" } else { "other" })
    }

    pub(crate) fn is_of(self, role: Role) -> bool {
        use Role::{Admin, Display, Manager, Rep, Scraper, Viewer};
        match self {
            Right::Anybody => true,
            Right::Metrics => matches!(role, Admin | Scraper),
            Right::Readiness => matches!(role, Viewer | Rep | Manager | Admin | Scraper),
            Right::Document => matches!(role, Viewer | Rep | Manager | Admin),
            Right::Page | Right::Api => matches!(role, Viewer | Rep | Manager | Admin | Display),
        }
    }
}
