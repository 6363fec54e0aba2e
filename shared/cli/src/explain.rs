//! `albridge explain`: why a backend is, or is not, reachable; or all backends of a binding.

mod all;
mod alone;
mod beside;
mod cells;
mod diagnosis;
mod grid;
mod subject;
mod table;

use onboarding::ids::{BindingName, VpcId};
use onboarding::inputs::Verdict;
use onboarding::topology::{Instance, Known, Topology};
use onboarding::{Binding, Change, Code, Deployment, Plan, Reason, Store, Write, desired};
use reachability::{Question, Wish};
use serde_json::json;
use stage::{Cloud, Host, Needs};

use crate::args::{ExplainArgs, Output, Shape};
use crate::environment::Environment;
use crate::output::{CliError, Console, Exit, Line, Text, event};
use crate::plan;
use crate::target::{self, Access};
use crate::unread;

pub(crate) use diagnosis::{Diagnosis, faults, headline};
pub(crate) use subject::Subject;
pub(crate) use table::ways;

use alone::Alone;
use beside::NoWay;
use diagnosis::verdict;

/// Explains one instance.
pub(crate) async fn explain(args: &ExplainArgs, environment: &Environment, console: Console) -> Result<Exit, CliError> {
    let subject = Subject::parse(&args.instance)?;
    let host = target::host(&args.target, environment, Access::Read).await?;
    let store = target::store(&host).await?;
    if let Some(binding) = store.binding(&args.instance) {
        return all::explain(&host, &store, binding, args.shape, console).await;
    }
    Ok(match answer(&host, &store, args.binding.as_deref(), &subject).await? {
        Answer::Instance(diagnosis) => show(&store, &diagnosis, args.shape, console),
        Answer::NoWay(found) => found.show(&store, &host.settings().deployment, args.shape, console),
        Answer::Member { alone, .. } => alone.show(args.shape, console),
    })
}

/// What is known of a subject.
enum Answer {
    /// The ways of an instance.
    Instance(Box<Diagnosis>),
    /// There is no load balancer, and so no way to look at.
    NoWay(Box<NoWay>),
    /// There is no such instance, and yet a member at the address.
    Member {
        /// What is known of it.
        alone: Box<Alone>,
        /// Where an instance was looked for.
        misses: String,
    },
}

/// Diagnoses one instance for the named binding, or else the one that selects it, or else the first whose VPCs contain it.
pub(crate) async fn diagnose(
    host: &Host,
    store: &Store,
    binding: Option<&str>,
    subject: &Subject,
) -> Result<Diagnosis, CliError> {
    match answer(host, store, binding, subject).await? {
        Answer::Instance(diagnosis) => Ok(*diagnosis),
        Answer::NoWay(found) => Err(CliError::Failed(found.reason.to_string())),
        Answer::Member { misses, .. } => Err(CliError::Failed(misses)),
    }
}

async fn answer(host: &Host, store: &Store, binding: Option<&str>, subject: &Subject) -> Result<Answer, CliError> {
    let names = target::some_bindings(host, store, binding)?;
    let stopped = |binding: &Binding| Binding { paused: binding.paused || store.paused, ..binding.clone() };
    let bindings: Vec<Binding> = names.iter().filter_map(|name| store.binding(name.as_str())).map(stopped).collect();
    let bindings: Vec<&Binding> = bindings.iter().collect();
    let (served, refusal) = match serving(&bindings, subject) {
        Ok(served) => (served, None),
        // Others may have registered it, or it is from before the port was changed.
        Err(refusal) => (bindings.clone(), Some(refusal)),
    };
    let deployment = &host.settings().deployment;
    let (mut stranger, mut alone) = (None, None);
    let mut misses = Vec::new();
    for binding in served {
        let (topology, plan) = plan::look(host, &binding.name, true).await?;
        if let Some(refusal) = &refusal {
            if let Some(alone) = Alone::of(deployment, binding, &topology, &plan.unread, subject) {
                return Ok(Answer::Member { alone: Box::new(alone), misses: refusal.to_string() });
            }
            continue;
        }
        match find(binding, &topology, subject) {
            Ok(instance) => {
                let selected = desired::selected(binding, &topology).any(|(_, wanted)| wanted.id == instance.id);
                if selected {
                    return answered(deployment, binding, topology, plan, instance, true);
                }
                stranger.get_or_insert((binding, topology, plan, instance));
            }
            Err(miss) => {
                alone = alone.or_else(|| Alone::of(deployment, binding, &topology, &plan.unread, subject));
                misses.push(miss);
            }
        }
    }
    if let Some(refusal) = refusal {
        return Err(refusal);
    }
    if let Some((binding, mut topology, plan, instance)) = stranger {
        read_groups(host, binding, &instance, &mut topology).await;
        return answered(deployment, binding, topology, plan, instance, false);
    }
    let misses = misses.join(" ");
    match alone {
        Some(alone) => Ok(Answer::Member { alone: Box::new(alone), misses }),
        None => Err(CliError::Failed(misses)),
    }
}

/// The answer about an instance that was found.
fn answered(
    deployment: &Deployment,
    binding: &Binding,
    topology: Topology,
    plan: Plan,
    instance: Instance,
    selected: bool,
) -> Result<Answer, CliError> {
    let missing = desired::load_balancer(binding, &topology).err();
    if let Some(reason) = missing.filter(|reason| reason.code == Code::AlbMissing && topology.unread.is_empty()) {
        let binding = binding.clone();
        return Ok(Answer::NoWay(Box::new(NoWay { binding, topology, plan, instance, reason })));
    }
    let diagnosis = judge(deployment, binding, topology, plan, instance, selected)?;
    Ok(Answer::Instance(Box::new(diagnosis)))
}

/// The bindings that serve the port asked about.
fn serving<'b>(bindings: &[&'b Binding], subject: &Subject) -> Result<Vec<&'b Binding>, CliError> {
    let Subject::Address { port: Some(port), .. } = subject else { return Ok(bindings.to_vec()) };
    let serving: Vec<&Binding> =
        bindings.iter().copied().filter(|binding| binding.server_group.ports().contains(port)).collect();
    if serving.is_empty() {
        let ports: Vec<String> = bindings
            .iter()
            .map(|binding| {
                let ports: Vec<_> = binding.server_group.ports().iter().map(ToString::to_string).collect();
                format!("{} {}", binding.name, ports.join(" and "))
            })
            .collect();
        return Err(CliError::Usage(format!(
            "No binding serves port {port}: leave the port out, or ask for one of these: {}.",
            ports.join(", ")
        )));
    }
    Ok(serving)
}

/// The instance that is meant; the error says where it was looked for.
pub(crate) fn find(binding: &Binding, topology: &Topology, subject: &Subject) -> Result<Instance, String> {
    let instances = || topology.instances.values().filter_map(Known::get).flatten();
    let found = match subject {
        Subject::Instance(id) => instances().find(|instance| instance.id == *id).cloned(),
        Subject::Address { address, .. } => instances().find_map(|instance| instance.at(*address)),
    };
    if let Some(found) = found {
        return Ok(found);
    }
    // Names are not unique.
    if let Subject::Instance(name) = subject {
        let named: Vec<&Instance> = instances().filter(|instance| instance.name == name.as_str()).collect();
        match named.as_slice() {
            [] => {}
            [only] => return Ok((*only).clone()),
            several => {
                let ids: Vec<&str> = several.iter().map(|instance| instance.id.as_str()).collect();
                return Err(format!("Several instances are named {name}: ask for one of {}.", ids.join(", ")));
            }
        }
    }
    let vpcs = binding.backends.iter().map(|backend| &backend.vpc);
    let unread = vpcs.clone().find_map(|vpc| Some((vpc, topology.instances.get(vpc)?.why_unknown()?)));
    if let Some((vpc, why)) = unread {
        let why = unread::sentence(&topology.unread).unwrap_or_else(|| why.to_string());
        return Err(format!("not known: the instances of {vpc}: {why}."));
    }
    let described: Vec<String> = vpcs.clone().map(|vpc| describe(topology, vpc)).collect();
    let described = described.join(", ");
    let name = &binding.name;
    let Subject::Address { address, .. } = subject else {
        return Err(format!(
            "The backends' VPCs of {name} hold no instance {subject}: check the id or name; they are {described}."
        ));
    };
    let holds = |vpc: &&VpcId| topology.vpc(vpc).is_some_and(|vpc| vpc.cidrs.iter().any(|cidr| cidr.contains(address)));
    if let Some(vpc) = vpcs.clone().find(holds) {
        return Err(format!("No instance of {vpc} has the address {address}: check it, or ask for an instance's id."));
    }
    let own = topology.alb().map(|load_balancer| &load_balancer.vpc).filter(holds);
    let own = own.map(|vpc| format!(" (it lies in {vpc}, the load balancer's own)")).unwrap_or_default();
    Err(format!("{address} lies in no VPC with backends of {name}{own}: check the address; they are {described}."))
}

/// A VPC with its prefixes.
fn describe(topology: &Topology, id: &VpcId) -> String {
    let cidrs: Vec<_> = topology.vpc(id).into_iter().flat_map(|vpc| &vpc.cidrs).map(ToString::to_string).collect();
    if cidrs.is_empty() { format!("{id} (not there)") } else { format!("{id} ({})", cidrs.join(", ")) }
}

/// Reads the security groups of an instance that the binding does not select: for others they are not read.
async fn read_groups(host: &Host, binding: &Binding, instance: &Instance, topology: &mut Topology) {
    let mut like = binding.clone();
    for backend in like.backends.iter_mut().filter(|backend| backend.vpc == instance.vpc) {
        backend.select.tags.clone_from(&instance.tags);
    }
    let cloud = Cloud::new(host.client().clone(), &like, "");
    let needs = Needs::BACKENDS.and(Needs::SECURITY);
    let seen = stage::observe(&cloud, &like, &host.settings().deployment, needs).await;
    topology.security_groups.extend(seen.security_groups);
    topology.prefix_lists.extend(seen.prefix_lists);
    topology.unread.extend(&seen.unread);
}

/// What becomes of the packets to an instance, in a topology that was read.
pub(crate) fn judge(
    deployment: &Deployment,
    binding: &Binding,
    topology: Topology,
    plan: Plan,
    instance: Instance,
    selected: bool,
) -> Result<Diagnosis, CliError> {
    let reason = |reason: Reason| match unread::sentence(&topology.unread) {
        Some(sentence) => CliError::Failed(format!("not known: {}: {sentence}.", reason.resource)),
        None => CliError::Failed(reason.to_string()),
    };
    let load_balancer = desired::load_balancer(binding, &topology).map_err(reason)?;
    let sources = desired::sources(binding, &topology).map_err(reason)?;
    let explanation = reachability::explain(Question {
        topology: &topology,
        sources: &sources,
        load_balancer_vpc: &load_balancer.vpc,
        instance: &instance,
        ports: &binding.server_group.ports(),
        wish: Some(Wish { deployment, binding }),
    });
    let deployment = deployment.clone();
    let binding = binding.clone();
    Ok(Diagnosis { deployment, binding, topology, plan, instance, selected, explanation })
}

/// All of it, for people. What could not be read comes first.
pub(crate) fn text(diagnosis: &Diagnosis, width: usize, shape: Shape) -> Text {
    let (style, _) = verdict(&diagnosis.explanation, &diagnosis.explanation.served);
    let mut text = unread::lines(&diagnosis.topology.unread, "", shape.all);
    text.line(Line::styled(style, headline(diagnosis)));
    if !diagnosis.selected {
        let name = &diagnosis.binding.name;
        text.line(format!("  It is not selected by the tags of {name}; explained as if it were."));
        text.extend(leaving(diagnosis));
    }
    text.extend(ways(diagnosis, width));
    text.extend(table::sources(diagnosis, width, shape.all || shape.output == Output::Wide));
    text.extend(table::faults(diagnosis));
    text
}

/// What runs are about to do with a member that the tags do not select, and what to do if that is not meant.
fn leaving(diagnosis: &Diagnosis) -> Text {
    let Diagnosis { topology, plan, instance, .. } = diagnosis;
    let goes = |change: &&Change| match &change.write {
        Write::UpdateServer { instance: of, .. } => *of == instance.id && change.why.is_some(),
        Write::RemoveServer { instance: of, .. } => *of == instance.id,
        _ => false,
    };
    let mut text = Text::default();
    let Some(change) = plan.changes.iter().find(goes) else { return text };
    text.extend(plan::change(topology, change, false));
    let tells = |found: &&Reason| {
        matches!(found.code, Code::NoneSelected | Code::NotSelected) && found.resource == instance.vpc.as_str()
    };
    for found in plan.findings.iter().filter(tells) {
        text.line(Line::new(format!("  {}", found.message)).hanging(2).flowing());
        text.line(Line::new(format!("  do: {}", found.remedy())).hanging(2).flowing());
    }
    text
}

fn show(store: &Store, diagnosis: &Diagnosis, shape: Shape, console: Console) -> Exit {
    let causes = beside::of(store, diagnosis);
    let mut shown = text(diagnosis, console.width(), shape);
    shown.extend(beside::text(diagnosis, &causes, shape));
    console.print(shown);
    let name: &BindingName = &diagnosis.binding.name;
    let unread = &diagnosis.topology.unread;
    let fields = json!({
        "binding": name, "instance": diagnosis.instance.id, "address": diagnosis.instance.address,
        "port": diagnosis.binding.server_group.port, "selected": diagnosis.selected, "unread": unread,
        "explanation": diagnosis.explanation, "causes": causes.causes
    });
    console.print_json(&event("explanation", &fields));
    // If something could not be read, the verdict is not reliable, even if it says "reachable".
    let exit = match &diagnosis.explanation.served {
        _ if !unread.is_empty() => Exit::Failed,
        Verdict::Undetermined(_) => Exit::Failed,
        Verdict::Reachable => Exit::pending(!causes.is_empty()),
        Verdict::Unreachable(_) | Verdict::Ambiguous(_) => Exit::Pending,
    };
    console.print_document(exit, || fields);
    console.finish(exit, json!({"verdict": diagnosis.explanation.served}))
}
