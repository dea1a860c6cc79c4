//! The little language of a reference table's cells: `rho=0.5`, `S=10ms`, `timeout 1 s`, `trigger: 90 % capacity loss 20 s
//! at t=60`. A template such as `timeout {t}` either fits a whole phrase or does not; nothing is guessed.
//!
//! Placeholders: `{n}` a number, `{t}` a time in seconds (`ms`, `us`, `min`; seconds without a unit), `{p}` a percentage as
//! a ratio, `{list}` numbers parted by `/` with one unit or `%` for all. Case and spaces do not count.

/// The smallest parts of a phrase.
#[derive(Clone, Debug, PartialEq)]
enum Token {
    Number(f64),
    Word(String),
    Sign(char),
}

/// Whether `template` fits all of `phrase`, and the numbers found at its placeholders, in order.
pub(super) fn fit(template: &str, phrase: &str) -> Option<Vec<f64>> {
    let tokens = tokens(phrase)?;
    let (mut rest, mut found) = (&tokens[..], Vec::new());
    let mut pieces = template;
    while !pieces.is_empty() {
        let (literal, after) = pieces.split_once('{').map_or((pieces, None), |(l, a)| (l, Some(a)));
        rest = skip(rest, literal)?;
        let Some(after) = after else { break };
        let (placeholder, next) = after.split_once('}')?;
        rest = fill(rest, placeholder, &mut found)?;
        pieces = next;
    }
    rest.is_empty().then_some(found)
}

/// The words of a phrase without its numbers: what tells one setting from another.
pub(super) fn name(phrase: &str) -> String {
    let head = phrase.split('=').next().unwrap_or(phrase);
    let words = tokens(head).unwrap_or_default();
    words.iter().filter_map(|t| if let Token::Word(word) = t { Some(word.as_str()) } else { None }).collect::<Vec<_>>().join(" ")
}

fn skip<'a>(tokens: &'a [Token], literal: &str) -> Option<&'a [Token]> {
    let wanted = self::tokens(literal)?;
    tokens.strip_prefix(&wanted[..])
}

fn fill<'a>(tokens: &'a [Token], placeholder: &str, found: &mut Vec<f64>) -> Option<&'a [Token]> {
    let (first, mut rest) = number(tokens)?;
    let start = found.len();
    found.push(first);
    match placeholder {
        "n" => return Some(rest),
        "list" => {
            while let Some((value, after)) = rest.strip_prefix(&[Token::Sign('/')]).and_then(number) {
                found.push(value);
                rest = after;
            }
        }
        "p" if !matches!(rest.first(), Some(Token::Sign('%'))) => return None,
        _ => {}
    }
    let (scale, rest) = unit(rest);
    found[start..].iter_mut().for_each(|value| *value *= scale);
    Some(rest)
}

fn number(tokens: &[Token]) -> Option<(f64, &[Token])> {
    match tokens.split_first()? {
        (Token::Number(value), rest) => Some((*value, rest)),
        _ => None,
    }
}

/// A unit and what one of it is in seconds or as a ratio; 1 without a unit.
fn unit(tokens: &[Token]) -> (f64, &[Token]) {
    let scale = match tokens.first() {
        Some(Token::Sign('%')) => 0.01,
        Some(Token::Word(word)) => match word.as_str() {
            "us" => 1e-6,
            "ms" => 1e-3,
            "s" => 1.0,
            "min" => 60.0,
            _ => return (1.0, tokens),
        },
        _ => return (1.0, tokens),
    };
    (scale, &tokens[1..])
}

fn tokens(text: &str) -> Option<Vec<Token>> {
    let text = text.to_ascii_lowercase();
    let (mut rest, mut found) = (text.as_str(), Vec::new());
    while let Some(first) = rest.chars().next() {
        let in_dots = found.last() == Some(&Token::Sign('.'));
        let is_point = first == '.' && !in_dots && rest[1..].starts_with(|c: char| c.is_ascii_digit());
        let length = if first.is_ascii_digit() || is_point {
            let length = number_length(rest);
            found.push(Token::Number(rest[..length].parse().ok()?));
            length
        } else if first.is_alphabetic() {
            let length = word_length(rest);
            found.push(Token::Word(rest[..length].to_owned()));
            length
        } else {
            if !first.is_whitespace() {
                found.push(Token::Sign(first));
            }
            first.len_utf8()
        };
        rest = &rest[length..];
    }
    Some(found)
}

/// A word may end in digits (`ca2`), but `x2` is a factor of two.
fn word_length(text: &str) -> usize {
    if text.starts_with('x') && text[1..].starts_with(|c: char| c.is_ascii_digit()) {
        return 1;
    }
    text.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(text.len())
}

/// Digits, at most one point that digits follow or that ends the number, an exponent.
fn number_length(text: &str) -> usize {
    let digits = |from: usize| text[from..].find(|c: char| !c.is_ascii_digit()).map_or(text.len(), |n| from + n);
    let mut end = digits(0);
    if text[end..].starts_with('.') && !text[end + 1..].starts_with('.') {
        end = digits(end + 1);
    }
    if let Some(after) = text[end..].strip_prefix('e') {
        let signed = usize::from(after.starts_with(['+', '-']));
        if after[signed..].starts_with(|c: char| c.is_ascii_digit()) {
            end = digits(end + 1 + signed);
        }
    }
    end
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn templates_take_numbers_times_and_percentages_out_of_phrases() {
        assert_eq!(fit("rho={n}", "rho=0.5"), Some(vec![0.5]));
        assert_eq!(fit("S={t}", "S=10ms"), Some(vec![0.01]));
        assert_eq!(fit("timeout {t}", "timeout 3 s"), Some(vec![3.0]));
        assert_eq!(fit("period {t}", "period 10"), Some(vec![10.0]));
        assert_eq!(
            fit("trigger: {p} capacity loss {t} at t={t}", "trigger: 90 % capacity loss 20 s at t=60"),
            Some(vec![0.9, 20.0, 60.0])
        );
        assert_eq!(fit("D={list}", "D=8/5/12ms").map(|d| d.iter().sum::<f64>()), Some(0.025));
        assert_eq!(fit("ready usages={list}", "ready usages=20/30%"), Some(vec![0.2, 0.3]));
        assert_eq!(fit("backoff x{n} from {t}", "backoff x2 from 10 s"), Some(vec![2.0, 10.0]));
        assert_eq!(fit("queue={n}T full", "queue=10T full"), Some(vec![10.0]));
        assert_eq!(fit("{n}..{n}", "21..31"), Some(vec![21.0, 31.0]));
        assert_eq!(fit("r12={n}", "r12=1.0"), Some(vec![1.0]));
    }

    #[test]
    fn what_is_left_over_or_missing_does_not_fit() {
        assert_eq!(fit("timeout {t}", "timeout 3 s or so"), None);
        assert_eq!(fit("timeout {t}", "time 3 s"), None);
        assert_eq!(fit("rho={n}", "rho=high"), None);
        assert_eq!(fit("{p} loss", "0.9 loss"), None);
    }

    #[test]
    fn a_setting_is_known_by_its_words() {
        assert_eq!(name("c=20"), "c");
        assert_eq!(name("retry delay U(0,1 s)"), "retry delay u s");
        assert_eq!(name("5 attempts"), "attempts");
    }
}
