//! A breakage, and what is done about it: break, look, follow the remedy to the letter, look again.

use crate::tests::{Desk, Ran};

/// How many letters a seed gives an id.
const SEEDED: usize = 16;

type Act = Box<dyn Fn(&Desk)>;

/// Something that is broken by hand, and how it is mended.
pub(super) struct Breakage {
    /// What happens.
    what: &'static str,
    /// How.
    by: Act,
    /// The code of the first cause.
    code: &'static str,
    /// What its lines name besides.
    names: Vec<&'static str>,
    /// What the remedy says to do.
    remedy: Remedy,
    /// Whether it is there already, because the breakage before was of two faults.
    is_left: bool,
}

/// What a person does who follows the remedy.
enum Remedy {
    /// What it says in words.
    Words(&'static str, Act),
    /// The `albridge` command that it quotes.
    Command(&'static str),
    /// The call whose action it names.
    Call(&'static str, Act),
}

pub(super) fn broken(what: &'static str, code: &'static str, by: impl Fn(&Desk) + 'static) -> Breakage {
    Breakage { what, by: Box::new(by), code, names: Vec::new(), remedy: Remedy::Command("apply web"), is_left: false }
}

impl Breakage {
    pub(super) fn naming(mut self, names: &[&'static str]) -> Self {
        self.names = names.to_vec();
        self
    }

    pub(super) fn told(mut self, words: &'static str, by: impl Fn(&Desk) + 'static) -> Self {
        self.remedy = Remedy::Words(words, Box::new(by));
        self
    }

    pub(super) fn after_another(mut self) -> Self {
        self.is_left = true;
        self
    }

    pub(super) fn mended_by(mut self, action: &'static str, by: impl Fn(&Desk) + 'static) -> Self {
        self.remedy = Remedy::Call(action, Box::new(by));
        self
    }
}

/// What is said for people, without colours.
pub(in crate::tests) fn plain(ran: &Ran) -> String {
    let mut text = ran.stdout.clone();
    for code in ["1", "31", "32", "2", "0"] {
        text = text.replace(&format!("\u{1b}[{code}m"), "");
    }
    text
}

/// The lines about causes: those before the runs.
pub(super) fn causes(said: &str) -> String {
    said.lines().take_while(|line| !line.starts_with("  runs")).collect::<Vec<_>>().join("\n")
}

/// The text with the ids that a seed gives, each as its kind alone, so that a golden file does not depend on the order of calls.
pub(in crate::tests) fn masked(text: &str) -> String {
    let is_id = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '-';
    let mut out = String::new();
    for word in text.split_inclusive(|letter| !is_id(letter)) {
        let id = word.trim_end_matches(|letter| !is_id(letter));
        match id.rsplit_once('-') {
            Some((kind, random))
                if random.len() == SEEDED && random.contains(|letter: char| letter.is_ascii_digit()) =>
            {
                out.extend([kind, "-*", word.get(id.len()..).unwrap_or_default()]);
            }
            _ => out.push_str(word),
        }
    }
    out
}

#[test]
fn a_seeds_ids_are_masked_and_nothing_else() {
    assert_eq!(
        masked("do: Start lsn-vwilzc6zd1ovhv9v (x) of tr-attach-h600uzcd5oxbyh29."),
        "do: Start lsn-* (x) of tr-attach-*."
    );
    for kept in ["vtb-tr-hangzhou, i-ecs1 and 192.168.7.0/24", "inter-region", "x-abcdefghijklmnop"] {
        assert_eq!(masked(kept), kept);
    }
}

/// Breaks, looks, follows the remedy, and looks again. Gives all that was said, for the golden file.
pub(super) async fn follow(desk: &Desk, breakages: Vec<Breakage>) -> String {
    let (mut golden, mut wrong) = (String::new(), Vec::new());
    for Breakage { what, by, code, names, remedy, is_left } in breakages {
        let quiet = desk.status().await;
        let before = causes(&plain(&quiet));
        if before.contains(" cause") && !is_left {
            wrong.push(format!("before {what}: {before}"));
        }
        by(desk);
        desk.settle().await;
        let ran = desk.status().await;
        let said = causes(&plain(&ran));
        golden.push_str(&format!("## {what}\n{}\n\n", masked(&said)));
        let first = said.lines().nth(2).unwrap_or_default().trim();
        let told = said.lines().find(|line| line.trim_start().starts_with("do: ")).unwrap_or_default();
        let asked = match &remedy {
            Remedy::Command(command) => format!("`albridge {command}`"),
            Remedy::Call(action, _) => format!("({action})"),
            Remedy::Words(words, _) => (*words).to_owned(),
        };
        let is_short = said.lines().count() <= 12;
        let is_named = names.iter().all(|name| said.contains(name)) && first.starts_with(&format!("{code}  "));
        if ran.code != 2 || !is_short || !is_named || !told.contains(&asked) {
            wrong.push(format!("{what}: {code}, {names:?}, {asked}: {}", plain(&ran)));
        }
        match remedy {
            Remedy::Command(command) => {
                let words: Vec<&str> = command.split(' ').chain(["--yes"]).collect();
                let ran = desk.run(&words).await;
                // Health that is not decided yet is left, and looked at below.
                if !matches!(ran.code, 0 | 2) {
                    wrong.push(format!("{what}, {command}: {}", plain(&ran)));
                }
            }
            Remedy::Call(_, by) | Remedy::Words(_, by) => by(desk),
        }
        desk.settle().await;
        let after = causes(&plain(&desk.status().await));
        if after.contains(code) {
            wrong.push(format!("{what}: still there: {after}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
    golden
}
