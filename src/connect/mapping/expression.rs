//! Expressions: a constant, a pointer with filters, a template, or the first of several that has a value.

mod filter;

pub(super) use self::filter::shown;

use self::filter::Filter;
use super::tables::Tables;
use super::{Fault, FaultCode, Setting, syntax};
use crate::connect::json::Json;

/// What an expression looks at.
#[derive(Clone, Copy, Debug)]
pub(super) struct Scene<'a> {
    pub(super) record: &'a Json,
    /// The payload that the record comes from.
    pub(super) payload: &'a Json,
    pub(super) setting: &'a Setting,
    pub(super) tables: &'a Tables,
    /// What the value is for: a field, or a condition.
    pub(super) field: &'a str,
}

impl Scene<'_> {
    pub(super) fn fault(&self, code: FaultCode, message: String) -> Fault {
        Fault { code, field: self.field.to_owned(), message }
    }
}

/// How a value is found.
#[derive(Clone, Debug)]
pub enum Expression {
    /// A head and what is done to it.
    Pipe {
        /// Where the value comes from.
        head: Head,
        /// The filters, in their order.
        filters: Filters,
    },
    /// The first that has a value.
    First(Vec<Expression>),
}

/// The filters of an expression.
#[derive(Clone, Debug, Default)]
pub struct Filters(Vec<Filter>);

/// Where a value comes from.
#[derive(Clone, Debug)]
pub enum Head {
    /// Itself.
    Constant(Json),
    /// Something that is looked up.
    Operand(Operand),
    /// Texts and values in turn; it has no value if one of its values is absent.
    Template(Vec<Piece>),
}

/// A piece of a template.
#[derive(Clone, Debug)]
pub enum Piece {
    /// A text.
    Text(String),
    /// A value.
    Value(Expression),
}

/// A pointer, a word of the source's settings, or a constant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Operand {
    /// A JSON Pointer into the record.
    Record(String),
    /// A JSON Pointer into the whole payload, written with `^` before it.
    Payload(String),
    /// The source's currency, written `$currency`.
    Currency,
    /// A word.
    Word(String),
}

impl Operand {
    pub(super) fn parse(text: &str) -> Operand {
        if text.starts_with('/') {
            return Operand::Record(text.to_owned());
        }
        match text.strip_prefix('^') {
            Some(pointer) if pointer.is_empty() || pointer.starts_with('/') => Operand::Payload(pointer.to_owned()),
            _ if text == "$currency" => Operand::Currency,
            _ => Operand::Word(text.to_owned()),
        }
    }

    pub(super) fn value(&self, scene: &Scene<'_>) -> Option<Json> {
        let value = match self {
            Operand::Record(pointer) => scene.record.at(pointer).cloned(),
            Operand::Payload(pointer) => scene.payload.at(pointer).cloned(),
            Operand::Currency => scene.setting.currency.clone().map(Json::Text),
            Operand::Word(word) => Some(Json::text_of(word.as_str())),
        };
        // An empty text is how tables and forms write that there is nothing.
        value.filter(|value| !matches!(value, Json::Text(text) if text.is_empty()))
    }
}

impl Expression {
    /// Always this value.
    #[must_use]
    pub const fn constant(value: Json) -> Expression {
        Expression::Pipe { head: Head::Constant(value), filters: Filters(Vec::new()) }
    }

    /// Reads an expression.
    ///
    /// # Errors
    /// A sentence on what does not belong there.
    pub fn parse(text: &str) -> Result<Expression, String> {
        let mut parts = syntax::split_pipes(text).into_iter();
        let head = Head::parse(parts.next().unwrap_or_default())?;
        let filters = parts.map(Filter::parse).collect::<Result<_, _>>()?;
        Ok(Expression::Pipe { head, filters: Filters(filters) })
    }

    /// The tables that it looks into.
    pub(super) fn tables(&self) -> Vec<&str> {
        match self {
            Expression::First(all) => all.iter().flat_map(Expression::tables).collect(),
            Expression::Pipe { head, filters } => {
                let mut tables: Vec<&str> = filters.0.iter().filter_map(Filter::table).collect();
                if let Head::Template(pieces) = head {
                    tables.extend(pieces.iter().flat_map(|piece| match piece {
                        Piece::Value(value) => value.tables(),
                        Piece::Text(_) => Vec::new(),
                    }));
                }
                tables
            }
        }
    }

    /// The value; `None` where it is absent.
    pub(super) fn value(&self, scene: &Scene<'_>) -> Result<Option<Json>, Fault> {
        match self {
            Expression::First(all) => {
                for expression in all {
                    if let Some(value) = expression.value(scene)? {
                        return Ok(Some(value));
                    }
                }
                Ok(None)
            }
            Expression::Pipe { head, filters } => {
                let mut value = head.value(scene)?;
                for filter in &filters.0 {
                    value = filter.apply(value, scene)?;
                }
                Ok(value.filter(|value| !matches!(value, Json::Text(text) if text.is_empty())))
            }
        }
    }
}

impl Head {
    fn parse(text: &str) -> Result<Head, String> {
        match Operand::parse(text) {
            Operand::Word(_) if text.contains(['{', '}']) => Head::template(text),
            Operand::Word(word) => Ok(Head::Constant(Json::Text(word))),
            operand => Ok(Head::Operand(operand)),
        }
    }

    fn template(text: &str) -> Result<Head, String> {
        let mut pieces = Vec::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('{') {
            let (inner, behind) = after.split_once('}').ok_or_else(|| format!("a brace in {text:?} does not end"))?;
            if !before.is_empty() {
                pieces.push(Piece::Text(before.to_owned()));
            }
            pieces.push(Piece::Value(Expression::parse(inner)?));
            rest = behind;
        }
        if rest.contains('}') {
            return Err(format!("a brace in {text:?} does not begin"));
        }
        if !rest.is_empty() {
            pieces.push(Piece::Text(rest.to_owned()));
        }
        Ok(Head::Template(pieces))
    }

    fn value(&self, scene: &Scene<'_>) -> Result<Option<Json>, Fault> {
        let pieces = match self {
            Head::Constant(value) => return Ok(Some(value.clone())),
            Head::Operand(operand) => return Ok(operand.value(scene)),
            Head::Template(pieces) => pieces,
        };
        let mut text = String::new();
        for piece in pieces {
            match piece {
                Piece::Text(part) => text.push_str(part),
                Piece::Value(expression) => {
                    let Some(value) = expression.value(scene)? else { return Ok(None) };
                    let word = value.word("").ok_or_else(|| {
                        scene.fault(FaultCode::Invalid, format!("{} cannot stand in a text", shown(&value)))
                    })?;
                    text.push_str(word);
                }
            }
        }
        Ok(Some(Json::Text(text)))
    }
}
