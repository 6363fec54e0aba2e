//! Paging: the three styles of the services (cloud-apis.md section 1), each over items that are already filtered.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

use crate::call::{ApiError, Body, Params};
use crate::settings::{Counts, Listings};

/// A page-size parameter: its name, what it is when not sent, and its bounds.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Size {
    name: &'static str,
    default: usize,
    least: usize,
    most: usize,
    clamps: bool,
}

impl Size {
    /// A size whose bounds are enforced by refusal.
    pub(crate) const fn strict(name: &'static str, default: usize, most: usize) -> Self {
        Self { name, default, least: 1, most, clamps: false }
    }

    /// A size that is silently brought into its bounds, as ECS does.
    pub(crate) const fn clamped(name: &'static str, default: usize, least: usize, most: usize) -> Self {
        Self { name, default, least, most, clamps: true }
    }

    fn read(self, params: &Params) -> Result<usize, ApiError> {
        let illegal =
            || ApiError::bad(format!("IllegalParam.{}", self.name), format!("The param of {} is illegal.", self.name));
        let Some(text) = params.get(self.name) else { return Ok(self.default) };
        let size: usize = text.parse().map_err(|_| illegal())?;
        if self.clamps {
            return Ok(size.clamp(self.least, self.most));
        }
        if (self.least..=self.most).contains(&size) { Ok(size) } else { Err(illegal()) }
    }
}

/// One page of a listing.
#[derive(Debug)]
pub(crate) struct Page<T> {
    /// The items, in the order of their keys.
    pub(crate) items: Vec<T>,
    /// Where the next page begins; empty on the last one.
    pub(crate) next: String,
    /// The page size or number asked for.
    pub(crate) size: usize,
    /// Which page, where pages have numbers.
    pub(crate) number: usize,
    /// How many items there are in all.
    pub(crate) total: usize,
}

/// A page by `NextToken`. The token names the last item given, so that a listing survives changes between its pages.
///
/// # Errors
/// `IllegalParam.*` for a size out of bounds and for a token that this service never gave.
pub(crate) fn by_token<T, K: Ord + AsRef<str>>(
    params: &Params,
    size: Size,
    items: Vec<T>,
    key: impl Fn(&T) -> K,
) -> Result<Page<T>, ApiError> {
    let size = size.read(params)?;
    let total = items.len();
    let mut keyed: Vec<(K, T)> = items.into_iter().map(|item| (key(&item), item)).collect();
    if let Some(after) = after(params)? {
        keyed.retain(|(key, _)| key.as_ref() > after.as_str());
    }
    let more = keyed.len() > size;
    if more {
        // Only the page itself has to be in order.
        keyed.select_nth_unstable_by(size, |left, right| left.0.cmp(&right.0));
        keyed.truncate(size);
    }
    keyed.sort_by(|left, right| left.0.cmp(&right.0));
    let next = keyed.last().filter(|_| more).map(|(key, _)| encode(key.as_ref())).unwrap_or_default();
    Ok(Page { items: keyed.into_iter().map(|(_, item)| item).collect(), next, size, number: 1, total })
}

/// A page by `NextToken` of keys that are sorted already.
///
/// # Errors
/// As [`by_token`].
pub(crate) fn tokened<K: AsRef<str>>(params: &Params, size: Size, keys: &[K]) -> Result<Page<String>, ApiError> {
    let size = size.read(params)?;
    let first = after(params)?.map_or(0, |after| keys.partition_point(|key| key.as_ref() <= after.as_str()));
    let items: Vec<String> = keys.iter().skip(first).take(size).map(|key| key.as_ref().to_owned()).collect();
    let more = keys.len() > first + items.len();
    let next = items.last().filter(|_| more).map(|key| encode(key)).unwrap_or_default();
    Ok(Page { items, next, size, number: 1, total: keys.len() })
}

/// A page by `PageNumber` and `PageSize`.
///
/// # Errors
/// `IllegalParam.*` for a size or number out of bounds.
pub(crate) fn by_number<T>(params: &Params, size: Size, items: Vec<T>) -> Result<Page<T>, ApiError> {
    let (number, size) = numbers(params, size)?;
    let total = items.len();
    let items = items.into_iter().skip(size.saturating_mul(number - 1)).take(size).collect();
    Ok(Page { items, next: String::new(), size, number, total })
}

/// A page by `PageNumber` and `PageSize` of keys.
///
/// # Errors
/// As [`by_number`].
pub(crate) fn numbered<K: AsRef<str>>(params: &Params, size: Size, keys: &[K]) -> Result<Page<String>, ApiError> {
    let (number, size) = numbers(params, size)?;
    let here = keys.iter().skip(size.saturating_mul(number - 1)).take(size);
    let items = here.map(|key| key.as_ref().to_owned()).collect();
    Ok(Page { items, next: String::new(), size, number, total: keys.len() })
}

/// An answer with counts and empty tags as the settings say.
pub(crate) fn told(listings: Listings, answer: Body) -> Body {
    if listings == Listings::default() {
        return answer;
    }
    let mut tree = answer.into_tree();
    if let Value::Object(fields) = &mut tree
        && fields.contains_key("NextToken")
        && let Some(count) = fields.get_mut("TotalCount")
    {
        match listings.counts {
            Counts::Given => {}
            Counts::Omitted => drop(fields.remove("TotalCount")),
            Counts::Zero => *count = Value::from(0),
        }
    }
    if listings.omit_empty_tags {
        omit_empty_tags(&mut tree);
    }
    Body::Tree(tree)
}

/// Takes every `Tags` without a tag out, plain (`[]`) or wrapped (`{"Tag": []}`).
fn omit_empty_tags(value: &mut Value) {
    let is_empty = |tags: &Value| {
        let list = tags.get("Tag").unwrap_or(tags);
        list.as_array().is_some_and(Vec::is_empty)
    };
    match value {
        Value::Object(fields) => {
            fields.retain(|name, value| name != "Tags" || !is_empty(value));
            fields.values_mut().for_each(omit_empty_tags);
        }
        Value::Array(items) => items.iter_mut().for_each(omit_empty_tags),
        _ => {}
    }
}

/// Number and size of the page asked for, both at least 1.
fn numbers(params: &Params, size: Size) -> Result<(usize, usize), ApiError> {
    let size = size.read(params)?;
    Ok((Size::strict("PageNumber", 1, usize::MAX).read(params)?, size))
}

/// The key that the page follows.
fn after(params: &Params) -> Result<Option<String>, ApiError> {
    params.get("NextToken").map(decode).transpose()
}

fn encode(key: &str) -> String {
    URL_SAFE_NO_PAD.encode(format!("{MARK}{key}"))
}

fn decode(token: &str) -> Result<String, ApiError> {
    URL_SAFE_NO_PAD
        .decode(token)
        .ok()
        .and_then(|bytes| String::from_utf8(bytes).ok())
        .and_then(|text| text.strip_prefix(MARK).map(str::to_owned))
        .ok_or_else(|| ApiError::bad("IllegalParam.NextToken", "The param of NextToken is illegal."))
}

/// Tells a token of ours from anything else that happens to be base64.
const MARK: &str = "after:";

#[cfg(test)]
mod tests {
    use super::*;

    fn params(pairs: &[(&str, &str)]) -> Params {
        Params::new(pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())))
    }

    #[test]
    fn tokens_lead_through_every_item_once() {
        let items: Vec<u32> = (0..25).collect();
        let size = Size::strict("MaxResults", 10, 100);
        let (mut seen, mut token) = (Vec::new(), String::new());
        loop {
            let page =
                by_token(&params(&[("NextToken", &token)]), size, items.clone(), |item| format!("{item:02}")).unwrap();
            seen.extend(page.items);
            token = page.next;
            if token.is_empty() {
                break;
            }
        }
        assert_eq!(seen, items);
    }

    #[test]
    fn a_foreign_token_and_a_size_out_of_bounds_are_refused() {
        let size = Size::strict("MaxResults", 10, 100);
        let code = |pairs| by_token(&params(pairs), size, vec![1], ToString::to_string).unwrap_err().code;
        assert_eq!(code(&[("NextToken", "!!")]), "IllegalParam.NextToken");
        assert_eq!(code(&[("NextToken", "aGVsbG8")]), "IllegalParam.NextToken");
        assert_eq!(code(&[("MaxResults", "101")]), "IllegalParam.MaxResults");
        assert_eq!(code(&[("MaxResults", "0")]), "IllegalParam.MaxResults");
    }

    #[test]
    fn ecs_sizes_are_brought_into_bounds() {
        let size = Size::clamped("MaxResults", 10, 10, 100);
        let count = |sent| {
            by_token(&params(&[("MaxResults", sent)]), size, (100..300).collect(), ToString::to_string)
                .unwrap()
                .items
                .len()
        };
        assert_eq!((count("1"), count("1000")), (10, 100));
    }

    #[test]
    fn counts_and_empty_tags_are_told_as_the_settings_say() {
        use serde_json::json;
        let answer = || {
            Body::Tree(json!({
                "Instances": { "Instance": [{ "Tags": { "Tag": [] } }, { "Tags": { "Tag": [{ "TagKey": "a" }] } }] },
                "Groups": [{ "Tags": [] }], "TotalCount": 2, "NextToken": "",
            }))
        };
        let told = |counts, omit_empty_tags| told(Listings { counts, omit_empty_tags }, answer()).into_tree();
        assert_eq!(told(Counts::Given, false), answer().into_tree());
        assert_eq!(told(Counts::Zero, false)["TotalCount"], 0);
        let omitted = told(Counts::Omitted, true);
        assert_eq!(omitted.get("TotalCount"), None);
        assert_eq!(omitted["Instances"]["Instance"][0], json!({}));
        assert_eq!(omitted["Instances"]["Instance"][1]["Tags"]["Tag"][0]["TagKey"], "a");
        assert_eq!(omitted["Groups"][0], json!({}));
        // Paging by number needs the count, so it is always given.
        let numbered = super::told(
            Listings { counts: Counts::Zero, omit_empty_tags: false },
            Body::Tree(json!({ "TotalCount": 2 })),
        );
        assert_eq!(numbered.into_tree()["TotalCount"], 2);
    }

    #[test]
    fn numbered_pages_end_in_an_empty_one() {
        let page = |number| {
            by_number(
                &params(&[("PageNumber", number), ("PageSize", "2")]),
                Size::strict("PageSize", 10, 50),
                vec![1, 2, 3],
            )
            .unwrap()
        };
        assert_eq!((page("1").items, page("2").items, page("3").items), (vec![1, 2], vec![3], vec![]));
        assert_eq!(page("3").total, 3);
    }
}
