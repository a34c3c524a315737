//! `[pipeline]` and `[pipelines.NAME]`: the stages, how likely each is to be won, when a deal is stalled there, and what
//! stages were called before.

use std::collections::BTreeMap;

use super::error::ConfigError;
use super::path::KeyPath;
use super::settings::{Settings, allowed};
use crate::model::id::LONGEST_ID;
use crate::model::money::{Decimal, Ratio};
use crate::model::rules::{DEFAULT_PIPELINE, MOST_PIPELINES, Pipeline};
use crate::model::time::parse_duration;

/// The pipeline `default`.
pub(super) fn read(settings: &Settings) -> Result<Pipeline, ConfigError> {
    read_section(settings, &KeyPath::new("pipeline"))
}

/// All others, by their names.
pub(super) fn read_others(settings: &Settings) -> Result<BTreeMap<String, Pipeline>, ConfigError> {
    let mut pipelines = BTreeMap::new();
    for section in settings.sections_below(&KeyPath::new("pipelines")) {
        let stages = section.child("stages");
        let pipeline = read_section(settings, &section)?;
        let name = section.name();
        if name == DEFAULT_PIPELINE || name.len() > LONGEST_ID {
            let allowed = format!("given for a pipeline of another name: 1 to {LONGEST_ID} bytes, not \"default\"");
            return Err(settings.refuse(&stages, allowed));
        }
        if pipelines.len() == MOST_PIPELINES {
            return Err(settings.refuse(&stages, format!("left out: at most {MOST_PIPELINES} pipelines are allowed")));
        }
        pipelines.insert(name.to_owned(), pipeline);
    }
    Ok(pipelines)
}

fn read_section(settings: &Settings, section: &KeyPath) -> Result<Pipeline, ConfigError> {
    let stages = section.child("stages");
    let missing = || ConfigError::Missing { key: stages.to_string(), allowed: allowed(&stages).to_owned() };
    let names = settings.texts(&stages)?.ok_or_else(missing)?;
    let mut pipeline =
        Pipeline::new(names).map_err(|reason| settings.refuse(&stages, format!("a list of stages, but {reason}")))?;
    for path in settings.below(&section.child("probabilities")) {
        let probability = settings.required(path, |value| value.decimal().and_then(as_probability))?;
        if !pipeline.set_probability(path.name(), probability) {
            return Err(no_open_stage(settings, path, &stages, &pipeline));
        }
    }
    for path in settings.below(&section.child("stalled_after")) {
        let limit = settings.required(path, |value| parse_duration(value.text()?))?;
        if !pipeline.set_stalled_after(path.name(), limit) {
            return Err(no_open_stage(settings, path, &stages, &pipeline));
        }
    }
    for path in settings.below(&section.child("aliases")) {
        let stage = settings.required(path, |value| value.text().map(str::to_owned))?;
        pipeline.set_alias(path.name(), &stage).map_err(|allowed| settings.refuse(path, allowed))?;
    }
    Ok(pipeline)
}

fn as_probability(value: Decimal) -> Option<Ratio> {
    value.to_ratio().filter(|ratio| ratio.numerator <= ratio.denominator)
}

fn no_open_stage(settings: &Settings, path: &KeyPath, stages: &KeyPath, pipeline: &Pipeline) -> ConfigError {
    settings.refuse(path, format!("given for an open stage of {stages}: {}", pipeline.open_stages().join(", ")))
}
