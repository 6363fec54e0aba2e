//! Where each service answers: the public endpoints, or those that `ALBRIDGE_ENDPOINTS` puts in their place.

use std::collections::BTreeMap;
use std::net::IpAddr;

use crate::service::Service;

/// The endpoint overrides: none for the public cloud.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Endpoints {
    overrides: BTreeMap<String, String>,
}

/// The text of `ALBRIDGE_ENDPOINTS` is not a JSON map of base URLs.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EndpointsError {
    /// Not a JSON object whose values are texts.
    #[error("the endpoints are not a JSON object of URLs: {0}")]
    Json(String),
    /// A value that is no base URL.
    #[error("the endpoint of {key:?} is not an http or https URL without a query: {url:?}")]
    Url {
        /// The service in a region, service, region or `*` that it is for.
        key: String,
        /// The value.
        url: String,
    },
    /// Plain http to another machine.
    #[error(
        "the endpoint of {key:?} is plain http to another machine, where anybody on the way reads signed requests and tokens: {url:?}"
    )]
    Insecure {
        /// The service in a region, service, region or `*` that it is for.
        key: String,
        /// The value.
        url: String,
    },
}

/// Where plain http may go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum PlainHttp {
    /// To this machine alone: an emulator on loopback.
    #[default]
    Loopback,
    /// To any host, because the user allowed it explicitly.
    Anywhere,
}

impl PlainHttp {
    /// Whether a URL may be used: https, or http to where it may go. Nothing where it is no URL.
    #[must_use]
    pub fn allows(self, url: &str) -> Option<bool> {
        let url: http::Uri = url.parse().ok()?;
        let host = url.host()?;
        Some(url.scheme_str() != Some("http") || self == Self::Anywhere || is_loopback(host))
    }
}

/// `127.0.0.0/8`, `::1` or `localhost`, as a URL names them. Other spellings of these addresses are not taken.
fn is_loopback(host: &str) -> bool {
    let address = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    address.parse::<IpAddr>().is_ok_and(|address| address.is_loopback()) || host.eq_ignore_ascii_case("localhost")
}

impl Endpoints {
    /// Reads a JSON map from a service's name with a region (`oss-cn-chengdu`), a service's name, a region, or `*`, to a base URL; of those that
    /// apply the first one counts. Empty text is the public cloud. Plain http is taken for loopback hosts alone.
    ///
    /// # Errors
    /// [`EndpointsError`] names the value that cannot be used.
    pub fn parse(json: &str) -> Result<Self, EndpointsError> {
        Self::parse_with(json, PlainHttp::Loopback)
    }

    /// The same, with plain http where `plain` says.
    ///
    /// # Errors
    /// As [`Endpoints::parse`].
    pub fn parse_with(json: &str, plain: PlainHttp) -> Result<Self, EndpointsError> {
        if json.trim().is_empty() {
            return Ok(Self::default());
        }
        let overrides: BTreeMap<String, String> =
            serde_json::from_str(json).map_err(|error| EndpointsError::Json(error.to_string()))?;
        let mut endpoints = Self::default();
        for (key, url) in overrides {
            let parsed = url.parse::<http::Uri>().ok().filter(|uri| {
                matches!(uri.scheme_str(), Some("http" | "https"))
                    && uri.host().is_some()
                    && uri.query().is_none()
                    && uri.authority().is_some_and(|authority| !authority.as_str().contains('@'))
            });
            match parsed.and_then(|_| plain.allows(&url)) {
                None => return Err(EndpointsError::Url { key, url }),
                Some(false) => return Err(EndpointsError::Insecure { key, url }),
                Some(true) => {}
            }
            endpoints.overrides.insert(key, url.trim_end_matches('/').to_owned());
        }
        Ok(endpoints)
    }

    /// The base URL, without a slash at its end, that requests to a service in a region go to. For OSS on the public cloud
    /// the bucket goes in front of the host.
    #[must_use]
    pub fn url(&self, service: Service, region: &str) -> String {
        self.overridden(service, region).map_or_else(|| service.official(region), str::to_owned)
    }

    /// The base URL of Object Storage Service in a region: of its public endpoint, or of the internal one, which answers the
    /// region alone. The internal one's override has the endpoint's own name, `oss-<region>-internal`, else it is the public
    /// one's.
    #[must_use]
    pub fn oss(&self, region: &str, internal: bool) -> String {
        if !internal {
            return self.url(Service::Oss, region);
        }
        let name = format!("oss-{region}-internal");
        let overridden =
            self.overrides.get(&name).map(String::as_str).or_else(|| self.overridden(Service::Oss, region));
        overridden.map_or_else(|| format!("https://{name}.aliyuncs.com"), str::to_owned)
    }

    /// The override that applies: that of the service in the region, else of the service, else of the region, else of `*`.
    #[must_use]
    pub fn overridden(&self, service: Service, region: &str) -> Option<&str> {
        let here = format!("{}-{region}", service.name());
        [&*here, service.name(), region, "*"].into_iter().find_map(|key| self.overrides.get(key)).map(String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_public_endpoints_are_those_of_the_sdks() {
        let public = Endpoints::default();
        let cases = [
            (Service::Alb, "cn-chengdu", "https://alb.cn-chengdu.aliyuncs.com"),
            (Service::Cbn, "cn-chengdu", "https://cbn.aliyuncs.com"),
            (Service::Vpc, "cn-hangzhou", "https://vpc.aliyuncs.com"),
            (Service::Vpc, "cn-chengdu", "https://vpc.cn-chengdu.aliyuncs.com"),
            (Service::Ecs, "cn-hangzhou", "https://ecs-cn-hangzhou.aliyuncs.com"),
            (Service::Ecs, "cn-chengdu", "https://ecs.cn-chengdu.aliyuncs.com"),
            (Service::Fnf, "cn-hangzhou", "https://cn-hangzhou.fnf.aliyuncs.com"),
            (Service::Fc, "cn-chengdu", "https://fcv3.cn-chengdu.aliyuncs.com"),
            (Service::Sts, "", "https://sts.aliyuncs.com"),
            (Service::Ros, "cn-chengdu", "https://ros.aliyuncs.com"),
            (Service::Oss, "cn-chengdu", "https://oss-cn-chengdu.aliyuncs.com"),
        ];
        for (service, region, url) in cases {
            assert_eq!(public.url(service, region), url);
        }
    }

    #[test]
    fn a_service_wins_over_a_region_and_a_region_over_the_star() {
        let endpoints = Endpoints::parse(
            r#"{"cn-chengdu": "http://127.0.0.1:1/", "cbn": "http://127.0.0.1:2", "*": "http://127.0.0.1:3/base"}"#,
        )
        .unwrap();
        assert_eq!(endpoints.url(Service::Alb, "cn-chengdu"), "http://127.0.0.1:1");
        assert_eq!(endpoints.url(Service::Cbn, "cn-chengdu"), "http://127.0.0.1:2");
        assert_eq!(endpoints.url(Service::Ecs, "cn-hangzhou"), "http://127.0.0.1:3/base");
    }

    #[test]
    fn a_service_in_a_region_wins_over_the_service() {
        let inside = "https://oss-cn-chengdu-internal.aliyuncs.com";
        let some = format!(
            r#"{{"oss-cn-chengdu": "{inside}", "oss": "http://127.0.0.1:1", "cn-chengdu": "http://127.0.0.1:2"}}"#
        );
        let some = Endpoints::parse(&some).unwrap();
        assert_eq!(some.url(Service::Oss, "cn-chengdu"), inside);
        assert_eq!(some.url(Service::Oss, "cn-hangzhou"), "http://127.0.0.1:1");
        assert_eq!(some.url(Service::Alb, "cn-chengdu"), "http://127.0.0.1:2");
    }

    #[test]
    fn the_internal_endpoint_of_oss_has_a_name_of_its_own() {
        let public = Endpoints::default();
        assert_eq!(public.oss("cn-chengdu", false), "https://oss-cn-chengdu.aliyuncs.com");
        assert_eq!(public.oss("cn-chengdu", true), "https://oss-cn-chengdu-internal.aliyuncs.com");
        let some = r#"{"oss-cn-chengdu-internal": "http://127.0.0.1:1/inside", "*": "http://127.0.0.1:3"}"#;
        let some = Endpoints::parse(some).unwrap();
        assert_eq!(some.oss("cn-chengdu", true), "http://127.0.0.1:1/inside");
        assert_eq!(some.oss("cn-chengdu", false), "http://127.0.0.1:3");
        assert_eq!(
            some.oss("cn-hangzhou", true),
            "http://127.0.0.1:3",
            "what is overridden as a whole is so from inside, too"
        );
    }

    #[test]
    fn where_nothing_is_overridden_the_public_endpoint_stays() {
        let endpoints = Endpoints::parse(r#"{"cn-chengdu": "http://127.0.0.1:1"}"#).unwrap();
        assert_eq!(endpoints.url(Service::Alb, "cn-hangzhou"), "https://alb.cn-hangzhou.aliyuncs.com");
    }

    #[test]
    fn what_is_no_map_of_urls_is_refused_by_name() {
        assert!(matches!(Endpoints::parse("[]"), Err(EndpointsError::Json(_))));
        for url in ["127.0.0.1:80", "ftp://x", "http://", "http://x/?a=b", "not a url"] {
            let json = serde_json::json!({ "cbn": url }).to_string();
            assert_eq!(Endpoints::parse(&json), Err(EndpointsError::Url { key: "cbn".into(), url: url.into() }));
        }
        assert_eq!(Endpoints::parse(" "), Ok(Endpoints::default()));
    }

    #[test]
    fn plain_http_goes_to_this_machine_alone() {
        let parse = |url: &str| Endpoints::parse(&serde_json::json!({ "cbn": url }).to_string());
        let here = [
            "http://127.0.0.1:8080",
            "http://127.9.9.9",
            "http://[::1]:80/base",
            "http://LocalHost:1",
            "https://example.com",
        ];
        for url in here {
            assert!(parse(url).is_ok(), "{url}");
        }
        let elsewhere = [
            "http://example.com",
            "http://10.0.0.1:80",
            "http://127.0.0.1.example.com",
            "http://localhost.example.com",
            "http://localhost.",
            "http://0.0.0.0:80",
            "http://[::]:80",
            "http://[::ffff:10.0.0.1]",
            "http://2130706433",
            "HTTP://example.com",
        ];
        for url in elsewhere {
            assert_eq!(parse(url), Err(EndpointsError::Insecure { key: "cbn".into(), url: url.into() }));
            let allowed = serde_json::json!({ "cbn": url }).to_string();
            assert!(Endpoints::parse_with(&allowed, PlainHttp::Anywhere).is_ok(), "{url}");
        }
        // The part before the @ is user information, not the host.
        assert!(matches!(parse("http://127.0.0.1@example.com"), Err(EndpointsError::Url { .. })));
    }
}
