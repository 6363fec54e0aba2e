//! Every page of a listing, or an error.

use crate::client::Client;
use crate::error::Error;
use crate::listing::{Listing, More};

/// How often a listing that changed under the reader is begun again.
const RESTARTS: u32 = 3;
/// More pages than any listing of this cloud has; a service that never ends a listing must not hold a run for ever.
const MOST_PAGES: u32 = 10_000;

/// What one pass over the pages came to.
enum Pass<T> {
    Complete(Vec<T>),
    /// The total changed between two pages: with counted pages an item may have slipped from one to the other unseen.
    /// Or the token for the next page was no longer good.
    Changed,
}

impl Client {
    /// Every item of every page.
    ///
    /// # Errors
    /// Those of [`Client::call`]; `IncompleteListing` when the pages hold fewer items than the service counts, when a
    /// token comes twice, or when counted pages keep changing. A short list is never returned.
    pub async fn list<A: Listing>(&self, region: &str, action: A) -> Result<Vec<A::Item>, Error> {
        for _ in 0..=RESTARTS {
            if let Pass::Complete(items) = self.pass(region, action.clone()).await? {
                return Ok(items);
            }
            tracing::debug!(action = A::NAME, "the listing changed between pages, beginning again");
        }
        Err(Error::incomplete(A::NAME, "the listing changed between pages on every attempt"))
    }

    async fn pass<A: Listing>(&self, region: &str, mut request: A) -> Result<Pass<A::Item>, Error> {
        request.first();
        let mut items = Vec::new();
        let mut last_token = String::new();
        let mut total = None;
        for page in 0..MOST_PAGES {
            let answer = match self.call(region, &request).await {
                Ok(answer) => answer,
                // `IllegalParam.NextToken`, `IllegalParam.NextTokenExpired`: the token was not good for another page.
                Err(error) if page > 0 && error.code.starts_with("IllegalParam.NextToken") => return Ok(Pass::Changed),
                Err(error) => return Err(error),
            };
            let found = request.next(answer);
            let here = found.items.len();
            items.extend(found.items);
            match found.more {
                More::Token(token) if token == last_token => {
                    return Err(Error::incomplete(A::NAME, "the service gave the same NextToken twice"));
                }
                More::Token(token) => last_token = token,
                More::End => return complete::<A>(items, found.total),
                More::Count { size } => {
                    if page > 0 && found.total != total {
                        return Ok(Pass::Changed);
                    }
                    total = found.total;
                    let reached = total.map_or(here < size, |total| to_u64(items.len()) >= total);
                    if reached || here == 0 {
                        return complete::<A>(items, total);
                    }
                }
            }
        }
        Err(Error::incomplete(A::NAME, format!("no end after {MOST_PAGES} pages")))
    }
}

/// More items than counted is fine (something was added meanwhile); fewer is not.
fn complete<A: Listing>(items: Vec<A::Item>, total: Option<u64>) -> Result<Pass<A::Item>, Error> {
    match total {
        Some(total) if to_u64(items.len()) < total => {
            Err(Error::incomplete(A::NAME, format!("{} of {total} items were on the pages", items.len())))
        }
        _ => Ok(Pass::Complete(items)),
    }
}

fn to_u64(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}
