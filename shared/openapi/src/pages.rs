//! Every page of a listing, or an error.
//!
//! [`crate::whole`] checks each answer by itself. This module joins the pages and detects an incomplete listing: fewer rows than
//! the total, a row that appears twice, a token that appears twice.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::client::{Client, Spec};
use crate::error::Error;
use crate::flatten::Parameters;
use crate::lenient;
use crate::listing::{Listing, More};
use crate::whole::End;

/// How often a listing is started again because it changed while it was read.
const RESTARTS: u32 = 3;
/// More pages than any listing of this cloud has; a service that never ends a listing must not hold a run for ever.
const MOST_PAGES: u32 = 10_000;
/// More bytes than any listing of this cloud has, all pages together: the largest, 10,000 instances, is some 40 MB.
const MOST_BYTES: usize = 256 << 20;

/// The most rows that memory is kept for because a service says that there are so many.
const MOST_RESERVED: usize = 20_000;

/// The result of one pass over the pages.
enum Pass {
    Complete,
    /// The listing changed between two pages, or seems to have: a total that differs, a row that came twice (with counted
    /// pages, whatever pushed it to the next page may have pulled another past the reader), a token that was no longer good.
    Changed(String),
}

/// A listing whose types are hidden: the code that joins pages is compiled once, not for each of the listings.
trait Pages: Send {
    /// Forgets all rows, and asks for the first page.
    fn restart(&mut self);
    /// The parameters of the request for the next page.
    fn parameters(&self, spec: &Spec) -> Result<Parameters, Error>;
    /// Takes the rows of a page.
    fn take(&mut self, page: Value) -> Result<Taken, serde_json::Error>;
}

/// What a page says beside its rows.
struct Taken {
    /// How many rows it has.
    here: usize,
    /// How many rows were taken, with those of this page.
    seen: usize,
    total: Option<u64>,
    more: More,
}

struct Joined<A: Listing> {
    asked: A,
    request: A,
    items: Vec<A::Item>,
}

impl<A: Listing> Pages for Joined<A> {
    fn restart(&mut self) {
        self.items.clear();
        self.request = self.asked.clone();
        self.request.first();
    }

    fn parameters(&self, spec: &Spec) -> Result<Parameters, Error> {
        spec.parameters(&self.request)
    }

    fn take(&mut self, page: Value) -> Result<Taken, serde_json::Error> {
        let page = self.request.next(lenient::from_value(page)?);
        let here = page.items.len();
        // A listing of ten thousand rows that grew by doubling would hold up to half of its memory for nothing.
        let whole = page.total.and_then(|total| usize::try_from(total).ok()).unwrap_or_default().min(MOST_RESERVED);
        self.items.reserve_exact(whole.saturating_sub(self.items.len()));
        self.items.extend(page.items);
        Ok(Taken { here, seen: self.items.len(), total: page.total, more: page.more })
    }
}

impl Client {
    /// Every item of every page.
    ///
    /// # Errors
    /// Those of [`Client::call`]; `IncompleteListing` when the pages hold fewer items than the service counts, when a
    /// token comes twice, or when every pass over the pages shows a row twice or another total. A short list is never
    /// returned.
    pub async fn list<A: Listing>(&self, region: &str, action: A) -> Result<Vec<A::Item>, Error> {
        let mut pages = Joined { request: action.clone(), asked: action, items: Vec::new() };
        self.join(region, &Spec::of::<A>(), &mut pages).await?;
        Ok(pages.items)
    }

    async fn join(&self, region: &str, spec: &Spec, pages: &mut dyn Pages) -> Result<(), Error> {
        let mut changed = String::new();
        for _ in 0..=RESTARTS {
            match self.pass(region, spec, pages).await.map_err(|error| error.at(spec.service, region))? {
                Pass::Complete => return Ok(()),
                Pass::Changed(what) => changed = what,
            }
            tracing::debug!(action = spec.name, changed, "the listing changed between pages, beginning again");
        }
        Err(Error::incomplete(spec.name, format!("{changed}, on every attempt")).at(spec.service, region))
    }

    async fn pass(&self, region: &str, spec: &Spec, pages: &mut dyn Pages) -> Result<Pass, Error> {
        pages.restart();
        let mut keys = BTreeSet::new();
        let mut tokens = BTreeSet::new();
        let mut total = None;
        let mut bytes = 0_usize;
        for page in 0..MOST_PAGES {
            let client = self.present(spec.name).await?;
            let answered = match client.answered(region, spec, pages.parameters(spec)?).await {
                Ok(answered) => answered,
                // `IllegalParam.NextToken`, `IllegalParam.NextTokenExpired`: the token was not good for another page.
                Err(error) if page > 0 && error.code.starts_with("IllegalParam.NextToken") => {
                    return Ok(Pass::Changed(format!("the service takes its own token no longer: {}", error.code)));
                }
                Err(error) => return Err(error),
            };
            bytes = bytes.saturating_add(answered.bytes);
            if bytes > MOST_BYTES {
                return Err(Error::incomplete(spec.name, format!("no end after {MOST_BYTES} bytes")));
            }
            for key in answered.keys {
                if keys.contains(&key) {
                    return Ok(Pass::Changed(format!("a row came twice: {key}")));
                }
                keys.insert(key);
            }
            let taken = pages.take(answered.value).map_err(|error| client.malformed(spec, answered.status, &error))?;
            let seen = to_u64(taken.seen);
            match taken.more {
                More::Token(token) if !tokens.insert(token.clone()) => {
                    return Err(Error::incomplete(spec.name, "the service gave the same NextToken twice"));
                }
                More::Token(_) => {}
                // A total that is smaller than the number of rows is ignored; a larger one means that rows are missing.
                More::End => match taken.total {
                    Some(total) if spec.whole.end == End::TokenAndCount && seen < total => {
                        return Err(short(spec, seen, total));
                    }
                    _ => return Ok(Pass::Complete),
                },
                More::Count => {
                    let Some(counted) = taken.total else {
                        return Err(Error::incomplete(
                            spec.name,
                            "pages are counted, and the answer has no TotalCount",
                        ));
                    };
                    if *total.get_or_insert(counted) != counted {
                        return Ok(Pass::Changed("the total changed between two pages".to_owned()));
                    }
                    match seen {
                        seen if seen == counted => return Ok(Pass::Complete),
                        seen if seen > counted => return Ok(Pass::Changed(format!("{seen} rows came of {counted}"))),
                        seen if taken.here == 0 => return Err(short(spec, seen, counted)),
                        _ => {}
                    }
                }
            }
        }
        Err(Error::incomplete(spec.name, format!("no end after {MOST_PAGES} pages")))
    }
}

fn short(spec: &Spec, seen: u64, total: u64) -> Error {
    Error::incomplete(spec.name, format!("{seen} of {total} items were on the pages"))
}

fn to_u64(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}
