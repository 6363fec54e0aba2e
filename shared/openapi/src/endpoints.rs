//! Where each service answers: the public endpoints, or those that `ALBRIDGE_ENDPOINTS` puts in their place.

use std::collections::BTreeMap;

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
        /// The region, service name or `*` that it is for.
        key: String,
        /// The value.
        url: String,
    },
}

impl Endpoints {
    /// Reads a JSON map from a region, a service's name, or `*`, to a base URL. Empty text is the public cloud.
    ///
    /// # Errors
    /// [`EndpointsError`] names the value that cannot be used.
    pub fn parse(json: &str) -> Result<Self, EndpointsError> {
        if json.trim().is_empty() {
            return Ok(Self::default());
        }
        let overrides: BTreeMap<String, String> =
            serde_json::from_str(json).map_err(|error| EndpointsError::Json(error.to_string()))?;
        let mut endpoints = Self::default();
        for (key, url) in overrides {
            let parsed = url.parse::<http::Uri>().ok().filter(|uri| {
                matches!(uri.scheme_str(), Some("http" | "https")) && uri.host().is_some() && uri.query().is_none()
            });
            if parsed.is_none() {
                return Err(EndpointsError::Url { key, url });
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

    /// The override that applies: that of the service's name, else of the region, else of `*`.
    #[must_use]
    pub fn overridden(&self, service: Service, region: &str) -> Option<&str> {
        [service.name(), region, "*"].into_iter().find_map(|key| self.overrides.get(key)).map(String::as_str)
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
}
