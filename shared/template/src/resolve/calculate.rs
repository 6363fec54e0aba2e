//! `Fn::Calculate` on whole numbers: `+`, `-`, `*`, `/`, parentheses, and `{0}` for the first value.

use serde_json::Value;

use crate::schema;

/// Deepest nesting of parentheses and signs.
const NESTING: usize = 32;

pub(super) fn whole(expression: &str, values: &[Value]) -> Result<i64, String> {
    let mut text = expression.to_owned();
    for (index, value) in values.iter().enumerate() {
        let number = schema::whole(value).ok_or_else(|| format!("{value} is not a whole number"))?;
        text = text.replace(&format!("{{{index}}}"), &number.to_string());
    }
    let mut parser = Parser { rest: text.trim(), depth: 0 };
    let result = parser.sum()?;
    if parser.rest.is_empty() { Ok(result) } else { Err(format!("`{expression}` cannot be calculated")) }
}

struct Parser<'a> {
    rest: &'a str,
    depth: usize,
}

impl Parser<'_> {
    fn take(&mut self, symbol: char) -> bool {
        match self.rest.strip_prefix(symbol) {
            Some(rest) => {
                self.rest = rest.trim_start();
                true
            }
            None => false,
        }
    }

    fn sum(&mut self) -> Result<i64, String> {
        let mut total = self.product()?;
        loop {
            let next = if self.take('+') {
                total.checked_add(self.product()?)
            } else if self.take('-') {
                total.checked_sub(self.product()?)
            } else {
                return Ok(total);
            };
            total = next.ok_or("a sum is too large")?;
        }
    }

    fn product(&mut self) -> Result<i64, String> {
        let mut total = self.factor()?;
        loop {
            let next = if self.take('*') {
                total.checked_mul(self.factor()?)
            } else if self.take('/') {
                total.checked_div(self.factor()?)
            } else {
                return Ok(total);
            };
            total = next.ok_or("a product or quotient has no value")?;
        }
    }

    fn factor(&mut self) -> Result<i64, String> {
        self.depth += 1;
        if self.depth > NESTING {
            return Err("an expression is nested too deeply".to_owned());
        }
        let value = if self.take('-') {
            self.factor()?.checked_neg().ok_or("a number is too large")?
        } else if self.take('(') {
            let value = self.sum()?;
            if !self.take(')') {
                return Err("a parenthesis is not closed".to_owned());
            }
            value
        } else {
            let end = self.rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(self.rest.len());
            let (digits, rest) = self.rest.split_at(end);
            self.rest = rest.trim_start();
            digits.parse().map_err(|_| "a number is expected".to_owned())?
        };
        self.depth -= 1;
        Ok(value)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::whole;

    #[test]
    fn precedence_and_values_are_respected() {
        assert_eq!(whole("{0}-2", &[json!(12)]), Ok(10));
        assert_eq!(whole("2*(3+{1})/{0}", &[json!(4), json!("5")]), Ok(4));
        assert_eq!(whole("-3+1", &[]), Ok(-2));
    }

    #[test]
    fn nonsense_is_refused() {
        for text in ["", "1+", "(1", "1/0", "{0}", "9223372036854775807+1", "1 2"] {
            assert!(whole(text, &[]).is_err(), "{text}");
        }
    }
}
