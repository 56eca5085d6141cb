//! What the hospital itself publishes: its numbers and addresses are no patient's.

use memchr::memmem;

use super::{
    Kind, MONTHS,
    shadow::{Shadow, squeezed},
};

/// Letters and digits below which a value stands in a text by chance.
const SHORTEST: usize = 4;
/// A letter or digit that begins a word, and one that ends one.
const BEGINS: u8 = 1;
const ENDS: u8 = 2;

/// A hospital's own texts, in the form in which identifiers are looked for in them.
#[derive(Debug, Default)]
pub struct OwnText {
    /// Letters and digits in lower case, a line a text.
    squeezed: String,
    /// Of each byte, whether it begins or ends a word.
    edges: Vec<u8>,
}

impl OwnText {
    pub fn of<'a>(texts: impl IntoIterator<Item = &'a str>) -> Self {
        let mut own = Self::default();
        for text in texts {
            let mut begins = BEGINS;
            for byte in Shadow::of(text).bytes {
                if byte.is_ascii_alphanumeric() {
                    own.squeezed.push(byte.to_ascii_lowercase().into());
                    own.edges.push(begins);
                    begins = 0;
                } else {
                    own.end_word();
                    begins = BEGINS;
                }
            }
            own.end_word();
            own.squeezed.push('\n');
            own.edges.push(0);
        }
        own
    }

    fn end_word(&mut self) {
        if let Some(last) = self.edges.last_mut() {
            *last |= ENDS;
        }
    }

    /// Whether the hospital has published this. What is a person's by its nature is nobody else's.
    pub fn contains(&self, kind: Kind, written: &str) -> bool {
        match kind {
            Kind::Name | Kind::Age | Kind::Ssn | Kind::Card | Kind::Record | Kind::Plan | Kind::Text => false,
            Kind::Date => date_forms(written).iter().any(|form| self.has(form)),
            Kind::Url => {
                let bare = written.split_once("://").map_or(written, |(_, rest)| rest);
                self.has(&squeezed(bare.strip_prefix("www.").unwrap_or(bare)))
            }
            _ => {
                let value = squeezed(written);
                self.has(&value) || value.strip_prefix('1').is_some_and(|national| self.has(national))
            }
        }
    }

    /// Whether it stands there as words of its own.
    fn has(&self, value: &str) -> bool {
        if value.len() < SHORTEST {
            return false;
        }
        memmem::find_iter(self.squeezed.as_bytes(), value).any(|start| {
            let is = |place: usize, edge: u8| self.edges.get(place).is_some_and(|edges| edges & edge != 0);
            is(start, BEGINS) && is(start + value.len() - 1, ENDS)
        })
    }
}

/// Ways to write the same date, squeezed. Of two numbers the first is the month, unless it cannot be.
fn date_forms(written: &str) -> Vec<String> {
    let lower = written.to_ascii_lowercase();
    let parts = lower.split(|sign: char| !sign.is_ascii_alphanumeric()).filter(|part| !part.is_empty());
    let (mut month, mut numbers) = (None, Vec::new());
    for part in parts {
        let bare = part.trim_end_matches(|letter: char| letter.is_ascii_alphabetic());
        match (bare.parse::<u32>(), MONTHS.iter().position(|name| part.len() > 2 && name.starts_with(part))) {
            (Ok(number), _) => numbers.push(number),
            (_, Some(position)) => month = Some(position),
            _ => {}
        }
    }
    let (month, day, year) = match (month, numbers.as_slice()) {
        (Some(month), [day @ 1..=31]) => (month, *day, None),
        (Some(month), [day @ 1..=31, year]) => (month, *day, Some(*year)),
        (None, [year, month @ 1..=12, day]) if *year >= 1_000 => (*month as usize - 1, *day, Some(*year)),
        (None, [day, month @ 1..=12, year]) if *day > 12 => (*month as usize - 1, *day, Some(*year)),
        (None, [month @ 1..=12, day, year]) => (*month as usize - 1, *day, Some(*year)),
        (None, [month @ 1..=12, day]) => (*month as usize - 1, *day, None),
        _ => return Vec::new(),
    };
    let year = year.map(|year| if year < 100 { 2_000 + year } else { year });
    let year = year.map(|year| year.to_string()).unwrap_or_default();
    let ordinal = match day {
        1 | 21 | 31 => "st",
        2 | 22 => "nd",
        3 | 23 => "rd",
        _ => "th",
    };
    let Some(name) = MONTHS.get(month) else { return Vec::new() };
    let mut forms = Vec::new();
    for name in [*name, &name[..3]] {
        for day in [format!("{day}"), format!("{day}{ordinal}")] {
            forms.push(format!("{name}{day}{year}"));
            forms.push(format!("{day}{name}{year}"));
            forms.push(format!("{day}of{name}{year}"));
        }
    }
    forms
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_hospital_publishes_is_its_own_however_it_is_written() {
        let own = OwnText::of([
            "Call (419) 555-0100 or write to info@stmarys.example.org. We are closed on December 25.",
            "St. Mary's, 1200 Maple Avenue, Toledo, OH 43604; https://stmarys.example.org/visit/",
        ]);
        for (kind, written) in [
            (Kind::Phone, "419.555.0100"),
            (Kind::Phone, "+1 (419) 555-0100"),
            (Kind::Phone, "555-0100"),
            (Kind::Email, "Info@StMarys.example.org"),
            (Kind::Date, "12/25"),
            (Kind::Date, "25th of December"),
            (Kind::Address, "1200 maple avenue"),
            (Kind::Zip, "43604"),
            (Kind::Url, "www.stmarys.example.org/visit"),
        ] {
            assert!(own.contains(kind, written), "{written}");
        }
        for (kind, written) in [
            (Kind::Phone, "313 555-0100"),
            (Kind::Date, "December 25, 1961"),
            (Kind::Date, "1/25"),
            (Kind::Url, "https://stmarys.example.org/visit?patient=7"),
            (Kind::Zip, "43605"),
            (Kind::Number, "5550"),
            (Kind::Name, "Mary"),
        ] {
            assert!(!own.contains(kind, written), "{written}");
        }
    }
}
