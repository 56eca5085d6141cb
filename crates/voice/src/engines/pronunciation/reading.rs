//! How a word sounds that nobody has written down: what its letters sound like in most words, or their names.

/// What letters sound like together, the longest first. A silent one has no sound.
const TOGETHER: [(&str, &str); 44] = [
    ("tion", "ʃən"),
    ("sion", "ʒən"),
    ("ough", "ʌf"),
    ("eigh", "A"),
    ("igh", "I"),
    ("sch", "sk"),
    ("tch", "ʧ"),
    ("ae", "i"),
    ("ai", "A"),
    ("au", "ɔ"),
    ("ay", "A"),
    ("ce", "sə"),
    ("ch", "ʧ"),
    ("ci", "sɪ"),
    ("ck", "k"),
    ("cy", "sI"),
    ("dg", "ʤ"),
    ("ea", "i"),
    ("ee", "i"),
    ("eu", "ju"),
    ("ew", "ju"),
    ("ey", "i"),
    ("gh", "ɡ"),
    ("ie", "i"),
    ("kn", "n"),
    ("ng", "ŋ"),
    ("oa", "O"),
    ("oi", "Y"),
    ("oo", "u"),
    ("ou", "W"),
    ("ow", "O"),
    ("oy", "Y"),
    ("ph", "f"),
    ("ps", "s"),
    ("qu", "kw"),
    ("rh", "ɹ"),
    ("sh", "ʃ"),
    ("th", "θ"),
    ("tz", "ts"),
    ("ue", "u"),
    ("wh", "w"),
    ("wr", "ɹ"),
    ("x", "ks"),
    ("y", "i"),
];
const ALONE: [(char, &str); 24] = [
    ('a', "æ"),
    ('b', "b"),
    ('c', "k"),
    ('d', "d"),
    ('e', "ɛ"),
    ('f', "f"),
    ('g', "ɡ"),
    ('h', "h"),
    ('i', "ɪ"),
    ('j', "ʤ"),
    ('k', "k"),
    ('l', "l"),
    ('m', "m"),
    ('n', "n"),
    ('o', "ə"),
    ('p', "p"),
    ('q', "k"),
    ('r', "ɹ"),
    ('s', "s"),
    ('t', "t"),
    ('u', "ʌ"),
    ('v', "v"),
    ('w', "w"),
    ('z', "z"),
];
/// The names of letters and digits.
const NAMES: [(char, &str); 36] = [
    ('a', "ˈA"),
    ('b', "bˈi"),
    ('c', "sˈi"),
    ('d', "dˈi"),
    ('e', "ˈi"),
    ('f', "ˈɛf"),
    ('g', "ʤˈi"),
    ('h', "ˈAʧ"),
    ('i', "ˈI"),
    ('j', "ʤˈA"),
    ('k', "kˈA"),
    ('l', "ˈɛl"),
    ('m', "ˈɛm"),
    ('n', "ˈɛn"),
    ('o', "ˈO"),
    ('p', "pˈi"),
    ('q', "kjˈu"),
    ('r', "ˈɑɹ"),
    ('s', "ˈɛs"),
    ('t', "tˈi"),
    ('u', "jˈu"),
    ('v', "vˈi"),
    ('w', "dˈʌbᵊlju"),
    ('x', "ˈɛks"),
    ('y', "wˈI"),
    ('z', "zˈi"),
    ('0', "zˈiɹO"),
    ('1', "wˈʌn"),
    ('2', "tˈu"),
    ('3', "θɹˈi"),
    ('4', "fˈɔɹ"),
    ('5', "fˈIv"),
    ('6', "sˈɪks"),
    ('7', "sˈɛvən"),
    ('8', "ˈAt"),
    ('9', "nˈIn"),
];
/// Letters with marks, and the plain ones that sound most like them.
const MARKED: [(&str, &str); 8] = [
    ("áàâãå", "a"),
    ("äæ", "ae"),
    ("éèêë", "e"),
    ("íìîï", "i"),
    ("óòôõø", "o"),
    ("ö", "oe"),
    ("úùûü", "u"),
    ("çñß", "s"),
];
/// Letters that a word can be read with. One that has fewer, or none, is said letter by letter.
const VOWELS: &str = "aeiouy";
/// Bytes of a word in capitals that is said letter by letter.
const LONGEST_ABBREVIATION: usize = 5;
const STRESS: char = 'ˈ';
const VOWEL_SOUNDS: &str = "æɛɪəʌAIOWYiuɔɑ";

/// How a word that is in no dictionary is said. Marks that are no letters and no digits are not.
pub fn read_out(word: &str) -> String {
    let plain: String = word.to_lowercase().chars().flat_map(without_mark).collect();
    let letters: String = plain.chars().filter(char::is_ascii_alphanumeric).collect();
    let has_digit = letters.bytes().any(|byte| byte.is_ascii_digit());
    let vowels = letters.chars().filter(|letter| VOWELS.contains(*letter)).count();
    let is_abbreviation = word.len() <= LONGEST_ABBREVIATION && !word.chars().any(char::is_lowercase);
    // Codes have few of them.
    if has_digit || is_abbreviation || vowels * 5 < letters.len() || letters.len() < 3 {
        return letters.chars().map(name).collect::<Vec<_>>().join(" ");
    }
    stressed(&as_read(&letters))
}

fn without_mark(letter: char) -> Vec<char> {
    let plain = MARKED.iter().find(|(marked, _)| marked.contains(letter));
    plain.map_or_else(|| vec![letter], |(_, plain)| plain.chars().collect())
}

fn name(letter: char) -> &'static str {
    NAMES.iter().find(|(known, _)| *known == letter).map_or("", |(_, name)| name)
}

fn as_read(word: &str) -> String {
    let mut sounds = String::new();
    let mut rest = word;
    while let Some(letter) = rest.chars().next() {
        // A letter that comes twice sounds once.
        let twice = rest.chars().nth(1) == Some(letter) && !VOWELS.contains(letter);
        // So does not the e at the end.
        if rest == "e" && !sounds.is_empty() {
            break;
        }
        let (taken, sound) = match TOGETHER.iter().find(|(letters, _)| rest.starts_with(letters)) {
            Some((letters, sound)) => (letters.len(), *sound),
            None => {
                (letter.len_utf8(), ALONE.iter().find(|(known, _)| *known == letter).map_or("", |(_, sound)| sound))
            }
        };
        sounds.push_str(sound);
        rest = &rest[taken + usize::from(twice && taken == 1)..];
    }
    sounds
}

/// With the stress where long words mostly have it: on the third syllable from the end.
fn stressed(sounds: &str) -> String {
    let vowels: Vec<usize> =
        sounds.char_indices().filter(|(_, sound)| VOWEL_SOUNDS.contains(*sound)).map(|(at, _)| at).collect();
    let Some(at) = vowels.get(vowels.len().saturating_sub(3)) else { return sounds.to_owned() };
    let (before, after) = sounds.split_at(*at);
    format!("{before}{STRESS}{after}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_read_and_an_abbreviation_spelled() {
        assert_eq!(read_out("metoprolol"), "mɛtˈəpɹələl");
        assert_eq!(read_out("EKG"), "ˈi kˈA ʤˈi");
        assert_eq!(read_out("B12"), "bˈi wˈʌn tˈu");
        assert_eq!(read_out("Zürich"), read_out("zurich"));
    }

    #[test]
    fn every_letter_has_a_sound() {
        for letter in 'a'..='z' {
            assert!(!name(letter).is_empty() && !as_read(&letter.to_string()).is_empty() || letter == 'e', "{letter}");
        }
    }
}
