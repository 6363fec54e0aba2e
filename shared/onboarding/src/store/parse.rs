//! From text to a store: read, then checked.

use super::bindings::Store;
use super::check;
use super::error::StoreError;
use super::place::{self, Place};

impl Store {
    /// Bytes of the largest text that is read: about a thousand bindings. Whoever fetches a store may stop there.
    pub const MAX_BYTES: usize = 2 * 1024 * 1024;

    /// Reads and checks a store.
    ///
    /// # Errors
    ///
    /// The first thing wrong with `text`; `name` (a file, an OSS address) says in the message where the text is from.
    ///
    /// ```
    /// let error = onboarding::Store::parse("paused: maybe\nbindings: []\n", "bindings.yml").unwrap_err();
    /// assert!(error.to_string().starts_with("bindings.yml:1:9: "));
    /// ```
    pub fn parse(text: &str, name: &str) -> Result<Self, StoreError> {
        if text.len() > Self::MAX_BYTES {
            return Err(StoreError::too_large(name, text.len(), Self::MAX_BYTES));
        }
        // Read once more for the places of values: the typed reading keeps none.
        let places: Place = place::read(text).map_err(|wrong| StoreError::unreadable(name, &wrong, None))?;
        let store: Self = place::read(text).map_err(|wrong| StoreError::unreadable(name, &wrong, Some(&places)))?;
        match check::store(&store) {
            Ok(()) => Ok(store),
            Err(wrong) => Err(StoreError::invalid(name, &places, wrong)),
        }
    }
}
