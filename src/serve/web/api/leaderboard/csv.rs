//! A board as comma-separated values, as spreadsheets read them.

use super::LeaderboardAnswer;
use super::rows::Row;
use crate::serve::web::api::number::Number;

/// The columns.
const HEAD: &str = "rank,place,id,team,name,value,target,attainment\r\n";

pub(super) fn write(answer: &LeaderboardAnswer) -> String {
    let mut text = HEAD.to_owned();
    answer.rows.iter().for_each(|row| line(row, &mut text));
    text
}

fn line(row: &Row, text: &mut String) {
    let whole = |number: Option<usize>| number.map(|number| number.to_string()).unwrap_or_default();
    let number = |number: &Option<Number>| match number {
        None => String::new(),
        Some(Number::Text(text)) => text.clone(),
        Some(Number::Whole(whole)) => whole.to_string(),
        Some(Number::Real(real)) => ryu::Buffer::new().format(*real).to_owned(),
    };
    let name = |name: Option<&String>| quoted(name.map_or("", String::as_str));
    let fields = [
        whole(row.rank),
        whole(row.place),
        name(row.id.first()),
        name(row.id.get(1)),
        name(row.name.as_ref()),
        number(&row.value),
        number(&row.target),
        number(&row.attainment),
    ];
    text.push_str(&fields.join(","));
    text.push_str("\r\n");
}

/// A text in quotation marks. Spreadsheets compute what begins like a formula, and such a name may come from anybody.
fn quoted(text: &str) -> String {
    let guard = if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { "'" } else { "" };
    format!("\"{guard}{}\"", text.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_becomes_a_formula_or_leaves_its_field() {
        assert_eq!(quoted("wang"), "\"wang\"");
        assert_eq!(quoted("a\",b"), "\"a\"\",b\"");
        assert_eq!(quoted("=1+1"), "\"'=1+1\"");
    }
}
