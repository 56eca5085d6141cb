//! Pieces of words and pairs of words of a sentence, each as a number.

/// How many numbers there are; two pieces may have the same.
pub const BUCKETS: usize = 1 << 14;
/// How much pieces and pairs count beside words and pairs with a word between them.
const WEIGHT_OF_PIECES: f32 = 0.7;
/// How many letters a piece has.
const PIECES: [usize; 2] = [4, 5];
/// What is read of a text. A sentence is never as long.
const MOST_WORDS: usize = 120;
/// What stands for any number, and for a question mark.
pub const NUMBER: &str = "#";
pub const QUESTION: &str = "?";

/// What the regression over words reads of a sentence.
pub struct Features {
    pub words: Vec<String>,
    /// Numbers below [`BUCKETS`], each with how much it counts.
    pub counted: Vec<(usize, f32)>,
}

impl Features {
    pub fn of(text: &str) -> Self {
        let words = words(text);
        let mut wide: Vec<usize> = words.iter().map(|word| bucket("w", &[word])).collect();
        wide.extend(words.windows(3).map(|run| bucket("s", &[&run[0], &run[2]])));
        let ends = |at: usize| if at == 0 { "<" } else { ">" };
        let pair = |at: usize| {
            let before = at.checked_sub(1).map_or(ends(0), |before| words[before].as_str());
            let after = words.get(at).map_or(ends(1), String::as_str);
            bucket("b", &[before, after])
        };
        let mut close: Vec<usize> = (0..=words.len()).map(pair).collect();
        let text = format!(" {} ", words.join(" "));
        // Where each letter begins, and the text's end.
        let places: Vec<usize> = text.char_indices().map(|(place, _)| place).chain([text.len()]).collect();
        for length in PIECES {
            close.extend(places.windows(length + 1).map(|run| bucket("c", &[&text[run[0]..run[length]]])));
        }
        let mut counted = Vec::with_capacity(wide.len() + close.len());
        for (mut numbers, weight) in [(wide, 1.0), (close, WEIGHT_OF_PIECES)] {
            numbers.sort_unstable();
            numbers.dedup();
            let each = weight / (numbers.len().max(1) as f32).sqrt();
            counted.extend(numbers.into_iter().map(|number| (number, each)));
        }
        // Sums of floats depend on their order.
        counted.sort_by_key(|(number, _)| *number);
        Self { words, counted }
    }
}

/// Words in lower case without apostrophes, numbers as [`NUMBER`], and question marks.
fn words(text: &str) -> Vec<String> {
    #[derive(PartialEq)]
    enum Sort {
        Letter,
        Figure,
        Other,
    }
    let mut words: Vec<String> = Vec::new();
    let mut last = Sort::Other;
    for letter in text.chars().filter(|letter| !matches!(letter, '\'' | '\u{2019}')).flat_map(char::to_lowercase) {
        let sort = match letter {
            letter if letter.is_alphabetic() => Sort::Letter,
            letter if letter.is_ascii_digit() => Sort::Figure,
            _ => Sort::Other,
        };
        match sort {
            Sort::Letter if last == Sort::Letter => words.last_mut().into_iter().for_each(|word| word.push(letter)),
            Sort::Letter => words.push(letter.to_string()),
            Sort::Figure if last != Sort::Figure => words.push(NUMBER.to_owned()),
            Sort::Other if letter == '?' => words.push(QUESTION.to_owned()),
            _ => {}
        }
        last = sort;
        if words.len() > MOST_WORDS {
            words.truncate(MOST_WORDS);
            break;
        }
    }
    words
}

/// FNV-1a, which is the same everywhere and always.
pub fn bucket(sort: &str, parts: &[&str]) -> usize {
    let mut hash = 0x811c_9dc5_u32;
    for part in std::iter::once(sort).chain(parts.iter().copied()) {
        for byte in part.bytes().chain(std::iter::once(0)) {
            hash = (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193);
        }
    }
    // The lowest bits of this hash are its weakest.
    ((hash >> 16) ^ hash) as usize % BUCKETS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_read_without_what_varies() {
        assert_eq!(
            words("I can\u{2019}t  BREATHE! 36weeks, 38.5?"),
            ["i", "cant", "breathe", "#", "weeks", "#", "#", "?"]
        );
        assert!(words("").is_empty());
        assert_eq!(words(&"no ".repeat(5_000)).len(), MOST_WORDS);
    }

    #[test]
    fn features_are_the_same_each_time_and_of_one_length() {
        let features = Features::of("my baby is not breathing");
        assert_eq!(features.counted, Features::of("My baby is NOT breathing").counted);
        let length: f32 = features.counted.iter().map(|(_, weight)| weight * weight).sum();
        assert!((length - 1.0 - WEIGHT_OF_PIECES * WEIGHT_OF_PIECES).abs() < 1e-3, "{length}");
        assert!(features.counted.iter().all(|(number, _)| *number < BUCKETS));
        assert_eq!(Features::of("").counted.len(), 1);
    }
}
