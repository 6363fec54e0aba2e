//! How many columns of a terminal text takes, and how it is broken into lines.

/// Columns that text takes where letters have a fixed width: East Asian ones take two, marks on others none.
pub(crate) fn columns(text: &str) -> usize {
    text.chars()
        .map(|letter| match letter {
            '\u{300}'..='\u{36f}' | '\u{200b}'..='\u{200f}' => 0,
            '\u{1100}'..='\u{115f}'
            | '\u{2e80}'..='\u{a4cf}'
            | '\u{ac00}'..='\u{d7a3}'
            | '\u{f900}'..='\u{faff}'
            | '\u{fe30}'..='\u{fe6f}'
            | '\u{ff00}'..='\u{ff60}'
            | '\u{ffe0}'..='\u{ffe6}'
            | '\u{1f000}'..='\u{3fffd}' => 2,
            _ => 1,
        })
        .sum()
}

/// Breaks a text at spaces into lines of at most `columns`; a longer word is cut.
pub(crate) fn wrap(text: &str, most: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    for word in text.split(' ') {
        let mut word = word.to_owned();
        if !line.is_empty() && columns(&line) + 1 + columns(&word) > most {
            lines.push(std::mem::take(&mut line));
        }
        while columns(&word) > most {
            let (head, tail) = split(&word, most);
            lines.push(head);
            word = tail;
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(&word);
    }
    lines.push(line);
    lines
}

/// The most letters that fit, at least one, and the rest.
fn split(word: &str, most: usize) -> (String, String) {
    let mut head = String::new();
    let mut rest = word.chars().peekable();
    while let Some(letter) = rest.peek() {
        let mut longer = head.clone();
        longer.push(*letter);
        if columns(&longer) > most && !head.is_empty() {
            break;
        }
        head = longer;
        rest.next();
    }
    (head, rest.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_broken_at_spaces_and_long_words_are_cut() {
        assert_eq!(wrap("a bc def", 4), ["a bc", "def"]);
        assert_eq!(wrap("abcdefgh i", 3), ["abc", "def", "gh", "i"]);
        assert_eq!(wrap("", 3), [""]);
        assert_eq!(wrap("成都 x", 4), ["成都", "x"]);
    }
}
