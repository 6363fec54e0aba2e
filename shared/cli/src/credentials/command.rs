//! The command line of a profile of mode External, split into a program and its arguments. No shell is involved: nothing in
//! it is expanded, and what a shell would run as a second command is an argument.

/// The program and its arguments. Blanks separate; quotes keep blanks together; a backslash takes what follows as it is
/// (in double quotes only a quote, a backslash, `$` and a backtick; on Windows only a quote, since paths hold backslashes).
pub(super) fn split(text: &str) -> Result<Vec<String>, &'static str> {
    let mut arguments: Vec<String> = Vec::new();
    let mut current: Option<String> = None;
    let mut quote = None;
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        match (quote, letter) {
            (None, blank) if blank.is_whitespace() => arguments.extend(current.take()),
            (None, '\'' | '"') => {
                quote = Some(letter);
                current.get_or_insert_default();
            }
            (Some(open), close) if open == close => quote = None,
            (None | Some('"'), '\\') if escapes(quote, letters.peek().copied()) => {
                let taken = letters.next().ok_or("ends with a backslash")?;
                current.get_or_insert_default().push(taken);
            }
            (_, other) => current.get_or_insert_default().push(other),
        }
    }
    if quote.is_some() {
        return Err("has a quote that is not closed");
    }
    arguments.extend(current);
    if arguments.is_empty() { Err("names no program") } else { Ok(arguments) }
}

/// Whether a backslash before `next` takes it as it is.
fn escapes(quote: Option<char>, next: Option<char>) -> bool {
    match (cfg!(windows), quote) {
        (true, None) => false,
        (true, Some(_)) => next == Some('"'),
        (false, None) => true,
        (false, Some(_)) => matches!(next, Some('"' | '\\' | '$' | '`')),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blanks_separate_and_quotes_keep_together() {
        assert_eq!(
            split("  tool  login --to 'a b' \"c d\"e '' ").unwrap(),
            ["tool", "login", "--to", "a b", "c de", ""]
        );
    }

    #[cfg(unix)]
    #[test]
    fn a_backslash_takes_what_follows() {
        assert_eq!(split(r#"/opt/my\ tool "a\"b" 'c\d' "\n""#).unwrap(), ["/opt/my tool", "a\"b", r"c\d", r"\n"]);
        assert_eq!(split("tool \\"), Err("ends with a backslash"));
    }

    #[test]
    fn nothing_is_expanded_and_no_second_command_runs() {
        assert_eq!(split("echo $HOME; rm x && `y` | z").unwrap(), ["echo", "$HOME;", "rm", "x", "&&", "`y`", "|", "z"]);
    }

    #[test]
    fn what_is_no_command_line_is_refused() {
        assert_eq!(split(" \t"), Err("names no program"));
        assert_eq!(split("tool 'a"), Err("has a quote that is not closed"));
    }
}
