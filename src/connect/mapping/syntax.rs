//! The pieces of an expression's text: pipes, words and quotes.

/// Splits a text at `|`, but not within braces or single quotes.
pub(super) fn split_pipes(text: &str) -> Vec<&str> {
    let (mut depth, mut is_quoted, mut start) = (0_u32, false, 0);
    let mut parts = Vec::new();
    for (place, char) in text.char_indices() {
        match char {
            '\'' => is_quoted = !is_quoted,
            '{' if !is_quoted => depth += 1,
            '}' if !is_quoted => depth = depth.saturating_sub(1),
            '|' if !is_quoted && depth == 0 => {
                parts.push(text.get(start..place).unwrap_or_default().trim());
                start = place + 1;
            }
            _ => {}
        }
    }
    parts.push(text.get(start..).unwrap_or_default().trim());
    parts
}

/// The words of a filter; `None` if a quote does not end.
pub(super) fn words(text: &str) -> Option<Vec<String>> {
    let mut words = Vec::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        if let Some(quoted) = rest.strip_prefix('\'') {
            let (word, after) = quoted.split_once('\'')?;
            words.push(word.to_owned());
            rest = after;
        } else {
            let end = rest.find(char::is_whitespace).unwrap_or(rest.len());
            let (word, after) = rest.split_at(end);
            words.push(word.to_owned());
            rest = after;
        }
        rest = rest.trim_start();
    }
    Some(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pipes_split_outside_of_braces_and_quotes() {
        assert_eq!(split_pipes("/a | money '|' | text"), ["/a", "money '|'", "text"]);
        assert_eq!(split_pipes("x:{/a | trim} | lower"), ["x:{/a | trim}", "lower"]);
    }

    #[test]
    fn words_may_be_quoted() {
        assert_eq!(words("local '%Y %m' UTC").unwrap(), ["local", "%Y %m", "UTC"]);
        assert_eq!(words("join ','").unwrap(), ["join", ","]);
        assert_eq!(words("join 'x"), None);
        assert_eq!(words("default ''").unwrap(), ["default", ""]);
    }
}
