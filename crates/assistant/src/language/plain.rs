//! Words as they are compared in every language: spelled alike, however they were written.

use unicode_normalization::char::{decompose_compatible, is_combining_mark};

use super::words::is_unspaced;

/// French words that lose their last letter before a vowel: "d'aspirine" is "d aspirine". Other apostrophes divide nothing.
const ELIDED: [&str; 13] = ["l", "d", "j", "m", "t", "s", "n", "c", "qu", "jusqu", "lorsqu", "puisqu", "quelqu"];
/// What Arabic writes together with the word behind it: and, so, by, for, like, the.
const ARABIC_PREFIXES: [&str; 6] = ["\u{627}\u{644}", "\u{648}", "\u{641}", "\u{628}", "\u{644}", "\u{643}"];
/// Letters that an Arabic word keeps at least.
const SHORTEST_ARABIC: usize = 3;

/// The letters that a character is without capitals, accents, tone marks and signs of vowels.
pub fn bare_letters(character: char, mut each: impl FnMut(char)) {
    if character.is_ascii() {
        each(character.to_ascii_lowercase());
        return;
    }
    decompose_compatible(character, |part| match part {
        '\u{111}' | '\u{110}' => each('d'),
        '\u{df}' | '\u{1e9e}' => "ss".chars().for_each(&mut each),
        '\u{153}' | '\u{152}' => "oe".chars().for_each(&mut each),
        '\u{e6}' | '\u{c6}' => "ae".chars().for_each(&mut each),
        part if is_combining_mark(part) => {}
        part => part.to_lowercase().for_each(&mut each),
    });
}

/// Calls `each` with every word of a text and where it begins there. Letters and figures are words apart, and so is each
/// character of a writing without spaces.
pub fn for_each_plain_word(text: &str, mut each: impl FnMut(usize, &str)) {
    let mut word = String::new();
    let mut start = 0;
    let mut end = |word: &mut String, start| {
        if !word.is_empty() {
            each(start, without_arabic_prefixes(word));
            word.clear();
        }
    };
    for (position, character) in text.char_indices() {
        // Most of every answer, and most of its cost: a plain letter that goes on with plain letters, or a figure with figures.
        let goes_on_with = |last: &u8| last.is_ascii() && last.is_ascii_digit() == character.is_ascii_digit();
        if character.is_ascii_alphanumeric() && word.as_bytes().last().is_none_or(goes_on_with) {
            if word.is_empty() {
                start = position;
            }
            word.push(character.to_ascii_lowercase());
            continue;
        }
        bare_letters(character, |letter| {
            if is_dropped(letter) || (is_apostrophe(letter) && !ELIDED.contains(&word.as_str())) {
                return;
            }
            let is_alone = is_unspaced(letter);
            let goes_on = !is_alone
                && letter.is_alphanumeric()
                && word.chars().next_back().is_none_or(|last| last.is_numeric() == letter.is_numeric());
            if !goes_on {
                end(&mut word, start);
            }
            if letter.is_alphanumeric() {
                if word.is_empty() {
                    start = position;
                }
                word.push(letter);
            }
            if is_alone {
                end(&mut word, start);
            }
        });
    }
    end(&mut word, start);
}

/// A text in plain words with single spaces, one at each end.
pub fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len() + 8);
    plain.push(' ');
    for_each_plain_word(text, |_, word| {
        plain.push_str(word);
        plain.push(' ');
    });
    plain
}

/// Whether the last word of a text may go on in what follows.
pub fn is_cut_off(text: &str) -> bool {
    let says_nothing = |last: char| is_combining_mark(last) || is_apostrophe(last) || is_dropped(last);
    text.trim_end_matches(says_nothing).ends_with(char::is_alphanumeric)
}

/// Whether the first letters of a word do not tell what it will be once more of it is known.
pub fn is_known_as_a_whole_only(word: &str) -> bool {
    word.chars().next().is_some_and(is_arabic)
}

fn is_apostrophe(letter: char) -> bool {
    matches!(letter, '\'' | '\u{2019}')
}

fn is_arabic(letter: char) -> bool {
    matches!(letter, '\u{620}'..='\u{6ff}')
}

/// What nobody sees within a word, and the stroke that only makes an Arabic word longer.
fn is_dropped(letter: char) -> bool {
    matches!(letter, '\u{ad}' | '\u{200c}'..='\u{200f}' | '\u{2060}' | '\u{feff}' | '\u{640}')
}

fn without_arabic_prefixes(word: &str) -> &str {
    let mut rest = word;
    while is_known_as_a_whole_only(rest) {
        let shorter = ARABIC_PREFIXES.iter().find_map(|prefix| rest.strip_prefix(prefix));
        match shorter.filter(|shorter| shorter.chars().count() >= SHORTEST_ARABIC) {
            Some(shorter) => rest = shorter,
            None => break,
        }
    }
    rest
}

#[cfg(test)]
mod tests {
    use unicode_normalization::UnicodeNormalization;

    use super::*;

    #[test]
    fn words_are_spelled_alike_however_they_were_written() {
        for (written, expected) in [
            ("Can\u{2019}t  TAKE 400mg", " cant take 400 mg "),
            ("D\u{e9}le: pr\u{e9}sentaci\u{f3}n", " dele presentacion "),
            ("de l\u{2019}ibuprof\u{e8}ne, c'est le c\u{153}ur", " de l ibuprofene c est le coeur "),
            ("Stra\u{df}e \u{fc}ber", " strasse uber "),
            ("\u{110}\u{e2}y l\u{e0} \u{111}\u{1ed9}t qu\u{1ef5}", " day la dot quy "),
            ("\u{670d}\u{7528}400\u{6beb}\u{514b}\u{3002}", " \u{670d} \u{7528} 400 \u{6beb} \u{514b} "),
            ("\u{ff12}\u{ff10}ml", " 20 ml "),
            ("", " "),
        ] {
            assert_eq!(plain(written), expected, "{written}");
            let apart: String = written.nfd().collect();
            assert_eq!(plain(&apart), expected, "{written} in parts");
        }
    }

    #[test]
    fn arabic_words_meet_with_and_without_what_is_written_together_with_them() {
        let medicine = plain("\u{62f}\u{648}\u{627}\u{621}");
        for written in ["الدواء", "والدواء", "بالدواء", "للدواء", "دَواء", "دوـاء"]
        {
            assert_eq!(plain(written), medicine, "{written}");
        }
        assert_eq!(plain("التهاب"), plain("بالتهاب"));
        assert_eq!(plain("أنت"), plain("انت"));
        assert_eq!(plain("وجع"), " وجع ", "too short to lose a letter");
    }

    #[test]
    fn words_begin_where_they_are_written() {
        let text = "¿Qué tal? 您好5mg d'eau";
        let mut found = Vec::new();
        for_each_plain_word(text, |start, word| found.push((text[start..].chars().next().unwrap(), word.to_owned())));
        let expected =
            [('Q', "que"), ('t', "tal"), ('您', "您"), ('好', "好"), ('5', "5"), ('m', "mg"), ('d', "d"), ('e', "eau")];
        assert_eq!(found, expected.map(|(letter, word)| (letter, word.to_owned())));
    }
}
