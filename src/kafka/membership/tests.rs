//! Each event in each state, and the actions that follow in their order.

use super::*;

const TOPICS: [&str; 2] = ["leads", "spend"];

fn topics(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

fn held(partitions: &[(&str, i32)]) -> Held {
    partitions.iter().map(|(topic, number)| ((*topic).to_owned(), *number)).collect()
}

fn everything() -> Held {
    held(&[("leads", 0), ("leads", 1), ("spend", 0)])
}

fn member(name: &str, names: &[&str]) -> GroupMember {
    GroupMember { name: name.to_owned(), topics: topics(names) }
}

fn machine() -> Membership {
    Membership::new(topics(&TOPICS), [0, 1].into())
}

fn surveyed(survey: u64) -> Event {
    Event::Surveyed { survey, members: Some(vec![member("a", &TOPICS)]) }
}

/// A member that shows numbers, after its first survey.
fn serving() -> Membership {
    let mut machine = machine();
    for event in [Event::Assigned(everything()), surveyed(1), Event::Restored, Event::CaughtUp, Event::Confirmed] {
        let _ = machine.on(event);
    }
    assert_eq!(machine.on(Event::CaughtUp), [Action::Publish(Published::Serving)]);
    machine
}

#[test]
fn an_owner_surveys_restores_reads_and_shows_once_the_group_has_confirmed_it() {
    let mut machine = machine();
    let begun = [Action::Publish(Published::CatchingUp), Action::AssignNothing, Action::Survey(1)];
    assert_eq!(machine.on(Event::Assigned(everything())), begun);
    assert!(machine.is_owner() && machine.owns(1) && !machine.may_commit());
    assert_eq!(machine.on(surveyed(7)), [], "of an earlier assignment");
    assert_eq!(machine.on(surveyed(1)), [Action::Report(None), Action::Restore]);
    assert_eq!(machine.on(Event::CaughtUp), [], "nothing is read yet");
    assert_eq!(machine.on(Event::Restored), [Action::Assign]);
    assert_eq!(machine.on(Event::CaughtUp), [Action::Confirm]);
    assert!(!machine.shows());
    assert_eq!(machine.on(Event::Confirmed), []);
    assert_eq!(machine.on(Event::CaughtUp), [Action::Publish(Published::Serving)]);
    assert!(machine.shows());
    assert_eq!(machine.on(Event::CaughtUp), [], "once");
}

#[test]
fn a_revocation_hides_first_then_commits_then_gives_back() {
    let mut machine = serving();
    let actions =
        [Action::Publish(Published::Joining), Action::CommitProgress, Action::Unassign, Action::ForgetCommits];
    assert_eq!(machine.on(Event::Revoked { is_lost: false }), actions);
    assert!(!machine.shows() && !machine.is_owner());
    let again = machine.on(Event::Assigned(everything()));
    assert_eq!(again.last(), Some(&Action::Survey(2)));
    assert_eq!(
        machine.on(surveyed(2)),
        [Action::Report(None), Action::Assign],
        "what is in memory is fresher than any snapshot"
    );
    assert_eq!(machine.on(Event::CaughtUp), [Action::Confirm], "the group has to confirm every assignment");
}

#[test]
fn without_a_session_nothing_can_be_committed() {
    let mut machine = serving();
    assert!(!machine.on(Event::Revoked { is_lost: true }).contains(&Action::CommitProgress));
    assert_eq!(machine.on(Event::Fenced), [Action::Publish(Published::Joining), Action::Rejoin]);
    assert_eq!(serving().on(Event::Fenced), [Action::EndFenced], "with a session there is a second member");
}

/// The group gives a static member that comes back what it had, whatever it subscribes to now.
#[test]
fn a_seat_of_other_topics_is_given_up() {
    for others in [vec!["old"], vec!["old", "leads"]] {
        let mut machine = machine();
        let given: Vec<_> = others.into_iter().map(|topic| (topic, 0)).collect();
        let actions = [Action::AssignNothing, Action::EndMistaken("old".to_owned())];
        assert_eq!(machine.on(Event::Assigned(held(&given))), actions);
        assert_eq!(machine.on(Event::Failed), [Action::Publish(Published::Stopping), Action::Leave]);
    }
}

/// What it had read fewer topics, or somebody reads others: the group says which when it is asked anew.
#[test]
fn a_seat_of_fewer_topics_is_given_up_once() {
    let (mut machine, given) = (machine(), || Event::Assigned(held(&[("leads", 0), ("leads", 1)])));
    let torn = || Refusal::Torn { given: "leads".to_owned(), missing: "spend".to_owned() };
    assert_eq!(machine.on(given()), [Action::AssignNothing, Action::GiveUpSeat(torn())]);
    assert!(machine.state() == State::Joining && !machine.is_owner());
    let refused = [Action::Publish(Published::StandingBy), Action::AssignNothing, Action::Report(Some(torn()))];
    assert_eq!(machine.clone().on(given()), refused, "somebody else has what is missing");
    assert_eq!(machine.on(Event::Assigned(everything())).last(), Some(&Action::Survey(1)));
}

#[test]
fn a_restore_that_ends_after_a_revocation_serves_the_next_assignment() {
    let mut machine = machine();
    let _ = machine.on(Event::Assigned(everything()));
    let _ = machine.on(surveyed(1));
    let _ = machine.on(Event::Revoked { is_lost: false });
    let _ = machine.on(Event::Assigned(everything()));
    assert_eq!(machine.on(surveyed(2)), [Action::Report(None)], "it is under way");
    assert_eq!(machine.on(Event::Restored), [Action::Assign]);
}

#[test]
fn a_pause_is_resumed_and_does_not_outlive_the_assignment() {
    let mut machine = serving();
    let full = Event::DeadLetters { are_full: true };
    assert_eq!(machine.on(full.clone()), [Action::Pause]);
    assert_eq!(machine.on(full.clone()), [], "once");
    assert_eq!(machine.on(Event::DeadLetters { are_full: false }), [Action::Resume]);
    let _ = machine.on(full);
    assert!(machine.on(Event::Revoked { is_lost: false }).contains(&Action::Resume));
    let _ = machine.on(Event::Assigned(everything()));
    assert_eq!(
        machine.on(surveyed(2)),
        [Action::Report(None)],
        "not while there is no room: an assignment is not paused at once"
    );
    assert_eq!(machine.on(Event::DeadLetters { are_full: false }), [Action::Assign]);
}

#[test]
fn whoever_stood_still_shows_nothing_until_the_group_confirms_it() {
    let mut machine = serving();
    assert_eq!(machine.on(Event::Doubt), []);
    assert_eq!(machine.on(Event::StoodStill), [Action::Publish(Published::CatchingUp)]);
    assert_eq!((machine.state(), machine.shows()), (State::Doubtful, false));
    assert_eq!(machine.on(Event::CaughtUp), []);
    assert_eq!(machine.on(Event::Doubt), [Action::Confirm]);
    assert_eq!(machine.on(Event::Confirmed), []);
    assert_eq!(machine.on(Event::CaughtUp), [Action::Publish(Published::Serving)]);
}

#[test]
fn new_partitions_are_surveyed_while_the_numbers_stay() {
    let mut machine = serving();
    assert_eq!(machine.on(Event::Grown([0, 1, 2].into())), [Action::AssignNothing, Action::Survey(2)]);
    assert!(machine.shows() && machine.owns(2));
    assert_eq!(machine.on(surveyed(2)), [Action::Report(None), Action::Assign]);
    assert_eq!(Membership::new(topics(&TOPICS), [0].into()).on(Event::Grown([0, 1].into())), []);
}

#[test]
fn an_end_finishes_what_was_read_and_always_leaves() {
    let mut machine = serving();
    let actions = [Action::Publish(Published::Stopping), Action::Pause, Action::Finish, Action::Leave];
    assert_eq!(machine.on(Event::Stop), actions);
    assert_eq!(machine.on(Event::Stop), [], "once");
    assert_eq!(machine.on(Event::Assigned(everything())), [Action::AssignNothing]);
    assert_eq!(machine.on(Event::Revoked { is_lost: false }), [Action::Unassign]);
    let mut joining = self::machine();
    assert_eq!(joining.on(Event::Stop), [Action::Publish(Published::Stopping), Action::Leave], "it has read nothing");
    assert_eq!(serving().on(Event::Failed), [Action::Publish(Published::Stopping), Action::Leave]);
}

#[test]
fn only_partition_0_of_every_topic_makes_an_owner() {
    let mut machine = machine();
    let standing_by = [Action::Publish(Published::StandingBy), Action::AssignNothing, Action::Report(None)];
    assert_eq!(machine.on(Event::Assigned(held(&[("leads", 1)]))), standing_by);
    let torn = machine.on(Event::Assigned(held(&[("leads", 0), ("leads", 1)])));
    let Some(Action::Report(Some(refusal))) = torn.last() else { panic!("{torn:?}") };
    assert!(refusal.to_string().contains("partition 0 of \"leads\" to this member and that of \"spend\" to another"));
    assert_eq!((machine.state(), machine.is_owner()), (State::StandingBy, false));
}

#[test]
fn of_members_with_other_topics_only_the_one_with_the_first_topic_may_own() {
    let members = [member("a at /h1", &["leads", "spend"]), member("b at /h2", &["payments"])];
    let a = judge(&everything(), &topics(&TOPICS), &members).unwrap();
    assert!(
        a.unwrap()
            .to_string()
            .starts_with("b at /h2 is a member of the same group and reads other topics (payments): that")
    );
    let b = judge(&held(&[("payments", 0)]), &topics(&["payments"]), &members).unwrap_err();
    assert!(b.to_string().contains("reads other topics (leads, spend): this member shows no numbers"), "{b}");
    assert_eq!(judge(&everything(), &topics(&TOPICS), &members[..1]), Ok(None));
    let mut machine = Membership::new(topics(&["payments"]), [0].into());
    let _ = machine.on(Event::Assigned(held(&[("payments", 0)])));
    let refused = machine.on(Event::Surveyed { survey: 1, members: Some(members.to_vec()) });
    assert_eq!(refused[0], Action::Publish(Published::StandingBy));
    assert_eq!(machine.on(Event::CaughtUp), []);
}
