//! What a template may refer to: pseudo parameters, the attributes of resources, and the names inside an Fn::Sub text.

/// Names that ROS defines in every template.
const PSEUDO: [&str; 6] = [
    "ALIYUN::Region",
    "ALIYUN::TenantId",
    "ALIYUN::AccountId",
    "ALIYUN::StackName",
    "ALIYUN::StackId",
    "ALIYUN::NoValue",
];

pub(crate) fn is_pseudo(name: &str) -> bool {
    PSEUDO.contains(&name)
}

/// The attributes of a resource type. The first is what `Ref` gives.
pub(crate) fn attribute_names(kind: &str) -> &'static [&'static str] {
    match kind {
        "ALIYUN::FC3::Function" => &["FunctionName", "ARN"],
        "ALIYUN::FC3::Trigger" => &["TriggerName"],
        "ALIYUN::FNF::Flow" => &["Name"],
        "ALIYUN::FNF::Schedule" => &["ScheduleName", "FlowName"],
        "ALIYUN::EventBridge::Rule" => &["RuleName", "EventBusName", "RuleARN"],
        "ALIYUN::RAM::Role" => &["RoleName", "Arn"],
        "ALIYUN::RAM::ManagedPolicy" => &["PolicyName"],
        "ALIYUN::ROS::AutoEnableService" => &["ServiceName"],
        "ALIYUN::SLS::Project" => &["Name"],
        "ALIYUN::SLS::Logstore" => &["LogstoreName", "ProjectName"],
        _ => &[],
    }
}

pub(crate) enum Part<'a> {
    Text(&'a str),
    Name(&'a str),
}

/// The pieces of an Fn::Sub text: `${Name}` is replaced, `${!Name}` stands for `${Name}` itself.
pub(crate) fn parts(text: &str) -> Vec<Part<'_>> {
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        parts.push(Part::Text(before));
        let Some((name, tail)) = after.split_once('}') else {
            parts.push(Part::Text("${"));
            rest = after;
            continue;
        };
        match name.strip_prefix('!') {
            Some(literal) => parts.extend([Part::Text("${"), Part::Text(literal), Part::Text("}")]),
            None => parts.push(Part::Name(name)),
        }
        rest = tail;
    }
    parts.push(Part::Text(rest));
    parts
}

/// The names that an Fn::Sub text refers to.
pub(crate) fn placeholders(text: &str) -> Vec<&str> {
    let names = parts(text).into_iter().filter_map(|part| match part {
        Part::Name(name) => Some(name),
        Part::Text(_) => None,
    });
    names.collect()
}
