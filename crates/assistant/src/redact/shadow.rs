//! A text as patterns see it: one ASCII byte a character, so that accents, typographic dashes and full-width digits hide nothing.

use std::ops::Range;

use unicode_normalization::UnicodeNormalization;

/// What no pattern knows: a letter or a sign outside of ASCII.
pub const OTHER: u8 = 0x01;

pub struct Shadow {
    /// Capitals stay capitals.
    pub bytes: Vec<u8>,
    /// Where each of them begins in the text, and the text's end. None: where it is in the shadow.
    offsets: Option<Vec<usize>>,
}

impl Shadow {
    pub fn of(text: &str) -> Self {
        if text.is_ascii() {
            return Self { bytes: text.bytes().map(plain_ascii).collect(), offsets: None };
        }
        let mut bytes = Vec::with_capacity(text.len());
        let mut offsets = Vec::with_capacity(text.len() + 1);
        for (offset, character) in text.char_indices() {
            if let Some(byte) = plain(character) {
                bytes.push(byte);
                offsets.push(offset);
            }
        }
        offsets.push(text.len());
        Self { bytes, offsets: Some(offsets) }
    }

    /// Where in the text this part of the shadow is.
    pub fn place(&self, part: Range<usize>) -> Range<usize> {
        match &self.offsets {
            Some(offsets) => offsets[part.start]..offsets[part.end],
            None => part,
        }
    }
}

fn plain_ascii(byte: u8) -> u8 {
    if byte == OTHER { b' ' } else { byte }
}

/// None: a character without a place of its own, such as a combining accent.
fn plain(character: char) -> Option<u8> {
    if let Ok(byte @ 0..0x80) = u8::try_from(character) {
        return Some(plain_ascii(byte));
    }
    match character {
        '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2064}' | '\u{feff}' => None,
        '\u{300}'..='\u{36f}' => None,
        '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{fe58}' | '\u{fe63}' | '\u{ff0d}' => Some(b'-'),
        '\u{2018}' | '\u{2019}' | '\u{201b}' | '\u{2bc}' | '\u{b4}' => Some(b'\''),
        '\u{201c}'..='\u{201f}' => Some(b'"'),
        'ß' => Some(b's'),
        'ø' => Some(b'o'),
        'Ø' => Some(b'O'),
        'ł' => Some(b'l'),
        'Ł' => Some(b'L'),
        'æ' => Some(b'a'),
        'Æ' => Some(b'A'),
        _ if character.is_whitespace() => Some(b' '),
        _ => {
            let first = std::iter::once(character).nfkd().next().and_then(|first| u8::try_from(first).ok());
            Some(first.filter(u8::is_ascii).filter(|byte| *byte > b' ').unwrap_or(OTHER))
        }
    }
}

/// Letters and digits alone, in lower case, with the place of each: what two ways of writing the same have in common.
pub struct Squeezed {
    pub text: String,
    places: Vec<usize>,
}

impl Squeezed {
    pub fn of(bytes: &[u8]) -> Self {
        let (mut text, mut places) = (String::with_capacity(bytes.len()), Vec::with_capacity(bytes.len()));
        for (place, byte) in bytes.iter().enumerate() {
            if byte.is_ascii_alphanumeric() {
                text.push(byte.to_ascii_lowercase().into());
                places.push(place);
            }
        }
        Self { text, places }
    }

    /// Where in the bytes this part is.
    pub fn place(&self, part: Range<usize>) -> Range<usize> {
        self.places[part.start]..self.places[part.end - 1] + 1
    }
}

/// The squeezed form of a text.
pub fn squeezed(text: &str) -> String {
    Squeezed::of(&Shadow::of(text).bytes).text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shadow_has_a_byte_a_character_and_leads_back() {
        let text = "Jose\u{301} Mu\u{f1}oz \u{2013} \u{ff14}\u{ff11}\u{200b}9, \u{5c0f}";
        let shadow = Shadow::of(text);
        assert_eq!(shadow.bytes, b"Jose Munoz - 419, \x01");
        assert_eq!(&text[shadow.place(0..4)], "Jose\u{301}");
        assert_eq!(&text[shadow.place(13..16)], "\u{ff14}\u{ff11}\u{200b}9");
        assert_eq!(squeezed("(419) 555-0100"), "4195550100");
        let ascii = Shadow::of("call\u{1}419");
        assert_eq!(ascii.bytes, b"call 419");
        assert_eq!(ascii.place(5..8), 5..8);
    }
}
