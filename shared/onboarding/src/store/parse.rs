//! Parses the text of a store, then checks it.

use super::bindings::Store;
use super::check;
use super::error::StoreError;
use super::place::{self, Place};

impl Store {
    /// The most bytes of a store, which is enough for about a thousand bindings. Code that fetches a store may stop there.
    pub const MAX_BYTES: usize = 2 * 1024 * 1024;

    /// Parses and checks a store.
    ///
    /// # Errors
    ///
    /// The first problem in `text`. The message names its origin by `name` (a file, an OSS address).
    ///
    /// ```
    /// let error = onboarding::Store::parse("paused: maybe\nbindings: []\n", "bindings.yml").unwrap_err();
    /// assert!(error.to_string().starts_with("bindings.yml:1:9: "));
    /// ```
    pub fn parse(text: &str, name: &str) -> Result<Self, StoreError> {
        if text.len() > Self::MAX_BYTES {
            return Err(StoreError::too_large(name, text.len(), Self::MAX_BYTES));
        }
        // Parsed a second time for the places of values, which the typed result does not contain.
        let places: Place = place::read(text).map_err(|wrong| StoreError::unreadable(name, &wrong, None))?;
        let store: Self = place::read(text).map_err(|wrong| StoreError::unreadable(name, &wrong, Some(&places)))?;
        match check::store(&store) {
            Ok(()) => Ok(store),
            Err(wrong) => Err(StoreError::invalid(name, &places, wrong)),
        }
    }
}
