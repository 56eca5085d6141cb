//! Where in a sentence that is still going on something risky may have begun. What comes before is sent.

use std::{
    collections::{BTreeMap, HashSet},
    ops::Bound,
    sync::LazyLock,
};

use super::rules::{PHRASES, RISKY};
use crate::language::{for_each_plain_word, is_cut_off, is_known_as_a_whole_only};

static BEGINNINGS: LazyLock<Beginnings> =
    LazyLock::new(|| Beginnings::of(RISKY.iter().flat_map(|list| PHRASES.list(list))));

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

/// The risky phrases of all languages.
struct Beginnings<'a> {
    /// By the word that each begins with.
    by_first_word: BTreeMap<&'a str, Vec<Phrase<'a>>>,
    /// First words that are last ones, too, and may be longer.
    open_ended: HashSet<&'a str>,
    /// By their first byte, a bit for each length in bytes that a word which begins a phrase may have.
    lengths: [u64; 256],
}

impl<'a> Beginnings<'a> {
    fn of(phrases: impl Iterator<Item = &'a String>) -> Self {
        let mut beginnings = Self { by_first_word: BTreeMap::new(), open_ended: HashSet::new(), lengths: [0; 256] };
        for phrase in phrases {
            let words: Vec<&str> = phrase.split_whitespace().collect();
            let goes_on = !phrase.ends_with(' ');
            let Some((first, byte)) = words.first().and_then(|first| Some((*first, *first.as_bytes().first()?))) else {
                continue;
            };
            let is_open_ended = goes_on && words.len() == 1;
            beginnings.lengths[usize::from(byte)] |=
                if is_open_ended { !(bit(first.len()) - 1) } else { bit(first.len()) };
            if is_open_ended {
                beginnings.open_ended.insert(first);
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
        let beginnings = (1..word.len()).filter_map(|end| self.open_ended.get(word.get(..end)?));
        let open_ended = beginnings.filter_map(|first| self.by_first_word.get(first)).flatten();
        whole.chain(open_ended.filter(|phrase| phrase.goes_on && phrase.words.len() == 1))
    }

    /// Whether a phrase may begin with a word: a look that costs little, since most words begin none.
    fn may_begin_with(&self, word: &str, is_cut_off: bool) -> bool {
        if is_cut_off && is_known_as_a_whole_only(word) {
            return true;
        }
        let is_alike = word.bytes().next().is_some_and(|first| self.lengths[usize::from(first)] & bit(word.len()) != 0);
        (is_alike || is_cut_off) && self.at(word, is_cut_off).next().is_some()
    }
}

fn bit(length: usize) -> u64 {
    1 << length.min(63)
}

/// Where the first risky phrase begins that is said, or may be said once the text goes on.
fn risky_part(text: &str, is_cut_off: bool) -> Option<usize> {
    let mut words: Vec<(usize, String)> = Vec::new();
    for_each_plain_word(text, |start, word| words.push((start, word.to_owned())));
    let last = words.len().saturating_sub(1);
    let begins_at = |position: usize| {
        let (_, first) = &words[position];
        let may_go_on = |position: usize| is_cut_off && position == last;
        if may_go_on(position) && is_known_as_a_whole_only(first) {
            return true;
        }
        let said = |offset: usize, wanted: &str, may_be_longer: bool| match words.get(position + offset) {
            // As much as has been said so far.
            None => true,
            Some((_, word)) => {
                let may_become = may_go_on(position + offset)
                    && (wanted.starts_with(word.as_str()) || is_known_as_a_whole_only(word));
                word == wanted || may_become || (may_be_longer && word.starts_with(wanted))
            }
        };
        BEGINNINGS.at(first, may_go_on(position)).any(|phrase| {
            let is_last = |offset: usize| offset + 1 == phrase.words.len();
            let mut wanted = phrase.words.iter().enumerate();
            wanted.all(|(offset, wanted)| said(offset, wanted, phrase.goes_on && is_last(offset)))
        })
    };
    let begins = (0..words.len()).find(|position| begins_at(*position))?;
    Some(words[begins].0)
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
        let is_simple = piece.bytes().all(|byte| byte.is_ascii_alphabetic());
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
        assert!(begun > 10_000 && !may_begin_anything("Visiting hours, na\u{ef}ve \u{1fa91} 2-8 ", false), "{begun}");
    }

    /// Whatever of a sentence comes first, what is sent of it does not reach into a phrase.
    #[test]
    fn no_beginning_of_a_phrase_is_taken_for_harmless() {
        for phrase in RISKY.iter().flat_map(|list| PHRASES.list(list)) {
            let text = format!("X {}", phrase.trim());
            for (end, _) in text.char_indices().skip(3) {
                assert!(harmless_part(&text[..end]) <= 2, "{}", &text[..end]);
            }
            assert!(harmless_part(&text) <= 2, "{text}");
        }
    }
}
