//! Percent-encoding as the signatures require it: RFC 3986, upper-case hexadecimal, never a plus for a space.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::flatten::Parameters;

/// Everything but the unreserved characters of RFC 3986.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');
/// The same, for a path: slashes stay.
const RESERVED_IN_PATH: &AsciiSet = &RESERVED.remove(b'/');

/// Encodes one name or value.
pub(crate) fn component(text: &str) -> String {
    utf8_percent_encode(text, RESERVED).to_string()
}

/// Encodes a path, keeping its slashes.
pub(crate) fn path(text: &str) -> String {
    utf8_percent_encode(text, RESERVED_IN_PATH).to_string()
}

/// The canonical query, which is also what goes on the wire: sorted by name, each part encoded.
pub(crate) fn query(parameters: &Parameters) -> String {
    let mut query = String::new();
    for (name, value) in parameters {
        if !query.is_empty() {
            query.push('&');
        }
        query.push_str(&component(name));
        query.push('=');
        query.push_str(&component(value));
    }
    query
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn only_unreserved_characters_stay() {
        assert_eq!(component("a b*~/é+-_."), "a%20b%2A~%2F%C3%A9%2B-_.");
        assert_eq!(path("a/b c"), "a/b%20c");
    }

    proptest! {
        #[test]
        fn encoding_is_undone_by_decoding(text in any::<String>()) {
            let decoded = percent_encoding::percent_decode_str(&component(&text)).decode_utf8().unwrap().into_owned();
            prop_assert_eq!(decoded, text);
        }

        #[test]
        fn a_query_reads_back_as_its_parameters(pairs in proptest::collection::btree_map(any::<String>(), any::<String>(), 0..8)) {
            let encoded = query(&pairs);
            let read: Parameters = form_urlencoded::parse(encoded.as_bytes()).into_owned().collect();
            prop_assert_eq!(read, pairs);
        }

        #[test]
        fn the_order_of_parameters_does_not_matter(pairs in proptest::collection::vec(("[a-zA-Z.0-9]{1,8}", any::<String>()), 0..8)) {
            let forward: Parameters = pairs.iter().cloned().collect();
            // Of two of one name the first inserted must win here as the last one does above.
            let mut backward = Parameters::new();
            for (name, value) in pairs.iter().rev() {
                backward.entry(name.clone()).or_insert_with(|| value.clone());
            }
            prop_assert_eq!(query(&forward), query(&backward));
        }
    }
}
