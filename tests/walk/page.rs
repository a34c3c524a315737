//! The README as a list of steps.

/// A block of commands, and what the page says that the last of them prints.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Step {
    pub(crate) commands: Vec<String>,
    pub(crate) printed: Option<String>,
}

/// The blocks of commands, each with the block of text that follows it at once.
pub(crate) fn steps(page: &str) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    let mut lines = page.lines();
    let mut before = "";
    while let Some(line) = lines.next() {
        if line == "```sh" {
            steps.push(Step { commands: commands(&block(&mut lines)), printed: None });
        } else if line == "```text" && before == "```" {
            let step = steps.last_mut().expect("a block of text has a block of commands before it");
            step.printed = Some(block(&mut lines).join("\n"));
        } else {
            before = line;
            continue;
        }
        before = "```";
    }
    steps
}

/// The lines up to the end of a block.
fn block<'a>(lines: &mut std::str::Lines<'a>) -> Vec<&'a str> {
    lines.take_while(|line| *line != "```").collect()
}

/// Lines as commands: one goes on in the next line where bash would read on.
fn commands(lines: &[&str]) -> Vec<String> {
    let mut commands: Vec<String> = Vec::new();
    let mut goes_on = false;
    for line in lines.iter().filter(|line| !line.is_empty()) {
        match commands.last_mut().filter(|_| goes_on) {
            Some(command) => *command = format!("{command}\n{line}"),
            None => commands.push((*line).to_owned()),
        }
        goes_on = line.ends_with(['|', '\\']);
    }
    commands
}

/// The blocks of a language, as they stand.
pub(crate) fn blocks<'a>(page: &'a str, language: &str) -> Vec<&'a str> {
    let opening = format!("```{language}\n");
    page.split(&opening).skip(1).filter_map(|rest| rest.split("```").next()).collect()
}

/// Whether lines are those of the page, in which … stands for what differs from run to run.
pub(crate) fn fits(printed: &str, shown: &str) -> bool {
    let same_length = printed.lines().count() == shown.lines().count();
    same_length && printed.lines().zip(shown.lines()).all(|(printed, shown)| line_fits(printed, shown))
}

fn line_fits(printed: &str, shown: &str) -> bool {
    let Some((start, rest)) = shown.split_once('…') else { return printed == shown };
    let Some(printed) = printed.strip_prefix(start) else { return false };
    let places = printed.char_indices().map(|(place, _)| place).chain([printed.len()]);
    places.into_iter().any(|place| line_fits(&printed[place..], rest))
}

#[test]
fn a_page_is_read_as_steps() {
    let page = "```sh\na # x\nb |\n  c\n\nd\n```\n```text\ne\n```\n\n```text\nf\n```\n";
    let steps = steps(page.trim_end().trim_end_matches("\n\n```text\nf\n```"));
    let commands = ["a # x", "b |\n  c", "d"].map(str::to_owned).into();
    assert_eq!(steps, [Step { commands, printed: Some("e".to_owned()) }]);
}

#[test]
fn what_differs_from_run_to_run_fits() {
    assert!(fits("a 1 b 22\nc", "a … b …\nc"));
    assert!(!fits("a 1 b 22\nc", "a … c …\nc") && !fits("a 1", "a 1\nb") && !fits("a 1 b", "a …2 b"));
}
