//! What texts a parameter takes beyond their length: characters, first and last ones, and words that are kept for the cloud.
//!
//! Source: the parameter texts of the official SDK packages (alb 1.3.3, cbn 1.4.0, vpc 7.2.2, ecs 7.11.8). Written by hand
//! here, and again, independently, where bindings are read: `tests/checks/values.rs` holds the two against each other.

use crate::call::Service;

/// A rule about a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    /// Begins with a letter, a Chinese character or a digit; goes on with those and `.`, `_`, `-` and, if it may, blanks.
    Name { blanks: bool },
    /// Letters, digits, `-`, `/`, `.` and `_`.
    ListenerName,
    /// Begins with `/`; letters, digits and the characters listed with the parameter.
    HealthPath,
    /// `$SERVER_IP`, or a domain name in lower case with a dot, whose last label has letters only.
    HealthHost,
    /// Does not begin with `http://` or `https://`.
    NoUrl,
    /// Does not begin with `aliyun` or `acs:`; `http://` and `https://` are nowhere in it.
    Tag,
}

/// Which form a parameter has. Tags of listings are filters: the cloud's own tags may be asked for.
const FORMS: &[(Service, &str, Form)] = &[
    (Service::Alb, "ServerGroupName", Form::Name { blanks: true }),
    (Service::Alb, "LoadBalancerName", Form::Name { blanks: false }),
    (Service::Alb, "ListenerDescription", Form::ListenerName),
    (Service::Alb, "HealthCheckConfig.HealthCheckPath", Form::HealthPath),
    (Service::Alb, "HealthCheckConfig.HealthCheckHost", Form::HealthHost),
    (Service::Alb, "Servers.N.Description", Form::NoUrl),
    (Service::Alb, "AddedServers.N.Description", Form::NoUrl),
    (Service::Alb, "Tag.N.Key", Form::Tag),
    (Service::Alb, "Tag.N.Value", Form::Tag),
    (Service::Cbn, "TransitRouterAttachmentName", Form::NoUrl),
    (Service::Cbn, "TransitRouterAttachmentDescription", Form::NoUrl),
    (Service::Cbn, "TransitRouterRouteEntryName", Form::NoUrl),
    (Service::Cbn, "TransitRouterRouteEntryDescription", Form::NoUrl),
    (Service::Cbn, "Tag.N.Key", Form::Tag),
    (Service::Cbn, "Tag.N.Value", Form::Tag),
    (Service::Vpc, "Description", Form::NoUrl),
    (Service::Vpc, "RouteEntryName", Form::NoUrl),
    (Service::Vpc, "RouteEntries.N.Description", Form::NoUrl),
    (Service::Vpc, "RouteEntries.N.Name", Form::NoUrl),
    (Service::Vpc, "Tag.N.Key", Form::Tag),
    (Service::Vpc, "Tag.N.Value", Form::Tag),
    (Service::Ecs, "Tag.N.Key", Form::Tag),
    (Service::Ecs, "Tag.N.Value", Form::Tag),
];

/// Whether the value of a parameter, by its name in the table, has the form that is asked for.
pub(super) fn holds(service: Service, action: &str, parameter: &str, value: &str) -> bool {
    let reads = ["List", "Describe", "Get", "Un"].iter().any(|verb| action.starts_with(verb));
    let mut rules = FORMS.iter().filter(|(of, name, _)| *of == service && *name == parameter);
    rules.all(|(.., form)| (reads && *form == Form::Tag) || form.fits(value))
}

impl Form {
    fn fits(self, value: &str) -> bool {
        match self {
            Self::Name { blanks } => {
                value.chars().next().is_some_and(is_letter_or_digit)
                    && value.chars().all(|c| is_letter_or_digit(c) || ".-_".contains(c) || (blanks && c == ' '))
            }
            Self::ListenerName => value.chars().all(|c| is_letter_or_digit(c) || "-/._".contains(c)),
            Self::HealthPath => {
                let listed = "-/.%?#&=_;~!()*[]@$^:\\\",+";
                value.starts_with('/') && value.chars().all(|c| c.is_ascii_alphanumeric() || listed.contains(c))
            }
            Self::HealthHost => value == "$SERVER_IP" || is_domain(value),
            Self::NoUrl => !value.starts_with("http://") && !value.starts_with("https://"),
            Self::Tag => {
                let lower = value.to_ascii_lowercase();
                let kept = ["aliyun", "acs:"].iter().any(|word| lower.starts_with(word));
                !kept && !lower.contains("http://") && !lower.contains("https://")
            }
        }
    }
}

fn is_letter_or_digit(c: char) -> bool {
    c.is_ascii_alphanumeric() || ('\u{4e00}'..='\u{9fff}').contains(&c)
}

fn is_domain(value: &str) -> bool {
    let label = |label: &str| {
        let inside = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        !label.is_empty() && label.chars().all(inside) && !label.starts_with('-') && !label.ends_with('-')
    };
    let last = value.rsplit('.').next().unwrap_or_default();
    value.contains('.') && value.split('.').all(label) && last.chars().all(|c| c.is_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_form_takes_what_its_text_lists_and_nothing_beside() {
        let cases: [(Form, &[&str], &[&str]); 7] = [
            (
                Form::Name { blanks: true },
                &["web", "1 web", "组a", "a.b_c-d e"],
                &["-web", "web/remote", "wéb", " web"],
            ),
            (Form::Name { blanks: false }, &["web"], &["web 1"]),
            (Form::ListenerName, &["albridge/prod/web"], &["a b", "a:b"]),
            (Form::HealthPath, &["/", "/a%20?b=c&d#e", "/_;~!()*[]@$^:\\\",+"], &["a", "/a b", "/é", "/{a}"]),
            (
                Form::HealthHost,
                &["$SERVER_IP", "www.example.com", "a-1.b"],
                &["localhost", "A.com", ".a.b", "a.b.", "a.c1", "-a.b", "a..b"],
            ),
            (Form::NoUrl, &["see http://a"], &["http://a", "https://a"]),
            (Form::Tag, &["albridge", "prod/web/listener", ""], &["acs:x", "aliyun", "a http://b"]),
        ];
        for (form, good, bad) in cases {
            for value in good {
                assert!(form.fits(value), "{form:?} takes {value}");
            }
            for value in bad {
                assert!(!form.fits(value), "{form:?} refuses {value}");
            }
        }
    }

    #[test]
    fn a_listing_may_ask_for_the_clouds_own_tags() {
        assert!(holds(Service::Ecs, "DescribeInstances", "Tag.N.Key", "acs:autoscaling:scalingGroupId"));
        assert!(!holds(Service::Ecs, "TagResources", "Tag.N.Key", "acs:autoscaling:scalingGroupId"));
    }
}
