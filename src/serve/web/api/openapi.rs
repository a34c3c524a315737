//! The OpenAPI document, from the handlers and the types of their answers.

use utoipa::OpenApi;

use super::{handlers, problem::ProblemAnswer};
use crate::serve::web::stream;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "salespulse",
        description = "Live sales KPIs of one organisation. Every number is of one reading, whose instant each answer names."
    ),
    paths(
        handlers::meta,
        handlers::leaderboard,
        handlers::kpis,
        handlers::funnel,
        handlers::deals,
        stream::client::open
    ),
    components(schemas(ProblemAnswer))
)]
struct Document;

/// The document as JSON.
#[must_use]
pub fn document() -> String {
    // A document without maps of odd keys always has a JSON text.
    Document::openapi().to_json().unwrap_or_default()
}
