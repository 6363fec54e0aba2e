//! Listings: an action whose answer is one page, and how to request the next page.
//!
//! The cloud has three styles: `MaxResults`/`NextToken`, the same with other names for the size (`MaxResult` in VPC,
//! `Limit` in FnF), and `PageNumber`/`PageSize`. [`crate::Client::list`] turns all pages into one list or fails: a short list
//! would look like resources that have gone.

use crate::action::Action;

/// An action that answers with pages.
pub trait Listing: Action + Clone {
    /// What is listed.
    type Item: Send;

    /// Prepares the request for the first page, asking for the largest pages unless the caller chose a size.
    fn first(&mut self);

    /// Takes the items out of an answer and prepares the request for the page after it.
    fn next(&mut self, answer: Self::Answer) -> Page<Self::Item>;
}

/// One page of a listing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T> {
    /// The items on this page.
    pub items: Vec<T>,
    /// How many items there are on all pages, where the service says so.
    pub total: Option<u64>,
    /// How the listing goes on.
    pub more: More,
}

/// How the listing continues after a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum More {
    /// This was the last page: the service gave no token.
    End,
    /// The service gave this token for the next page.
    Token(String),
    /// Pages are numbered: there are more until the total is reached.
    Count,
}

/// Implements [`Listing`]: the request, the field of the answer that holds the items, and the style of paging.
macro_rules! listing {
    ($request:ident, $field:ident: $item:ty, token $size:ident $most:literal) => {
        impl $crate::Listing for $request {
            type Item = $item;

            fn first(&mut self) {
                self.$size.get_or_insert($most);
            }

            fn next(&mut self, answer: Self::Answer) -> $crate::Page<Self::Item> {
                let more = if answer.next_token.is_empty() {
                    $crate::More::End
                } else {
                    self.next_token = Some(answer.next_token.clone());
                    $crate::More::Token(answer.next_token)
                };
                $crate::Page { items: answer.$field, total: answer.total_count, more }
            }
        }
    };
    ($request:ident, $field:ident: $item:ty, pages $most:literal) => {
        impl $crate::Listing for $request {
            type Item = $item;

            fn first(&mut self) {
                self.page_size.get_or_insert($most);
                self.page_number.get_or_insert(1);
            }

            fn next(&mut self, answer: Self::Answer) -> $crate::Page<Self::Item> {
                self.page_number = Some(self.page_number.unwrap_or(1).saturating_add(1));
                $crate::Page { items: answer.$field, total: answer.total_count, more: $crate::More::Count }
            }
        }
    };
}

pub(crate) use listing;
