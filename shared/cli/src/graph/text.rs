//! The width of text without font metrics: upper bounds for the fonts that the pictures name.

use crate::output::{columns, visible};

/// A letter of a fixed-width font, in hundredths of an em. DejaVu Sans Mono and Menlo have 60.2; Consolas and Courier less.
const FIXED: i32 = 61;

/// Width of a line in the fixed-width font of this size, in the picture's units.
pub(crate) fn width(text: &str, size: i32) -> i32 {
    i32::try_from(columns(&visible(text))).unwrap_or(i32::MAX).saturating_mul(FIXED * size).saturating_add(99) / 100
}
