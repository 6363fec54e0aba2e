//! The functions and the workflow of a stack that is there: present, running, and with the code that the stack names.

use futures_util::future::join_all;
use onboarding::ids::Region;
use openapi::{Error, fc, fnf};
use serde_json::json;
use template::Function;

use super::crc::crc64;
use super::finding::{Code, Finding};
use super::made::{ANEW, Made};
use crate::deploy::cloud::{Cloud, doing};
use crate::deploy::packages::{Packages, PackagesError};
use crate::package::Package;

/// Regions that a runtime is not offered in (corrections.md, section 1). No API tells it.
const WITHOUT: (&str, [&str; 2]) = ("custom.debian12", ["cn-shanghai", "cn-shenzhen"]);

/// The functions of a stack, and its workflow.
pub(super) async fn look(cloud: &Cloud, made: &Made<'_>, packages: &Result<Packages, PackagesError>) -> Vec<Finding> {
    let functions = join_all(made.deployment.functions.iter().map(|function| async move {
        let get = fc::GetFunction { function_name: function.name.clone(), qualifier: None };
        (function, cloud.client().get_function(made.region.as_str(), &get).await)
    }));
    let flows = join_all(made.deployment.flows.iter().map(|flow| async move {
        let describe = fnf::DescribeFlow { name: flow.name.clone() };
        (flow.name.as_str(), cloud.client().call(made.region.as_str(), &describe).await)
    }));
    let (functions, flows) = futures_util::future::join(functions, flows).await;
    let mut findings = Vec::new();
    let (mut compared, mut unknown) = (0, 0);
    for (function, found) in &functions {
        match one(made, function, found, packages) {
            Ok(Some(true)) => compared += 1,
            Ok(Some(false)) => unknown += 1,
            Ok(None) => {}
            Err(finding) => findings.push(finding),
        }
    }
    let subject = format!("functions in {}", made.region);
    if unknown > 0 {
        let says = format!("The cloud gives no checksum of the code of {unknown}.");
        findings.push(Finding::not_checked(Code::FunctionCode, &*subject, says, "Compare the code in the console."));
    }
    if findings.is_empty() {
        let code = if compared == functions.len() { ", with the code of the packages here" } else { "" };
        findings.push(Finding::well(Code::Functions, subject, format!("{} are there{code}", functions.len())));
    }
    findings.extend(flows.into_iter().map(|(name, found)| flow(made.region, name, found)));
    findings
}

/// What is wrong with a function; else whether its code was compared, if there was something to compare it with.
fn one(
    made: &Made<'_>,
    function: &Function,
    found: &Result<fc::Function, Error>,
    packages: &Result<Packages, PackagesError>,
) -> Result<Option<bool>, Finding> {
    let subject = format!("function {} in {}", function.name, made.region);
    let found = match found {
        Ok(found) => found,
        Err(error) if error.is_not_found() => {
            let says = "The stack has it, and it is not there.";
            return Err(Finding::wrong(Code::Function, subject, says, ANEW));
        }
        Err(error) => {
            let error = doing(format!("reading the function {}", function.name), made.region)(error.clone());
            return Err(Finding::unread(Code::Function, subject, &error));
        }
    };
    if found.state == "Failed" {
        return Err(Finding::wrong(Code::Function, subject, "Its state is Failed.", ANEW));
    }
    let Some((packages, package)) =
        packages.as_ref().ok().and_then(|packages| Some((packages, made.package(packages, function)?)))
    else {
        return Ok(None);
    };
    let here = match packages.content(package) {
        Ok(content) => crc64(&content).to_string(),
        Err(error) => {
            let remedy = "Run albridge package.";
            return Err(Finding::wrong(Code::PackagesHere, subject, error.to_string(), remedy));
        }
    };
    if found.code_checksum.is_empty() {
        return Ok(Some(false));
    }
    if found.code_checksum == here {
        return Ok(Some(true));
    }
    let code = function.code.as_ref();
    let source = code.map(|code| json!({"ossBucketName": code.bucket, "ossObjectName": code.object}));
    let body = json!({"code": source}).to_string();
    Err(Finding::wrong(
        Code::FunctionCode,
        subject,
        "Its code is not the package that its stack names; somebody changed it by hand.",
        format!(
            "Put the package back: aliyun fc PUT /2023-03-30/functions/{} --region {} --body '{body}'",
            function.name, made.region
        ),
    ))
}

fn flow(region: &Region, name: &str, found: Result<fnf::DescribeFlowAnswer, Error>) -> Finding {
    let subject = format!("workflow {name}");
    match found {
        Ok(_) => Finding::well(Code::Flow, subject, format!("is there, in {region}")),
        Err(error) if error.is_not_found() => {
            Finding::wrong(Code::Flow, subject, "The stack has it, and it is not there.", ANEW)
        }
        Err(error) => Finding::unread(Code::Flow, subject, &doing(format!("reading the flow {name}"), region)(error)),
    }
}

/// Whether a region offers the runtime. A function that is there shows it; before that only what is known to be missing is said.
pub(super) fn runtime(region: &Region, runtime: &str, there: bool) -> Finding {
    let subject = format!("runtime in {region}");
    if there {
        return Finding::well(Code::Runtime, subject, runtime);
    }
    let (missing, regions) = WITHOUT;
    if runtime == missing && regions.contains(&region.as_str()) {
        let says = format!("{runtime} is not offered there.");
        return Finding::wrong(Code::Runtime, subject, says, "Run albridge deploy --set Runtime=custom.debian10.");
    }
    let says = format!("Whether it offers {runtime} is told by no API; the first function shows it.");
    let remedy = "If a function is refused for it, run albridge deploy --set Runtime=custom.debian10.";
    Finding::not_checked(Code::Runtime, subject, says, remedy)
}

impl Made<'_> {
    /// The package here of a function, if the stack names that one.
    fn package<'p>(&self, packages: &'p Packages, function: &Function) -> Option<&'p Package> {
        let name = function.name.strip_prefix(self.name)?.strip_prefix('-')?;
        let package = packages.list().iter().find(|package| package.name == name)?;
        (self.parameters.get(&package.parameter()) == Some(&package.object())).then_some(package)
    }
}
