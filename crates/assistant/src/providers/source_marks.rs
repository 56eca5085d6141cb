//! The marks that a model puts behind its statements, `[1]` or `[2, 3]`: read, and taken out of the text.

/// Reads a text that comes in pieces.
#[derive(Debug, Default)]
pub struct SourceMarks {
    /// What may become a mark: white space, and a bracket that is still open.
    held: String,
    /// The sources in the order in which they were named first. 0: "none of them says so".
    named: Vec<usize>,
    /// Whether any text has been passed on: white space before it is of no use.
    has_begun: bool,
}

/// The longest mark; a bracket that is open for longer is a bracket.
const LONGEST: usize = 24;

impl SourceMarks {
    /// The next piece without marks. What may be part of one waits for the next.
    pub fn strip(&mut self, piece: &str) -> String {
        let mut text = String::with_capacity(self.held.len() + piece.len());
        let mut rest = piece;
        while !rest.is_empty() {
            if self.held.is_empty() {
                // Most of a text can be no part of a mark: it is passed on by the word.
                let end = rest.find(may_begin_mark).unwrap_or(rest.len());
                text.push_str(&rest[..end]);
                self.has_begun |= end > 0;
                rest = &rest[end..];
            }
            let mut characters = rest.chars();
            if let Some(character) = characters.next() {
                self.take(character, &mut text);
            }
            rest = characters.as_str();
        }
        text
    }

    /// What still waits at the end of the text.
    pub fn finish(&mut self) -> String {
        let mut text = String::new();
        if self.is_mark() {
            self.note();
        } else {
            text.push_str(self.held.trim_end());
        }
        self.held.clear();
        text
    }

    pub fn named(&self) -> &[usize] {
        &self.named
    }

    fn take(&mut self, character: char, text: &mut String) {
        if self.is_mark() {
            // `[1](address)` is a link, and no mark.
            if character == '(' {
                text.push_str(&self.held);
            } else {
                self.note();
            }
            self.held.clear();
        }
        let bracket = self.held.find('[');
        let goes_on = match bracket {
            None => may_begin_mark(character),
            Some(_) if self.held.len() >= LONGEST => false,
            Some(_) => character.is_ascii_digit() || matches!(character, ',' | ' ' | ']'),
        };
        if !goes_on {
            text.push_str(&self.held);
            self.held.clear();
        }
        if !goes_on && !may_begin_mark(character) {
            text.push(character);
        } else if self.has_begun || !character.is_whitespace() {
            self.held.push(character);
        }
        self.has_begun |= !text.is_empty();
    }

    fn is_mark(&self) -> bool {
        self.held.ends_with(']') && self.held.contains(|character: char| character.is_ascii_digit())
    }

    fn note(&mut self) {
        let numbers = self.held.trim_start().trim_matches(['[', ']']).split(',');
        for number in numbers.filter_map(|number| number.trim().parse().ok()) {
            if !self.named.contains(&number) {
                self.named.push(number);
            }
        }
    }
}

fn may_begin_mark(character: char) -> bool {
    character == '[' || character.is_whitespace()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The text without marks, and the numbers, for every way of cutting it into two pieces.
    fn strip(text: &str) -> (String, Vec<usize>) {
        let mut results = text.char_indices().map(|(cut, _)| {
            let mut marks = SourceMarks::default();
            let mut stripped = marks.strip(&text[..cut]);
            stripped.push_str(&marks.strip(&text[cut..]));
            stripped.push_str(&marks.finish());
            (stripped, marks.named)
        });
        let first = results.next().unwrap_or_default();
        assert!(results.all(|other| other == first), "{text}");
        first
    }

    #[test]
    fn marks_leave_no_trace_and_are_noted_once() {
        assert_eq!(strip("Open daily[1]. Free [2, 3] too."), ("Open daily. Free too.".into(), vec![1, 2, 3]));
        assert_eq!(strip("Open daily. [2]\n\nFree[2][1]."), ("Open daily.\n\nFree.".into(), vec![2, 1]));
        assert_eq!(strip("[0] I don't know."), ("I don't know.".into(), vec![0]));
        assert_eq!(
            strip("  [1]Mitt\u{f6}glich\u{a0}[2] \u{1fa91} ja"),
            ("Mitt\u{f6}glich \u{1fa91} ja".into(), vec![1, 2])
        );
        assert_eq!(strip("At the end [12]"), ("At the end".into(), vec![12]));
    }

    #[test]
    fn other_brackets_stay() {
        for text in [
            "a [b] c",
            "an [open end",
            "[1](https://x.example) link",
            "list[i]",
            "x [ ",
            "[9999999999999999999999999999 x",
        ] {
            assert_eq!(strip(text).0, text.trim_end(), "{text}");
        }
    }

    #[test]
    fn text_is_held_back_no_longer_than_needed() {
        let mut marks = SourceMarks::default();
        assert_eq!(marks.strip("A word"), "A word");
        assert_eq!(marks.strip("s "), "s");
        assert_eq!(marks.strip("[1"), "");
        assert_eq!(marks.strip("]"), "");
        assert_eq!(marks.strip("."), ".");
        assert_eq!(marks.named(), [1]);
    }
}
