//! `MaxResults` and `NextToken`: a token names the last item that was given, so that a list which changes between two
//! pages loses and repeats nothing that stayed.

use serde_json::{Map, Value};

use super::fault;
use crate::call::{ApiError, Params};

/// Which part of a list is asked for.
#[derive(Debug)]
pub(super) struct Page {
    most: usize,
    after: Option<String>,
}

impl Page {
    /// Reads `MaxResults` (1 to `limit`, 20 by default) and `NextToken`.
    pub(super) fn read(params: &Params, limit: usize) -> Result<Self, ApiError> {
        let most = fault::ranged(params, "MaxResults", 1, limit, 20.min(limit))?;
        let after = params
            .get("NextToken")
            .map(|token| {
                let bytes = hex::decode(token).map_err(|_| fault::illegal("NextToken"))?;
                String::from_utf8(bytes).map_err(|_| fault::illegal("NextToken"))
            })
            .transpose()?;
        Ok(Self { most, after })
    }

    /// The answer for a list whose items are sorted by key.
    pub(super) fn answer(&self, list: &str, items: Vec<(String, Value)>) -> Value {
        let total = items.len();
        let mut rest =
            items.into_iter().filter(|(key, _)| self.after.as_ref().is_none_or(|after| key > after)).peekable();
        let mut last = String::new();
        let mut values = Vec::new();
        while values.len() < self.most
            && let Some((key, value)) = rest.next()
        {
            last = key;
            values.push(value);
        }
        let token = if rest.peek().is_some() { hex::encode(last) } else { String::new() };
        let mut answer = Map::new();
        answer.insert(list.to_owned(), Value::Array(values));
        answer.insert("TotalCount".to_owned(), total.into());
        answer.insert("MaxResults".to_owned(), self.most.into());
        answer.insert("NextToken".to_owned(), token.into());
        Value::Object(answer)
    }
}

/// A list of ids to filter by, of at most `most`; empty means no filter.
pub(super) fn filter(params: &Params, name: &str, most: usize) -> Result<Vec<String>, ApiError> {
    let ids = params.list(name);
    if ids.len() > most { Err(fault::illegal(name)) } else { Ok(ids) }
}

/// Whether `value` passes a filter made by [`filter`].
pub(super) fn passes(filter: &[String], value: &str) -> bool {
    filter.is_empty() || filter.iter().any(|wanted| wanted == value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(pairs: &[(&str, &str)]) -> Result<Page, ApiError> {
        Page::read(&Params::new(pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))), 100)
    }

    fn items(keys: &[&str]) -> Vec<(String, Value)> {
        keys.iter().map(|key| ((*key).to_owned(), Value::from(*key))).collect()
    }

    #[test]
    fn pages_join_to_the_whole_list_even_if_it_shrinks_between_them() {
        let first = page(&[("MaxResults", "2")]).unwrap().answer("L", items(&["a", "b", "c", "d"]));
        assert_eq!(first["L"], serde_json::json!(["a", "b"]));
        let token = first["NextToken"].as_str().unwrap();
        let second = page(&[("MaxResults", "2"), ("NextToken", token)]).unwrap().answer("L", items(&["a", "c", "d"]));
        assert_eq!(second["L"], serde_json::json!(["c", "d"]));
        assert_eq!(second["NextToken"], "");
    }

    #[test]
    fn a_token_that_was_never_given_out_is_refused() {
        assert_eq!(page(&[("NextToken", "zz")]).unwrap_err().code, "IllegalParam.NextToken");
        assert_eq!(page(&[("MaxResults", "101")]).unwrap_err().code, "IllegalParam.MaxResults");
    }
}
