//! Choosing among the passages that the words found, by what they mean.
//!
//! Words find the few articles that may answer; the encoder tells which of them does. What an article's sentences mean
//! is found out when a question first needs it and kept, so that an index is built in no time.

use std::{
    collections::{HashMap, HashSet},
    ops::Range,
    sync::OnceLock,
};

use super::{Candidate, EditorsQuestion, IndexedPassage, Knowledge, KnowledgeArticle};
use crate::{
    encoder::{ENCODER, Meaning},
    language::sentences,
    question::Question,
};

/// How many articles are compared by meaning: of a hundred that answer, words alone put some 97 among the first eight.
const ARTICLES: usize = 8;
/// How many passages of each.
const PASSAGES: usize = 3;
/// How many of the questions that its editors expect: those most like the question in words.
pub(super) const QUESTIONS: usize = 4;

// How much each share of the score counts. The first four were fitted by logistic regression over the expected questions,
// each asked of an index that did not hold it, and the known test sets; then rounded. The others were chosen by hand.
const BY_WORDS: f32 = 2.6;
const BY_COVERAGE: f32 = 6.0;
const BY_TITLE: f32 = 10.0;
const BY_TEXT: f32 = 10.4;
const BY_EXPECTED: f32 = 2.5;
/// How much it counts that the question is word for word one that the editors expect. Less resemblance counts less.
const BY_RESEMBLANCE: f32 = 1.5;
/// The same for one that the passage answers.
const BY_RESEMBLANCE_HERE: f32 = 1.5;
/// From here on a resemblance is no chance.
const RESEMBLES: f32 = 0.6;
/// How much it counts that the conversation is about the article, per unit of the favour's logarithm.
const BY_FAVOUR: f32 = 3.0;

/// How alike in meaning a question and a passage are, 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Likeness {
    /// By the article's title and summary.
    pub title: f32,
    /// By the most similar sentence of the passage.
    pub text: f32,
    /// By the most similar of the questions that the editors expect.
    pub expected: f32,
}

impl Likeness {
    pub fn most(self) -> f32 {
        self.title.max(self.text).max(self.expected)
    }
}

/// Texts of the articles with their meanings, as far as anybody needed them.
pub struct Meanings {
    texts: Vec<String>,
    meanings: Vec<OnceLock<Meaning>>,
    /// Where the editors' questions begin; before them stand the articles' titles and summaries.
    first_question: usize,
    /// Each passage's sentences.
    sentences: Vec<Range<usize>>,
}

impl Meanings {
    pub fn new(articles: &[KnowledgeArticle], questions: &[EditorsQuestion], passages: &[IndexedPassage]) -> Self {
        let titles = articles.iter().map(|article| format!("{}. {}", article.title, article.summary));
        let mut texts: Vec<String> = titles.chain(questions.iter().map(|question| question.text.clone())).collect();
        let sentences = passages.iter().map(|passage| {
            let first = texts.len();
            texts.extend(sentences_of(passage, articles));
            first..texts.len()
        });
        let sentences = sentences.collect();
        let meanings = texts.iter().map(|_| OnceLock::new()).collect();
        Self { texts, meanings, first_question: articles.len(), sentences }
    }

    /// Finds out what some texts mean, all at once: that is much faster than one by one.
    fn learn(&self, texts: impl Iterator<Item = usize>) {
        let unknown: HashSet<usize> = texts.filter(|text| self.meanings[*text].get().is_none()).collect();
        let unknown: Vec<usize> = unknown.into_iter().collect();
        let texts: Vec<&str> = unknown.iter().map(|text| self.texts[*text].as_str()).collect();
        for (text, meaning) in unknown.into_iter().zip(ENCODER.encode(&texts)) {
            // Another question may have been quicker, and found the same.
            self.meanings[text].get_or_init(|| meaning);
        }
    }

    /// How alike a meaning and the most similar of some texts are.
    fn likeness(&self, meaning: &Meaning, texts: impl Iterator<Item = usize>) -> f32 {
        let known = texts.filter_map(|text| self.meanings[text].get());
        known.map(|other| meaning.likeness(other)).fold(0.0, f32::max)
    }
}

impl Knowledge {
    /// Passages that may answer the question, best first. `favoured` is an article the conversation is about, and how
    /// much that is worth.
    pub fn rank(&self, question: &Question, favoured: Option<(usize, f32)>) -> Vec<Candidate> {
        let mut candidates = foremost(self.rank_by_words(question, favoured));
        let Some(best) = candidates.first().map(|candidate| candidate.score.max(f32::EPSILON)) else {
            return candidates;
        };
        let known = &self.meanings;
        let resembling = self.most_resembling(question);
        let expected = |article: usize| {
            let questions = resembling.get(&article).map_or(&[][..], Vec::as_slice);
            questions.iter().map(|question| known.first_question + question)
        };
        known.learn(candidates.iter().flat_map(|candidate| {
            let sentences = known.sentences[candidate.passage].clone();
            sentences.chain(expected(candidate.article)).chain([candidate.article])
        }));
        let meaning = question.meaning();
        for candidate in &mut candidates {
            let likeness = Likeness {
                title: known.likeness(meaning, [candidate.article].into_iter()),
                text: known.likeness(meaning, known.sentences[candidate.passage].clone()),
                expected: known.likeness(meaning, expected(candidate.article)),
            };
            let favour = favoured.filter(|(article, _)| *article == candidate.article).map_or(0.0, |(_, worth)| worth);
            candidate.likeness = likeness;
            candidate.score = BY_WORDS * candidate.score / best
                + BY_COVERAGE * candidate.coverage
                + BY_TITLE * likeness.title
                + BY_TEXT * likeness.text
                + BY_EXPECTED * likeness.expected
                + BY_RESEMBLANCE * beyond_chance(candidate.resemblance)
                + BY_RESEMBLANCE_HERE * beyond_chance(candidate.resemblance_here)
                + BY_FAVOUR * favour.ln_1p();
        }
        candidates.sort_by(|one, other| other.score.total_cmp(&one.score).then(one.passage.cmp(&other.passage)));
        candidates
    }
}

fn beyond_chance(resemblance: f32) -> f32 {
    ((resemblance - RESEMBLES) / (1.0 - RESEMBLES)).max(0.0)
}

/// The best passages of the best articles, in order.
fn foremost(ranked: Vec<Candidate>) -> Vec<Candidate> {
    let mut taken: HashMap<usize, usize> = HashMap::with_capacity(ARTICLES);
    let mut take = |article: usize| {
        if taken.len() == ARTICLES && !taken.contains_key(&article) {
            return false;
        }
        let passages = taken.entry(article).or_default();
        *passages += 1;
        *passages <= PASSAGES
    };
    ranked.into_iter().filter(|candidate| take(candidate.article)).collect()
}

/// A passage's sentences, each after the heading it stands under.
fn sentences_of(passage: &IndexedPassage, articles: &[KnowledgeArticle]) -> Vec<String> {
    let heading = passage.passage.heading.as_deref().unwrap_or(&articles[passage.article].title);
    let text = passage.passage.plain_text();
    text.lines().flat_map(sentences).map(|sentence| format!("{heading}: {sentence}")).collect()
}
