//! Where a key is described, for messages: each says which profile of which file, or which variable, what is wrong, and what
//! mends it, in one sentence.

use crate::output::CliError;

/// Where a key is described.
#[derive(Clone)]
pub(super) enum Origin {
    /// Variables, named as those of the environment are.
    Environment,
    /// A profile of the aliyun CLI.
    Profile { name: String, mode: String, file: String },
}

/// The fields of a profile that the environment has, too.
const VARIABLES: [(&str, &str); 6] = [
    ("oidc_provider_arn", "ALIBABA_CLOUD_OIDC_PROVIDER_ARN"),
    ("oidc_token_file", "ALIBABA_CLOUD_OIDC_TOKEN_FILE"),
    ("ram_role_arn", "ALIBABA_CLOUD_ROLE_ARN"),
    ("ram_session_name", "ALIBABA_CLOUD_ROLE_SESSION_NAME"),
    ("ram_role_name", "ALIBABA_CLOUD_ECS_METADATA"),
    ("credentials_uri", "ALIBABA_CLOUD_CREDENTIALS_URI"),
];

impl Origin {
    /// The name of a field, or of the variable that says the same.
    pub(super) fn field<'a>(&self, field: &'a str) -> &'a str {
        match self {
            Self::Profile { .. } => field,
            Self::Environment => VARIABLES.iter().find(|(name, _)| *name == field).map_or(field, |(_, name)| name),
        }
    }

    /// A field cannot be used, whatever the cloud says. `why` goes after its name.
    pub(super) fn wrong(&self, field: &str, why: &str) -> CliError {
        let field = self.field(field);
        CliError::Usage(match self {
            Self::Environment => format!("{field} in the environment {why}: set it, or unset it to use a profile."),
            Self::Profile { name, mode, file } => format!(
                "{field} of the profile {name} (mode {mode}) in {file} {why}: run `aliyun configure --profile {name} \
                 --mode {mode}`."
            ),
        })
    }

    /// No key came. `why` and `remedy` are parts of a sentence.
    pub(super) fn failed(&self, why: &str, remedy: &str) -> CliError {
        CliError::Failed(match self {
            Self::Environment => format!("The environment gives no key, because {why}: {remedy}."),
            Self::Profile { name, mode, file } => {
                format!("The profile {name} (mode {mode}) in {file} gives no key, because {why}: {remedy}.")
            }
        })
    }

    /// What is run to sign in, or to describe the key, again.
    pub(super) fn configure(&self) -> String {
        match self {
            Self::Environment => "run `aliyun configure`".to_owned(),
            Self::Profile { name, mode, .. } => format!("run `aliyun configure --profile {name} --mode {mode}`"),
        }
    }
}
