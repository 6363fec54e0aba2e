//! How many columns of a terminal text takes, and how it is broken into lines. Words are never cut: an id that somebody copies stays
//! whole, even where a line becomes too long with it. Only letters that take two columns may stand on different lines.

/// Columns that text takes where letters have a fixed width: East Asian ones take two, marks on others none.
pub(crate) fn columns(text: &str) -> usize {
    text.chars().map(column).sum()
}

fn column(letter: char) -> usize {
    match letter {
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
    }
}

/// Breaks a text at spaces into lines of at most `most` columns.
pub(crate) fn wrap(text: &str, most: usize) -> Vec<String> {
    let letters: Vec<char> = text.chars().collect();
    let lines = breaks(&letters, Room { first: most, others: most });
    lines.into_iter().map(|line| letters.get(line).unwrap_or_default().iter().collect()).collect()
}

/// How many columns the first line has, and every other one.
#[derive(Debug, Clone, Copy)]
pub(super) struct Room {
    pub(super) first: usize,
    pub(super) others: usize,
}

/// The lines of a text, as ranges of its letters. The spaces at which it is broken are in none of them. What stands between two
/// backticks is not broken where it fits into a line: somebody may copy it.
pub(super) fn breaks(letters: &[char], room: Room) -> Vec<std::ops::Range<usize>> {
    let mut lines = Vec::new();
    let (mut start, mut end, mut used) = (0, 0, 0);
    let mut at = 0;
    while at < letters.len() {
        let gap = letters.iter().skip(at).take_while(|letter| **letter == ' ').count();
        let most = |lines: &Vec<_>| if lines.is_empty() { room.first } else { room.others };
        let word = word(letters, at + gap, room.others);
        let width: usize = letters.get(word.clone()).unwrap_or_default().iter().copied().map(column).sum();
        if used > 0 && used + gap + width > most(&lines) {
            lines.push(start..end);
            (start, used) = (word.start, width);
        } else {
            used += gap + width;
        }
        (end, at) = (word.end, word.end.max(at + gap));
    }
    lines.push(start..end);
    lines
}

/// The word that begins there: up to the next space, or with spaces if it is quoted, or a part of it that fits.
fn word(letters: &[char], start: usize, most: usize) -> std::ops::Range<usize> {
    let rest = letters.get(start..).unwrap_or_default();
    let plain = rest.iter().position(|letter| *letter == ' ').unwrap_or(rest.len());
    let end = match quoted(rest, plain) {
        Some(end) if end <= most => end,
        _ => plain,
    };
    let word = rest.get(..end).unwrap_or_default();
    // Text without spaces: a line may end beside any letter that takes two columns.
    let mut used = 0;
    for (index, letter) in word.iter().enumerate() {
        let beside =
            index.checked_sub(1).and_then(|before| word.get(before)).is_some_and(|before| column(*before) == 2);
        if index > 0 && used + column(*letter) > most && (beside || column(*letter) == 2) {
            return start..start + index;
        }
        used += column(*letter);
    }
    start..start + end
}

/// The end of the word that a backtick opens in the first `plain` letters, and that another one closes later.
fn quoted(rest: &[char], plain: usize) -> Option<usize> {
    let marks = rest.get(..plain)?.iter().filter(|letter| **letter == '`').count();
    if marks % 2 == 0 {
        return None;
    }
    let close = plain + rest.get(plain..)?.iter().position(|letter| *letter == '`')?;
    let after = rest.get(close..)?.iter().position(|letter| *letter == ' ').unwrap_or(rest.len() - close);
    Some(close + after)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_broken_at_spaces_and_words_stay_whole() {
        assert_eq!(wrap("a bc def", 4), ["a bc", "def"]);
        assert_eq!(wrap("abcdefgh i", 3), ["abcdefgh", "i"]);
        assert_eq!(wrap("", 3), [""]);
        assert_eq!(wrap("成都 x", 4), ["成都", "x"]);
        assert_eq!(wrap("成都杭州 x", 4), ["成都", "杭州", "x"]);
        assert_eq!(wrap("a  b", 4), ["a  b"]);
    }

    #[test]
    fn a_command_in_backticks_is_not_broken_where_it_fits() {
        assert_eq!(wrap("do: `albridge apply web`, then look", 24), ["do:", "`albridge apply web`,", "then look"]);
        assert_eq!(wrap("do: `albridge apply web`, then", 12), ["do:", "`albridge", "apply web`,", "then"]);
        assert_eq!(wrap("one ` alone and more", 12), ["one ` alone", "and more"]);
    }
}
