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
