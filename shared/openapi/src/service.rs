//! The services: name, API version, and where the public cloud answers for them.

/// A service of the cloud.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Service {
    /// Application Load Balancer.
    Alb,
    /// Cloud Enterprise Network.
    Cbn,
    /// Virtual Private Cloud.
    Vpc,
    /// Elastic Compute Service.
    Ecs,
    /// Serverless Workflow (CloudFlow).
    Fnf,
    /// Security Token Service.
    Sts,
    /// Function Compute 3.0.
    Fc,
    /// Object Storage Service.
    Oss,
    /// EventBridge.
    EventBridge,
    /// Resource Access Management.
    Ram,
    /// Resource Orchestration Service.
    Ros,
    /// Identity Management Service: the part of RAM that is about the account as a whole.
    Ims,
}

impl Service {
    /// The product code in lower case: the key of an endpoint override, and the name in logs.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Alb => "alb",
            Self::Cbn => "cbn",
            Self::Vpc => "vpc",
            Self::Ecs => "ecs",
            Self::Fnf => "fnf",
            Self::Sts => "sts",
            Self::Fc => "fc",
            Self::Oss => "oss",
            Self::EventBridge => "eventbridge",
            Self::Ram => "ram",
            Self::Ros => "ros",
            Self::Ims => "ims",
        }
    }

    /// The API version; empty for OSS, whose requests carry none.
    #[must_use]
    pub const fn version(self) -> &'static str {
        match self {
            Self::Alb => "2020-06-16",
            Self::Cbn => "2017-09-12",
            Self::Vpc => "2016-04-28",
            Self::Ecs => "2014-05-26",
            Self::Fnf => "2019-03-15",
            Self::Sts => "2015-04-01",
            Self::Fc => "2023-03-30",
            Self::Oss => "",
            Self::EventBridge => "2020-04-01",
            Self::Ram => "2015-05-01",
            Self::Ros => "2019-09-10",
            Self::Ims => "2019-08-15",
        }
    }

    /// Whether requests say their region in a RegionId parameter that the client fills in.
    ///
    /// CEN takes one as well, but there it selects or filters, so its requests have a field for it.
    #[must_use]
    pub const fn takes_region(self) -> bool {
        matches!(self, Self::Vpc | Self::Ecs | Self::Ros)
    }

    /// Whether one endpoint answers for all regions.
    pub(crate) const fn is_central(self) -> bool {
        matches!(self, Self::Cbn | Self::Ram | Self::Ros | Self::Ims)
    }

    /// The public endpoint (cloud-apis.md, section 1; the official SDKs' endpoint maps). OSS puts the bucket before it.
    pub(crate) fn official(self, region: &str) -> String {
        let host = match (self, region) {
            (Self::Cbn | Self::Ram | Self::Ros | Self::Ims, _) => format!("{}.aliyuncs.com", self.name()),
            (Self::Sts, "") => "sts.aliyuncs.com".to_owned(),
            (Self::Vpc, "cn-hangzhou") => "vpc.aliyuncs.com".to_owned(),
            (Self::Ecs, "cn-hangzhou") => "ecs-cn-hangzhou.aliyuncs.com".to_owned(),
            (Self::Fnf, _) => format!("{region}.fnf.aliyuncs.com"),
            (Self::Fc, _) => format!("fcv3.{region}.aliyuncs.com"),
            (Self::Oss, _) => format!("oss-{region}.aliyuncs.com"),
            // The management API, as Terraform's provider has it; the documented hosts with an account id take events.
            (Self::EventBridge, _) => format!("eventbridge-console.{region}.aliyuncs.com"),
            _ => format!("{}.{region}.aliyuncs.com", self.name()),
        };
        format!("https://{host}")
    }
}
