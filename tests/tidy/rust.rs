//! Rust as far as the rules need it: code apart from comments, and the paths that it uses.

/// The code of a file without its line comments. A text with two slashes in it is cut too, which hides nothing that the
/// rules look for.
pub(crate) fn code(text: &str) -> String {
    text.lines().map(|line| line.split("//").next().unwrap_or_default()).collect::<Vec<_>>().join("\n")
}

/// The code before the tests at the foot of the file.
pub(crate) fn code_before_tests(text: &str) -> String {
    code(text.split("#[cfg(test)]").next().unwrap_or_default())
}

/// The tests at the foot of the file.
pub(crate) fn tests_at_the_foot(text: &str) -> String {
    text.split_once("#[cfg(test)]").map(|(_, tests)| code(tests)).unwrap_or_default()
}

/// Every path that code uses: those of its `use` items, their braces written out, and those within expressions.
pub(crate) fn paths(code: &str) -> Vec<String> {
    let mut paths = Vec::new();
    let mut expressions = String::new();
    for (place, statement) in code.split(';').enumerate() {
        let (before, item) = statement.rsplit_once("use ").map_or((statement, ""), |(before, item)| (before, item));
        let is_use = place < code.split(';').count() - 1
            && before
                .trim_end()
                .chars()
                .next_back()
                .is_none_or(|char| ")]};{".contains(char) || before.ends_with("pub "));
        if is_use && !item.is_empty() {
            let item: String = item.split_whitespace().collect::<Vec<_>>().join(" ");
            write_out("", &item, &mut paths);
            expressions.push_str(before);
        } else {
            expressions.push_str(statement);
        }
        expressions.push(';');
    }
    let is_of_path = |char: char| char.is_alphanumeric() || char == '_' || char == ':';
    let words = expressions.split(|char| !is_of_path(char)).filter(|word| word.contains("::"));
    paths.extend(words.map(str::to_owned));
    paths
}

/// Writes `a::{b, c::{d}}` out as `a::b`, `a::c::d`.
fn write_out(prefix: &str, item: &str, paths: &mut Vec<String>) {
    let Some((head, rest)) = item.split_once('{') else {
        paths.push(format!("{prefix}{}", item.split(" as ").next().unwrap_or_default().trim()));
        return;
    };
    let prefix = format!("{prefix}{}", head.trim());
    let inner = rest.rsplit_once('}').map_or(rest, |(inner, _)| inner);
    let (mut depth, mut start) = (0, 0);
    for (place, char) in inner.char_indices().chain([(inner.len(), ',')]) {
        match char {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                let part = inner[start..place].trim();
                if !part.is_empty() {
                    write_out(&prefix, part, paths);
                }
                start = place + 1;
            }
            _ => {}
        }
    }
}

#[test]
fn paths_are_written_out() {
    let code = "use a::{b, c::{d, e as f}};\npub use g::h;\nfn i() { j::k(l); m::<n::O>::p() }";
    let mut found = paths(code);
    found.sort();
    assert_eq!(found, ["::p", "a::b", "a::c::d", "a::c::e", "g::h", "j::k", "m::", "n::O"]);
}
