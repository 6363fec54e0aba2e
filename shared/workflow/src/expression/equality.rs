//! When two values are equal.

use serde_json::Value;

/// Equality in which 1 and 1.0 are one number.
pub(super) fn equal(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Number(left), Value::Number(right)) => {
            left == right || (left.is_f64() != right.is_f64() && left.as_f64() == right.as_f64())
        }
        _ => left == right,
    }
}
