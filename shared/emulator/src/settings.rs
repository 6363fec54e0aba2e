//! The settings of a world: they stay the same while it runs.

use serde::{Deserialize, Serialize};

use crate::time::Latencies;

/// The settings of a world.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The account's number.
    pub account_id: String,
    /// Regions that exist here.
    pub regions: Vec<String>,
    /// How long the cloud's operations take.
    pub latencies: Latencies,
    /// Seeds every identifier.
    pub seed: u64,
    /// Whether role policies are evaluated.
    pub enforce_ram: bool,
    /// How a function's failure is named to the workflow (the documents are not clear, so both are available).
    pub function_errors: FunctionErrors,
    /// Whether the first event of an execution's history has the execution's input (no page says so).
    pub history_has_input: bool,
    /// How often each event is delivered: at least once.
    pub event_copies: u32,
    /// Whether CloudFlow refuses calls beyond its documented rates.
    pub throttle: bool,
    /// Whether the other services refuse calls beyond their published rates, and how they count.
    pub rates: RateLimits,
    /// Whether throttling answers say when to come back (`x-acs-retry-after`: the SDKs read it, no page promises it).
    pub retry_after: bool,
    /// What changes to an attachment that does not exist are answered with.
    pub unknown_attachment: UnknownAttachment,
    /// What answers say of counts and of what is empty (the documents are not clear, so each is available).
    pub listings: Listings,
    /// What is asked of a client as the cloud asks it, and not of every test and demo.
    pub strict: Strict,
    /// When a function whose package lacks its program is found out (the documents are not clear).
    pub missing_program: MissingProgram,
    /// Most instances of functions that a region has at once (help page of 2025-12-09: 100; older accounts have 300).
    pub instances: usize,
}

/// What the cloud asks for, and a world that nobody deploys into by its APIs does without.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Strict {
    /// A function's code is uploaded before the function is made. Otherwise one whose code is missing is made all the same,
    /// for somebody to serve it by its name.
    pub packages: bool,
    /// The VPC, vSwitches and security group of a function are there and belong together, and its role may make the network
    /// interfaces.
    pub networks: bool,
    /// A runtime that a region does not offer is refused there.
    pub regions: bool,
    /// A service has to be opened, and its service-linked role made, before it is used. EventBridge is open: no API opens it.
    pub services: bool,
    /// OSS takes data actions by its internal endpoint only, as in accounts that opened it since 2025-03-20. Not part of
    /// [`Strict::all`]: older accounts are as real.
    pub internal_oss: bool,
}

impl Strict {
    /// All that holds of every account.
    #[must_use]
    pub const fn all() -> Self {
        Self { packages: true, networks: true, regions: true, services: true, internal_oss: false }
    }
}

/// When it is noticed that a package does not hold the program that its function is started by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum MissingProgram {
    /// The function is refused, `InvalidArgument`.
    #[default]
    RefusedWithTheFunction,
    /// The function is made; its instances do not start.
    FoundAtTheFirstCall,
}

/// How CEN refuses an action that names an attachment that does not exist. The pages of the deletions and of the
/// propagation give two codes for it (cloud-apis.md section 7), those of the updates give none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnknownAttachment {
    /// `InvalidTransitRouterAttachmentId.NotFound`, as deletions do.
    ByLongCode,
    /// `InvalidAttachmentId.NotFound`, as propagations do.
    ByShortCode,
    /// Not in a dry run, which looks at the form of the request only.
    NotInDryRun,
}

/// How listings give counts and empty tags, where the cloud varies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Listings {
    /// `TotalCount` beside a `NextToken`.
    pub counts: Counts,
    /// Whether an empty `Tags` is left out, as ECS does of instances in recorded answers of 2018 and 2024.
    pub omit_empty_tags: bool,
}

/// What `TotalCount` is where pages go by `NextToken`: the texts of the official SDKs say "entries returned", "total",
/// "meaningless" and "not returned", by action.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Counts {
    /// All that there is, over all pages.
    #[default]
    Given,
    /// Left out.
    Omitted,
    /// Zero, whatever there is.
    Zero,
}

/// Whether calls beyond the published rates are refused, and how calls are counted: "200/60(s)" does not say when the seconds
/// begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RateLimits {
    /// No call is refused for its rate.
    #[default]
    Off,
    /// By the clock's own seconds and minutes, as ECS says of itself: refused until the next minute.
    Calendar,
    /// By the last so many seconds before each call.
    Sliding,
}

/// How CloudFlow names a custom runtime's failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FunctionErrors {
    /// By the answer's `errorType`.
    ByType,
    /// `FC.Unknown` for all.
    Unknown,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            account_id: "1234567890123456".to_owned(),
            regions: ["cn-chengdu", "cn-hangzhou", "cn-shanghai", "cn-beijing"].map(str::to_owned).to_vec(),
            latencies: Latencies::default(),
            seed: 1,
            enforce_ram: true,
            function_errors: FunctionErrors::ByType,
            history_has_input: true,
            event_copies: 1,
            throttle: true,
            rates: RateLimits::Off,
            retry_after: true,
            unknown_attachment: UnknownAttachment::ByLongCode,
            listings: Listings::default(),
            strict: Strict::default(),
            missing_program: MissingProgram::default(),
            instances: 100,
        }
    }
}
