//! What the stages that events name mean under the rules of now.
//!
//! A step keeps the pipeline and the stage as its event named them. Aliases, and which pipeline a journey is in, are
//! read anew from the rules, so that a snapshot tells the same as its events whatever was renamed meanwhile.

use crate::engine::directory::{Directory, SpokenId};
use crate::model::event::Stage;
use crate::model::rules::{DEFAULT_PIPELINE, Rules};

/// A stage by its name, whatever pipeline it is of, or what stands beside all pipelines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// A stage, by the number of its name.
    Named(u16),
    /// The deal is lost.
    Lost,
    /// The journey is void.
    Void,
}

impl Place {
    /// `lead`, which every pipeline begins with.
    pub const LEAD: Place = Place::Named(0);
    /// `won`, which every pipeline ends with.
    pub const WON: Place = Place::Named(1);

    /// Whether every pipeline knows it.
    const fn is_of_all(self) -> bool {
        matches!(self, Place::LEAD | Place::WON | Place::Lost | Place::Void)
    }
}

/// What an event that names a stage says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Meaning {
    /// The pipeline that it speaks of, if it speaks of one.
    pub pipeline: Option<u8>,
    /// The stage, its alias resolved.
    pub place: Place,
}

/// One pipeline among all, with where its metrics lie among those of all.
#[derive(Clone, Debug)]
pub struct Course {
    /// The index of each stage in this pipeline, by the number of its name.
    places: Vec<Option<u8>>,
    /// The index of `won`.
    pub won: u8,
    /// Stages between `lead` and `won` of the pipelines before it.
    pub first_between: u16,
    /// Open stages of the pipelines before it.
    pub first_open: u16,
}

impl Course {
    /// The index of a stage; `None` if this pipeline does not have it.
    #[must_use]
    pub fn index(&self, place: Place) -> Option<u8> {
        match place {
            Place::Named(name) => self.places.get(usize::from(name)).copied().flatten(),
            Place::Lost | Place::Void => None,
        }
    }

    /// Where a stage between `lead` and `won` lies among those of all pipelines, from 0.
    #[must_use]
    pub fn between(&self, index: u8) -> u16 {
        self.first_between + u16::from(index.saturating_sub(1))
    }

    /// Where an open stage lies among those of all pipelines, from 0.
    #[must_use]
    pub fn open(&self, index: u8) -> u16 {
        self.first_open + u16::from(index)
    }
}

/// All pipelines of the rules, in the order of [`Rules::all_pipelines`].
#[derive(Clone, Debug)]
pub struct Courses {
    names: Vec<String>,
    pipelines: Vec<String>,
    courses: Vec<Course>,
}

impl Courses {
    /// The pipelines of these rules.
    #[must_use]
    pub fn new(rules: &Rules) -> Courses {
        let mut names = vec!["lead".to_owned(), "won".to_owned()];
        for (_, pipeline) in rules.all_pipelines() {
            for stage in pipeline.stages() {
                if !names.contains(stage) {
                    names.push(stage.clone());
                }
            }
        }
        let (mut first_between, mut first_open) = (0, 0);
        let mut courses = Vec::new();
        for (_, pipeline) in rules.all_pipelines() {
            let places = names.iter().map(|name| pipeline.index_of(name)).collect();
            let won = pipeline.won();
            courses.push(Course { places, won, first_between, first_open });
            first_between += u16::from(won) - 1;
            first_open += u16::from(won);
        }
        let pipelines = rules.all_pipelines().map(|(name, _)| name.to_owned()).collect();
        Courses { names, pipelines, courses }
    }

    /// A pipeline; the first for a number that none has.
    #[must_use]
    pub fn get(&self, pipeline: u8) -> Option<&Course> {
        self.courses.get(usize::from(pipeline)).or_else(|| self.courses.first())
    }

    /// All pipelines.
    pub fn iter(&self) -> impl Iterator<Item = &Course> {
        self.courses.iter()
    }

    /// How many pipelines there are, at least one.
    #[must_use]
    #[expect(clippy::len_without_is_empty, reason = "there is always one")]
    pub fn len(&self) -> usize {
        self.courses.len()
    }

    /// Stages between `lead` and `won` of all pipelines.
    #[must_use]
    pub fn between(&self) -> usize {
        self.courses.iter().map(|course| usize::from(course.won) - 1).sum()
    }

    /// Open stages of all pipelines.
    #[must_use]
    pub fn open(&self) -> usize {
        self.courses.iter().map(|course| usize::from(course.won)).sum()
    }

    /// The number of a pipeline of this name.
    #[must_use]
    pub fn pipeline(&self, name: &str) -> Option<u8> {
        self.pipelines.iter().position(|known| known == name).and_then(|place| u8::try_from(place).ok())
    }

    /// What an event says that names a pipeline, or none, and a stage; `None` if it could not be accepted now.
    #[must_use]
    pub fn meaning(&self, rules: &Rules, pipeline: Option<&str>, stage: &str) -> Option<Meaning> {
        let place = match rules.pipeline_named(pipeline)?.stage(stage)? {
            Stage::Lost => Place::Lost,
            Stage::Void => Place::Void,
            Stage::Step(index) => {
                let name = rules.pipeline_named(pipeline)?.name(usize::from(index));
                let number = self.names.iter().position(|known| known == name)?;
                Place::Named(u16::try_from(number).ok()?)
            }
        };
        let spoken = match pipeline {
            Some(name) => self.pipeline(name),
            None if place.is_of_all() => None,
            None => self.pipeline(DEFAULT_PIPELINE),
        };
        Some(Meaning { pipeline: spoken, place })
    }
}

/// Stands for what no step has.
const NOTHING: Meaning = Meaning { pipeline: None, place: Place::Void };

/// What everything that events have named means, by its number in the directory.
#[derive(Clone, Debug, Default)]
pub struct Meanings {
    known: Vec<Meaning>,
    /// By number as well; `None`: no pipeline of now has this name.
    pipelines: Vec<Option<u8>>,
}

impl Meanings {
    /// Learns what the directory has beyond what is known.
    pub fn learn(&mut self, directory: &Directory, courses: &Courses, rules: &Rules) {
        for (pipeline, stage) in directory.spoken_from(self.known.len()) {
            let meaning = stage.as_deref().and_then(|stage| courses.meaning(rules, pipeline.as_deref(), stage));
            self.known.push(meaning.unwrap_or(NOTHING));
            self.pipelines.push(pipeline.and_then(|pipeline| courses.pipeline(&pipeline)));
        }
    }

    /// Whether it is known what this means.
    #[must_use]
    pub fn knows(&self, spoken: SpokenId) -> bool {
        spoken.index() < self.known.len()
    }

    /// What a stage change says.
    #[must_use]
    pub fn of(&self, spoken: SpokenId) -> Meaning {
        self.known.get(spoken.index()).copied().unwrap_or(NOTHING)
    }

    /// The pipeline that a lead names.
    #[must_use]
    pub fn pipeline(&self, spoken: SpokenId) -> Option<u8> {
        self.pipelines.get(spoken.index()).copied().flatten()
    }
}
