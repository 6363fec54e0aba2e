//! Every page of a listing, or an error.
//!
//! [`crate::whole`] checks each answer by itself. This module joins the pages and detects an incomplete listing: fewer rows than
//! the total, a row that appears twice, a token that appears twice.

use std::collections::BTreeSet;

use crate::client::Client;
use crate::error::Error;
use crate::listing::{Listing, More};
use crate::whole::End;

/// How often a listing is started again because it changed while it was read.
const RESTARTS: u32 = 3;
/// More pages than any listing of this cloud has; a service that never ends a listing must not hold a run for ever.
const MOST_PAGES: u32 = 10_000;
/// More bytes than any listing of this cloud has, all pages together: the largest, 10,000 instances, is some 40 MB.
const MOST_BYTES: usize = 256 << 20;

/// The result of one pass over the pages.
enum Pass<T> {
    Complete(Vec<T>),
    /// The listing changed between two pages, or seems to have: a total that differs, a row that came twice (with counted
    /// pages, whatever pushed it to the next page may have pulled another past the reader), a token that was no longer good.
    Changed(String),
}

impl Client {
    /// Every item of every page.
    ///
    /// # Errors
    /// Those of [`Client::call`]; `IncompleteListing` when the pages hold fewer items than the service counts, when a
    /// token comes twice, or when every pass over the pages shows a row twice or another total. A short list is never
    /// returned.
    pub async fn list<A: Listing>(&self, region: &str, action: A) -> Result<Vec<A::Item>, Error> {
        let mut changed = String::new();
        for _ in 0..=RESTARTS {
            match self.pass(region, action.clone()).await? {
                Pass::Complete(items) => return Ok(items),
                Pass::Changed(what) => changed = what,
            }
            tracing::debug!(action = A::NAME, changed, "the listing changed between pages, beginning again");
        }
        Err(Error::incomplete(A::NAME, format!("{changed}, on every attempt")))
    }

    async fn pass<A: Listing>(&self, region: &str, mut request: A) -> Result<Pass<A::Item>, Error> {
        request.first();
        let mut items = Vec::new();
        let mut keys = BTreeSet::new();
        let mut tokens = BTreeSet::new();
        let mut total = None;
        let mut bytes = 0_usize;
        for page in 0..MOST_PAGES {
            let answered = match self.answered(region, &request).await {
                Ok(answered) => answered,
                // `IllegalParam.NextToken`, `IllegalParam.NextTokenExpired`: the token was not good for another page.
                Err(error) if page > 0 && error.code.starts_with("IllegalParam.NextToken") => {
                    return Ok(Pass::Changed(format!("the service takes its own token no longer: {}", error.code)));
                }
                Err(error) => return Err(error),
            };
            bytes = bytes.saturating_add(answered.bytes);
            if bytes > MOST_BYTES {
                return Err(Error::incomplete(A::NAME, format!("no end after {MOST_BYTES} bytes")));
            }
            for key in answered.keys {
                if keys.contains(&key) {
                    return Ok(Pass::Changed(format!("a row came twice: {key}")));
                }
                keys.insert(key);
            }
            let found = request.next(answered.answer);
            let here = found.items.len();
            items.extend(found.items);
            match found.more {
                More::Token(token) if !tokens.insert(token.clone()) => {
                    return Err(Error::incomplete(A::NAME, "the service gave the same NextToken twice"));
                }
                More::Token(_) => {}
                More::End => return by_token::<A>(items, found.total),
                More::Count => {
                    let Some(counted) = found.total else {
                        return Err(Error::incomplete(A::NAME, "pages are counted, and the answer has no TotalCount"));
                    };
                    if *total.get_or_insert(counted) != counted {
                        return Ok(Pass::Changed("the total changed between two pages".to_owned()));
                    }
                    match to_u64(items.len()) {
                        seen if seen == counted => return Ok(Pass::Complete(items)),
                        seen if seen > counted => return Ok(Pass::Changed(format!("{seen} rows came of {counted}"))),
                        seen if here == 0 => return Err(short::<A>(seen, counted)),
                        _ => {}
                    }
                }
            }
        }
        Err(Error::incomplete(A::NAME, format!("no end after {MOST_PAGES} pages")))
    }
}

/// A total that is smaller than the number of rows is ignored; a larger one means that rows are missing.
fn by_token<A: Listing>(items: Vec<A::Item>, total: Option<u64>) -> Result<Pass<A::Item>, Error> {
    let seen = to_u64(items.len());
    match total {
        Some(total) if A::WHOLE.end == End::TokenAndCount && seen < total => Err(short::<A>(seen, total)),
        _ => Ok(Pass::Complete(items)),
    }
}

fn short<A: Listing>(seen: u64, total: u64) -> Error {
    Error::incomplete(A::NAME, format!("{seen} of {total} items were on the pages"))
}

fn to_u64(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}
