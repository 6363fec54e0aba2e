//! How each service words what its parameters are refused for (cloud-apis.md section 1).

use crate::call::{ApiError, Service};

pub(super) struct Words(pub(super) Service);

impl Words {
    pub(super) fn missing(&self, name: &str) -> ApiError {
        match self.0 {
            Service::Alb | Service::Cbn => {
                let field = last(name);
                ApiError::bad(format!("MissingParam.{field}"), format!("The param of {field} is missing."))
            }
            Service::Vpc => ApiError::bad("MissingParameter", format!("Miss mandatory parameter. ({name})")),
            // The error tables of CloudFlow's API pages.
            Service::Fnf => {
                ApiError::bad("MissingRequiredParams", format!("The HTTP query '{name}' must be specified."))
            }
            _ => ApiError::bad(
                "MissingParameter",
                format!(
                    "The input parameter \"{name}\" that is mandatory for processing this request is not supplied."
                ),
            ),
        }
    }

    /// The value is of the wrong type.
    pub(super) fn illegal(&self, name: &str) -> ApiError {
        self.refused(name, format!("The param of {name} is illegal."))
    }

    pub(super) fn unknown(&self, name: &str) -> ApiError {
        self.refused(name, format!("The parameter {name} is unknown to this action."))
    }

    fn refused(&self, name: &str, message: String) -> ApiError {
        match self.0 {
            Service::Alb | Service::Cbn => ApiError::bad(format!("IllegalParam.{}", last(name)), message),
            _ => ApiError::bad("InvalidParameter", message),
        }
    }

    /// The number is too small or too large.
    pub(super) fn out_of_range(&self, name: &str) -> ApiError {
        match self.0 {
            Service::Sts => self.special(&format!("InvalidParameter.{}", last(name)), name),
            Service::Fnf => self.special("InvalidArgument", name),
            _ => self.illegal(name),
        }
    }

    /// The text is too short or too long.
    pub(super) fn malformed(&self, name: &str) -> ApiError {
        match self.0 {
            Service::Vpc | Service::Ecs => self.special(&format!("Invalid{}.Malformed", last(name)), name),
            _ => self.out_of_range(name),
        }
    }

    fn special(&self, code: &str, name: &str) -> ApiError {
        ApiError::bad(code, format!("The specified parameter {name} is not valid."))
    }
}

/// The field's own name, without the path to it.
fn last(name: &str) -> &str {
    name.rsplit('.').find(|part| part.parse::<u32>().is_err()).unwrap_or(name)
}
