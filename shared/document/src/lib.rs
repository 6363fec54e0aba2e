//! Parses YAML and JSON documents from external sources, within limits.
//!
//! Any client of the emulator can send templates, flow definitions, scenarios and fault rules. Whatever such a document
//! contains, parsing must not overflow the stack, exhaust the memory or take minutes. So its length, depth, number of
//! values and alias expansion are limited, and a document beyond a limit is refused with one sentence.
//!
//! The format is YAML 1.2: only `true` and `false` are booleans, and tags are refused.

use serde::de::DeserializeOwned;
use serde_saphyr::options::AliasLimits;
use serde_saphyr::{Budget, Error, Options};

/// The deepest nesting of lists and mappings. The parser is recursive and needs about 32 kB of stack per level in a debug
/// build, which fits into a tokio thread (2 MB). The deepest document of albridge itself, its template, has 11 levels.
pub const DEPTH: usize = 40;

/// The longest key, in bytes. Error messages and paths contain keys.
pub const KEY: usize = 1_024;

/// The limits of a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// The most bytes of text.
    pub bytes: usize,
    /// The most values, including repetitions by aliases.
    pub values: usize,
}

impl Limits {
    /// For a ROS template or a flow definition. ROS accepts templates of up to 524,288 bytes.
    pub const DEFINITION: Self = Self { bytes: 512 * 1024, values: 100_000 };
    /// For the initial state of an emulated world, which may contain thousands of instances.
    pub const WORLD: Self = Self { bytes: 16 * 1024 * 1024, values: 1_000_000 };
    /// For a list of fault rules.
    pub const RULES: Self = Self { bytes: 1024 * 1024, values: 50_000 };
}

/// Why a document was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct DocumentError {
    /// Line and column, both from 1, if they are known.
    pub at: Option<(u64, u64)>,
    /// One sentence without its full stop. Contains line and column if they are known.
    pub reason: String,
    /// Whether it exceeds a limit.
    pub beyond_limit: bool,
}

/// Parses a document as a `T`.
///
/// # Errors
/// [`DocumentError`]: the problem and its place, or the limit that is exceeded.
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
        // The scanner looks 1,024 characters ahead for the end of a key; it must not report its own error before the depth
        // limit does.
        flow_nesting_limit: 2_048,
        max_nodes: limits.values,
        // A scalar is one event; a collection is two, its start and its end.
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
