//! What Function Compute asks of a function, whoever makes it: its API or a stack.
//!
//! Sources: the texts of the official SDK's models (fc20230330 4.8.3), fc-runtime.md sections 1.5 and 1.6, corrections.md
//! section 1.

use template::Vpc;

use super::access::{self, Verdict};
use crate::call::ApiError;
use crate::state::fc::Function;
use crate::world::World;

/// Bytes of all environment variables together.
const ENVIRONMENT: usize = 4 << 10;

/// Regions that offer CloudFlow and have no custom.debian12, which is still in preview.
const WITHOUT_DEBIAN12: [&str; 2] = ["cn-shanghai", "cn-shenzhen"];

/// What the role of a function in a VPC has to allow: with it Function Compute makes the network interfaces of its instances.
const INTERFACES: [&str; 8] = [
    "ecs:CreateNetworkInterface",
    "ecs:CreateNetworkInterfacePermission",
    "ecs:DeleteNetworkInterface",
    "ecs:DeleteNetworkInterfacePermission",
    "ecs:DescribeNetworkInterfacePermissions",
    "ecs:DescribeNetworkInterfaces",
    "vpc:DescribeVSwitchAttributes",
    "vpc:DescribeVpcAttribute",
];

/// Refuses a function that Function Compute would not make in this region.
pub(crate) fn check(world: &World, region: &str, function: &Function) -> Result<(), ApiError> {
    let within = |what: &str, value: u32, least: u32, most: u32| match (least..=most).contains(&value) {
        true => Ok(()),
        false => Err(invalid(format!("{what} {value} is not between {least} and {most}"))),
    };
    name(&function.name, 64)?;
    within("timeout", function.timeout, 1, 86_400)?;
    within("memorySize", function.memory, 128, 65_536)?;
    within("instanceConcurrency", function.instance_concurrency, 1, 200)?;
    if !matches!(function.disk, 512 | 10_240) {
        return Err(invalid(format!("diskSize {} is neither 512 nor 10240", function.disk)));
    }
    if let Some(cpu) = function.cpu {
        processors(cpu, function.memory)?;
    }
    runtime(world, region, &function.runtime)?;
    environment(function)?;
    match &function.vpc {
        Some(vpc) if world.settings.strict.networks => network(world, region, vpc, &function.role_arn),
        _ => Ok(()),
    }
}

/// A name of a function or trigger.
pub(crate) fn name(name: &str, most: usize) -> Result<(), ApiError> {
    let first = name.starts_with(|letter: char| letter.is_ascii_alphabetic() || letter == '_');
    let rest = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-');
    if first && rest && name.len() <= most { Ok(()) } else { Err(invalid(format!("'{name}' is no valid name"))) }
}

/// Thousandths of a CPU: steps of 0.05, and one CPU for one to four GB.
fn processors(cpu: u32, memory: u32) -> Result<(), ApiError> {
    let (cpu_of, memory_of) = (u64::from(cpu) * 1_024, u64::from(memory) * 1_000);
    if !(50..=16_000).contains(&cpu) || !cpu.is_multiple_of(50) {
        return Err(invalid("cpu must be a multiple of 0.05 between 0.05 and 16".to_owned()));
    }
    if cpu_of > memory_of || memory_of > 4 * cpu_of {
        return Err(invalid("the ratio of cpu to memorySize in GB must be between 1:1 and 1:4".to_owned()));
    }
    Ok(())
}

fn runtime(world: &World, region: &str, runtime: &str) -> Result<(), ApiError> {
    let missing = world.settings.strict.regions && runtime == "custom.debian12" && WITHOUT_DEBIAN12.contains(&region);
    match runtime {
        "custom" | "custom.debian10" | "custom.debian11" | "custom.debian12" if !missing => Ok(()),
        _ => Err(invalid(format!("runtime '{runtime}' is not supported in {region}"))),
    }
}

fn environment(function: &Function) -> Result<(), ApiError> {
    let bytes: usize = function.environment.iter().map(|(name, value)| name.len() + value.len()).sum();
    if bytes > ENVIRONMENT {
        return Err(invalid(format!("environmentVariables take more than {ENVIRONMENT} bytes")));
    }
    match function.environment.keys().find(|name| name.starts_with("FC_")) {
        Some(name) => Err(invalid(format!("the environment variable '{name}' is reserved"))),
        None => Ok(()),
    }
}

/// The network of a function's instances is there, belongs together, and the role may use it.
fn network(world: &World, region: &str, vpc: &Vpc, role_arn: &str) -> Result<(), ApiError> {
    let missing = |kind: &str, id: &str| Err(invalid(format!("{kind} '{id}' does not exist in the function's VPC")));
    if world.vpc.vpcs.get(&vpc.vpc_id).is_none_or(|found| found.region != region) {
        return Err(invalid(format!("VPC '{}' does not exist in {region}", vpc.vpc_id)));
    }
    if vpc.vswitch_ids.is_empty() {
        return Err(invalid("vpcConfig.vSwitchIds is empty".to_owned()));
    }
    let elsewhere = |id: &&String| world.vpc.switches.get(*id).is_none_or(|found| found.vpc != vpc.vpc_id);
    if let Some(id) = vpc.vswitch_ids.iter().find(elsewhere) {
        return missing("vSwitch", id);
    }
    if world.ecs.groups.get(&vpc.security_group_id).is_none_or(|found| found.vpc != vpc.vpc_id) {
        return missing("security group", &vpc.security_group_id);
    }
    // Without a role of its own, Function Compute uses its service-linked one.
    let Some(role) = world.ram.role_by_arn(role_arn) else { return Ok(()) };
    let anywhere = ["*".to_owned()];
    let refused =
        INTERFACES.iter().find(|action| access::verdict(world, &role.name, action, &anywhere) != Verdict::Allowed);
    match refused {
        None => Ok(()),
        Some(action) => Err(ApiError::new(
            403,
            "AccessDenied",
            format!("the role {role_arn} of a function in a VPC has no permission {action}"),
        )),
    }
}

fn invalid(message: String) -> ApiError {
    ApiError::bad("InvalidArgument", message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{HANGZHOU, put_role, start, world};

    fn function() -> Function {
        Function {
            name: "job".to_owned(),
            runtime: "custom.debian10".to_owned(),
            memory: 256,
            cpu: Some(200),
            ..Function::default()
        }
    }

    fn refused(world: &World, region: &str, function: &Function) -> Option<String> {
        check(world, region, function).err().map(|error| error.code)
    }

    #[test]
    fn what_is_out_of_its_bounds_is_refused() {
        let world = world();
        assert_eq!(refused(&world, HANGZHOU, &function()), None);
        let wrong: [fn(&mut Function); 10] = [
            |function| function.name = "1job".to_owned(),
            |function| function.name = "j".repeat(65),
            |function| function.timeout = 86_401,
            |function| function.memory = 64,
            |function| function.disk = 1_024,
            |function| function.instance_concurrency = 201,
            |function| function.cpu = Some(225),
            |function| function.cpu = Some(300),
            |function| function.cpu = Some(50),
            |function| function.runtime = "custom.debian13".to_owned(),
        ];
        for change in wrong {
            let mut function = function();
            change(&mut function);
            assert_eq!(refused(&world, HANGZHOU, &function).as_deref(), Some("InvalidArgument"), "{function:?}");
        }
        for (name, value) in [("FC_REGION", "mine".to_owned()), ("LONG", "x".repeat(4_096))] {
            let mut function = function();
            function.environment.insert(name.to_owned(), value);
            assert_eq!(refused(&world, HANGZHOU, &function).as_deref(), Some("InvalidArgument"), "{name}");
        }
    }

    #[test]
    fn a_region_without_the_runtime_refuses_it_where_regions_count() {
        let mut world = world();
        let function = Function { runtime: "custom.debian12".to_owned(), ..function() };
        assert_eq!(refused(&world, "cn-shanghai", &function), None);
        world.settings.strict.regions = true;
        assert_eq!(refused(&world, "cn-shanghai", &function).as_deref(), Some("InvalidArgument"));
        assert_eq!(refused(&world, HANGZHOU, &function), None);
    }

    #[test]
    fn a_function_in_a_vpc_needs_the_vpc_and_a_role_that_makes_interfaces() {
        let mut world = world();
        world.load(start(), include_str!("../../scenarios/procedure.yml")).unwrap();
        world.settings.strict.networks = true;
        let inside = |vpc: &str, vswitch: &str, group: &str, role_arn: String| Function {
            vpc: Some(Vpc {
                vpc_id: vpc.to_owned(),
                vswitch_ids: vec![vswitch.to_owned()],
                security_group_id: group.to_owned(),
            }),
            role_arn,
            ..function()
        };
        let right = |role: String| inside("vpc-1", "vsw-1", "sg-1", role);
        assert_eq!(refused(&world, "cn-chengdu", &right(String::new())), None);
        for (vpc, vswitch, group) in [
            ("vpc-2", "vsw-1", "sg-1"),
            ("vpc-1", "vsw-3", "sg-1"),
            ("vpc-1", "vsw-1", "sg-2"),
            ("none", "vsw-1", "sg-1"),
        ] {
            let function = inside(vpc, vswitch, group, String::new());
            assert_eq!(
                refused(&world, "cn-chengdu", &function).as_deref(),
                Some("InvalidArgument"),
                "{vpc} {vswitch} {group}"
            );
        }
        let poor = put_role(&mut world, "poor", &["ecs:DescribeInstances"]);
        assert_eq!(refused(&world, "cn-chengdu", &right(poor)).as_deref(), Some("AccessDenied"));
        let rich = put_role(&mut world, "rich", &INTERFACES);
        assert_eq!(refused(&world, "cn-chengdu", &right(rich)), None);
    }
}
