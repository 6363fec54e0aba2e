//! A call after the protocol has been taken off: who asks for which action where, with which parameters, and what a
//! service can answer.

use std::str::FromStr;

use ipnet::Ipv4Net;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// An emulated service. The name is the product's as RAM and the SDKs spell it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Service {
    /// Application Load Balancer, 2020-06-16.
    #[serde(alias = "alb", alias = "ALB")]
    Alb,
    /// Cloud Enterprise Network, 2017-09-12.
    #[serde(alias = "cbn", alias = "cen", alias = "CEN")]
    Cbn,
    /// Virtual Private Cloud, 2016-04-28.
    #[serde(alias = "vpc", alias = "VPC")]
    Vpc,
    /// Elastic Compute Service, 2014-05-26.
    #[serde(alias = "ecs", alias = "ECS")]
    Ecs,
    /// CloudFlow, 2019-03-15.
    #[serde(alias = "fnf", alias = "FnF")]
    Fnf,
    /// Security Token Service, 2015-04-01.
    #[serde(alias = "sts", alias = "STS")]
    Sts,
    /// Resource Access Management, 2015-05-01.
    #[serde(alias = "ram", alias = "RAM")]
    Ram,
    /// EventBridge, 2020-04-01.
    #[serde(alias = "eventbridge")]
    EventBridge,
    /// Function Compute, 2023-03-30 (path style).
    #[serde(alias = "fc", alias = "FC")]
    Fc,
    /// Object Storage Service (path style, a signature of its own).
    #[serde(alias = "oss", alias = "OSS")]
    Oss,
    /// Resource Orchestration Service, 2019-09-10.
    #[serde(alias = "ros", alias = "ROS")]
    Ros,
    /// Identity Management Service, 2019-08-15.
    #[serde(alias = "ims", alias = "IMS")]
    Ims,
}

/// Who signed the request.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Caller {
    /// The account's own key: everything is allowed.
    Root,
    /// Nobody: the call needs no signature, and what it holds is the proof.
    Nobody,
    /// A role of this account, by name: its policies decide.
    Role(String),
    /// A session of a role with a session policy: both policies must allow a call.
    Restricted {
        /// The role's name.
        role: String,
        /// The session's policy, as it was sent.
        policy: String,
    },
}

impl Caller {
    /// The role's name, if it is one.
    #[must_use]
    pub fn role(&self) -> Option<&str> {
        match self {
            Self::Root | Self::Nobody => None,
            Self::Role(role) | Self::Restricted { role, .. } => Some(role),
        }
    }
}

/// One API request, verified and decoded.
#[derive(Debug, Clone)]
pub struct Call {
    /// The service asked.
    pub service: Service,
    /// The action's name, as in `CreateServerGroup`.
    pub action: String,
    /// `RegionId` where the request has one, else the region of the port it came in by.
    pub region: String,
    /// Query and form merged, without the protocol's own parameters.
    pub params: Params,
    /// The caller.
    pub caller: Caller,
    /// The request's id, an upper-case UUID; also serves as ClientToken where none is given.
    pub request_id: String,
}

/// What a service answers: the JSON object without `RequestId`, which the gateway adds.
pub type Answer = Result<Value, ApiError>;

/// An answer on its way to the client. Long listings are written as text at once, without a tree of their rows.
#[derive(Debug, Clone, PartialEq)]
pub enum Body {
    /// The object.
    Tree(Value),
    /// The text of an object that has fields.
    Text(Vec<u8>),
}

impl Body {
    /// The text of an object, about `size` bytes long.
    pub(crate) fn text(answer: &impl Serialize, size: usize) -> Result<Self, ApiError> {
        let failed = |_| ApiError::new(500, "InternalError", "The request processing has failed.");
        let mut text = Vec::with_capacity(size);
        serde_json::to_writer(&mut text, answer).map_err(failed)?;
        Ok(Self::Text(text))
    }

    /// The object.
    #[must_use]
    pub(crate) fn into_tree(self) -> Value {
        match self {
            Self::Tree(tree) => tree,
            Self::Text(text) => serde_json::from_slice(&text).unwrap_or_default(),
        }
    }
}

/// A refusal, as the service words it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiError {
    /// HTTP status.
    pub status: u16,
    /// The code, as in `IncorrectStatus.ServerGroup`.
    pub code: String,
    /// One sentence.
    pub message: String,
}

impl ApiError {
    /// An error with any status.
    pub fn new(status: u16, code: impl Into<String>, message: impl Into<String>) -> Self {
        Self { status, code: code.into(), message: message.into() }
    }

    /// HTTP 400.
    pub fn bad(code: impl Into<String>, message: impl Into<String>) -> Self {
        Self::new(400, code, message)
    }

    /// HTTP 404.
    pub fn not_found(code: impl Into<String>, message: impl Into<String>) -> Self {
        Self::new(404, code, message)
    }
}

/// Most elements of a list that is sent as JSON. ECS takes 100 ids; this only bounds the work.
const JSON_LIST: usize = 1_000;

/// Flattened request parameters, sorted by name: `Servers.1.Port`. One text holds them all, since the log keeps very many.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Params {
    /// Names and values, one after the other.
    text: String,
    /// Of each pair, where its name and its value end.
    ends: Vec<(usize, usize)>,
}

impl Params {
    /// Parameters from name and value pairs; a later one wins.
    pub fn new<T: AsRef<str>>(pairs: impl IntoIterator<Item = (T, T)>) -> Self {
        let mut pairs: Vec<(T, T)> = pairs.into_iter().collect();
        // Stable: of those with one name, the last sent comes last.
        pairs.sort_by(|left, right| left.0.as_ref().cmp(right.0.as_ref()));
        let lengths = pairs.iter().map(|(name, value)| name.as_ref().len() + value.as_ref().len());
        let mut params = Self { text: String::with_capacity(lengths.sum()), ends: Vec::with_capacity(pairs.len()) };
        let mut rest = pairs.iter().peekable();
        while let Some((name, value)) = rest.next() {
            if rest.peek().is_none_or(|(next, _)| next.as_ref() != name.as_ref()) {
                params.push(name.as_ref(), value.as_ref());
            }
        }
        params
    }

    /// Every pair, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        (0..self.ends.len()).filter_map(|place| self.at(place))
    }

    /// About how many bytes they take.
    pub(crate) fn bytes(&self) -> usize {
        self.text.capacity() + self.ends.capacity() * size_of::<(usize, usize)>()
    }

    /// Puts a pair behind the others.
    fn push(&mut self, name: &str, value: &str) {
        self.text.push_str(name);
        let middle = self.text.len();
        self.text.push_str(value);
        self.ends.push((middle, self.text.len()));
    }

    fn at(&self, place: usize) -> Option<(&str, &str)> {
        let (middle, end) = *self.ends.get(place)?;
        let start = place.checked_sub(1).and_then(|before| self.ends.get(before)).map_or(0, |(_, end)| *end);
        Some((self.text.get(start..middle)?, self.text.get(middle..end)?))
    }

    /// The place of the first pair whose name is not before `name`.
    fn place(&self, name: &str) -> usize {
        let (mut low, mut high) = (0, self.ends.len());
        while low < high {
            let middle = low.midpoint(high);
            match self.at(middle) {
                Some((held, _)) if held < name => low = middle + 1,
                _ => high = middle,
            }
        }
        low
    }

    /// Whether nothing was sent.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// A value, if sent and not empty.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.sent(name).filter(|value| !value.is_empty())
    }

    /// A value as an owned string, empty when not sent.
    #[must_use]
    pub fn text(&self, name: &str) -> String {
        self.get(name).unwrap_or_default().to_owned()
    }

    /// A value that must be there. The gateway has checked the documented ones already.
    ///
    /// # Errors
    /// `MissingParameter` when it is absent.
    pub fn required(&self, name: &str) -> Result<&str, ApiError> {
        self.get(name).ok_or_else(|| {
            ApiError::bad(
                "MissingParameter",
                format!(
                    "The input parameter \"{name}\" that is mandatory for processing this request is not supplied."
                ),
            )
        })
    }

    /// A number, address or the like.
    ///
    /// # Errors
    /// `InvalidParameter` when the value does not parse.
    pub fn parse<T: FromStr>(&self, name: &str) -> Result<Option<T>, ApiError> {
        self.get(name)
            .map(|value| {
                value.parse().map_err(|_| ApiError::bad("InvalidParameter", format!("The param of {name} is illegal.")))
            })
            .transpose()
    }

    /// A boolean in any case: the Python SDK sends `True`.
    ///
    /// # Errors
    /// `InvalidParameter` when it is neither true nor false.
    pub fn flag(&self, name: &str) -> Result<Option<bool>, ApiError> {
        match self.get(name) {
            None => Ok(None),
            Some(value) if value.eq_ignore_ascii_case("true") => Ok(Some(true)),
            Some(value) if value.eq_ignore_ascii_case("false") => Ok(Some(false)),
            Some(_) => Err(ApiError::bad("InvalidParameter", format!("The param of {name} is illegal."))),
        }
    }

    /// An IPv4 prefix; a bare address counts as /32, host bits are cut.
    ///
    /// # Errors
    /// `InvalidCidrBlock.Malformed` when it is neither.
    pub fn prefix(&self, name: &str) -> Result<Option<Ipv4Net>, ApiError> {
        let bad = || ApiError::bad("InvalidCidrBlock.Malformed", "Specified CIDR block is not valid.");
        self.get(name)
            .map(|value| {
                let text = if value.contains('/') { value.to_owned() } else { format!("{value}/32") };
                text.parse::<Ipv4Net>().map(|net| net.trunc()).map_err(|_| bad())
            })
            .transpose()
    }

    /// A list of plain values, `Name.1`, `Name.2` ..., in the order of their numbers.
    #[must_use]
    pub fn list(&self, name: &str) -> Vec<String> {
        self.indexes(name)
            .into_iter()
            .filter_map(|index| self.get(&format!("{name}.{index}")).map(str::to_owned))
            .collect()
    }

    /// A list of objects, `Name.1.Field` ..., each as parameters of its own without the prefix.
    #[must_use]
    pub fn objects(&self, name: &str) -> Vec<Self> {
        self.indexes(name).into_iter().map(|index| self.within(&format!("{name}.{index}"))).collect()
    }

    /// An object, `Name.Field` ..., as parameters of its own without the prefix.
    #[must_use]
    pub fn within(&self, name: &str) -> Self {
        let mut fields = Self::default();
        self.beneath(name).for_each(|(field, value)| fields.push(field, value));
        fields
    }

    /// A list sent as a JSON array of strings, as ECS `InstanceIds`.
    ///
    /// # Errors
    /// `InvalidParameter` when it is no such array.
    pub fn json_list(&self, name: &str) -> Result<Option<Vec<String>>, ApiError> {
        let Some(value) = self.get(name) else { return Ok(None) };
        let list: Vec<String> = serde_json::from_str(value)
            .map_err(|_| ApiError::bad("InvalidParameter", format!("The specified {name} is not valid JSON.")))?;
        if list.len() > JSON_LIST {
            return Err(ApiError::bad("InvalidParameter", format!("The specified {name} has too many elements.")));
        }
        Ok(Some(list))
    }

    /// A value, if sent at all.
    fn sent(&self, name: &str) -> Option<&str> {
        self.at(self.place(name)).filter(|(held, _)| *held == name).map(|(_, value)| value)
    }

    /// What begins with `Name.`, without that: neighbours, because the names are sorted.
    fn beneath(&self, name: &str) -> impl Iterator<Item = (&str, &str)> {
        let prefix = format!("{name}.");
        let mut place = self.place(&prefix);
        std::iter::from_fn(move || {
            let (held, value) = self.at(place)?;
            place += 1;
            Some((held.strip_prefix(prefix.as_str())?, value))
        })
    }

    /// The numbers of a list's elements, in order.
    pub(crate) fn indexes(&self, name: &str) -> Vec<u32> {
        let mut indexes: Vec<u32> =
            self.beneath(name).filter_map(|(field, _)| field.split('.').next()?.parse().ok()).collect();
        indexes.sort_unstable();
        indexes.dedup();
        indexes
    }
}

/// The refusal of a call that would use too much of the emulator's memory. The cloud would accept it, or answer with a quota.
pub(crate) fn full(what: &str) -> ApiError {
    ApiError::new(507, "EmulatorLimitExceeded", format!("The emulator holds at most {what}."))
}

/// The answer to an action that the service does not have.
pub(crate) fn unknown_action() -> ApiError {
    ApiError::not_found("InvalidAction.NotFound", "Specified api is not found, please check your url and method.")
}

/// An answer with nothing but a request id.
pub(crate) fn done() -> Answer {
    Ok(json!({}))
}

/// Whether an action changes something. Invoking a function is no change of the cloud's own state.
pub(crate) fn writes(action: &str) -> bool {
    const READS: [&str; 5] = ["Get", "List", "Describe", "Check", "Head"];
    const OTHERS: [&str; 4] = ["AssumeRole", "ValidateTemplate", "PreviewStack", "InvokeFunction"];
    !action.is_empty() && !READS.iter().any(|verb| action.starts_with(verb)) && !OTHERS.contains(&action)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn params(pairs: &[(&str, &str)]) -> Params {
        Params::new(pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())))
    }

    #[test]
    fn lists_come_in_the_order_of_their_numbers() {
        let params = params(&[("Id.10", "c"), ("Id.2", "b"), ("Id.1", "a")]);
        assert_eq!(params.list("Id"), ["a", "b", "c"]);
    }

    #[test]
    fn a_later_value_wins_and_names_are_sorted() {
        let params = params(&[("B", "1"), ("A", "2"), ("B", ""), ("A.1", "4"), ("B", "5")]);
        assert_eq!(params.iter().collect::<Vec<_>>(), [("A", "2"), ("A.1", "4"), ("B", "5")]);
        assert_eq!((params.get("A"), params.get("B"), params.get("A.")), (Some("2"), Some("5"), None));
        assert_eq!(Params::default().get("A"), None);
    }

    #[test]
    fn objects_lose_their_prefix() {
        let params = params(&[("Servers.1.Port", "80"), ("Servers.2.Port", "81"), ("ServersX.1.Port", "9")]);
        let ports: Vec<_> = params.objects("Servers").iter().map(|server| server.text("Port")).collect();
        assert_eq!(ports, ["80", "81"]);
    }

    #[test]
    fn a_bare_address_is_a_host_prefix() {
        let params = params(&[("A", "10.0.0.1"), ("B", "10.0.0.1/8"), ("C", "ten")]);
        assert_eq!(params.prefix("A").unwrap().unwrap().to_string(), "10.0.0.1/32");
        assert_eq!(params.prefix("B").unwrap().unwrap().to_string(), "10.0.0.0/8");
        assert_eq!(params.prefix("C").unwrap_err().code, "InvalidCidrBlock.Malformed");
    }

    #[test]
    fn booleans_are_read_in_any_case() {
        let params = params(&[("A", "True"), ("B", "false"), ("C", "1")]);
        assert_eq!(params.flag("A").unwrap(), Some(true));
        assert_eq!(params.flag("B").unwrap(), Some(false));
        assert_eq!(params.flag("C").unwrap_err().code, "InvalidParameter");
        assert_eq!(params.flag("D").unwrap(), None);
    }

    #[test]
    fn reads_are_told_from_writes_by_their_verb() {
        for read in ["GetObject", "ListServerGroups", "DescribeVpcs", "CheckTransitRouterService", "AssumeRole", ""] {
            assert!(!writes(read), "{read}");
        }
        for write in ["CreateServerGroup", "TagResources", "StartExecution", "PutObject"] {
            assert!(writes(write), "{write}");
        }
    }
}
