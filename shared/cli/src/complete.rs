//! Completions: what a shell asks while somebody types a command. Names of bindings come from the store; instances from the cloud, as the
//! store's bindings select them, within three seconds or not at all.
//!
//! ```text
//!   albridge completions bash ──► a script, which the shell reads once
//!   TAB ──► the script runs `COMPLETE=bash albridge -- WORDS` ──► candidates, a line each
//! ```

use std::ffi::OsString;
use std::io::Write as _;
use std::time::Duration;

use clap::{Command, CommandFactory};
use clap_complete::engine::{ArgValueCandidates, CompletionCandidate};
use clap_complete::env::{CompleteEnv, Shells};
use clock::Clock;
use onboarding::binding::Backend;
use onboarding::{StageName, Store};
use openapi::{Client, ecs};

use crate::args::{Cli, Target};
use crate::environment::Environment;
use crate::target::{self, Access};

/// The variable by which a shell asks.
const ASKED: &str = "COMPLETE";
/// A person waits for it.
const LIMIT: Duration = Duration::from_secs(3);

/// What may be proposed for an argument.
#[derive(Clone, Copy)]
enum Kind {
    Binding,
    Instance,
    /// What `explain` takes.
    Either,
    /// What `--target` takes.
    Part,
    Stage,
    /// Who is told of faults.
    Receiver,
}

/// The arguments whose values are not fixed, by command and name.
const ARGUMENTS: [(&str, &str, Kind); 18] = [
    ("plan", "binding", Kind::Binding),
    ("apply", "binding", Kind::Binding),
    ("import", "binding", Kind::Binding),
    ("run", "binding", Kind::Binding),
    ("status", "binding", Kind::Binding),
    ("history", "binding", Kind::Binding),
    ("console", "binding", Kind::Binding),
    ("graph", "binding", Kind::Binding),
    ("explain", "binding", Kind::Binding),
    ("teardown", "binding", Kind::Binding),
    ("import", "instances", Kind::Instance),
    ("graph", "instance", Kind::Instance),
    ("explain", "instance", Kind::Either),
    ("plan", "focus", Kind::Part),
    ("apply", "focus", Kind::Part),
    ("notify", "receivers", Kind::Receiver),
    ("policy", "stage", Kind::Stage),
    ("package", "functions", Kind::Stage),
];

/// Answers a shell, if one asks. Gives whether that succeeded.
pub(crate) fn answer(arguments: &[OsString], environment: &Environment) -> Option<bool> {
    environment.get(ASKED).filter(|shell| !shell.is_empty() && *shell != "0")?;
    let typed: Vec<String> = arguments.iter().map(|word| word.to_string_lossy().into_owned()).collect();
    let desk = Desk { environment: environment.clone(), typed };
    let answered = CompleteEnv::with_factory(|| command(&desk)).try_complete(arguments.to_vec(), None);
    Some(match answered {
        Ok(_) => true,
        Err(error) => {
            let _gone = writeln!(std::io::stderr(), "{error}");
            false
        }
    })
}

/// The script that makes a shell ask; nothing for a shell that is not known.
pub(crate) fn script(shell: &str) -> Option<String> {
    let mut script = Vec::new();
    let shells = Shells::builtins();
    shells.completer(shell)?.write_registration(ASKED, "albridge", "albridge", "albridge", &mut script).ok()?;
    String::from_utf8(script).ok()
}

/// The command line, with what may be proposed.
fn command(desk: &Desk) -> Command {
    ARGUMENTS.into_iter().fold(Cli::command(), |command, (name, argument, kind)| {
        let desk = desk.clone();
        let candidates = ArgValueCandidates::new(move || desk.candidates(kind));
        command.mut_subcommand(name, |command| command.mut_arg(argument, |argument| argument.add(candidates)))
    })
}

/// Whoever types, and what is typed so far.
#[derive(Clone)]
struct Desk {
    environment: Environment,
    typed: Vec<String>,
}

impl Desk {
    fn candidates(&self, kind: Kind) -> Vec<CompletionCandidate> {
        let stages = || StageName::ALL.into_iter().map(|stage| CompletionCandidate::new(stage.as_str()));
        if matches!(kind, Kind::Stage) {
            return stages().collect();
        }
        let store = self.store();
        let bindings = |store: &Store| {
            let names = store.bindings.iter().map(|binding| CompletionCandidate::new(binding.name.as_str()));
            names.collect::<Vec<_>>()
        };
        let Some(store) = store else {
            return if matches!(kind, Kind::Part) { stages().collect() } else { Vec::new() };
        };
        match kind {
            Kind::Binding => bindings(&store),
            Kind::Instance => self.instances(&store),
            Kind::Either => bindings(&store).into_iter().chain(self.instances(&store)).collect(),
            Kind::Receiver => {
                store.notify.iter().map(|receiver| CompletionCandidate::new(receiver.name.as_str())).collect()
            }
            Kind::Part | Kind::Stage => stages().chain(self.instances(&store)).collect(),
        }
    }

    /// The value of an option, as far as it is typed.
    fn option(&self, name: &str) -> Option<String> {
        let after = |word: &String| word.strip_prefix(name)?.strip_prefix('=').map(str::to_owned);
        let place = self.typed.iter().position(|word| word == name);
        place.and_then(|place| self.typed.get(place + 1).cloned()).or_else(|| self.typed.iter().find_map(after))
    }

    fn target(&self) -> Target {
        Target {
            bindings: self.option("--bindings"),
            deployment: self.option("--deployment"),
            profile: self.option("--profile"),
            home: self.option("--home"),
            allow_http: self.typed.iter().any(|word| word == "--allow-http"),
        }
    }

    /// The store; a file is read without a key.
    fn store(&self) -> Option<Store> {
        let place =
            self.option("--bindings").or_else(|| self.environment.get("ALBRIDGE_BINDINGS").map(str::to_owned))?;
        if !place.starts_with("oss://") {
            let text = stage::store::read_file(place.as_ref()).ok()?;
            return Store::parse(&text, &place).ok();
        }
        wait(async {
            let host = target::host(&self.target(), &self.environment, Access::Read).await.ok()?;
            target::store(&host).await.ok()
        })
    }

    /// The instances that the bindings select, or those of the binding that is typed.
    fn instances(&self, store: &Store) -> Vec<CompletionCandidate> {
        let named =
            store.bindings.iter().filter(|binding| self.typed.iter().any(|word| *word == binding.name.as_str()));
        let mut bindings: Vec<_> = named.collect();
        if bindings.is_empty() {
            bindings = store.bindings.iter().collect();
        }
        let found = wait(async {
            let host = target::host(&self.target(), &self.environment, Access::Read).await.ok()?;
            let mut found = Vec::new();
            for backend in bindings.iter().flat_map(|binding| &binding.backends) {
                found.extend(selected(host.client(), backend).await.unwrap_or_default());
            }
            Some(found)
        });
        found
            .unwrap_or_default()
            .into_iter()
            .map(|instance| CompletionCandidate::new(instance.instance_id).help(Some(instance.instance_name.into())))
            .collect()
    }
}

async fn selected(client: &Client, backend: &Backend) -> Option<Vec<ecs::Instance>> {
    let client = match &backend.assume_role {
        None => client.clone(),
        Some(role) => client.assume_role(&role.arn, role.external_id.as_deref(), "albridge").await.ok()?,
    };
    let tags = backend.select.tags.iter();
    let list = ecs::DescribeInstances {
        vpc_id: Some(backend.vpc.as_str().to_owned()),
        tag: tags.map(|(key, value)| ecs::Tag { key: key.clone(), value: Some(value.clone()) }).collect(),
        ..Default::default()
    };
    client.list(backend.region.as_str(), list).await.ok()
}

/// What comes of it, unless it takes too long.
fn wait<T>(asking: impl Future<Output = Option<T>>) -> Option<T> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().ok()?;
    runtime.block_on(async { Clock::system().timeout(LIMIT, asking).await.ok()? })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn desk(words: &[&str]) -> Desk {
        Desk { environment: Environment::default(), typed: words.iter().map(|word| (*word).to_owned()).collect() }
    }

    #[test]
    fn every_argument_of_the_table_is_one() {
        command(&desk(&[])).debug_assert();
    }

    #[test]
    fn options_are_found_as_far_as_they_are_typed() {
        let desk = desk(&["albridge", "plan", "--bindings", "b.yml", "--home=cn-hangzhou", "--profile"]);
        assert_eq!(desk.option("--bindings").as_deref(), Some("b.yml"));
        assert_eq!(desk.option("--home").as_deref(), Some("cn-hangzhou"));
        assert_eq!(desk.option("--profile"), None);
        assert!(desk.candidates(Kind::Binding).is_empty(), "there is no b.yml");
    }

    #[test]
    fn each_shell_has_its_script() {
        for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
            assert!(script(shell).is_some_and(|script| script.contains("COMPLETE")), "{shell}");
        }
        assert_eq!(script("cmd"), None);
    }
}
