//! The little XML that clients of OSS send: elements without attributes that matter, and text.

/// The content of every element of this name, unread.
pub(super) fn all(body: &[u8], name: &str) -> Vec<String> {
    let text = String::from_utf8_lossy(body);
    let (open, close) = (format!("<{name}>"), format!("</{name}>"));
    let parts = text.split(open.as_str()).skip(1);
    parts.filter_map(|part| part.split_once(close.as_str())).map(|(content, _)| content.to_owned()).collect()
}

/// The text of the first element of this name.
pub(super) fn first(body: &[u8], name: &str) -> Option<String> {
    all(body, name).into_iter().next().map(|text| unescaped(&text))
}

fn unescaped(text: &str) -> String {
    let named = [
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&#34;", "\""),
        ("&apos;", "'"),
        ("&#39;", "'"),
        ("&amp;", "&"),
    ];
    named.iter().fold(text.to_owned(), |text, (from, to)| text.replace(from, to))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_are_found_and_their_text_is_read() {
        let body = b"<Delete><Quiet>false</Quiet><Object><Key>a &amp; &lt;b&gt;</Key></Object><Object><Key>c</Key></Object></Delete>";
        let keys: Vec<_> = all(body, "Object").iter().filter_map(|object| first(object.as_bytes(), "Key")).collect();
        assert_eq!(keys, ["a & <b>", "c"]);
        assert_eq!(first(body, "Quiet").as_deref(), Some("false"));
        assert_eq!(first(body, "VersionId"), None);
        assert_eq!(first(b"<Key>never closed", "Key"), None);
    }
}
