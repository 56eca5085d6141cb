//! Reading a question: what it is about, and what kind of fact it asks for.

mod intents;
mod manner;
mod spelling;

pub use intents::{Intent, answers, intents};
pub use manner::{Manner, counts};
pub use spelling::Spelling;

use std::{fmt, sync::OnceLock};

use crate::{
    encoder::{self, Meaning},
    language::{LEXICON, MEANINGS, Tongue, Word, spelled_out, stem, words},
};

/// How much a word in a phrase counts when only the word is found.
const PART_OF_PHRASE: f32 = 0.45;
/// How much a corrected word counts: the patient may have meant another.
const CORRECTED: f32 = 0.9;
/// How much an everyday word is missed in an article.
const BACKGROUND_MISSED: f32 = 0.15;
/// How much an everyday word counts where it is found.
const BACKGROUND_WEIGHT: f32 = 0.4;
/// How much a word for a relative counts where it is found: any of them may visit, pay or ask.
const KIN_WEIGHT: f32 = 0.12;
/// How much an everyday word is missed where the question holds no other.
const ONLY_BACKGROUND_MISSED: f32 = 0.6;
/// How much a name is missed: it is about that hospital, street or medicine or none.
const NAME_MISSED: f32 = 1.4;
/// How much the name of another organisation is missed: what holds here need not hold there.
const ANOTHER_ORGANISATION_MISSED: f32 = 2.5;

/// One thing a question is about, in all the words it may be written in.
#[derive(Clone, PartialEq)]
pub struct Concept {
    /// The word itself, as written or corrected. None for a phrase.
    pub word: Option<String>,
    /// Index terms, each with how much finding it counts. The patient's own word comes first, with 1.
    pub alternatives: Vec<(String, f32)>,
    /// Index terms of like meaning, weaker than any alternative.
    pub near: Vec<(String, f32)>,
    /// How much its absence counts against an article: 1 for an ordinary word, 0 for one carried over.
    pub missed: f32,
    /// How much it counts in ranking: 1 for the question's own, less for one carried over from an earlier question.
    pub weight: f32,
}

/// A question as the index understands it.
#[derive(Clone, Default, PartialEq)]
pub struct Question {
    pub concepts: Vec<Concept>,
    pub intents: Vec<Intent>,
    /// The stems of all its words, small ones too.
    pub stems: Vec<String>,
    /// Whether the question names anything an article could be about.
    pub has_subject: bool,
    /// How it is put.
    pub manner: Manner,
    /// As it was written, without typing mistakes and short spellings.
    text: String,
    /// The same after the question it leans on.
    in_context: Option<String>,
    meaning: OnceLock<Meaning>,
}

/// Both hold a patient's words.
impl fmt::Debug for Concept {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Concept([redacted])")
    }
}

impl fmt::Debug for Question {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Question").field("intents", &self.intents).finish_non_exhaustive()
    }
}

impl Question {
    /// Reads a question against the vocabulary it will be matched with. The hospital's own name says nothing there.
    pub fn read(text: &str, spelling: &Spelling, hospital_name: &str) -> Self {
        let own_name: Vec<String> = words(hospital_name).into_iter().map(|word| stem(&word.text)).collect();
        let written = words(text);
        let words: Vec<Word> = written.iter().cloned().flat_map(spelled_out).collect();
        let is_shortened = words != written;
        let words: Vec<Word> = words.into_iter().flat_map(|word| spelling.divide(word)).collect();
        let corrected: Vec<(Word, bool)> = words.iter().map(|word| spelling.correct(word)).collect();
        let stems: Vec<String> = corrected.iter().map(|(word, _)| stem(&word.text)).collect();
        let mut concepts: Vec<Concept> = Vec::new();
        let mut position = 0;
        while position < stems.len() {
            let phrase = LEXICON.phrases_at(&stems[position..]).next();
            let length = phrase.map_or(1, <[String]>::len);
            let span = position..position + length;
            position += length;
            let concept = match phrase {
                Some(phrase) => phrase_concept(phrase, &corrected[span]),
                None => word_concept(&corrected[span.start], &stems[span.start], spelling, &own_name),
            };
            concepts.extend(concept.filter(|concept| !concepts.iter().any(|known| known.is_same(concept))));
        }
        forgive_another_language(&mut concepts, spelling);
        see_means_visit(&mut concepts);
        concepts.extend(another_organisation(&words, &own_name));
        let has_subject = concepts.iter().any(|concept| concept.missed >= 1.0 && !concept.is_intent());
        if !has_subject {
            for concept in &mut concepts {
                concept.weight = 1.0;
                concept.missed = concept.missed.max(ONLY_BACKGROUND_MISSED);
            }
        }
        let text_read = if is_shortened || corrected.iter().any(|(_, is_corrected)| *is_corrected) {
            let words: Vec<&str> = corrected.iter().map(|(word, _)| word.text.as_str()).collect();
            words.join(" ")
        } else {
            text.to_owned()
        };
        let intents = intents(text);
        let manner = Manner::of(&text_read);
        Self {
            concepts,
            intents,
            stems,
            has_subject,
            manner,
            text: text_read,
            in_context: None,
            meaning: OnceLock::new(),
        }
    }

    /// Reads its words in these languages as well, since nobody says in which it is written.
    pub fn read_in(&mut self, tongues: &[Tongue]) {
        if tongues.is_empty() {
            return;
        }
        let is_told = |word: &String| !tongues.iter().any(|tongue| tongue.is_stop_word(word));
        self.concepts.retain(|concept| concept.word.as_ref().is_none_or(is_told));
        for concept in &mut self.concepts {
            let Some(word) = &concept.word else { continue };
            for stem in tongues.iter().map(|tongue| tongue.stem(word)) {
                if !concept.alternatives.iter().any(|(known, _)| *known == stem) {
                    concept.alternatives.push((stem, 1.0));
                }
            }
        }
    }

    /// What it means: by itself, and as much by what it leans on.
    pub fn meaning(&self) -> &Meaning {
        self.meaning.get_or_init(|| {
            let texts = self.in_context.as_deref().into_iter().chain([self.text.as_str()]);
            let meanings: Vec<Meaning> = texts.map(encoder::meaning).collect();
            Meaning::between(&meanings)
        })
    }

    /// Takes another question's text before its own, and whether that has a subject.
    pub fn stand_for(&mut self, earlier: &Self) {
        self.text = format!("{} {}", earlier.text, self.text);
        self.has_subject = earlier.has_subject;
    }

    /// Lets it mean what it means after another question.
    pub fn lean_on(&mut self, earlier: &Self) {
        self.in_context = Some(format!("{} {}", earlier.text, self.text));
        self.manner.length += earlier.manner.length;
        self.meaning = OnceLock::new();
    }
}

impl Concept {
    /// Lets an everyday word count in full, where articles make it their subject.
    pub fn count_as_subject(&mut self) {
        if (self.weight - BACKGROUND_WEIGHT).abs() < f32::EPSILON {
            self.weight = 1.0;
        }
    }

    /// Every index term it may be found by, each with how much finding it counts.
    pub fn terms(&self) -> impl Iterator<Item = &(String, f32)> {
        self.alternatives.iter().chain(&self.near)
    }

    /// Whether it comes from an earlier question.
    pub fn is_carried(&self) -> bool {
        self.missed <= 0.0
    }

    /// Whether it only says what kind of fact is asked for.
    pub fn is_intent(&self) -> bool {
        const KINDS: [&str; 10] =
            ["how_much", "cost", "price", "fee", "hour", "open", "locat", "address", "phone", "number"];
        self.alternatives.first().is_some_and(|(term, _)| KINDS.contains(&term.as_str()))
    }

    fn is_same(&self, other: &Self) -> bool {
        self.alternatives.first().map(|(term, _)| term) == other.alternatives.first().map(|(term, _)| term)
    }
}

/// How many words that no table knows make a question one in another language.
const FOREIGN_WORDS: usize = 3;

/// In a question that mixes in another language, the unknown words are not missed: what is left may well be enough.
fn forgive_another_language(concepts: &mut [Concept], spelling: &Spelling) {
    let is_foreign = |concept: &Concept| {
        let is_unknown = |word: &String| !MEANINGS.knows(word) && !spelling.knows(word);
        concept.word.as_ref().is_some_and(|word| word.chars().all(char::is_alphabetic) && is_unknown(word))
    };
    if concepts.iter().filter(|concept| is_foreign(concept)).count() >= FOREIGN_WORDS {
        for concept in concepts.iter_mut().filter(|concept| is_foreign(concept)) {
            concept.missed = BACKGROUND_MISSED;
        }
    }
}

/// To see a relative is to visit; to see a record is not.
fn see_means_visit(concepts: &mut [Concept]) {
    let is_about =
        |concept: &Concept, is: &dyn Fn(&str) -> bool| concept.alternatives.first().is_some_and(|(term, _)| is(term));
    let Some(see) = concepts.iter().position(|concept| is_about(concept, &|term| term == "see")) else {
        return;
    };
    let sees_kin = concepts[see + 1..].iter().any(|concept| is_about(concept, &|term| LEXICON.is_kin(term)));
    let visit = LEXICON.related("visit").iter().cloned().chain([(String::from("visit"), 1.0)]);
    if sees_kin {
        concepts[see].alternatives = visit.collect();
        concepts[see].alternatives.reverse();
    }
}

/// The name of some other hospital or clinic, as something that the articles had better know.
fn another_organisation(words: &[Word], own_name: &[String]) -> Option<Concept> {
    const FACILITIES: [&str; 6] = ["hospital", "clinic", "medical", "health", "general", "center"];
    let run = words.chunk_by(|one, other| one.looks_like_a_name && other.looks_like_a_name).find(|run| {
        let is_facility = run.iter().any(|word| FACILITIES.contains(&word.text.as_str()));
        run.len() > 1
            && is_facility
            && !run.iter().any(|word| own_name.contains(&stem(&word.text)) && !FACILITIES.contains(&word.text.as_str()))
    })?;
    let name: Vec<String> = run.iter().map(|word| stem(&word.text)).collect();
    Some(Concept {
        word: None,
        alternatives: vec![(name.join("_"), 1.0)],
        near: Vec::new(),
        missed: ANOTHER_ORGANISATION_MISSED,
        weight: 1.0,
    })
}

fn phrase_concept(phrase: &[String], words: &[(Word, bool)]) -> Option<Concept> {
    let term = phrase.join("_");
    let mut alternatives = vec![(term.clone(), 1.0)];
    alternatives.extend(LEXICON.related(&term).iter().cloned());
    for ((word, _), stem) in words.iter().zip(phrase) {
        let says_something = !LEXICON.is_stop_word(&word.text) && !LEXICON.is_background(stem);
        if says_something && !alternatives.iter().any(|(known, _)| known == stem) {
            alternatives.push((stem.clone(), PART_OF_PHRASE));
        }
    }
    Some(Concept { word: None, alternatives, near: Vec::new(), missed: 1.0, weight: 1.0 })
}

fn word_concept(
    (word, is_corrected): &(Word, bool),
    stem: &str,
    spelling: &Spelling,
    own_name: &[String],
) -> Option<Concept> {
    if LEXICON.is_stop_word(&word.text) {
        return None;
    }
    let certainty = if *is_corrected { CORRECTED } else { 1.0 };
    let mut alternatives = vec![(stem.to_owned(), certainty)];
    alternatives.extend(LEXICON.related(stem).iter().map(|(term, weight)| (term.clone(), weight * certainty)));
    let is_number = word.text.starts_with(|character: char| character.is_ascii_digit());
    let missed =
        if is_number || LEXICON.is_background(stem) || LEXICON.is_kin(stem) || own_name.iter().any(|part| part == stem)
        {
            BACKGROUND_MISSED
        } else if word.looks_like_a_name && !spelling.knows(&word.text) {
            NAME_MISSED
        } else {
            1.0
        };
    let weight = match missed {
        _ if LEXICON.is_kin(stem) => KIN_WEIGHT,
        missed if missed < 1.0 => BACKGROUND_WEIGHT,
        _ => 1.0,
    };
    Some(Concept { word: Some(word.text.clone()), alternatives, near: Vec::new(), missed, weight })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Question {
        let spelling = Spelling::new(["appointment", "visiting", "hours", "cancel", "parking"].map(str::to_owned));
        Question::read(text, &spelling, "Grove Hospital")
    }

    fn first_terms(question: &Question) -> Vec<&str> {
        question.concepts.iter().map(|concept| concept.alternatives[0].0.as_str()).collect()
    }

    #[test]
    fn a_question_is_not_printed() {
        let question = read("cancel the secret appointment");
        assert!(!format!("{question:?} {:?}", question.concepts).contains("cancel"));
    }

    #[test]
    fn small_words_fall_away_and_phrases_stay_together() {
        assert_eq!(first_terms(&read("How do I get to the emergency room?")), ["emergenc_room"]);
        assert_eq!(first_terms(&read("When can I visit my mother?")), ["visit", "mother"]);
    }

    #[test]
    fn typing_mistakes_are_corrected_and_count_a_little_less() {
        let question = read("cancle my appointmnet");
        assert_eq!(first_terms(&question), ["cancel", "appoint"]);
        assert!(question.concepts[1].alternatives[0].1 < 1.0);
    }

    #[test]
    fn short_spellings_are_read_as_what_they_stand_for() {
        let question = read("can u cancel my appt tmrw");
        assert_eq!(first_terms(&question), ["cancel", "appoint", "tomorrow"]);
        assert_eq!(question.text, "can you cancel my appointment tomorrow");
    }

    #[test]
    fn unknown_names_are_missed_most_and_everyday_words_hardly() {
        let question = read("Can you help me find Mercy at Grove?");
        let missed: Vec<f32> = question.concepts.iter().map(|concept| concept.missed).collect();
        assert_eq!(missed, [BACKGROUND_MISSED, BACKGROUND_MISSED, NAME_MISSED, BACKGROUND_MISSED]);
        assert!(!read("Can you help me?").has_subject);
    }
}
