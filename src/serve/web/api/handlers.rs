//! The handlers of the API's paths.

use std::hash::{Hash as _, Hasher as _};
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Extension, RawQuery, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE, ETAG, IF_NONE_MATCH};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};

use super::deals::{self, Deals};
use super::parameters::Parameters;
use super::problem::{Code, Problem};
use super::{Known, View, audit, meta};
use crate::health::Status;
use crate::serve::access::Asker;
use crate::serve::web::Site;
use crate::service::reading_hub::{Published, ReadingError};

/// A reading that is younger answers a GET.
const RECENT: Duration = Duration::from_millis(500);

/// The paths below `/api/v1`.
pub(in crate::serve::web) fn router() -> Router<Arc<Site>> {
    Router::new()
        .route("/meta", get(meta))
        .route("/leaderboard", get(leaderboard))
        .route("/kpis", get(kpis))
        .route("/funnel", get(funnel))
        .route("/deals", get(deals))
}

/// Whether numbers may be shown here now.
///
/// # Errors
/// [`Problem`] that says who shows them, or what is waited for.
pub(in crate::serve::web) fn in_force(status: &Status, shows_gauges: bool) -> Result<(), Problem> {
    match (shows_gauges, status.status) {
        (true, _) => Ok(()),
        (false, "standing_by") => {
            let detail = "Another instance shows the numbers. Ask again: behind a balancer the next answer may be its.";
            Err(Problem::new(Code::NotOwner, detail).while_in(status.status))
        }
        (false, word) => Err(Problem::new(Code::NotReady, status.reason).while_in(word)),
    }
}

impl From<ReadingError> for Problem {
    fn from(error: ReadingError) -> Problem {
        Problem::new(Code::Bug, format!("{error}."))
    }
}

/// What there is to ask for.
#[utoipa::path(get, path = "/api/v1/meta", tag = "api", responses(
    (status = 200, body = meta::MetaAnswer), (status = "4XX", body = super::problem::ProblemAnswer), (status = "5XX", body = super::problem::ProblemAnswer)))]
pub(super) async fn meta(
    State(site): State<Arc<Site>>,
    Extension(asker): Extension<Asker>,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    Parameters::parse(query.as_deref().unwrap_or_default(), &[])?;
    Ok(([(CACHE_CONTROL, "no-store")], Json(meta::answer(&site, &asker))).into_response())
}

/// A board: the subjects of a scope in the order of one KPI.
#[utoipa::path(get, path = "/api/v1/leaderboard", tag = "api", params(
    ("scope" = Option<String>, Query, description = "`rep` (default), `team`, `region` or `channel`"),
    ("by" = Option<String>, Query, description = "a KPI of `/api/v1/meta`, or `quota_attainment`; the first of `leaderboard.by`"),
    ("window" = Option<String>, Query, description = "a window of the scope; `mtd`"),
    ("period" = Option<String>, Query, description = "`month` (default), `quarter`, `year`, for KPIs of periods"),
    ("pipeline" = Option<String>, Query, description = "the pipeline of the stage; `default`"),
    ("stage" = Option<String>, Query, description = "for KPIs of a stage"),
    ("survey" = Option<String>, Query, description = "`csat`, `nps` or `ces`, for KPIs of a survey"),
    ("from" = Option<String>, Query, description = "the first stage of a step, for KPIs of the funnel"),
    ("to" = Option<String>, Query, description = "the second one"),
    ("team" = Option<String>, Query, description = "only the reps of this team"),
    ("order" = Option<String>, Query, description = "`best` (default) or `worst` first"),
    ("limit" = Option<usize>, Query, description = "rows, 1 to 200; 25"),
    ("offset" = Option<usize>, Query, description = "rows to leave out; 0"),
    ("q" = Option<String>, Query, description = "only those whose name or id holds this, at most 64 characters"),
    ("around" = Option<String>, Query, description = "an id: the page that has it in its middle"),
    ("format" = Option<String>, Query, description = "`json` (default) or `csv`")),
    responses((status = 200, content(
        (super::leaderboard::LeaderboardAnswer = "application/json"), (String = "text/csv"))),
        (status = 304, description = "nothing has changed"),
        (status = "4XX", body = super::problem::ProblemAnswer), (status = "5XX", body = super::problem::ProblemAnswer)))]
pub(super) async fn leaderboard(
    State(site): State<Arc<Site>>,
    Extension(asker): Extension<Asker>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    view(site, asker, "/leaderboard", query, &headers).await
}

/// The numbers of the organisation, a team, a region, a channel or a rep.
#[utoipa::path(get, path = "/api/v1/kpis", tag = "api", params(
    ("scope" = Option<String>, Query, description = "`org` (default), `team`, `region`, `channel` or `rep`"),
    ("rep" = Option<String>, Query, description = "the rep of `scope=rep`"),
    ("team" = Option<String>, Query, description = "the team of `scope=team`; the one in which the rep is meant"),
    ("region" = Option<String>, Query, description = "the region of `scope=region`"),
    ("channel" = Option<String>, Query, description = "the channel of `scope=channel`"),
    ("window" = Option<String>, Query, description = "a window of the scope; `mtd`"),
    ("names" = Option<String>, Query, description = "KPIs separated by commas, at most 60; all")),
    responses((status = 200, body = super::kpis::KpisAnswer), (status = 304, description = "nothing has changed"),
        (status = "4XX", body = super::problem::ProblemAnswer), (status = "5XX", body = super::problem::ProblemAnswer)))]
pub(super) async fn kpis(
    State(site): State<Arc<Site>>,
    Extension(asker): Extension<Asker>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    view(site, asker, "/kpis", query, &headers).await
}

/// The funnel of the organisation, a team, a region or a channel.
#[utoipa::path(get, path = "/api/v1/funnel", tag = "api", params(
    ("scope" = Option<String>, Query, description = "`org` (default), `team`, `region` or `channel`"),
    ("team" = Option<String>, Query, description = "the team of `scope=team`"),
    ("region" = Option<String>, Query, description = "the region of `scope=region`"),
    ("channel" = Option<String>, Query, description = "the channel of `scope=channel`"),
    ("pipeline" = Option<String>, Query, description = "whose stages; `default`"),
    ("window" = Option<String>, Query, description = "a window of the scope; `mtd`")),
    responses((status = 200, body = super::funnel::FunnelAnswer), (status = 304, description = "nothing has changed"),
        (status = "4XX", body = super::problem::ProblemAnswer), (status = "5XX", body = super::problem::ProblemAnswer)))]
pub(super) async fn funnel(
    State(site): State<Arc<Site>>,
    Extension(asker): Extension<Asker>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    view(site, asker, "/funnel", query, &headers).await
}

/// The deals behind a number.
#[utoipa::path(get, path = "/api/v1/deals", tag = "api", params(
    ("state" = String, Query, description = "`won` in the window, `open` now, `stalled`: open for too long, `untouched`: open where they began"),
    ("rep" = Option<String>, Query, description = "only what this rep is credited with"),
    ("team" = Option<String>, Query, description = "only what is credited in this team"),
    ("window" = Option<String>, Query, description = "for `won`: a window of the scope; `mtd`"),
    ("stage" = Option<String>, Query, description = "for the others: only those at this stage"),
    ("limit" = Option<usize>, Query, description = "rows, 1 to 200; 50")),
    responses((status = 200, body = super::deals::DealsAnswer),
        (status = "4XX", body = super::problem::ProblemAnswer), (status = "5XX", body = super::problem::ProblemAnswer)))]
pub(super) async fn deals(
    State(site): State<Arc<Site>>,
    Extension(asker): Extension<Asker>,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    let parameters = Parameters::parse(query.as_deref().unwrap_or_default(), &deals::PARAMETERS)?;
    let deals = Deals::parse(&parameters, Known { rules: &site.rules, catalogue: &site.catalogue })?;
    in_force(&site.readiness.status(), site.readiness.shows_gauges())?;
    let permitted = deals.permit(&asker);
    if deals.is_of_others(&asker) && !asker.user.is_empty() {
        let status = permitted.as_ref().map_or_else(|problem| problem.code().status(), |()| StatusCode::OK);
        audit::note(&asker.user, asker.role.name(), "/deals", &deals.subject(), status);
    }
    permitted?;
    // All journeys are read for it: one at a time.
    let Ok(turn) = Arc::clone(&site.walks).try_acquire_owned() else {
        return Err(Problem::new(Code::Busy, "Somebody else's deals are being looked for. Try again."));
    };
    let published = site.hub.recent(RECENT).await?;
    let walk = tokio::task::spawn_blocking(move || {
        let answer = deals.answer(&site.context(&published, &asker), &site.hub);
        drop(turn);
        answer
    });
    let answer = walk.await.map_err(|_| Problem::new(Code::Bug, "The answer failed; the log says more."))??;
    Ok(([(CACHE_CONTROL, "no-store")], Json(answer)).into_response())
}

async fn view(
    site: Arc<Site>,
    asker: Asker,
    path: &'static str,
    query: Option<String>,
    headers: &HeaderMap,
) -> Result<Response, Problem> {
    let query = query.unwrap_or_default();
    let view = View::parse(path, &query, &site.rules, &site.catalogue)?;
    in_force(&site.readiness.status(), site.readiness.shows_gauges())?;
    let published = site.hub.recent(RECENT).await?;
    let tag = tag(&site, &published, path, &query, &asker);
    if headers.get(IF_NONE_MATCH).is_some_and(|known| known.as_bytes() == tag.as_bytes()) {
        return Ok((StatusCode::NOT_MODIFIED, [(ETAG, tag)]).into_response());
    }
    let watched = audit::subject(&view, &asker);
    let answer = tokio::task::spawn_blocking(move || {
        let context = site.context(&published, &asker);
        match view.csv(&context) {
            Some(csv) => csv.map(csv_response),
            None => view.answer(&context).map(|json| Json(json).into_response()),
        }
    });
    let answer = answer.await.map_err(|_| Problem::new(Code::Bug, "The answer failed; the log says more."))?;
    if let Some((user, role, rep)) = watched {
        let status = answer.as_ref().map_or_else(|problem| problem.code().status(), |_| StatusCode::OK);
        audit::note(&user, role, path, &rep, status);
    }
    let mut response = answer?;
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, axum::http::HeaderValue::from_static("no-store"));
    if let Ok(tag) = tag.parse() {
        headers.insert(ETAG, tag);
    }
    Ok(response)
}

fn csv_response(text: String) -> Response {
    let headers =
        [(CONTENT_TYPE, "text/csv; charset=utf-8"), (CONTENT_DISPOSITION, "attachment; filename=\"leaderboard.csv\"")];
    (headers, text).into_response()
}

/// What the answer depends on: the reading, the question and who asks.
fn tag(site: &Site, published: &Published, path: &str, query: &str, asker: &Asker) -> String {
    let mut hasher = std::hash::DefaultHasher::new();
    (path, query, asker.eyes()).hash(&mut hasher);
    format!("\"{}.{}.{:x}\"", site.boot, published.number, hasher.finish())
}
