//! `albridge explain`: why a backend is, or is not, reachable.

use onboarding::ids::BindingName;
use onboarding::plan::Verdict;
use onboarding::topology::{Instance, Topology};
use onboarding::{Binding, Known, wanted};
use reachability::{Explanation, Path, Question, Wish};
use serde_json::json;
use stage::Host;

use crate::args::ExplainArgs;
use crate::output::{Console, Exit, Tone, Trouble};
use crate::plan;
use crate::target::{self, Access, Environment};

/// Explains one instance.
pub(crate) async fn explain(args: &ExplainArgs, environment: &Environment, console: Console) -> Result<Exit, Trouble> {
    let host = target::host(&args.target, environment, Access::Read)?;
    let store = target::store(&host).await?;
    for name in target::bindings(&store, args.binding.as_deref())? {
        let Some(binding) = store.binding(name.as_str()) else { continue };
        if let Some((instance, explanation)) = look(&host, binding, &args.instance).await? {
            return Ok(show(&name, &instance, &explanation, console));
        }
    }
    Err(Trouble::Failed(format!("No binding's VPCs hold an instance {}: check the id, or the address.", args.instance)))
}

/// The way to an instance, by id or address, over what is seen now; nothing if the binding's VPCs hold no such instance.
pub(crate) async fn look(
    host: &Host,
    binding: &Binding,
    wanted: &str,
) -> Result<Option<(Instance, Explanation)>, Trouble> {
    let (topology, _) = plan::look(host, &binding.name, false).await?;
    let Some(instance) = find(&topology, wanted) else { return Ok(None) };
    let reason = |reason: onboarding::Reason| Trouble::Failed(reason.to_string());
    let load_balancer = wanted::load_balancer(binding, &topology).map_err(reason)?;
    let sources = wanted::sources(binding, &topology).map_err(reason)?;
    let question = Question {
        topology: &topology,
        sources: &sources,
        load_balancer_vpc: &load_balancer.vpc,
        instance,
        ports: &binding.server_group.ports(),
        wish: Some(Wish { deployment: &host.settings().deployment, binding }),
    };
    Ok(Some((instance.clone(), reachability::explain(question))))
}

fn find<'t>(topology: &'t Topology, wanted: &str) -> Option<&'t Instance> {
    topology.instances.values().filter_map(Known::get).flatten().find(|instance| {
        instance.id.as_str() == wanted || instance.address.is_some_and(|address| address.to_string() == wanted)
    })
}

fn show(binding: &BindingName, instance: &Instance, explanation: &Explanation, console: Console) -> Exit {
    let (tone, word, reason) = match &explanation.verdict {
        Verdict::Reachable => (Tone::Good, "reachable", None),
        Verdict::Unreachable(reason) => (Tone::Bad, "not reachable", Some(reason)),
        Verdict::Ambiguous(reason) => (Tone::Bad, "reachable from some of the ALB's addresses only", Some(reason)),
        Verdict::Undetermined(reason) => (Tone::Bad, "not to be told", Some(reason)),
    };
    let address = instance.address.map_or_else(|| "no address".to_owned(), |address| address.to_string());
    console.say(format!("{} ({address}) of {binding}: {}", instance.id, console.tint(tone, word)));
    say_path("there", &explanation.forward, console);
    say_path("and back", &explanation.back, console);
    if let Some(reason) = reason {
        console.say(format!("  {}", reason.message));
        console.say(format!("  {} {}", console.tint(Tone::Bad, reason.code.as_str()), reason.code.remedy()));
    }
    console.tell(
        &json!({"event": "explanation", "binding": binding, "instance": instance.id, "address": instance.address,
                         "explanation": explanation}),
    );
    if reason.is_none() { Exit::Done } else { Exit::Pending }
}

/// The hops of a way.
pub(crate) fn say_path(title: &str, path: &Path, console: Console) {
    console.say(format!("  {title}, to {}", path.destination));
    for (number, hop) in (1..).zip(&path.hops) {
        console.say(format!("    {number:>2}  {hop}"));
    }
}
