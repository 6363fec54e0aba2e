//! RPC, SignatureVersion 1.0 (cloud-apis.md, section 2.1).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::hmac_sha1;
use crate::encode;
use crate::flatten::Parameters;

/// The signature over all parameters of query and form body together.
pub(crate) fn signature(method: &str, parameters: &Parameters, secret: &str) -> String {
    let text = string_to_sign(method, parameters);
    STANDARD.encode(hmac_sha1(format!("{secret}&").as_bytes(), text.as_bytes()))
}

fn string_to_sign(method: &str, parameters: &Parameters) -> String {
    format!("{method}&%2F&{}", encode::component(&encode::query(parameters)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parameters(time: &str) -> Parameters {
        [
            ("Action", "DescribeRegions"),
            ("Format", "XML"),
            ("Version", "2014-05-26"),
            ("SignatureNonce", "3ee8c1b8-83d3-44af-a94f-4e0ad82fd6cf"),
            ("SignatureMethod", "HMAC-SHA1"),
            ("SignatureVersion", "1.0"),
            ("AccessKeyId", "testid"),
            (time, "2016-02-23T12:46:24Z"),
        ]
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect()
    }

    #[test]
    fn the_published_string_and_signature_come_out() {
        assert_eq!(
            string_to_sign("GET", &parameters("Timestamp")),
            "GET&%2F&AccessKeyId%3Dtestid%26Action%3DDescribeRegions%26Format%3DXML%26SignatureMethod%3DHMAC-SHA1%26\
             SignatureNonce%3D3ee8c1b8-83d3-44af-a94f-4e0ad82fd6cf%26SignatureVersion%3D1.0%26\
             Timestamp%3D2016-02-23T12%253A46%253A24Z%26Version%3D2014-05-26"
        );
        assert_eq!(signature("GET", &parameters("Timestamp"), "testsecret"), "OLeaidS1JvxuMvnyHOwuJ+uX5qY=");
    }

    #[test]
    fn the_vector_with_the_misspelt_parameter_comes_out_too() {
        assert_eq!(signature("GET", &parameters("TimeStamp"), "testsecret"), "CT9X0VtwR86fNWSnsc6v8YGOjuE=");
    }
}
