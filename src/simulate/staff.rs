//! Who sells: teams, and people of different skill, load and experience who come, go and change team.

use super::figures::{LARGEST_LOAD, LOAD, NEWCOMER, SKILL};
use super::names;
use super::random::{Actor, Random};
use crate::model::time::DAY;

/// The regions after which teams are named, and the place of each in a block of people who are hired one after another.
const REGIONS: [&str; 5] = ["east", "south", "north", "west", "overseas"];
const BLOCK: [usize; 20] = [0, 1, 2, 3, 4, 0, 1, 2, 0, 3, 1, 0, 2, 4, 0, 1, 2, 3, 0, 1];
/// The region whose people have Western names and whose deals are in foreign currencies.
const OVERSEAS: usize = 4;
/// So many people share five teams; the next have five of their own.
const PEOPLE_PER_BLOCK: u32 = 100;

/// The row of facts that name neither rep nor team.
pub(super) const NOBODY: u32 = 0;

/// A team.
#[derive(Debug)]
pub(super) struct Team {
    /// Its id.
    pub id: String,
    /// The row of facts that name the team and no rep.
    pub row: u32,
    region: usize,
    people: Vec<u32>,
}

/// A rep.
#[derive(Clone, Copy, Debug)]
pub(super) struct Person {
    /// The present team.
    pub team: u32,
    /// The row of the rep in that team.
    pub row: u32,
    /// Of a thousand deals, those that are won.
    pub skill: i64,
    /// Whether the rep works here now.
    pub active: bool,
    /// The region of the first team, by which the name is chosen.
    region: usize,
    load: i64,
    since: i64,
}

/// Everybody.
#[derive(Debug)]
pub(super) struct Staff {
    seed: u64,
    teams: Vec<Team>,
    people: Vec<Person>,
    active: Vec<u32>,
    /// Every rep in a team that ever was; the rep and the team of each.
    rows: Vec<(Option<u32>, Option<u32>)>,
}

impl Staff {
    /// So many people, hired in the six years before `start`.
    pub(super) fn new(seed: u64, reps: u32, start: i64) -> Staff {
        let mut staff = Staff { seed, teams: Vec::new(), people: Vec::new(), active: Vec::new(), rows: Vec::new() };
        staff.rows.push((None, None));
        for number in 0..reps {
            let since = start - DAY * Random::of(seed, Actor::Person, u64::from(number)).between(10, 6 * 365);
            let region = BLOCK.get(number as usize % BLOCK.len()).copied().unwrap_or(0);
            let team = staff.team_of_region(region, number / PEOPLE_PER_BLOCK);
            staff.join(team, since);
        }
        staff
    }

    fn team_of_region(&mut self, region: usize, block: u32) -> u32 {
        let name = REGIONS.get(region).copied().unwrap_or_default();
        let id = if block == 0 { name.to_owned() } else { format!("{name}-{}", block + 1) };
        if let Some(place) = self.teams.iter().rposition(|team| team.id == id) {
            return number(place);
        }
        let team = number(self.teams.len());
        let row = self.row(None, Some(team));
        self.teams.push(Team { id, row, region, people: Vec::new() });
        team
    }

    fn row(&mut self, person: Option<u32>, team: Option<u32>) -> u32 {
        self.rows.push((person, team));
        number(self.rows.len() - 1)
    }

    /// Somebody new joins a team.
    pub(super) fn join(&mut self, team: u32, since: i64) -> u32 {
        let person = number(self.people.len());
        let mut random = Random::of(self.seed, Actor::Person, u64::from(person));
        let (skill, load) = (random.quantile(&SKILL), random.quantile(&LOAD));
        let row = self.row(Some(person), Some(team));
        let region = self.teams.get(team as usize).map_or(0, |team| team.region);
        self.people.push(Person { team, row, skill, region, load, since, active: true });
        self.active.push(person);
        if let Some(team) = self.teams.get_mut(team as usize) {
            team.people.push(person);
        }
        person
    }

    /// Somebody leaves.
    pub(super) fn leave(&mut self, person: u32) {
        self.active.retain(|other| *other != person);
        self.take_from_team(person);
        if let Some(person) = self.people.get_mut(person as usize) {
            person.active = false;
        }
    }

    /// Somebody changes to another team.
    pub(super) fn transfer(&mut self, person: u32, team: u32) {
        let row = self.row(Some(person), Some(team));
        self.take_from_team(person);
        if let Some(team) = self.teams.get_mut(team as usize) {
            team.people.push(person);
        }
        if let Some(person) = self.people.get_mut(person as usize) {
            (person.team, person.row) = (team, row);
        }
    }

    fn take_from_team(&mut self, person: u32) {
        let team = self.people.get(person as usize).map(|person| person.team as usize);
        if let Some(team) = team.and_then(|team| self.teams.get_mut(team)) {
            team.people.retain(|other| *other != person);
        }
    }

    /// Somebody who works here, those who take much more often; `None` if nobody does.
    pub(super) fn pick(&self, random: &mut Random) -> Option<u32> {
        self.pick_of(&self.active, random)
    }

    /// Somebody of a team.
    pub(super) fn colleague(&self, team: u32, random: &mut Random) -> Option<u32> {
        self.teams.get(team as usize).and_then(|team| self.pick_of(&team.people, random))
    }

    fn pick_of(&self, people: &[u32], random: &mut Random) -> Option<u32> {
        let mut picked = random.any(people).copied()?;
        // After a few refusals the last one asked has to take it.
        for _ in 0..6 {
            if self.people.get(picked as usize).is_some_and(|person| random.below(LARGEST_LOAD) < person.load) {
                break;
            }
            picked = random.any(people).copied()?;
        }
        Some(picked)
    }

    /// The person of a number.
    pub(super) fn person(&self, person: u32) -> Option<&Person> {
        self.people.get(person as usize)
    }

    /// How many deals of a thousand a person wins at an instant.
    pub(super) fn skill(&self, person: Option<u32>, at: i64) -> i64 {
        let Some(person) = person.and_then(|person| self.person(person)) else { return super::figures::DEALS_WON };
        let (share, until) = NEWCOMER;
        if at - person.since < until { person.skill * share / 1_000 } else { person.skill }
    }

    /// When a person joined.
    pub(super) fn since(&self, person: u32) -> i64 {
        self.person(person).map_or(0, |person| person.since)
    }

    /// The row of a person today, or of nobody.
    pub(super) fn row_of(&self, person: Option<u32>) -> u32 {
        person.and_then(|person| self.person(person)).map_or(NOBODY, |person| person.row)
    }

    /// Everybody who works here now.
    pub(super) fn active(&self) -> &[u32] {
        &self.active
    }

    /// All teams.
    pub(super) fn teams(&self) -> &[Team] {
        &self.teams
    }

    /// The regions that teams belong to, each with the ids of its teams: at home, and abroad.
    pub(super) fn regions(&self) -> Vec<(&'static str, Vec<&str>)> {
        let teams = |is_abroad: bool| {
            let teams = self.teams.iter().filter(move |team| (team.region == OVERSEAS) == is_abroad);
            teams.map(|team| team.id.as_str()).collect::<Vec<_>>()
        };
        let regions = [("home", teams(false)), ("abroad", teams(true))];
        regions.into_iter().filter(|(_, teams)| !teams.is_empty()).collect()
    }

    /// How many people a team has.
    pub(super) fn size(&self, team: &Team) -> i64 {
        i64::try_from(team.people.len()).unwrap_or(0)
    }

    /// Whether a person's deals are in foreign currencies.
    pub(super) fn is_overseas(&self, person: Option<u32>) -> bool {
        let team =
            person.and_then(|person| self.person(person)).and_then(|person| self.teams.get(person.team as usize));
        team.is_some_and(|team| team.region == OVERSEAS)
    }

    /// The rep and the team of a row.
    pub(super) fn names(&self, row: u32) -> (Option<u32>, Option<&str>) {
        let (person, team) = self.rows.get(row as usize).copied().unwrap_or_default();
        let team = team.and_then(|team| self.teams.get(team as usize));
        (person, team.map(|team| team.id.as_str()))
    }

    /// The number of rows so far.
    pub(super) fn rows(&self) -> u32 {
        number(self.rows.len())
    }

    /// A person's name.
    pub(super) fn name(&self, person: u32) -> String {
        let mut random = Random::of(self.seed, Actor::Name, u64::from(person));
        let overseas = self.person(person).is_some_and(|person| person.region == OVERSEAS);
        let western = random.chance(500) || overseas;
        names::name(&mut random, western)
    }
}

/// What every `rep_id` begins with.
pub(super) const REP: &str = "rep-";

/// What a person's `rep_id` ends with.
pub(super) fn rep_number(person: u32) -> u64 {
    1_001 + u64::from(person)
}

fn number(place: usize) -> u32 {
    u32::try_from(place).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forty_people_share_five_teams_and_more_have_more() {
        let staff = Staff::new(7, 40, 0);
        let sizes: Vec<(&str, i64)> = staff.teams().iter().map(|team| (team.id.as_str(), staff.size(team))).collect();
        assert_eq!(sizes, [("east", 12), ("south", 10), ("north", 8), ("west", 6), ("overseas", 4)]);
        assert_eq!(Staff::new(7, 250, 0).teams().len(), 15);
    }

    #[test]
    fn people_who_left_get_nothing_more() {
        let mut staff = Staff::new(7, 3, 0);
        let gone = 1;
        let team = staff.person(gone).unwrap().team;
        staff.leave(gone);
        let mut random = Random::of(7, Actor::Journey, 1);
        assert!((0..100).all(|_| staff.pick(&mut random) != Some(gone)));
        assert_eq!(staff.colleague(team, &mut random), None);
        staff.transfer(0, team);
        assert_eq!(staff.names(staff.row_of(Some(0))), (Some(0), Some("south")));
    }
}
