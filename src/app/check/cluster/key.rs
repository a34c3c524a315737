//! A key as a sentence shows it.

/// The longest key that a sentence repeats, in characters.
const LONGEST_SHOWN: usize = 40;

/// The beginning of a text.
pub(super) fn cut(text: &str) -> String {
    text.chars().take(LONGEST_SHOWN).collect()
}

/// A key as a sentence shows it; one that is no text by its bytes.
pub(super) fn shown(key: &[u8]) -> String {
    match std::str::from_utf8(key) {
        Ok(text) => format!("{:?}", cut(text)),
        Err(_) => format!("\"{}\"", cut(&key.escape_ascii().to_string())),
    }
}
