//! Who asks, and what of others they may see.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::config::{Names, Role, Targets};

/// Somebody who asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asker {
    /// The user's name; empty where nobody logs in.
    pub user: Arc<str>,
    /// What they may do.
    pub role: Role,
    /// The rep that they are.
    pub rep: Option<Arc<str>>,
    /// The teams that they lead.
    pub teams: Arc<[String]>,
    /// The boards of a display.
    pub boards: Arc<[String]>,
    /// What they see of the targets of others.
    pub targets: Targets,
    /// How others are called for them.
    pub names: Names,
    /// The aliases of reps.
    pub aliases: Arc<BTreeMap<String, String>>,
}

impl Asker {
    /// Everybody, where the configuration knows no roles: they may see everything.
    #[must_use]
    pub fn everybody(user: &str) -> Asker {
        Asker {
            user: user.into(),
            role: Role::Admin,
            rep: None,
            teams: Arc::default(),
            boards: Arc::default(),
            targets: Targets::All,
            names: Names::Name,
            aliases: Arc::default(),
        }
    }

    /// Whether everything of a rep in a team is theirs to see.
    #[must_use]
    pub fn sees_all_of(&self, rep: &str, team: &str) -> bool {
        match self.role {
            Role::Admin => true,
            Role::Manager => self.leads(team) || self.is(rep),
            Role::Rep => self.is(rep),
            Role::Scraper | Role::Display | Role::Viewer => false,
        }
    }

    /// Whether they see the target of a rep in a team; of a team, with no rep.
    #[must_use]
    pub fn sees_target_of(&self, rep: Option<&str>, team: &str) -> bool {
        let is_own =
            rep.map_or_else(|| self.role == Role::Admin || self.leads(team), |rep| self.sees_all_of(rep, team));
        is_own || self.targets == Targets::All
    }

    /// Whether they read the name of a rep in a team.
    #[must_use]
    pub fn reads_name_of(&self, rep: &str, team: &str) -> bool {
        self.names == Names::Name || self.sees_all_of(rep, team)
    }

    /// What a rep in a team is called for them, whom the roster calls `name`; `None`: by the id alone.
    #[must_use]
    pub fn calls<'a>(&'a self, rep: &str, team: &str, name: Option<&'a str>) -> Option<&'a str> {
        if self.reads_name_of(rep, team) {
            return name;
        }
        self.aliases.get(rep).filter(|_| self.names == Names::Alias).map(String::as_str)
    }

    /// Whether they see a board of the configuration: a display has its own ones.
    #[must_use]
    pub fn is_shown(&self, board: &str) -> bool {
        self.role != Role::Display || self.boards.iter().any(|own| own == board)
    }

    /// Whether they are this rep.
    #[must_use]
    pub fn is(&self, rep: &str) -> bool {
        self.rep.as_deref() == Some(rep)
    }

    /// Whether they lead this team.
    #[must_use]
    pub fn leads(&self, team: &str) -> bool {
        self.role == Role::Manager && self.teams.iter().any(|own| own == team)
    }

    /// Stands for all who see the same of every view.
    #[must_use]
    pub fn eyes(&self) -> String {
        let rep = self.rep.as_deref().unwrap_or_default();
        match self.role {
            Role::Admin => format!("admin {rep}"),
            _ => {
                let Asker { role, teams, boards, targets, names, .. } = self;
                format!("{} {rep:?} {teams:?} {boards:?} {targets:?} {names:?}", role.name())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asker(role: Role) -> Asker {
        Asker {
            role,
            rep: (role == Role::Rep).then(|| "wang".into()),
            teams: if role == Role::Manager { ["east".to_owned()].into() } else { Arc::default() },
            targets: Targets::Own,
            names: Names::Id,
            ..Asker::everybody("someone")
        }
    }

    #[test]
    fn a_rep_sees_the_own_and_a_manager_the_own_teams() {
        assert!(asker(Role::Rep).sees_all_of("wang", "east"));
        assert!(!asker(Role::Rep).sees_all_of("li", "east"));
        assert!(asker(Role::Manager).sees_all_of("li", "east"));
        assert!(!asker(Role::Manager).sees_all_of("li", "north"));
        assert!(asker(Role::Admin).sees_all_of("li", "north"));
        for role in [Role::Viewer, Role::Display, Role::Scraper] {
            assert!(!asker(role).sees_all_of("li", "north"));
            assert!(!asker(role).sees_target_of(Some("li"), "north"));
            assert!(!asker(role).reads_name_of("li", "north"));
        }
        assert!(asker(Role::Manager).sees_target_of(None, "east"));
        assert!(!asker(Role::Manager).sees_target_of(None, "north"));
        let open = Asker { targets: Targets::All, names: Names::Name, ..asker(Role::Viewer) };
        assert!(open.sees_target_of(Some("li"), "north") && open.reads_name_of("li", "north"));
    }

    #[test]
    fn others_are_called_as_the_configuration_says() {
        let aliases = Arc::new(BTreeMap::from([("li".to_owned(), "Falcon".to_owned())]));
        let asker = |role, names| Asker { names, aliases: Arc::clone(&aliases), ..asker(role) };
        let called = |asker: &Asker, rep| asker.calls(rep, "east", Some("李强")).map(str::to_owned);
        for (role, names, expected) in [
            (Role::Viewer, Names::Name, Some("李强")),
            (Role::Viewer, Names::Alias, Some("Falcon")),
            (Role::Viewer, Names::Id, None),
            (Role::Display, Names::Alias, Some("Falcon")),
            (Role::Manager, Names::Alias, Some("李强")),
            (Role::Admin, Names::Alias, Some("李强")),
        ] {
            assert_eq!(called(&asker(role, names), "li").as_deref(), expected, "{role:?} {names:?}");
        }
        assert_eq!(called(&asker(Role::Viewer, Names::Alias), "zhao"), None, "who has no alias");
        assert_eq!(called(&asker(Role::Rep, Names::Alias), "wang").as_deref(), Some("李强"), "the own name is known");
    }

    #[test]
    fn those_who_see_the_same_have_the_same_eyes() {
        let other = Asker { user: "another".into(), ..asker(Role::Viewer) };
        assert_eq!(asker(Role::Viewer).eyes(), other.eyes());
        assert_ne!(asker(Role::Viewer).eyes(), asker(Role::Rep).eyes());
    }
}
