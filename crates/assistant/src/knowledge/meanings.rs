//! What the articles' texts mean, as far as it is known.
//!
//! Reading them all takes seconds, so an index is built without it: [`Knowledge::learn_all`] reads in the background, and a
//! question that comes sooner reads what it needs.

use std::{
    collections::{HashMap, HashSet},
    ops::Range,
    sync::{
        Mutex, OnceLock, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use super::{IndexedPassage, Knowledge, KnowledgeArticle, resemblance::EditorsQuestion};
use crate::{
    encoder::{ENCODER, FINGERPRINT, Meaning, WRITTEN, aside, hash},
    language::sentences,
};

/// How many texts are read before somebody else may have the processor, or the index may be dropped: a third of a second.
const AT_ONCE: usize = 48;
/// How many bytes stand for a text where its meaning is written down.
const TEXT: usize = size_of::<u64>();
/// Of several indexes, one is read at a time, so that the other cores answer patients.
static READING: Mutex<()> = Mutex::new(());

/// Texts of the articles with their meanings.
pub struct Meanings {
    /// Titles with summaries, the editors' questions, the passages' sentences.
    texts: Vec<String>,
    meanings: Vec<OnceLock<Meaning>>,
    are_all_known: AtomicBool,
    /// Each article's expected questions.
    questions: Vec<Range<usize>>,
    /// Each passage's sentences.
    sentences: Vec<Range<usize>>,
}

impl Meanings {
    /// The questions are those of the first article, then those of the second, and so on.
    pub fn new(articles: &[KnowledgeArticle], questions: &[EditorsQuestion], passages: &[IndexedPassage]) -> Self {
        let titles = articles.iter().map(|article| format!("{}. {}", article.title, article.summary));
        let mut texts: Vec<String> = titles.chain(questions.iter().map(|question| question.text.clone())).collect();
        let of_article = |article: usize| {
            let first = questions.partition_point(|question| question.article < article);
            let behind = questions.partition_point(|question| question.article <= article);
            articles.len() + first..articles.len() + behind
        };
        let questions = (0..articles.len()).map(of_article).collect();
        let sentences = passages.iter().map(|passage| {
            let first = texts.len();
            texts.extend(sentences_of(passage, articles));
            first..texts.len()
        });
        let sentences = sentences.collect();
        let meanings = texts.iter().map(|_| OnceLock::new()).collect();
        Self { texts, meanings, are_all_known: AtomicBool::new(false), questions, sentences }
    }

    /// The place of an article's title and summary.
    pub fn title(&self, article: usize) -> usize {
        article
    }

    /// The places of the questions that an article's editors expect.
    pub fn questions(&self, article: usize) -> Range<usize> {
        self.questions[article].clone()
    }

    /// The place of the question with this number among those of all articles.
    pub fn question(&self, number: usize) -> usize {
        self.questions.len() + number
    }

    /// The places of a passage's sentences.
    pub fn sentences(&self, passage: usize) -> Range<usize> {
        self.sentences[passage].clone()
    }

    pub fn are_all_known(&self) -> bool {
        self.are_all_known.load(Ordering::Relaxed)
    }

    /// Finds out what some texts mean, all at once: that is much faster than one by one.
    pub fn learn(&self, texts: impl Iterator<Item = usize>) {
        let unknown: HashSet<usize> = texts.filter(|text| self.meanings[*text].get().is_none()).collect();
        if unknown.is_empty() {
            return;
        }
        let unknown: Vec<usize> = unknown.into_iter().collect();
        let texts: Vec<&str> = unknown.iter().map(|text| self.texts[*text].as_str()).collect();
        for (text, meaning) in unknown.into_iter().zip(aside(|| ENCODER.encode(&texts))) {
            // Another question may have been quicker, and found the same.
            self.meanings[text].get_or_init(|| meaning);
        }
    }

    /// How alike a meaning and each of some texts are that are known.
    pub fn likenesses(&self, meaning: &Meaning, texts: impl Iterator<Item = usize>) -> impl Iterator<Item = f32> {
        let known = texts.filter_map(|text| self.meanings[text].get());
        known.map(|other| meaning.likeness(other).max(0.0))
    }

    /// How alike a meaning and the most similar of some texts are.
    pub fn likeness(&self, meaning: &Meaning, texts: impl Iterator<Item = usize>) -> f32 {
        self.likenesses(meaning, texts).fold(0.0, f32::max)
    }
}

impl Knowledge {
    /// Finds out what all texts of the articles mean. Takes some 5 ms a sentence; until it is done, answers are found with
    /// what is known by then.
    pub fn learn_all(&self) {
        while self.learn_more() {}
    }

    /// Whether there is nothing to learn, so that the same question is answered in the same way from now on.
    pub fn knows_all(&self) -> bool {
        self.meanings.are_all_known()
    }

    /// The next part of that. Says whether anything is left.
    pub fn learn_more(&self) -> bool {
        let _one_at_a_time = READING.lock().unwrap_or_else(PoisonError::into_inner);
        let known = &self.meanings;
        let mut unknown = (0..known.texts.len()).filter(|text| known.meanings[*text].get().is_none());
        known.learn(unknown.by_ref().take(AT_ONCE));
        let is_any_left = unknown.next().is_some();
        known.are_all_known.store(!is_any_left, Ordering::Relaxed);
        is_any_left
    }

    /// What is known of the texts, to be kept for [`Knowledge::recalling`].
    pub fn learned(&self) -> Vec<u8> {
        let known = self.meanings.texts.iter().zip(&self.meanings.meanings);
        let entries = known.filter_map(|(text, meaning)| Some((text, meaning.get()?)));
        let mut learned = FINGERPRINT.to_le_bytes().to_vec();
        for (text, meaning) in entries {
            learned.extend(hash(text).to_le_bytes());
            learned.extend(meaning.written());
        }
        learned
    }

    /// Takes over what was learned before this process began. What is of another encoder, or damaged, is passed over.
    #[must_use]
    pub fn recalling(self, learned: &[u8]) -> Self {
        let entries = learned.strip_prefix(&FINGERPRINT.to_le_bytes()).unwrap_or_default();
        let known: HashMap<&[u8], &[u8]> =
            entries.chunks_exact(TEXT + WRITTEN).map(|entry| entry.split_at(TEXT)).collect();
        self.filled(|text| known.get(hash(text).to_le_bytes().as_slice()).map(|written| Meaning::read(written)))
    }

    /// Takes over what an earlier index knows about texts that this one holds as well.
    #[must_use]
    pub fn remembering(self, earlier: &Self) -> Self {
        let places: HashMap<&str, &OnceLock<Meaning>> =
            earlier.meanings.texts.iter().map(String::as_str).zip(&earlier.meanings.meanings).collect();
        self.filled(|text| places.get(text).and_then(|known| known.get()).cloned())
    }

    fn filled(self, known: impl Fn(&str) -> Option<Meaning>) -> Self {
        let mut are_all_known = true;
        for (text, place) in self.meanings.texts.iter().zip(&self.meanings.meanings) {
            match known(text) {
                Some(meaning) => drop(place.get_or_init(|| meaning)),
                None => are_all_known &= place.get().is_some(),
            }
        }
        self.meanings.are_all_known.store(are_all_known, Ordering::Relaxed);
        self
    }
}

/// A passage's sentences, each after the heading it stands under.
fn sentences_of(passage: &IndexedPassage, articles: &[KnowledgeArticle]) -> Vec<String> {
    let heading = passage.passage.heading.as_deref().unwrap_or(&articles[passage.article].title);
    passage.text.lines().flat_map(sentences).map(|sentence| format!("{heading}: {sentence}")).collect()
}

#[cfg(test)]
mod tests {
    use kuzushi_domain::Id;

    use super::*;

    fn index(title: &str, body: &str) -> Knowledge {
        let article = KnowledgeArticle {
            id: Id::generate(),
            slug: "parking".to_owned(),
            title: title.to_owned(),
            summary: String::new(),
            url: None,
            questions: vec!["Where can I leave my car?".to_owned()],
            body: body.to_owned(),
            locale: "en-US".to_owned(),
        };
        Knowledge::index(vec![article])
    }

    fn known(knowledge: &Knowledge) -> usize {
        knowledge.meanings.meanings.iter().filter(|meaning| meaning.get().is_some()).count()
    }

    #[test]
    fn an_index_is_read_in_parts_up_to_the_end() {
        let body: Vec<String> = (0..AT_ONCE).map(|number| format!("Level {number} is open.")).collect();
        let knowledge = index("Parking", &body.join(" "));
        assert_eq!(known(&knowledge), 0);
        assert!(knowledge.learn_more());
        assert_eq!(known(&knowledge), AT_ONCE);
        knowledge.learn_all();
        assert_eq!(known(&knowledge), AT_ONCE + 2);
        assert!(!knowledge.learn_more());
    }

    #[test]
    fn what_did_not_change_is_not_read_again() {
        let earlier = index("Parking", "Park in the garage. It is free.");
        earlier.learn_all();
        let later = index("Parking", "Park in the garage. It costs $2.").remembering(&earlier);
        assert_eq!((known(&later), later.meanings.texts.len()), (3, 4));
    }
    #[test]
    fn what_was_learned_is_recalled_in_another_process() {
        let body = "Park in the garage. It is free.";
        let earlier = index("Parking", body);
        assert_eq!(known(&index("Parking", body).recalling(&earlier.learned())), 0);
        earlier.learn_all();
        let learned = earlier.learned();
        let later = index("Parking", body).recalling(&learned);
        assert!(later.knows_all());
        assert!(later.learned() == learned);
        let changed = index("Parking", "Park in the garage. It costs $2.").recalling(&learned);
        assert_eq!((known(&changed), changed.knows_all()), (3, false));
    }

    #[test]
    fn what_is_damaged_or_of_another_encoder_is_not_recalled() {
        let earlier = index("Parking", "Park in the garage.");
        earlier.learn_all();
        let mut learned = earlier.learned();
        for part in [0, 5, 8, 9] {
            assert_eq!(known(&index("Parking", "Park in the garage.").recalling(&learned[..part])), 0);
        }
        learned[0] ^= 1;
        assert_eq!(known(&index("Parking", "Park in the garage.").recalling(&learned)), 0);
    }
}
