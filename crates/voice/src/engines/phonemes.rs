//! One way of writing sounds in terms of another: the dictionaries' into eSpeak's, which the voice was trained on.

/// Sounds of one letter there and of several, or of another, here.
const LETTERS: [(char, &str); 15] = [
    ('A', "eɪ"),
    ('I', "aɪ"),
    ('O', "oʊ"),
    ('Q', "əʊ"),
    ('W', "aʊ"),
    ('Y', "ɔɪ"),
    ('ʤ', "dʒ"),
    ('ʧ', "tʃ"),
    ('T', "ɾ"),
    ('ᵊ', "ə"),
    ('ɑ', "ɑː"),
    ('ɔ', "ɔː"),
    ('u', "uː"),
    ('ɡ', "ɡ"),
    ('g', "ɡ"),
];
const VOWELS: &str = "aeiouɑɔəɛɪʊʌæɜɐAIOQWYᵻᵊ";
const STRESS: [char; 2] = ['ˈ', 'ˌ'];

/// The same sounds as eSpeak writes them. Whatever both write alike stays.
pub fn as_espeak_writes(sounds: &str) -> String {
    let sounds: Vec<char> = sounds.chars().collect();
    let at = |index: usize| sounds.get(index).copied().unwrap_or(' ');
    let mut written = String::with_capacity(sounds.len() * 2);
    let mut index = 0;
    while index < sounds.len() {
        let (before, sound, next) = (at(index.wrapping_sub(1)), at(index), at(index + 1));
        let before_vowel = VOWELS.contains(at(index + 2)) || STRESS.contains(&at(index + 2));
        match sound {
            // A vowel and the r after it are one sound, unless the r begins the next syllable.
            'ɜ' if next == 'ɹ' => {
                written.push_str(if before_vowel { "ɜːɹ" } else { "ɜː" });
                index += 1;
            }
            'ə' if next == 'ɹ' && !before_vowel => {
                written.push('ɚ');
                index += 1;
            }
            // At the end of a word, and without stress, it is short.
            'i' if STRESS.contains(&before) || next.is_alphabetic() => written.push_str("iː"),
            _ => match LETTERS.iter().find(|(letter, _)| *letter == sound) {
                Some((_, several)) => written.push_str(several),
                None => written.push(sound),
            },
        }
        index += 1;
    }
    written
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sounds_are_written_as_the_voice_knows_them() {
        for (there, here) in [
            ("vˈɪzəTɪŋ ˈWəɹz", "vˈɪzəɾɪŋ ˈaʊɚz"),
            ("nˈɜɹs", "nˈɜːs"),
            ("hˈɜɹi", "hˈɜːɹi"),
            ("sˈi", "sˈiː"),
            ("ʤˈæɹ", "dʒˈæɹ"),
            ("ˈɑpəɹˌA", "ˈɑːpəɹˌeɪ"),
        ] {
            assert_eq!(as_espeak_writes(there), here);
        }
    }
}
