//! Which views a role may have at all; what is left out within one, the view decides itself.

use super::problem::{Code, Problem};
use super::{Context, View};
use crate::config::Role;

pub(super) fn permit(view: &View, context: &Context<'_>) -> Result<(), Problem> {
    if let View::Leaderboard(board) = view
        && !board.order_is_seen_by(context.asker)
    {
        let detail = "The order by this KPI says what the targets of others are, and access.targets keeps those back.";
        return Err(Problem::new(Code::Forbidden, detail));
    }
    match context.asker.role {
        Role::Viewer | Role::Rep | Role::Manager | Role::Admin => Ok(()),
        Role::Scraper => {
            let detail = "A scraper reads the metrics and the probes. Ask as a viewer.";
            Err(Problem::new(Code::Forbidden, detail))
        }
        Role::Display => match view {
            View::Leaderboard(_) if context.is_board_of_display(view) => Ok(()),
            _ => {
                let detail = "A display shows its boards and nothing else. Ask as a viewer.";
                Err(Problem::new(Code::Forbidden, detail))
            }
        },
    }
}

impl Context<'_> {
    /// Whether a view is one of the boards of the display that asks.
    fn is_board_of_display(&self, view: &View) -> bool {
        let View::Leaderboard(view) = view else { return false };
        let own = self.boards.iter().filter(|board| self.asker.boards.contains(&board.id));
        own.into_iter().any(|board| view.is(board.scope, &board.by, board.window.name(), board.team.as_deref()))
    }
}
