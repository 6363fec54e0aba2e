//! [`MetadataPrelude`](crate::MetadataPrelude) as JSON: the status as a number, a header as its value, or as a list of
//! its values if it has more than one. It is the form that Lambda's streaming protocol has.

/// `http::StatusCode` as a number.
pub(crate) mod status_code {
    use http::StatusCode;
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(crate) fn serialize<S: Serializer>(status: &StatusCode, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u16(status.as_u16())
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<StatusCode, D::Error> {
        StatusCode::from_u16(u16::deserialize(deserializer)?).map_err(Error::custom)
    }
}

/// `http::HeaderMap` as a map.
pub(crate) mod headers {
    use std::collections::BTreeMap;

    use http::{HeaderMap, HeaderName, HeaderValue};
    use serde::{Deserialize, Deserializer, Serialize, Serializer, de, ser::Error};

    #[derive(Serialize, Deserialize)]
    #[serde(untagged)]
    enum Values<'a> {
        One(std::borrow::Cow<'a, str>),
        Many(Vec<std::borrow::Cow<'a, str>>),
    }

    pub(crate) fn serialize<S: Serializer>(headers: &HeaderMap, serializer: S) -> Result<S::Ok, S::Error> {
        let values = |name| {
            let values = headers.get_all(name).iter().map(|value| value.to_str().map(Into::into));
            let mut values = values.collect::<Result<Vec<_>, _>>().map_err(S::Error::custom)?;
            Ok(if values.len() == 1 { Values::One(values.remove(0)) } else { Values::Many(values) })
        };
        let map = headers.keys().map(|name| Ok((name.as_str(), values(name)?)));
        map.collect::<Result<BTreeMap<_, _>, S::Error>>()?.serialize(serializer)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<HeaderMap, D::Error> {
        let mut headers = HeaderMap::new();
        for (name, values) in BTreeMap::<String, Values<'_>>::deserialize(deserializer)? {
            let name: HeaderName = name.parse().map_err(de::Error::custom)?;
            let values = match values {
                Values::One(value) => vec![value],
                Values::Many(values) => values,
            };
            for value in values {
                headers.append(&name, HeaderValue::from_str(&value).map_err(de::Error::custom)?);
            }
        }
        Ok(headers)
    }
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, StatusCode};

    use crate::MetadataPrelude;

    #[test]
    fn a_prelude_is_written_and_read() {
        let mut headers = HeaderMap::new();
        headers.append("x-one", "1".parse().unwrap());
        headers.append("x-two", "a".parse().unwrap());
        headers.append("x-two", "b".parse().unwrap());
        let prelude = MetadataPrelude { status_code: StatusCode::CREATED, headers, cookies: vec!["a=b".into()] };
        let json = r#"{"statusCode":201,"headers":{"x-one":"1","x-two":["a","b"]},"cookies":["a=b"]}"#;
        assert_eq!(serde_json::to_string(&prelude).unwrap(), json);
        assert_eq!(serde_json::from_str::<MetadataPrelude>(json).unwrap(), prelude);
    }

    #[test]
    fn what_is_no_prelude_is_refused() {
        for json in [
            r#"{"statusCode":99,"headers":{},"cookies":[]}"#,
            r#"{"statusCode":200,"headers":{"a b":"c"},"cookies":[]}"#,
            r#"{"statusCode":200,"headers":{"a":"\n"},"cookies":[]}"#,
        ] {
            assert!(serde_json::from_str::<MetadataPrelude>(json).is_err(), "{json}");
        }
    }
}
