//! The tokens of an expression.

use serde_json::{Number, Value};

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Token {
    /// `$Input` without its dollar sign.
    Root(String),
    /// A field's or a function's name, `true`, `false` or `null`.
    Name(String),
    Literal(Value),
    /// An operator or a bracket.
    Symbol(&'static str),
}

/// Longer symbols first, so that `>=` is not read as `>`.
const SYMBOLS: [&str; 17] = ["==", "!=", ">=", "<=", "&&", "||", ">", "<", "!", "(", ")", "[", "]", ",", ".", "=", "&"];

pub(super) fn tokens(text: &str) -> Result<Vec<Token>, String> {
    let mut tokens = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let (token, length) = match first {
            '$' => {
                let name = word(rest.get(1..).unwrap_or_default());
                (Token::Root(name.to_owned()), 1 + name.len())
            }
            '"' | '\'' => string(rest, first)?,
            '0'..='9' | '-' => number(rest)?,
            _ if first.is_alphabetic() || first == '_' => {
                let name = word(rest);
                (Token::Name(name.to_owned()), name.len())
            }
            _ => match SYMBOLS.iter().find(|symbol| rest.starts_with(**symbol)) {
                Some(symbol) => (Token::Symbol(symbol), symbol.len()),
                None => return Err(format!("`{first}` has no meaning in an expression")),
            },
        };
        tokens.push(token);
        rest = rest.get(length..).unwrap_or_default().trim_start();
    }
    Ok(tokens)
}

fn word(text: &str) -> &str {
    let end = text.find(|c: char| !(c.is_alphanumeric() || c == '_' || c == '-')).unwrap_or(text.len());
    text.get(..end).unwrap_or_default()
}

fn string(text: &str, quote: char) -> Result<(Token, usize), String> {
    let mut value = String::new();
    let mut characters = text.char_indices().skip(1);
    while let Some((at, character)) = characters.next() {
        match character {
            '\\' => match characters.next() {
                Some((_, 'n')) => value.push('\n'),
                Some((_, 't')) => value.push('\t'),
                Some((_, escaped)) => value.push(escaped),
                None => break,
            },
            _ if character == quote => return Ok((Token::Literal(Value::String(value)), at + quote.len_utf8())),
            _ => value.push(character),
        }
    }
    Err("a string is not closed".to_owned())
}

fn number(text: &str) -> Result<(Token, usize), String> {
    let end = text
        .char_indices()
        .find(|(at, c)| !(c.is_ascii_digit() || *c == '.' || (*at == 0 && *c == '-')))
        .map_or(text.len(), |(at, _)| at);
    let digits = text.get(..end).unwrap_or_default();
    let number = digits.parse::<Number>().map_err(|_| format!("`{digits}` is not a number"))?;
    Ok((Token::Literal(Value::Number(number)), end))
}
