//! YAML and JSON documents from outside, read within limits.
//!
//! Templates, flow definitions, scenarios and fault rules come from whoever talks to the emulator. Reading one must not
//! overflow the stack, fill the memory or take minutes, whatever it holds: its length, its depth, the number of its values
//! and what its aliases repeat are bounded, and a document beyond a bound is refused with one sentence.
//!
//! YAML 1.2 is read: only `true` and `false` are booleans, tags are refused.

use serde::de::DeserializeOwned;
use serde_saphyr::options::AliasLimits;
use serde_saphyr::{Budget, Error, Options};

/// Deepest nesting of lists and mappings. Reading is recursive and takes about 32 kB of stack a level in a debug build, so that a
/// thread of tokio's (2 MB) has room for it. The deepest document of albridge's own, its template, has 11 levels.
pub const DEPTH: usize = 40;

/// Longest key, in bytes. Error messages and paths repeat keys.
pub const KEY: usize = 1_024;

/// How much of a document is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of text.
    pub bytes: usize,
    /// Values, those that aliases repeat included.
    pub values: usize,
}

impl Limits {
    /// A ROS template or a flow definition. ROS takes templates of up to 524,288 bytes.
    pub const DEFINITION: Self = Self { bytes: 512 * 1024, values: 100_000 };
    /// A world to begin with: it may hold thousands of instances.
    pub const WORLD: Self = Self { bytes: 16 * 1024 * 1024, values: 1_000_000 };
    /// A list of fault rules.
    pub const RULES: Self = Self { bytes: 1024 * 1024, values: 50_000 };
}

/// Why a document is not read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct DocumentError {
    /// Line and column, both counted from 1, where they are known.
    pub at: Option<(u64, u64)>,
    /// One sentence without its full stop. Names line and column where they are known.
    pub reason: String,
    /// Whether it is a document, but beyond a limit.
    pub beyond_limit: bool,
}

/// Reads a document as a `T`.
///
/// # Errors
/// [`DocumentError`]: what is wrong, and where; or which limit the text is beyond.
///
/// ```
/// let ports: Vec<u16> = document::read("[80, 443]", document::Limits::RULES)?;
/// assert_eq!(ports, [80, 443]);
/// let nested = format!("{}{}", "[".repeat(1_000), "]".repeat(1_000));
/// assert!(document::read::<serde_json::Value>(&nested, document::Limits::RULES).is_err_and(|error| error.beyond_limit));
/// # Ok::<(), document::DocumentError>(())
/// ```
pub fn read<T: DeserializeOwned>(text: &str, limits: Limits) -> Result<T, DocumentError> {
    if text.len() > limits.bytes {
        let reason = format!("the text has {} bytes, over the limit of {}", text.len(), limits.bytes);
        return Err(DocumentError { at: None, reason, beyond_limit: true });
    }
    serde_saphyr::from_str_with_options(text, options(limits)).map_err(|error| refusal(error.without_snippet(), limits))
}

fn options(limits: Limits) -> Options {
    let budget: Option<Budget> = serde_saphyr::budget! {
        max_depth: DEPTH,
        // The scanner looks 1,024 characters ahead for the end of a key: it must not complain first.
        flow_nesting_limit: 2_048,
        max_nodes: limits.values,
        // A value begins, and a collection ends as well.
        max_events: limits.values.saturating_mul(2),
        max_aliases: limits.values,
        max_anchors: limits.values,
        max_recorded_anchor_events: limits.values,
        max_recorded_anchor_bytes: limits.bytes,
        max_total_scalar_bytes: limits.bytes,
        max_documents: 2,
        max_merge_keys: 1_000,
    };
    let alias_limits: AliasLimits =
        serde_saphyr::alias_limits! { max_total_replayed_events: limits.values, max_replay_stack_depth: DEPTH };
    serde_saphyr::options! {
        budget: budget,
        alias_limits: alias_limits,
        strict_booleans: true,
        reject_unsupported_tags: true,
        with_snippet: false,
    }
}

fn refusal(error: &Error, limits: Limits) -> DocumentError {
    let at = error.location().filter(|at| at.line() > 0).map(|at| (at.line(), at.column()));
    let mut innermost = error;
    while let Error::AliasError { error, .. } | Error::WithSnippet { error, .. } = innermost {
        innermost = error;
    }
    let beyond = match innermost {
        Error::Budget { breach: serde_saphyr::budget::BudgetBreach::Depth { .. }, .. } => {
            Some(format!("it is nested more than {DEPTH} levels deep"))
        }
        Error::Budget { .. } => {
            Some(format!("it holds or repeats more than {} values, or too long ones", limits.values))
        }
        Error::AliasReplayCounterOverflow { .. }
        | Error::AliasReplayLimitExceeded { .. }
        | Error::AliasExpansionLimitExceeded { .. }
        | Error::AliasReplayStackDepthExceeded { .. } => {
            Some(format!("its aliases repeat more than {} values", limits.values))
        }
        _ => None,
    };
    let beyond_limit = beyond.is_some();
    let reason = match (beyond, at) {
        (Some(beyond), Some((line, column))) => format!("{beyond} at line {line}, column {column}"),
        (Some(beyond), None) => beyond,
        (None, _) => error.to_string(),
    };
    DocumentError { at, reason, beyond_limit }
}
