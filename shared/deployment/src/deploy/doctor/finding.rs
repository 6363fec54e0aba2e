//! What is said of one thing: a stable code, how it stands, one sentence, one remedy.

use openapi::Fault;

use crate::deploy::error::DeployError;

/// How one thing stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// As it should be: it was seen.
    Well,
    /// Not as it should be, and there is a remedy.
    Wrong,
    /// It could not be read.
    Unread,
    /// Nothing that is called here tells it.
    NotChecked,
}

/// Names `Code`, its texts, and the list of all.
macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident $text:literal;)*) => {
        /// What a finding is about, finer where remedies differ. The names are stable: docs/doctor.md lists them.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Code {
            $($(#[$doc])* $name,)*
        }

        impl Code {
            /// Every code.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The code as it is written.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)*
                }
            }
        }
    };
}

codes! {
    /// Whose account it is.
    Account "account";
    /// This machine's clock against the cloud's.
    Clock "clock";
    /// What the operator may do.
    Permissions "permissions";
    /// The region of the workflow.
    Home "home";
    /// A service is open.
    Service "service";
    /// The transit-router service is open.
    TransitRouter "transit-router-service";
    /// The role that CEN makes interfaces with.
    CenRole "cen-role";
    /// The role that events reach functions by.
    EventRole "event-role";
    /// A runtime that a region does not offer.
    Runtime "runtime";
    /// There is no stack.
    StackMissing "stack-missing";
    /// A stack that changes, failed, or is not needed.
    Stack "stack";
    /// A stack of the name that belongs to something else.
    StackForeign "stack-foreign";
    /// A stack names other packages than those here.
    Packages "packages";
    /// The packages on this machine.
    PackagesHere "packages-here";
    /// The functions of a stack, all of them.
    Functions "functions";
    /// A function is missing or does not run.
    Function "function";
    /// A function's code is not what its stack names.
    FunctionCode "function-code";
    /// The workflow.
    Flow "flow";
    /// What starts runs, all of it.
    Triggers "triggers";
    /// A trigger is missing, or listens to something else.
    Trigger "trigger";
    /// A trigger is off.
    TriggerOff "trigger-off";
    /// A rule is missing, or of another pattern.
    Rule "rule";
    /// A rule is off.
    RuleOff "rule-off";
    /// How many rules the default bus has.
    RuleQuota "rule-quota";
    /// Other quotas.
    Quotas "quotas";
    /// Events of tags.
    TagEvents "tag-events";
    /// A bucket.
    Bucket "bucket";
    /// The bindings in the store.
    Store "store";
    /// A kill switch.
    KillSwitch "kill-switch";
    /// The last event of a binding.
    LastEvent "last-event";
    /// The last run of a binding that succeeded.
    LastSuccess "last-success";
}

/// One thing, and how it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What it is about.
    pub code: Code,
    /// What was looked at, as `stack in cn-hangzhou`.
    pub subject: String,
    /// How it stands.
    pub verdict: Verdict,
    /// The same in words.
    pub says: String,
    /// What to do; empty if nothing is to be done.
    pub remedy: String,
}

impl Finding {
    pub(super) fn well(code: Code, subject: impl Into<String>, says: impl Into<String>) -> Self {
        Self { code, subject: subject.into(), verdict: Verdict::Well, says: says.into(), remedy: String::new() }
    }

    pub(super) fn wrong(
        code: Code,
        subject: impl Into<String>,
        says: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        Self { code, subject: subject.into(), verdict: Verdict::Wrong, says: says.into(), remedy: remedy.into() }
    }

    /// With where to look by hand.
    pub(super) fn not_checked(
        code: Code,
        subject: impl Into<String>,
        says: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        Self { code, subject: subject.into(), verdict: Verdict::NotChecked, says: says.into(), remedy: remedy.into() }
    }

    /// A reading that failed. One that is not allowed names the permission.
    pub(super) fn unread(code: Code, subject: impl Into<String>, error: &DeployError) -> Self {
        let (says, remedy) = match error {
            DeployError::Call { doing, error } if error.fault() == Fault::Permission => {
                let action = stage::permission(error.action);
                (format!("{doing}: {error}"), format!("Allow {action} to whoever runs this."))
            }
            other => (other.to_string(), String::new()),
        };
        Self { code, subject: subject.into(), verdict: Verdict::Unread, says, remedy }
    }
}
