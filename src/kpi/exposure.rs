//! Which families a scope exposes.

use super::Kpi;
use crate::model::rules::{Rules, Scope};

/// Drops the families that the configuration does not expose.
///
/// # Errors
/// A sentence that names the key and the entry that matches nothing, or that has a `*` before its end.
pub(super) fn retain_exposed(
    families: &mut Vec<(String, &'static Kpi)>,
    scope: Scope,
    rules: &Rules,
) -> Result<(), String> {
    let Some(patterns) = rules.expose.get(scope) else { return Ok(()) };
    for pattern in patterns {
        let key = format!("expose.{}", scope.name());
        if pattern.trim_end_matches('*').contains('*') || pattern.ends_with("**") {
            return Err(format!("{key}: \"{pattern}\" has a * before its end; only the last character may be one"));
        }
        if !families.iter().any(|(name, _)| matches(pattern, name)) {
            return Err(format!(
                "{key}: \"{pattern}\" matches no family of this scope; allowed are full names such as sales_{}_{}, and prefixes that end in *",
                scope.name(),
                families.first().map_or("leads", |(_, kpi)| kpi.name)
            ));
        }
    }
    families.retain(|(name, _)| patterns.iter().any(|pattern| matches(pattern, name)));
    Ok(())
}

fn matches(pattern: &str, name: &str) -> bool {
    pattern.strip_suffix('*').map_or(pattern == name, |prefix| name.starts_with(prefix))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_at_the_end_matches_every_rest() {
        assert!(matches("sales_rep_revenue*", "sales_rep_revenue"));
        assert!(matches("*", "sales_rep_won"));
        assert!(!matches("sales_rep_revenue", "sales_rep_revenue_previous"));
    }
}
