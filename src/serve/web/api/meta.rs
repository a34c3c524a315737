//! `/meta`: what there is to ask for.

use std::collections::BTreeMap;

use serde::Serialize;
use utoipa::ToSchema;

use super::kpis::MOST_NAMES;
use super::leaderboard::MOST_ROWS;
use super::words;
use crate::kpi::{Catalogue, Family};
use crate::model::rules::{Rules, Scope};
use crate::serve::access::Asker;
use crate::serve::web::Site;
use crate::serve::web::stream::MOST_VIEWS;

/// Where the bands of attainment begin; dashboards have the same.
const BANDS: [f64; 3] = [0.5, 0.8, 1.0];

/// What there is to ask for.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub(crate) struct MetaAnswer {
    /// The program's version and commit, and the page's; a page of another build is old.
    build: String,
    /// Another one after each start.
    boot: String,
    /// The organisation's zone.
    zone: String,
    /// The reporting currency.
    currency: &'static str,
    /// The digits of its minor unit.
    currency_digits: u32,
    /// The stages in their order.
    stages: Vec<String>,
    /// The windows of each scope.
    windows: BTreeMap<&'static str, Vec<&'static str>>,
    /// By what the configuration ranks reps.
    leaderboard: Vec<String>,
    /// Every KPI, whatever `[expose]` leaves out of the scrape.
    kpis: Vec<KpiMeta>,
    /// Where the bands of attainment begin.
    bands: [f64; 3],
    /// The boards of the configuration.
    boards: Vec<BoardMeta>,
    /// What this build has beside the paths of the OpenAPI document.
    features: Vec<&'static str>,
    /// How a deal is found in the CRM: its id stands for `{lead_id}`.
    #[serde(skip_serializing_if = "Option::is_none")]
    deal_url: Option<String>,
    /// Who asks.
    me: Me,
    limits: LimitsMeta,
}

/// A KPI.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub(crate) struct KpiMeta {
    name: &'static str,
    titles: Titles,
    /// One sentence on what it says.
    help: &'static str,
    unit: &'static str,
    better: &'static str,
    /// Whether values of reps, teams or channels may be added up.
    additive: bool,
    scopes: Vec<&'static str>,
    /// The scopes that are ranked by it with nothing but a window.
    rankable: Vec<&'static str>,
    /// Its labels, the currency apart.
    labels: Vec<&'static str>,
}

/// A name in each language.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct Titles {
    en: String,
    zh: String,
}

/// A board of the configuration.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct BoardMeta {
    id: String,
    title: Titles,
    scope: &'static str,
    by: String,
    window: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    team: Option<String>,
    rows: usize,
    seconds: u64,
}

/// Who asks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct Me {
    /// The user; null where nobody logs in.
    user: Option<String>,
    role: &'static str,
    rep: Option<String>,
    teams: Vec<String>,
}

/// How much may be asked for at once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct LimitsMeta {
    rows: usize,
    names: usize,
    views: usize,
}

pub(super) fn answer(site: &Site, asker: &Asker) -> MetaAnswer {
    let rules = &*site.rules;
    let windows = Scope::ALL.map(|scope| {
        let names = rules.windows.get(scope).iter().map(|window| window.name());
        (scope.name(), names.collect())
    });
    let user = Some(asker.user.to_string()).filter(|user| !user.is_empty());
    MetaAnswer {
        build: site.build.clone(),
        boot: site.boot.clone(),
        zone: rules.zone.name().to_owned(),
        currency: rules.reporting_currency().code(),
        currency_digits: rules.reporting_currency().digits(),
        stages: rules.pipeline.stages().to_vec(),
        windows: windows.into_iter().collect(),
        leaderboard: rules.leaderboard.clone(),
        kpis: kpis(&site.catalogue, rules),
        bands: BANDS,
        boards: site.boards.iter().filter(|board| asker.is_shown(&board.id)).map(board).collect(),
        features: vec!["deals", "moments"],
        deal_url: site.deal_url.clone(),
        me: Me {
            user,
            role: asker.role.name(),
            rep: asker.rep.as_deref().map(str::to_owned),
            teams: asker.teams.to_vec(),
        },
        limits: LimitsMeta { rows: MOST_ROWS, names: MOST_NAMES, views: MOST_VIEWS },
    }
}

fn board(board: &crate::config::Board) -> BoardMeta {
    BoardMeta {
        id: board.id.clone(),
        title: Titles { en: board.title_en.clone(), zh: board.title_zh.clone() },
        scope: board.scope.name(),
        by: board.by.clone(),
        window: board.window.name(),
        team: board.team.clone(),
        rows: board.rows,
        seconds: board.seconds,
    }
}

fn kpis(catalogue: &Catalogue, rules: &Rules) -> Vec<KpiMeta> {
    let mut metas: Vec<KpiMeta> = Vec::new();
    for family in catalogue.families() {
        let (kpi, scope) = (family.kpi(), family.scope().name());
        let rankable = is_ranked_by_window(family, rules).then_some(scope);
        if let Some(meta) = metas.iter_mut().find(|meta| meta.name == kpi.name) {
            meta.scopes.push(scope);
            meta.rankable.extend(rankable);
            continue;
        }
        metas.push(KpiMeta {
            name: kpi.name,
            titles: Titles { en: kpi.title.en.to_owned(), zh: kpi.title.zh.to_owned() },
            help: kpi.help,
            unit: words::unit(kpi.unit),
            better: words::better(kpi.better),
            additive: kpi.additive,
            scopes: vec![scope],
            rankable: rankable.into_iter().collect(),
            labels: labels(family, rules),
        });
    }
    metas
}

fn labels(family: &Family, rules: &Rules) -> Vec<&'static str> {
    let first = family.instances().first();
    let labels = first.map(|instance| family.labels(*instance, rules)).unwrap_or_default();
    labels.into_iter().map(|(label, _)| label).filter(|label| *label != "currency").collect()
}

fn is_ranked_by_window(family: &Family, rules: &Rules) -> bool {
    family.is_rankable() && family.scope() != Scope::Org && labels(family, rules) == ["window"]
}
