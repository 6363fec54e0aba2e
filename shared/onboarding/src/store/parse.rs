//! Parses the text of a store, then checks it.

use super::bindings::Store;
use super::check;
use super::error::StoreError;
use super::place::{self, Place};
use super::schema::schema;
use super::shape;
use super::wrong::Wrong;
use crate::ordered::sort_few;

impl Store {
    /// The most bytes of a store: far above the size of a real one, which has about ten bindings of about a kilobyte. Code that fetches
    /// a store may stop there.
    pub const MAX_BYTES: usize = 4 << 20;

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
        match check::store(&store).into_iter().next() {
            None => Ok(store),
            Some(wrong) => Err(StoreError::invalid(name, &places, wrong)),
        }
    }

    /// Parses and checks a store, and names every error of the text, in its order. Only where the text is no YAML at all the first
    /// is the last: what follows it cannot be told apart.
    ///
    /// # Errors
    ///
    /// All of them.
    ///
    /// ```
    /// let errors = onboarding::Store::validate("paused: maybe\nbindngs: []\n", "bindings.yml").unwrap_err();
    /// let places: Vec<_> = errors.iter().filter_map(|error| error.at).collect();
    /// assert_eq!(places, [(1, 1), (1, 9), (2, 1)]);
    /// ```
    pub fn validate(text: &str, name: &str) -> Result<Self, Vec<StoreError>> {
        let first = match Self::parse(text, name) {
            Ok(store) => return Ok(store),
            Err(first) => first,
        };
        // A text that is too large is not looked at.
        let places = (text.len() <= Self::MAX_BYTES).then(|| place::read_places(text)).and_then(Result::ok);
        let Some(places) = places else { return Err(vec![first]) };
        let compared = shape::compare(&schema(), &places);
        let mut errors: Vec<StoreError> =
            compared.misfits.into_iter().map(|misfit| StoreError::misfit(name, misfit)).collect();
        if let Ok(repaired) = serde_json::from_value::<Self>(compared.repaired) {
            let is_written = |wrong: &Wrong| !compared.made_up.iter().any(|made_up| is_within(&wrong.path, made_up));
            let wrong = check::store(&repaired).into_iter().filter(is_written);
            errors.extend(wrong.map(|wrong| StoreError::invalid(name, &places, wrong)));
        }
        // The parser decides what is an error: what it names is never left out, and said in its own words.
        match errors.iter_mut().find(|error| error.at == first.at) {
            Some(same) if same.path == first.path => *same = first,
            Some(_) => {}
            None => errors.push(first),
        }
        sort_few(&mut errors, |one, other| one.at < other.at);
        Err(errors)
    }
}

/// Whether a value is another one, or a part of it.
fn is_within(path: &str, whole: &str) -> bool {
    path.strip_prefix(whole).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
}
