//! Patterns with `*` and `?`, as policies and fault rules have them.

/// `*` stands for any text, `?` for one letter. Linear in the pattern times the text, without recursion.
pub(crate) fn wildcard(pattern: &[u8], text: &[u8]) -> bool {
    let (mut at, mut read) = (0, 0);
    // Where to resume after a mismatch: behind the last star, one letter further.
    let mut resume: Option<(usize, usize)> = None;
    while read < text.len() {
        match pattern.get(at) {
            Some(b'*') => {
                resume = Some((at + 1, read));
                at += 1;
            }
            Some(letter) if *letter == b'?' || Some(letter) == text.get(read) => {
                at += 1;
                read += 1;
            }
            _ => match resume {
                Some((behind, from)) => {
                    resume = Some((behind, from + 1));
                    at = behind;
                    read = from + 1;
                }
                None => return false,
            },
        }
    }
    pattern.get(at..).is_none_or(|rest| rest.iter().all(|letter| *letter == b'*'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wildcards_match_as_in_policies() {
        for (pattern, text, matches) in [
            ("*", "", true),
            ("alb:List*", "alb:ListListeners", true),
            ("acs:fc:*:*:functions/web-*", "acs:fc:cn-hangzhou:1:functions/web-verify", true),
            ("acs:fc:*:functions/?", "acs:fc:a:b:functions/xy", false),
            ("a*b*c", "aXbXbXc", true),
            ("a*b", "ac", false),
            ("ab", "a", false),
        ] {
            assert_eq!(wildcard(pattern.as_bytes(), text.as_bytes()), matches, "{pattern} {text}");
        }
    }
}
