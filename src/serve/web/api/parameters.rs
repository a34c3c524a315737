//! The query of a request: every parameter is known, given once, and looked at.

use std::collections::BTreeMap;

use super::problem::{Code, Problem};

/// A parameter's value has at most so many bytes: an id of the event contract, percent-decoded.
const VALUE_BYTES: usize = 1_024;

/// The parameters of a request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Parameters(BTreeMap<String, String>);

impl Parameters {
    /// Reads a query; only these parameters are known.
    ///
    /// # Errors
    /// [`Problem`] for a parameter that is unknown, given twice, or too long.
    pub(crate) fn parse(query: &str, known: &[&str]) -> Result<Parameters, Problem> {
        let mut parameters = BTreeMap::new();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            if !known.contains(&&*name) {
                let detail = format!("There is no parameter {name:?} here. Known are: {}.", known.join(", "));
                return Err(Problem::new(Code::UnknownParameter, detail).of(&name, known.iter().copied()));
            }
            if value.len() > VALUE_BYTES {
                let detail = format!("{name} is longer than {VALUE_BYTES} bytes. Give a shorter one.");
                return Err(Problem::new(Code::BadParameter, detail).of(&name, NOTHING));
            }
            let name = name.into_owned();
            if parameters.contains_key(&name) {
                let detail = format!("{name} is given twice. Give it once.");
                return Err(Problem::new(Code::BadParameter, detail).of(&name, NOTHING));
            }
            parameters.insert(name, value.into_owned());
        }
        Ok(Parameters(parameters))
    }

    /// The value of a parameter.
    #[must_use]
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// A parameter that is one of a few words; the first one where it is not given.
    ///
    /// # Errors
    /// [`Problem`] if it is another word.
    pub(crate) fn word<T: Copy>(&self, name: &str, words: &[(&'static str, T)]) -> Result<Option<T>, Problem> {
        let Some(given) = self.get(name) else { return Ok(words.first().map(|(_, value)| *value)) };
        if let Some((_, value)) = words.iter().find(|(word, _)| *word == given) {
            return Ok(Some(*value));
        }
        let allowed: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
        let detail = format!("{name} = {given:?} is not one of: {}.", allowed.join(", "));
        Err(Problem::new(Code::BadParameter, detail).of(name, allowed))
    }

    /// A parameter that is a whole number within bounds.
    ///
    /// # Errors
    /// [`Problem`] if it is none, or beyond.
    pub(crate) fn number(&self, name: &str, default: usize, least: usize, most: usize) -> Result<usize, Problem> {
        let Some(given) = self.get(name) else { return Ok(default) };
        let number = given.parse().ok().filter(|number| (least..=most).contains(number));
        number.ok_or_else(|| {
            let detail = format!("{name} = {given:?} must be a whole number from {least} to {most}.");
            Problem::new(Code::BadParameter, detail).of(name, [format!("{least} to {most}")])
        })
    }

    /// A parameter that must be given.
    ///
    /// # Errors
    /// [`Problem`] if it is not.
    pub(crate) fn required(&self, name: &str) -> Result<&str, Problem> {
        self.get(name)
            .ok_or_else(|| Problem::new(Code::MissingParameter, format!("{name} must be given.")).of(name, NOTHING))
    }
}

/// No list of what is allowed.
pub(crate) const NOTHING: [&str; 0] = [];

#[cfg(test)]
mod tests {
    use super::*;

    fn code(query: &str) -> Option<Code> {
        Parameters::parse(query, &["by", "q"]).err().map(|problem| problem.code())
    }

    #[test]
    fn a_query_holds_known_parameters_once() {
        let parameters = Parameters::parse("q=%E5%BC%A0&by=won", &["by", "q"]).unwrap();
        assert_eq!((parameters.get("q"), parameters.get("by")), (Some("张"), Some("won")));
        assert_eq!(code("bye=won"), Some(Code::UnknownParameter));
        assert_eq!(code("by=won&by=lost"), Some(Code::BadParameter));
        assert_eq!(code(&format!("q={}", "x".repeat(1_025))), Some(Code::BadParameter));
    }

    #[test]
    fn words_and_numbers_are_refused_with_what_is_allowed() {
        let parameters = Parameters::parse("by=won&q=201", &["by", "q"]).unwrap();
        assert_eq!(parameters.word("by", &[("lost", 1), ("won", 2)]), Ok(Some(2)));
        assert_eq!(parameters.word("else", &[("lost", 1)]), Ok(Some(1)));
        assert!(parameters.word("by", &[("lost", 1)]).is_err());
        assert_eq!(parameters.number("q", 25, 1, 201), Ok(201));
        assert!(parameters.number("q", 25, 1, 200).is_err());
        assert_eq!(parameters.number("limit", 25, 1, 200), Ok(25));
        assert!(parameters.required("team").is_err());
    }
}
