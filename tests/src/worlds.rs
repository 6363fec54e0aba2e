//! The initial worlds and bindings of scenarios: the procedure's, and additions to it.

use emulator::PROCEDURE;
use local::{Generation, Options, PROCEDURE_BINDING, Stack};

/// The procedure's deployment. Its timer fires every half hour, so runs before that are started by events.
#[must_use]
pub fn options(generation: Generation) -> Options {
    let home = Stack::home().with("TimerCron", "0 */30 * * * *");
    Options { generation, stacks: vec![home, Stack::probe("cn-chengdu", "vpc-1")], ..Options::default() }
}

/// The ids of the instances that [`fleet`] adds.
#[must_use]
pub fn fleet_ids(count: usize) -> Vec<String> {
    (1..=count).map(|number| format!("i-fleet-{number:02}")).collect()
}

/// The procedure's world with additional stopped instances like `i-ecs1`, half of them in each vSwitch of VPC2.
#[must_use]
pub fn fleet(count: usize) -> String {
    let instance = |(index, id): (usize, String)| {
        let vswitch = if index % 2 == 0 { "vsw-3" } else { "vsw-4" };
        format!(
            "  - {{ id: {id}, vswitch: {vswitch}, securityGroups: [sg-2], state: Stopped, tags: {{ app: web }} }}\n"
        )
    };
    with_instances(PROCEDURE, &fleet_ids(count).into_iter().enumerate().map(instance).collect::<String>())
}

/// A scenario with additional entries in `instances`.
#[must_use]
fn with_instances(scenario: &str, instances: &str) -> String {
    scenario.replacen("\ncens:", &format!("{instances}\ncens:"), 1)
}

/// The procedure's binding with `old` replaced.
///
/// # Panics
/// If `old` is not in it, because then the test would test something else.
#[must_use]
pub fn binding_with(old: &str, new: &str) -> String {
    assert!(PROCEDURE_BINDING.contains(old), "{old}");
    PROCEDURE_BINDING.replacen(old, new, 1)
}

/// The procedure's world with a third VPC, in Shanghai, and stopped instances for two bindings: `web` in Hangzhou and
/// Shanghai, `api` in Shanghai.
#[must_use]
pub fn three_regions() -> String {
    let vpc = "  - id: vpc-3
    name: VPC3
    region: cn-shanghai
    cidr: 10.8.0.0/16
    vswitches:
      - { id: vsw-5, zone: cn-shanghai-e, cidr: 10.8.0.0/24 }
      - { id: vsw-6, zone: cn-shanghai-f, cidr: 10.8.1.0/24 }
";
    let instances = "  - { id: i-far, vswitch: vsw-5, address: 10.8.0.10, securityGroups: [sg-3], state: Stopped, tags: { app: web } }
  - { id: i-api, vswitch: vsw-6, address: 10.8.1.10, securityGroups: [sg-3], state: Stopped, tags: { app: api }, webPorts: [8080] }
";
    with_instances(PROCEDURE, instances)
        .replacen(
            "\nsecurityGroups:\n",
            &format!("{vpc}\nsecurityGroups:\n  - {{ id: sg-3, name: far, vpc: vpc-3 }}\n"),
            1,
        )
        .replacen(
            "      - { id: tr-hangzhou",
            "      - { id: tr-shanghai, region: cn-shanghai }\n      - { id: tr-hangzhou",
            1,
        )
}

/// The bindings of [`three_regions`].
#[must_use]
pub fn two_bindings() -> String {
    let shanghai = |app: &str| {
        format!(
            "      - {{ region: cn-shanghai, vpc: vpc-3, attachmentVswitches: [vsw-5, vsw-6], select: {{ tags: {{ app: {app} }} }} }}\n"
        )
    };
    let web = binding_with("    # Read for", &format!("{}    # Read for", shanghai("web")));
    let prefixes: String =
        emulator::back_to_origin("cn-chengdu").iter().map(|prefix| format!("        - {prefix}\n")).collect();
    let api = format!(
        "  - name: api
    provision: auto
    alb: {{ region: cn-chengdu, id: alb-1, attachmentVswitches: [vsw-1, vsw-2] }}
    serverGroup: {{ name: api-remote, port: 8080 }}
    listener: {{ port: 8080 }}
    cen: {{ id: cen-1, bandwidth: {{ package: cenbwp-1, mbps: 10 }} }}
    backends:
{}    backToOrigin:
      cidrs:
{prefixes}",
        shanghai("api")
    );
    format!("{web}{api}")
}

/// The name of the `number`th binding of [`many_bindings`], and the value of its instance's tag `app`.
#[must_use]
pub fn app(number: usize) -> String {
    format!("app-{number:02}")
}

/// The procedure's world with a stopped instance for each of so many bindings, and those bindings: all of them with the
/// same load balancer, CEN and VPCs, and each with a listener of its own from port 8001 on.
#[must_use]
pub fn many_bindings(count: usize) -> (String, String) {
    let names: Vec<String> = (1..=count).map(app).collect();
    let instance = |name: &String| {
        format!(
            "  - {{ id: i-{name}, vswitch: vsw-4, securityGroups: [sg-2], state: Stopped, tags: {{ app: {name} }} }}\n"
        )
    };
    let (header, web) = PROCEDURE_BINDING.split_once("  - name: web\n").unwrap_or_default();
    let binding = |(index, name): (usize, &String)| {
        let own = web
            .replace("name: web-remote", &format!("name: {name}-remote"))
            .replace("listener: { protocol: HTTP, port: 80 }", &format!("listener: {{ port: {} }}", 8001 + index))
            .replace("app: web", &format!("app: {name}"));
        format!("  - name: {name}\n{own}\n")
    };
    let bindings: String = names.iter().enumerate().map(binding).collect();
    (with_instances(PROCEDURE, &names.iter().map(instance).collect::<String>()), format!("{header}{bindings}"))
}

/// A rule of the backends' group that drops every request, before any rule that lets it in. No run removes it.
pub const DROPS_ALL: [(&str, &str); 6] = [
    ("SecurityGroupId", "sg-2"),
    ("Permissions.1.IpProtocol", "TCP"),
    ("Permissions.1.PortRange", "80/80"),
    ("Permissions.1.SourceCidrIp", "0.0.0.0/0"),
    ("Permissions.1.Policy", "drop"),
    ("Permissions.1.Priority", "1"),
];
