//! From the bytes of an event to what a handler takes: a value of its JSON, or the bytes themselves ([`RawEvent`]).

use std::{fmt, ops::Deref};

use bytes::Bytes;
use serde::{Deserialize, Deserializer, de::Visitor};
use serde_json::de::SliceRead;

use crate::diagnostic::DeserializeError;

/// An event as it came, byte by byte: it need not be JSON, nor text.
///
/// ```
/// use fc_runtime::{Error, LambdaEvent, RawEvent};
///
/// async fn handler(event: LambdaEvent<RawEvent>) -> Result<usize, Error> {
///     Ok(event.payload.len())
/// }
/// ```
///
/// It is the whole payload of a handler, not a part of one. An empty event has no bytes (as JSON it is `null`), and the
/// request of an HTTP trigger is the JSON of its event.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct RawEvent(pub Bytes);

impl Deref for RawEvent {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}

impl AsRef<[u8]> for RawEvent {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl From<RawEvent> for Bytes {
    fn from(event: RawEvent) -> Self {
        event.0
    }
}

/// By this name [`RawEvent`] asks [`Payload`] for the bytes. Other formats do not know it.
const RAW: &str = "$fc_runtime::RawEvent";

impl<'de> Deserialize<'de> for RawEvent {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct RawVisitor;

        impl Visitor<'_> for RawVisitor {
            type Value = RawEvent;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the whole payload: a RawEvent cannot be a part of one")
            }

            fn visit_bytes<E>(self, bytes: &[u8]) -> Result<RawEvent, E> {
                Ok(RawEvent(Bytes::copy_from_slice(bytes)))
            }
        }

        deserializer.deserialize_newtype_struct(RAW, RawVisitor)
    }
}

/// The payload of an event's body.
///
/// Function Compute sends an empty body when a function is invoked without a payload; it stands for `null`. The path to a
/// fault is looked for only when there is one: keeping track of it makes each payload slower to read.
pub(crate) fn deserialize<A: for<'de> Deserialize<'de>>(body: &[u8]) -> Result<A, DeserializeError> {
    let json = if body.is_empty() { b"null" } else { body };
    let mut payload = Payload { body, json: serde_json::Deserializer::from_slice(json), is_raw: false };
    if let Ok(value) = A::deserialize(&mut payload) {
        return match payload.end() {
            Ok(()) => Ok(value),
            // It is behind the value, so there is no path to it.
            Err(error) => {
                let nowhere = serde_path_to_error::Track::new().path();
                Err(DeserializeError(serde_path_to_error::Error::new(nowhere, error)))
            }
        };
    }
    let mut payload = Payload { body, json: serde_json::Deserializer::from_slice(json), is_raw: false };
    serde_path_to_error::deserialize(&mut payload).map_err(DeserializeError)
}

/// A body of JSON, or of bytes if that is what the type asks for.
struct Payload<'de> {
    body: &'de [u8],
    json: serde_json::Deserializer<SliceRead<'de>>,
    /// The type took the bytes, so that the JSON stays unread.
    is_raw: bool,
}

impl Payload<'_> {
    /// That nothing but white space follows the value.
    fn end(mut self) -> serde_json::Result<()> {
        if self.is_raw { Ok(()) } else { self.json.end() }
    }
}

/// Forwards methods that take a visitor and nothing else.
macro_rules! forward {
    ($($method:ident)*) => {
        $(
            fn $method<V: Visitor<'de>>(self, visitor: V) -> serde_json::Result<V::Value> {
                self.json.$method(visitor)
            }
        )*
    };
}

impl<'de> Deserializer<'de> for &mut Payload<'de> {
    type Error = serde_json::Error;

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> serde_json::Result<V::Value> {
        if name == RAW {
            self.is_raw = true;
            return visitor.visit_bytes(self.body);
        }
        self.json.deserialize_newtype_struct(name, visitor)
    }

    forward! {
        deserialize_any deserialize_bool deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64 deserialize_i128
        deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64 deserialize_u128 deserialize_f32 deserialize_f64
        deserialize_char deserialize_str deserialize_string deserialize_bytes deserialize_byte_buf deserialize_option
        deserialize_unit deserialize_seq deserialize_map deserialize_identifier deserialize_ignored_any
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(self, name: &'static str, visitor: V) -> serde_json::Result<V::Value> {
        self.json.deserialize_unit_struct(name, visitor)
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, len: usize, visitor: V) -> serde_json::Result<V::Value> {
        self.json.deserialize_tuple(len, visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        len: usize,
        visitor: V,
    ) -> serde_json::Result<V::Value> {
        self.json.deserialize_tuple_struct(name, len, visitor)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> serde_json::Result<V::Value> {
        self.json.deserialize_struct(name, fields, visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> serde_json::Result<V::Value> {
        self.json.deserialize_enum(name, variants, visitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused<A: for<'de> Deserialize<'de> + fmt::Debug>(body: &[u8]) -> String {
        deserialize::<A>(body).unwrap_err().to_string()
    }

    #[test]
    fn a_raw_event_takes_any_bytes() {
        for body in [&b"\xff\x00"[..], b"", b"{} {}", b"null"] {
            assert_eq!(deserialize::<RawEvent>(body).unwrap().0, body);
        }
    }

    #[test]
    fn a_raw_event_is_not_a_part_of_a_payload() {
        let message = refused::<Vec<RawEvent>>(b"[1]");
        assert!(message.contains("cannot be a part") && message.contains("[0]"), "{message}");
        assert!(serde_json::from_str::<RawEvent>("1").is_err());
    }

    #[test]
    fn what_follows_the_json_is_refused_unless_it_is_white_space() {
        assert_eq!(deserialize::<u8>(b" 7 \r\n").unwrap(), 7);
        for body in [&b"7 8"[..], b"7}", b"7\0"] {
            assert!(refused::<u8>(body).contains("trailing characters at line 1 column"), "{body:?}");
        }
        assert!(refused::<serde_json::Value>(br#"{"a":1}{"a":2}"#).contains("trailing characters at line 1 column 8"));
    }

    #[test]
    fn types_with_a_name_of_their_own_for_the_format_are_served() {
        #[derive(Deserialize, Debug, PartialEq)]
        struct New(u8);
        #[derive(Deserialize, Debug, PartialEq)]
        enum Either {
            One,
            Two(u8),
        }
        assert_eq!(deserialize::<New>(b"7").unwrap(), New(7));
        assert_eq!(deserialize::<Either>(b"\"One\"").unwrap(), Either::One);
        assert_eq!(deserialize::<Either>(b"{\"Two\":7}").unwrap(), Either::Two(7));
        assert_eq!(deserialize::<Option<(u8, String)>>(b"[7,\"a\"]").unwrap(), Some((7, "a".to_owned())));
        assert_eq!(deserialize::<()>(b"").unwrap(), ());
    }
}
