//! What is known of the patient who writes: found in a text however it is spelled there.

use std::{collections::HashSet, ops::Range};

use kuzushi_domain::Phi;

use super::{
    Found, Kind, MONTHS,
    shadow::{OTHER, Shadow, Squeezed, squeezed},
};

/// What is known of a patient. Empty where nobody has signed in.
#[derive(Debug, Clone, Default)]
pub struct KnownPatient {
    /// In full, in any order: "Jane Q. Doe".
    pub names: Vec<Phi<String>>,
    pub emails: Vec<Phi<String>>,
    pub phones: Vec<Phi<String>>,
    pub birth_date: Option<Phi<BirthDate>>,
    /// What the hospital calls them: a record's number, the subject of its identity tokens.
    pub record_numbers: Vec<Phi<String>>,
    pub addresses: Vec<Phi<String>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BirthDate {
    pub year: u16,
    /// From 1.
    pub month: u8,
    /// From 1.
    pub day: u8,
}

/// Parts of names that are nobody's alone.
const PARTICLES: [&str; 24] = [
    "al", "and", "bin", "da", "de", "del", "della", "der", "di", "dr", "du", "el", "ibn", "jr", "la", "le", "md",
    "miss", "mr", "mrs", "ms", "sr", "van", "von",
];

/// Names that are also words which everybody uses. They count where they are written as a name.
const ALSO_WORDS: [&str; 47] = [
    "an",
    "angel",
    "april",
    "art",
    "august",
    "bill",
    "brown",
    "chance",
    "christian",
    "daisy",
    "day",
    "do",
    "drew",
    "faith",
    "frank",
    "grace",
    "grant",
    "gray",
    "green",
    "hope",
    "in",
    "iris",
    "jack",
    "joy",
    "june",
    "king",
    "long",
    "mark",
    "may",
    "mercy",
    "my",
    "no",
    "old",
    "pat",
    "penny",
    "price",
    "rich",
    "rose",
    "rusty",
    "so",
    "summer",
    "to",
    "ward",
    "white",
    "will",
    "wise",
    "young",
];

/// Below this length a part of an address or an identifier is found by chance.
const SHORTEST_IDENTIFIER: usize = 4;
/// From this length on a name is found inside of longer words too.
const DISTINCTIVE: usize = 7;
/// The digits that tell a telephone within its area.
const LOCAL_DIGITS: usize = 7;
const NATIONAL_DIGITS: usize = 10;

/// The same, in the forms that a text is compared with.
#[derive(Default)]
pub struct KnownForms {
    /// In lower case, letters alone.
    names: HashSet<String>,
    /// Names that a shadow cannot show, as they are written.
    foreign: Vec<String>,
    /// Squeezed, with what they are and whether letters or digits may go on around them.
    others: Vec<(String, Kind, Within)>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Within {
    /// Only as it stands.
    Itself,
    /// Also where more follows or comes before, such as a country's code.
    More,
}

impl KnownForms {
    pub fn of(known: &KnownPatient) -> Self {
        let mut forms = Self::default();
        for name in &known.names {
            forms.add_name(name.expose());
        }
        for email in &known.emails {
            let email = email.expose().trim();
            forms.add(&squeezed(email), Kind::Email, Within::Itself);
            if let Some((local, _)) = email.split_once('@') {
                let local = squeezed(local);
                let says_nothing = ["contact", "hello", "office", "patient", "patients"].contains(&local.as_str());
                if local.len() > SHORTEST_IDENTIFIER && !says_nothing {
                    forms.add(&local, Kind::Email, Within::Itself);
                }
            }
        }
        for phone in &known.phones {
            let digits: String = phone.expose().chars().filter(char::is_ascii_digit).collect();
            for length in [NATIONAL_DIGITS, LOCAL_DIGITS] {
                if digits.len() >= length {
                    forms.add(&digits[digits.len() - length..], Kind::Phone, Within::More);
                }
            }
            forms.add(&digits, Kind::Phone, Within::More);
        }
        for number in &known.record_numbers {
            let number = squeezed(number.expose());
            let digits = number.trim_start_matches(|letter: char| letter.is_ascii_alphabetic());
            let bare = digits.trim_start_matches('0');
            forms.add(&number, Kind::Record, Within::Itself);
            forms.add(digits, Kind::Record, Within::Itself);
            forms.add(bare, Kind::Record, Within::Itself);
        }
        for address in &known.addresses {
            for part in address.expose().split([',', '\n']) {
                forms.add(&squeezed(part), Kind::Address, Within::Itself);
            }
        }
        if let Some(born) = &known.birth_date {
            forms.add_birth_date(*born.expose());
        }
        forms
    }

    pub fn is_empty(&self) -> bool {
        self.names.is_empty() && self.foreign.is_empty() && self.others.is_empty()
    }

    fn add(&mut self, form: &str, kind: Kind, within: Within) {
        if form.len() >= SHORTEST_IDENTIFIER && !self.others.iter().any(|(other, ..)| other == form) {
            self.others.push((form.to_owned(), kind, within));
        }
    }

    fn add_name(&mut self, name: &str) {
        let mut glued = Vec::new();
        for word in name.split_whitespace() {
            let shadow = Shadow::of(word);
            if shadow.bytes.contains(&OTHER) {
                self.foreign.push(word.trim_matches(|sign: char| !sign.is_alphanumeric()).to_owned());
                continue;
            }
            let whole = squeezed(word);
            for part in word.split(['-', '\u{2010}', '\u{2011}']) {
                self.add_part(&squeezed(part));
            }
            for part in shadow.bytes.split(|byte| !byte.is_ascii_alphabetic()) {
                self.add_part(&String::from_utf8_lossy(part).to_ascii_lowercase());
            }
            self.add_part(&whole);
            if whole.bytes().any(|byte| byte.is_ascii_digit()) {
                self.add(&whole, Kind::Name, Within::Itself);
            }
            if !PARTICLES.contains(&whole.as_str()) && whole.len() > 1 {
                glued.push(whole);
            }
        }
        self.foreign.retain(|word| !word.is_empty());
        if let (Some(first), Some(last)) = (glued.first(), glued.last())
            && glued.len() > 1
        {
            self.names.insert(format!("{first}{last}"));
            self.names.insert(format!("{last}{first}"));
        }
    }

    fn add_part(&mut self, part: &str) {
        if part.len() > 1 && !PARTICLES.contains(&part) {
            self.names.insert(part.to_owned());
        }
    }

    fn add_birth_date(&mut self, born: BirthDate) {
        let BirthDate { year, month, day } = born;
        let short = year % 100;
        let Some(name) = MONTHS.get(usize::from(month).wrapping_sub(1)) else { return };
        let ordinal = match day {
            1 | 21 | 31 => "st",
            2 | 22 => "nd",
            3 | 23 => "rd",
            _ => "th",
        };
        for form in [
            format!("{year}{month:02}{day:02}"),
            format!("{month:02}{day:02}{year}"),
            format!("{day:02}{month:02}{year}"),
            format!("{month}{day}{year}"),
            format!("{day}{month}{year}"),
            format!("{month:02}{day:02}{short:02}"),
            format!("{day:02}{month:02}{short:02}"),
            format!("{short:02}{month:02}{day:02}"),
        ] {
            self.add(&form, Kind::Date, Within::Itself);
        }
        for name in [*name, &name[..3]] {
            for day in [format!("{day}"), format!("{day:02}"), format!("{day}{ordinal}")] {
                for year in [format!("{year}"), format!("{short:02}"), String::new()] {
                    self.add(&format!("{name}{day}{year}"), Kind::Date, Within::Itself);
                    self.add(&format!("{day}{name}{year}"), Kind::Date, Within::Itself);
                    self.add(&format!("{day}of{name}{year}"), Kind::Date, Within::Itself);
                }
            }
        }
    }

    /// Where the text holds any of it.
    pub fn find(&self, text: &str, shadow: &Shadow, found: &mut Vec<Found>) {
        let mut in_shadow = Vec::new();
        self.find_names(&shadow.bytes, &mut in_shadow);
        if !self.others.is_empty() {
            self.find_others(&shadow.bytes, &mut in_shadow);
        }
        found.extend(in_shadow.into_iter().map(|(place, kind)| Found {
            place: shadow.place(place),
            kind,
            is_known: true,
        }));
        for word in &self.foreign {
            let places = text.match_indices(word.as_str()).map(|(start, _)| start..start + word.len());
            found.extend(places.map(|place| Found { place, kind: Kind::Name, is_known: true }));
        }
    }

    fn find_names(&self, bytes: &[u8], found: &mut Vec<(Range<usize>, Kind)>) {
        if self.names.is_empty() {
            return;
        }
        let distinctive: Vec<&String> = self.names.iter().filter(|name| name.len() >= DISTINCTIVE).collect();
        let words: Vec<Range<usize>> = words(bytes).collect();
        let is_shouted = !bytes.iter().any(u8::is_ascii_lowercase);
        let mut last: Option<usize> = None;
        for (position, word) in words.iter().enumerate() {
            let written = &bytes[word.clone()];
            let lower = String::from_utf8_lossy(written).to_ascii_lowercase();
            let is_name = self.names.contains(&lower)
                || lower.strip_suffix('s').is_some_and(|owner| owner.len() > 3 && self.names.contains(owner))
                || distinctive.iter().any(|name| lower.contains(name.as_str()));
            if !is_name {
                continue;
            }
            let beside_another = last.is_some_and(|last| last + 2 >= position)
                || words.get(position + 1).is_some_and(|next| {
                    self.names.contains(&String::from_utf8_lossy(&bytes[next.clone()]).to_ascii_lowercase())
                });
            let is_word = ALSO_WORDS.contains(&lower.as_str()) || lower.len() == 2;
            if is_word && !beside_another && !is_written_as_name(bytes, word, is_shouted) {
                continue;
            }
            last = Some(position);
            found.push((word.clone(), Kind::Name));
        }
    }

    fn find_others(&self, bytes: &[u8], found: &mut Vec<(Range<usize>, Kind)>) {
        let squeezed = Squeezed::of(bytes);
        let goes_on = |place: Option<&u8>| place.is_some_and(u8::is_ascii_alphanumeric);
        for (form, kind, within) in &self.others {
            let mut from = 0;
            while let Some(start) = squeezed.text[from..].find(form.as_str()).map(|start| from + start) {
                from = start + 1;
                let place = squeezed.place(start..start + form.len());
                let before = place.start.checked_sub(1).and_then(|before| bytes.get(before));
                let is_whole = !goes_on(before) && !goes_on(bytes.get(place.end));
                // A longer text that matches is no accident.
                if is_whole || *within == Within::More || form.len() >= 9 {
                    from = start + form.len();
                    found.push((place, *kind));
                }
            }
        }
    }
}

/// The runs of letters.
fn words(bytes: &[u8]) -> impl Iterator<Item = Range<usize>> + '_ {
    let mut position = 0;
    std::iter::from_fn(move || {
        let start = position + bytes[position..].iter().position(u8::is_ascii_alphabetic)?;
        let length = bytes[start..].iter().position(|byte| !byte.is_ascii_alphabetic());
        position = length.map_or(bytes.len(), |length| start + length);
        Some(start..position)
    })
}

/// Whether a word has a capital that no beginning of a sentence explains, or follows what a name follows.
fn is_written_as_name(bytes: &[u8], word: &Range<usize>, is_shouted: bool) -> bool {
    let before = bytes[..word.start].trim_ascii_end();
    let lead = before.rsplit(|byte| !byte.is_ascii_alphabetic() && *byte != b'\'').next().unwrap_or_default();
    let follows_lead = [&b"name"[..], b"called", b"named", b"mr", b"mrs", b"ms", b"miss", b"i'm", b"am"]
        .iter()
        .any(|known| lead.eq_ignore_ascii_case(known));
    let name_is = lead.eq_ignore_ascii_case(b"is")
        && before.get(..before.len().saturating_sub(2)).is_some_and(|start| {
            let start = start.trim_ascii_end();
            start.len() >= 4 && start[start.len() - 4..].eq_ignore_ascii_case(b"name")
        });
    let begins = before.is_empty() || before.ends_with(b".") || before.ends_with(b"!") || before.ends_with(b"?");
    follows_lead || name_is || (bytes[word.start].is_ascii_uppercase() && !begins && !is_shouted)
}
