//! Who looked at whose numbers: one line in the log for each look at those of somebody else.

use std::sync::Arc;

use axum::http::StatusCode;
use tracing::info;

use super::View;
use crate::serve::access::Asker;

/// The user, the role and the rep, if a view has numbers of a person other than the asker. Where nobody logs in there is nobody
/// to name.
pub(in crate::serve::web) fn subject(view: &View, asker: &Asker) -> Option<(Arc<str>, &'static str, String)> {
    let (rep, _) = view.rep()?;
    let is_other = !asker.user.is_empty() && !asker.is(rep);
    is_other.then(|| (Arc::clone(&asker.user), asker.role.name(), rep.to_owned()))
}

/// Writes the line.
pub(in crate::serve::web) fn note(user: &str, role: &str, path: &str, subject: &str, status: StatusCode) {
    info!(target: "access", user, role, path, subject, status = status.as_u16(), "numbers of a person");
}
