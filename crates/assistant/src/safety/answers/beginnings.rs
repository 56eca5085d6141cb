//! Where in a sentence that is still going on something risky may have begun. What comes before is sent.

use std::{
    collections::{BTreeMap, HashSet},
    ops::Bound,
    sync::LazyLock,
};

use super::rules::{PHRASES, RISKY};
use crate::language::{for_each_plain_word, is_cut_off, is_known_as_a_whole_only};

static BEGINNINGS: LazyLock<Beginnings> = LazyLock::new(|| Beginnings::of(risky_phrases()));

/// All but the ends of words, which tell nothing as long as it is not known how a word ends: a sentence needs one of the others to be
/// held back, and is judged with them.
fn risky_phrases() -> impl Iterator<Item = &'static String> {
    RISKY.iter().flat_map(|list| PHRASES.list(list)).filter(|phrase| phrase.starts_with(' '))
}

/// Bytes at the beginning of a text, as far as it is written, in which nothing risky has begun.
pub(super) fn harmless_part(text: &str) -> usize {
    let is_cut_off = is_cut_off(text);
    let begins = if may_begin_anything(text, is_cut_off) { risky_part(text, is_cut_off) } else { None };
    begins.unwrap_or(text.len())
}

/// A phrase in words.
#[derive(Debug)]
struct Phrase<'a> {
    words: Vec<&'a str>,
    /// Whether its last word may be longer.
    goes_on: bool,
}

/// Words by what little tells most others from them: looking one up costs no more than a multiplication.
struct Sieve(Vec<u64>);

impl Sieve {
    /// Bits, of which few are set.
    const SIZE: usize = 1 << 16;

    fn new() -> Self {
        Self(vec![0; Self::SIZE / 64])
    }

    fn insert(&mut self, mark: usize) {
        self.0[mark / 64] |= 1 << (mark % 64);
    }

    fn may_hold(&self, mark: usize) -> bool {
        self.0[mark / 64] & (1 << (mark % 64)) != 0
    }

    /// Of a word: by its first two bytes, its last one and its length.
    fn whole(word: &str) -> usize {
        let bytes = word.as_bytes();
        let at = |position: usize| bytes.get(position).copied().unwrap_or_default();
        Self::mark([at(0), at(1), at(bytes.len().saturating_sub(1)), bytes.len().to_le_bytes()[0]])
    }

    /// Of all words that begin with the same bytes.
    fn beginning(word: &str) -> usize {
        let mut beginning = [0; OPEN_ENDED];
        for (byte, of_word) in beginning.iter_mut().zip(word.bytes()) {
            *byte = of_word;
        }
        Self::mark([beginning[0], beginning[1], beginning[2], 0])
    }

    fn mark(bytes: [u8; 4]) -> usize {
        // The upper half of a product depends on all of its factor.
        (u32::from_le_bytes(bytes).wrapping_mul(0x9e37_79b1) >> 16) as usize
    }
}

/// Bytes that a word which may be longer has at least.
const OPEN_ENDED: usize = 3;

/// The risky phrases of all languages.
struct Beginnings<'a> {
    /// By the word that each begins with.
    by_first_word: BTreeMap<&'a str, Vec<Phrase<'a>>>,
    /// First words that are last ones, too, and may be longer.
    open_ended: HashSet<&'a str>,
    /// First words.
    whole: Sieve,
    /// What is cut off of them.
    cut_off: Sieve,
    /// Those that may be longer.
    longer: Sieve,
}

impl<'a> Beginnings<'a> {
    fn of(phrases: impl Iterator<Item = &'a String>) -> Self {
        let mut beginnings = Self {
            by_first_word: BTreeMap::new(),
            open_ended: HashSet::new(),
            whole: Sieve::new(),
            cut_off: Sieve::new(),
            longer: Sieve::new(),
        };
        for phrase in phrases {
            let words: Vec<&str> = phrase.split_whitespace().collect();
            let goes_on = !phrase.ends_with(' ');
            let Some(first) = words.first().copied() else { continue };
            beginnings.whole.insert(Sieve::whole(first));
            for part in (1..=first.len()).filter_map(|end| first.get(..end)) {
                beginnings.cut_off.insert(Sieve::whole(part));
            }
            if goes_on && words.len() == 1 {
                beginnings.open_ended.insert(first);
                beginnings.longer.insert(Sieve::beginning(first));
            }
            beginnings.by_first_word.entry(first).or_default().push(Phrase { words, goes_on });
        }
        beginnings
    }

    /// The phrases that begin with a word, or with one that the word may become where it is cut off.
    fn at<'b>(&'b self, word: &'b str, is_cut_off: bool) -> impl Iterator<Item = &'b Phrase<'a>> {
        let end = if is_cut_off { Bound::Unbounded } else { Bound::Included(word) };
        let whole = self.by_first_word.range::<str, _>((Bound::Included(word), end));
        let whole = whole.take_while(move |(first, _)| first.starts_with(word)).flat_map(|(_, phrases)| phrases);
        let is_longer = self.longer.may_hold(Sieve::beginning(word));
        let shorter = if is_longer { OPEN_ENDED..word.len() } else { 0..0 };
        let open_ended = shorter.filter_map(|end| self.open_ended.get(word.get(..end)?));
        let open_ended = open_ended.filter_map(|first| self.by_first_word.get(first)).flatten();
        whole.chain(open_ended.filter(|phrase| phrase.goes_on && phrase.words.len() == 1))
    }

    /// Whether a phrase may begin with a word: a look that costs little, since most words begin none.
    fn may_begin_with(&self, word: &str, is_cut_off: bool) -> bool {
        if is_cut_off && is_known_as_a_whole_only(word) {
            return true;
        }
        let alike = if is_cut_off { &self.cut_off } else { &self.whole };
        let is_alike = alike.may_hold(Sieve::whole(word)) || self.longer.may_hold(Sieve::beginning(word));
        is_alike && (self.by_first_word.contains_key(word) || self.at(word, is_cut_off).next().is_some())
    }
}

/// Where the first risky phrase begins that is said, or may be said once the text goes on.
fn risky_part(text: &str, is_cut_off: bool) -> Option<usize> {
    let mut spelled = String::with_capacity(text.len());
    let mut places: Vec<(usize, usize)> = Vec::new();
    for_each_plain_word(text, |start, word| {
        spelled.push_str(word);
        places.push((start, spelled.len()));
    });
    let word = |position: usize| {
        let (_, end) = *places.get(position)?;
        let start = position.checked_sub(1).and_then(|before| places.get(before)).map_or(0, |(_, end)| *end);
        spelled.get(start..end)
    };
    let last = places.len().saturating_sub(1);
    let begins_at = |position: usize| {
        let Some(first) = word(position) else { return false };
        let may_go_on = |position: usize| is_cut_off && position == last;
        if may_go_on(position) && is_known_as_a_whole_only(first) {
            return true;
        }
        let said = |offset: usize, wanted: &str, may_be_longer: bool| match word(position + offset) {
            // As much as has been said so far.
            None => true,
            Some(word) => {
                let may_become =
                    may_go_on(position + offset) && (wanted.starts_with(word) || is_known_as_a_whole_only(word));
                word == wanted || may_become || (may_be_longer && word.starts_with(wanted))
            }
        };
        BEGINNINGS.may_begin_with(first, may_go_on(position))
            && BEGINNINGS.at(first, may_go_on(position)).any(|phrase| {
                let is_last = |offset: usize| offset + 1 == phrase.words.len();
                let mut wanted = phrase.words.iter().enumerate();
                wanted.all(|(offset, wanted)| said(offset, wanted, phrase.goes_on && is_last(offset)))
            })
    };
    let begins = (0..places.len()).find(|position| begins_at(*position))?;
    places.get(begins).map(|(start, _)| *start)
}

/// Whether a risky phrase may begin in a text: a look that costs little. It reads no further than the first words of phrases.
pub(super) fn may_begin_anything(text: &str, is_cut_off: bool) -> bool {
    let bytes = text.as_bytes();
    let belongs = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'\'' || !byte.is_ascii();
    let mut word = String::new();
    let mut start = 0;
    while let Some(begin) = bytes[start..].iter().position(belongs).map(|offset| start + offset) {
        let end = bytes[begin..].iter().position(|byte| !belongs(byte)).map_or(bytes.len(), |length| begin + length);
        let piece = &text[begin..end];
        let may_go_on = is_cut_off && end == bytes.len();
        start = end;
        let is_simple =
            piece.bytes().all(|byte| byte.is_ascii_alphabetic()) || piece.bytes().all(|byte| byte.is_ascii_digit());
        let begins = if is_simple {
            word.clear();
            word.extend(piece.bytes().map(|byte| char::from(byte.to_ascii_lowercase())));
            BEGINNINGS.may_begin_with(&word, may_go_on)
        } else {
            let mut begins = false;
            // Which word is the last one is not asked: each is taken for it.
            for_each_plain_word(piece, |_, word| begins = begins || BEGINNINGS.may_begin_with(word, may_go_on));
            begins
        };
        if begins {
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use unicode_normalization::UnicodeNormalization;

    use super::*;
    use crate::{
        language::{LEXICON, Phrases, plain},
        safety::answers::rules::FILES,
    };

    #[test]
    fn a_look_that_costs_little_misses_nothing() {
        let texts = [
            "Hello. You\u{2019}re fine; it's 400mg, TAKE two a day. Ask\u{a0}your doctor",
            "I3you have na\u{ef}ve \u{65e5}\u{5411}take \u{1d488}it.sounds like a\u{301} ta\u{ad}ke a.m. 5you Will cure",
            "\u{212a}eep ta\u{212a}ing your medicine, \u{130}t is",
            "¿Tome 5mg? D\u{e9}le ibuprofeno: ¡SE PONDR\u{c1} bien! Es nada grave",
            "Prenez de l\u{2019}ibuprof\u{e8}ne d'aspirine\u{202f}; qu'il souffre d'une crise, c\u{153}ur",
            "Nehmen Sie z.B. 2Tabletten gro\u{df}e Medikamente",
            "تناول قرصًا ودواءك للدواء بـ5ملغ، نتائجك طبيعية",
            "请每天吃两片布洛芬。您可能得了肺炎，服用400毫克",
            "Hãy uống 2viên thuốc ho, có lẽ bạn bị viêm phổi",
        ];
        let mut begun = 0;
        for text in texts.iter().flat_map(|text| [(*text).to_owned(), text.nfd().collect()]) {
            for (start, _) in text.char_indices() {
                for (end, _) in text[start..].char_indices() {
                    let part = &text[start..start + end];
                    for is_cut_off in [is_cut_off(part), false] {
                        let risky = risky_part(part, is_cut_off);
                        begun += usize::from(risky.is_some());
                        assert!(risky.is_none() || may_begin_anything(part, is_cut_off), "{part}");
                    }
                }
            }
        }
        assert!(begun > 10_000 && !may_begin_anything("Visiting hours, na\u{ef}ve \u{1fa91} 7-8 ", false), "{begun}");
    }

    #[test]
    fn what_may_be_longer_has_letters_enough() {
        for phrase in risky_phrases().filter(|phrase| !phrase.ends_with(' ')) {
            assert!(phrase.trim().len() >= OPEN_ENDED, "{phrase}");
        }
    }

    /// A phrase that begins with a word which every English sentence has would be looked for in every English sentence.
    #[test]
    fn no_other_language_makes_english_dear() {
        let of_english = Phrases::read_all(&[FILES[0]], plain);
        let first = |phrase: &str| phrase.split_whitespace().next().unwrap_or_default().to_owned();
        let begun: HashSet<String> =
            RISKY.iter().flat_map(|list| of_english.list(list)).map(|phrase| first(phrase)).collect();
        for phrase in risky_phrases() {
            let first = first(phrase);
            assert!(begun.contains(&first) || !LEXICON.is_stop_word(&first), "{phrase}");
        }
    }

    /// Whatever of a sentence comes first, what is sent of it does not reach into a phrase.
    #[test]
    fn no_beginning_of_a_phrase_is_taken_for_harmless() {
        for phrase in risky_phrases() {
            let text = format!("X {}", phrase.trim());
            for (end, _) in text.char_indices().skip(3) {
                assert!(harmless_part(&text[..end]) <= 2, "{}", &text[..end]);
            }
            assert!(harmless_part(&text) <= 2, "{text}");
        }
    }
}
