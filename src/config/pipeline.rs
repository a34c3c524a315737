//! `[pipeline]`: the stages, how likely each is to be won and when a deal is stalled there.

use super::error::ConfigError;
use super::path::KeyPath;
use super::settings::Settings;
use crate::model::money::{Decimal, Ratio};
use crate::model::rules::Pipeline;
use crate::model::time::parse_duration;

pub(super) fn read(settings: &Settings) -> Result<Pipeline, ConfigError> {
    let stages = KeyPath::new("pipeline.stages");
    let names = settings.texts(&stages)?.unwrap_or_default();
    let mut pipeline =
        Pipeline::new(names).map_err(|reason| settings.refuse(&stages, format!("a list of stages, but {reason}")))?;
    for path in settings.below(&KeyPath::new("pipeline.probabilities")) {
        let probability = settings.required(path, |value| value.decimal().and_then(as_probability))?;
        if !pipeline.set_probability(path.name(), probability) {
            return Err(no_open_stage(settings, path, &pipeline));
        }
    }
    for path in settings.below(&KeyPath::new("pipeline.stalled_after")) {
        let limit = settings.required(path, |value| parse_duration(value.text()?))?;
        if !pipeline.set_stalled_after(path.name(), limit) {
            return Err(no_open_stage(settings, path, &pipeline));
        }
    }
    Ok(pipeline)
}

fn as_probability(value: Decimal) -> Option<Ratio> {
    value.to_ratio().filter(|ratio| ratio.numerator <= ratio.denominator)
}

fn no_open_stage(settings: &Settings, path: &KeyPath, pipeline: &Pipeline) -> ConfigError {
    settings.refuse(path, format!("given for an open stage of pipeline.stages: {}", pipeline.open_stages().join(", ")))
}
