//! The standard variables of OpenTelemetry, as far as they mean something here
//! (opentelemetry.io, "Environment Variable Specification" and "OpenTelemetry Protocol Exporter").

use std::collections::BTreeMap;

use percent_encoding::percent_decode_str;

/// Where spans and metrics go, and as whose.
#[derive(Clone, Default, PartialEq, Eq)]
pub(crate) struct Otel {
    /// The URL for spans; none if nobody wants them.
    pub(crate) traces: Option<String>,
    /// The URL for metrics; none if nobody wants them.
    pub(crate) metrics: Option<String>,
    /// Headers of every request. They may hold keys, so this type is not printed.
    pub(crate) headers: Vec<(String, String)>,
    /// Attributes of the resource, `service.name` among them.
    pub(crate) resource: BTreeMap<String, String>,
}

impl Otel {
    /// Reads the variables; nothing if they name no endpoint, or switch it off.
    ///
    /// # Errors
    /// Which variable is wrong, and how. No value is quoted: an endpoint and a header may hold keys.
    pub(crate) fn parse(variables: &BTreeMap<String, String>) -> Result<Option<Self>, String> {
        let get = |name: &str| variables.get(name).map(|value| value.trim()).filter(|value| !value.is_empty());
        if get("OTEL_SDK_DISABLED").is_some_and(|value| value.eq_ignore_ascii_case("true")) {
            return Ok(None);
        }
        if get("OTEL_EXPORTER_OTLP_PROTOCOL").is_some_and(|protocol| protocol != "http/json") {
            return Err("OTEL_EXPORTER_OTLP_PROTOCOL has to be http/json: nothing else is spoken here".to_owned());
        }
        // The same rule as for the cloud's own endpoints (decision 0025): headers may hold keys.
        let plain = get("ALBRIDGE_ALLOW_HTTP").is_some_and(|allowed| matches!(allowed, "1" | "true"));
        let of = |signal: &str| {
            let upper = signal.to_ascii_uppercase();
            if get(&format!("OTEL_{upper}_EXPORTER")).is_some_and(|exporter| exporter == "none") {
                return Ok(None);
            }
            // An endpoint of its own is taken as it is; to the common one the signal's path is added.
            let name = format!("OTEL_EXPORTER_OTLP_{upper}_ENDPOINT");
            let (name, url) = match get(&name) {
                Some(url) => (name, url.to_owned()),
                None => match get("OTEL_EXPORTER_OTLP_ENDPOINT") {
                    None => return Ok(None),
                    Some(base) => (
                        "OTEL_EXPORTER_OTLP_ENDPOINT".to_owned(),
                        format!("{}/v1/{signal}", base.trim_end_matches('/')),
                    ),
                },
            };
            let uri = url.parse::<http::Uri>().ok();
            match uri.as_ref().and_then(|uri| Some((uri.scheme_str()?, uri.host()?))) {
                Some(("https", _)) => Ok(Some(url)),
                Some(("http", host)) if plain || is_loopback(host) => Ok(Some(url)),
                Some(("http", _)) => {
                    Err(format!("{name} is plain http to another machine; ALBRIDGE_ALLOW_HTTP=1 allows it"))
                }
                _ => Err(format!("{name} is no http or https URL")),
            }
        };
        let (traces, metrics) = (of("traces")?, of("metrics")?);
        if traces.is_none() && metrics.is_none() {
            return Ok(None);
        }
        let pairs = |name: &str| -> Result<Vec<(String, String)>, String> {
            let list = get(name).unwrap_or_default();
            list.split(',')
                .map(str::trim)
                .filter(|pair| !pair.is_empty())
                .map(|pair| {
                    let (key, value) =
                        pair.split_once('=').ok_or_else(|| format!("{name} is no list of name=value"))?;
                    let value = percent_decode_str(value.trim()).decode_utf8_lossy().into_owned();
                    Ok((key.trim().to_owned(), value))
                })
                .collect()
        };
        let headers = pairs("OTEL_EXPORTER_OTLP_HEADERS")?;
        let wrong = headers.iter().any(|(name, value)| {
            name.parse::<http::HeaderName>().is_err() || value.parse::<http::HeaderValue>().is_err()
        });
        if wrong {
            return Err("OTEL_EXPORTER_OTLP_HEADERS has a name or a value that no header can have".to_owned());
        }
        let mut resource: BTreeMap<String, String> = pairs("OTEL_RESOURCE_ATTRIBUTES")?.into_iter().collect();
        let function = || get("FC_FUNCTION_NAME").unwrap_or("albridge").to_owned();
        let service = get("OTEL_SERVICE_NAME").map(str::to_owned);
        match service {
            Some(service) => drop(resource.insert("service.name".to_owned(), service)),
            None => drop(resource.entry("service.name".to_owned()).or_insert_with(function)),
        }
        if let Some(region) = get("FC_REGION") {
            resource.entry("cloud.region".to_owned()).or_insert_with(|| region.to_owned());
        }
        resource.insert("cloud.provider".to_owned(), "alibaba_cloud".to_owned());
        Ok(Some(Self { traces, metrics, headers, resource }))
    }
}

fn is_loopback(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']');
    address.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback()) || host == "localhost"
}
