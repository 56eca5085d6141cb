//! Lines of text that stand for more than their words.

/// An item of a list.
#[derive(Debug, PartialEq, Eq)]
pub struct Item<'a> {
    /// As Markdown has it.
    pub mark: String,
    pub text: &'a str,
}

/// The item that a line begins, if it begins one: with a bullet or a number.
pub fn item(line: &str) -> Option<Item<'_>> {
    const BULLETS: [char; 10] =
        ['-', '*', '\u{2022}', '\u{b7}', '\u{25aa}', '\u{25cf}', '\u{25e6}', '\u{2013}', '\u{2023}', '\u{f0b7}'];
    if let Some(text) = line.strip_prefix(BULLETS).filter(|rest| rest.starts_with(char::is_whitespace)) {
        return Some(Item { mark: String::from("-"), text: text.trim() });
    }
    let after_digits = line.trim_start_matches(|character: char| character.is_ascii_digit());
    let digits = line.len() - after_digits.len();
    let text = after_digits.strip_prefix(['.', ')'])?;
    // "10.30 am" is no item, and neither is a year.
    let is_item = (1..=2).contains(&digits) && text.starts_with(char::is_whitespace);
    is_item.then(|| Item { mark: format!("{}.", &line[..digits]), text: text.trim() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bullets_and_numbers_begin_items() {
        let texts = |line| item(line).map(|item| (item.mark, item.text));
        assert_eq!(texts("\u{2022} one"), Some(("-".into(), "one")));
        assert_eq!(texts("12) two"), Some(("12.".into(), "two")));
        for line in ["10.30 am", "2026. A year", "-5 degrees", "word", ""] {
            assert_eq!(item(line), None, "{line}");
        }
    }
}
