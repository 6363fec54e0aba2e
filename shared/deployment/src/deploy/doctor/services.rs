//! Services that have to be open, and the roles that services make for themselves.

use futures_util::future::join4;
use onboarding::ids::Region;
use openapi::{cbn, ram, ros};

use super::finding::{Code, Finding};
use crate::deploy::cloud::{Cloud, doing};
use crate::deploy::error::DeployError;
use crate::deploy::observe::{CENTRAL, lacks_event_role};

/// What a deployment needs open, by the names that ROS has for it, and whether the stack opens it.
const SERVICES: [(&str, &str, bool); 4] = [
    ("FC", "Function Compute", true),
    ("FNF", "CloudFlow", true),
    ("OSS", "Object Storage Service", false),
    ("SLS", "Log Service", true),
];

/// The role that CEN makes network interfaces with.
const CEN_ROLE: &str = "AliyunServiceRoleForCEN";

/// What was read of them.
pub(super) struct Services {
    open: Result<Vec<ros::ServiceProvision>, DeployError>,
    routers: Result<bool, DeployError>,
    lacks_event_role: Result<bool, DeployError>,
    lacks_cen_role: Result<bool, DeployError>,
}

/// Reads all of it.
pub(super) async fn read(cloud: &Cloud, home: &Region) -> Services {
    let (open, routers, lacks_event_role, lacks_cen_role) =
        join4(open(cloud, home), routers(cloud), lacks_event_role(cloud), lacks_cen_role(cloud)).await;
    Services { open, routers, lacks_event_role, lacks_cen_role }
}

impl Services {
    /// `there`: whether there is a stack, which opens and makes what it can when it comes to be, and not later.
    pub(super) fn say(self, home: &Region, there: bool) -> Vec<Finding> {
        let mut findings = services(home, there, self.open);
        findings.push(transit_routers(self.routers));
        findings.push(event_role(there, self.lacks_event_role));
        findings.push(cen_role(self.lacks_cen_role));
        findings
    }
}

async fn open(cloud: &Cloud, home: &Region) -> Result<Vec<ros::ServiceProvision>, DeployError> {
    let services = SERVICES.map(|(name, ..)| ros::ServiceName { service_name: name.to_owned() }).to_vec();
    let answer = cloud.client().call(home.as_str(), &ros::GetServiceProvisions { services }).await;
    Ok(answer.map_err(doing("reading which services are open", home))?.service_provisions)
}

async fn routers(cloud: &Cloud) -> Result<bool, DeployError> {
    let what = "asking whether the transit-router service is open";
    let answer = cloud.client().call(CENTRAL, &cbn::CheckTransitRouterService {}).await;
    Ok(answer.map_err(doing(what, &Region::from(CENTRAL)))?.enabled)
}

fn services(home: &Region, there: bool, open: Result<Vec<ros::ServiceProvision>, DeployError>) -> Vec<Finding> {
    let provisions = match open {
        Ok(provisions) => provisions,
        Err(error) => return vec![Finding::unread(Code::Service, "services", &error)],
    };
    let one = |(name, title, opens): (&str, &str, bool)| {
        let found = provisions.iter().find(|provision| provision.service_name == name);
        match found.map(|found| found.status.as_str()) {
            Some("Enabled") => Finding::well(Code::Service, title, "is open"),
            Some("Disabled") if opens && !there => Finding::well(Code::Service, title, "is not open; deploy opens it"),
            Some("Disabled") => Finding::wrong(
                Code::Service,
                title,
                "It is not open.",
                format!("Open it: aliyun ros EnableServices --region {home} --ServiceNames.1 {name}"),
            ),
            _ => Finding::not_checked(
                Code::Service,
                title,
                "The cloud does not say whether it is open.",
                "Look at its console, which offers to open it.",
            ),
        }
    };
    let mut findings: Vec<Finding> = SERVICES.into_iter().map(one).collect();
    findings.push(Finding::not_checked(
        Code::Service,
        "EventBridge",
        "No API says whether it is open.",
        "Look at its console, which offers to open it.",
    ));
    findings
}

fn transit_routers(open: Result<bool, DeployError>) -> Finding {
    let (code, subject) = (Code::TransitRouter, "transit routers");
    match open {
        Ok(true) => Finding::well(code, subject, "the service is open"),
        Ok(false) => Finding::wrong(
            code,
            subject,
            "Their service is not open, so no VPC can be attached.",
            "Open it in the CEN console; it is for the owner to open, and nothing here does.",
        ),
        Err(error) => Finding::unread(code, subject, &error),
    }
}

/// EventBridge's role for functions.
fn event_role(there: bool, lacks: Result<bool, DeployError>) -> Finding {
    let (code, subject) = (Code::EventRole, "role of the events");
    match lacks {
        Err(error) => Finding::unread(code, subject, &error),
        Ok(false) => Finding::well(code, subject, "is there"),
        Ok(true) if !there => Finding::well(code, subject, "is missing; deploy makes it"),
        Ok(true) => Finding::wrong(
            code,
            subject,
            "AliyunServiceRoleForEventBridgeSendToFC is missing, so no event reaches a function.",
            "Make it: aliyun resourcemanager CreateServiceLinkedRole --ServiceName sendevent-fc.eventbridge.aliyuncs.com",
        ),
    }
}

fn cen_role(lacks: Result<bool, DeployError>) -> Finding {
    let (code, subject) = (Code::CenRole, "role of CEN");
    match lacks {
        Err(error) => Finding::unread(code, subject, &error),
        Ok(false) => Finding::well(code, subject, "is there"),
        Ok(true) => Finding::wrong(
            code,
            subject,
            format!("{CEN_ROLE} is missing, so no VPC can be attached."),
            "Make it: aliyun resourcemanager CreateServiceLinkedRole --ServiceName cen.aliyuncs.com",
        ),
    }
}

async fn lacks_cen_role(cloud: &Cloud) -> Result<bool, DeployError> {
    let get = ram::GetRole { role_name: CEN_ROLE.to_owned() };
    match cloud.client().call(CENTRAL, &get).await {
        Ok(_) => Ok(false),
        Err(error) if error.is_not_found() => Ok(true),
        Err(error) => Err(doing(format!("reading the role {CEN_ROLE}"), &Region::from(CENTRAL))(error)),
    }
}
