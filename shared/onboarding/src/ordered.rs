//! Ordered maps and sets that are filled one by one.
//!
//! `collect` sorts before it builds a tree, and its sort is compiled anew for each type: five kilobytes of a function, dozens of times
//! (docs/decisions/0035-profile.md). What is gathered so is short, or in order already.

/// `collect` for ordered maps and sets.
pub trait Ordered: Iterator + Sized {
    /// The items in their order.
    fn ordered<C: Default + Extend<Self::Item>>(self) -> C {
        let mut all = C::default();
        all.extend(self);
        all
    }
}

impl<I: Iterator> Ordered for I {}

/// A stable sort of what is short or nearly in order, by what comes before what: those of the standard library are compiled anew for each type,
/// too.
pub fn sort_few<T>(items: &mut [T], comes_before: impl Fn(&T, &T) -> bool) {
    for end in 1..items.len() {
        let mut at = end;
        while at > 0 && matches!(items.get(at - 1..=at), Some([one, other]) if comes_before(other, one)) {
            items.swap(at - 1, at);
            at -= 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_sort_of_few_is_that_of_the_standard_library(mut items in prop::collection::vec((0_u8..9, any::<u8>()), 0..40)) {
            let mut wanted = items.clone();
            wanted.sort_by_key(|item| item.0);
            sort_few(&mut items, |one, other| one.0 < other.0);
            prop_assert_eq!(items, wanted, "stable, too");
        }
    }
}
