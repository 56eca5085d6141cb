//! Finding the passage that answers a question, and judging how well it does.

use std::{collections::HashMap, ops::Range};

use super::{IndexedPassage, Knowledge, Likeness, fields::FieldIndex};
use crate::question::{Concept, Question};

/// What the whole article adds to the score of one of its passages.
const ARTICLE_SHARE: f32 = 1.0;
/// What it adds to resemble a question the editors expect, per unit of the question's weight.
const RESEMBLANCE_SHARE: f32 = 1.6;
/// What it adds, relatively, to hold the kind of fact that is asked for.
const FACT_BONUS: f32 = 0.1;
/// What it adds, relatively, when the heading promises that kind of fact.
const PROMISE_BONUS: f32 = 0.3;
/// The same for the article's title.
const TITLE_PROMISE_BONUS: f32 = 0.15;
/// What it adds, relatively, that the question uses the heading's words, the small ones too.
const SAME_WORDS_BONUS: f32 = 0.12;
/// How much of a passage's score depends on how much of the question it covers.
const COVERAGE_SHARE: f32 = 0.5;
/// What it adds, relatively, to open an article: the first section speaks of what most people ask for.
const OPENING_BONUS: f32 = 0.1;
/// What it costs, relatively, that the article's title speaks of what the question does not ask.
const TITLE_BESIDE_THE_POINT: f32 = 0.15;
/// What it costs, relatively, that a heading speaks of nothing but what the question does not ask.
const BESIDE_THE_POINT: f32 = 0.15;
/// The information of a word that no article has.
const UNKNOWN: f32 = 4.6;
/// The most information a word may carry. Without a limit, one unusual word would silence a question full of usual ones.
const RAREST: f32 = 3.6;
/// How much a word counts as found when it stands elsewhere in the passage's article.
const FOUND_ELSEWHERE: f32 = 0.65;
/// How much of its weight a word carried over has within an article: it tells the article, the new words the passage.
const CARRIED_IN_PASSAGE: f32 = 0.4;
/// How much a word counts as found when it stands in some question that the article's editors expect.
const ASKED_ELSEWHERE: f32 = 0.6;
/// How much better than the others a passage must be to answer an editors' question rather than an earlier one.
const STANDS_OUT: f32 = 1.1;

/// A passage that may answer a question.
#[derive(Debug, Clone, PartialEq)]
pub struct Candidate {
    pub article: usize,
    pub passage: usize,
    pub score: f32,
    /// The share of the question's informative words that the passage and its article cover, 0 to 1.
    pub coverage: f32,
    /// How much information the subjects carry that title, heading or editors' questions hold.
    pub pointed: f32,
    /// How much information the words carry that are found at all.
    pub strength: f32,
    /// How much information the one subject carries that says most of those that neither passage nor title speak of.
    pub absent: f32,
    /// How much the question resembles the most similar one the editors expect, 0 to 1.
    pub resemblance: f32,
    /// The same for those that the passage answers.
    pub resemblance_here: f32,
    pub likeness: Likeness,
}

/// How well one concept is found in each document: the best of its alternatives.
struct Found {
    scores: HashMap<usize, f32>,
    /// The weight of the best alternative, anywhere in the document.
    anywhere: HashMap<usize, f32>,
    /// The same for the fields that say what a document is about.
    pointed: HashMap<usize, f32>,
    /// The same for the editors' questions.
    asked: HashMap<usize, f32>,
}

impl Knowledge {
    /// Passages that share a word with the question, the best by their words first.
    pub(super) fn rank_by_words(&self, question: &Question, favoured: Option<(usize, f32)>) -> Vec<Candidate> {
        self.rank_within(0..self.passages.len(), question, favoured)
    }

    /// The same for some of the passages.
    fn rank_within(
        &self,
        positions: Range<usize>,
        question: &Question,
        favoured: Option<(usize, f32)>,
    ) -> Vec<Candidate> {
        let resemblances = self.resemblances(question);
        let mut judged: HashMap<usize, Judgement> = HashMap::new();
        let mut of_article: HashMap<usize, f32> = HashMap::new();
        let mut absent = vec![0.0_f32; positions.len()];
        for concept in &question.concepts {
            let importance = self.importance(concept);
            let in_passages =
                find(&self.passage_fields, concept, |[heading, questions, text]| (*heading, *text, *questions));
            let in_articles = find(&self.article_fields, concept, |[title, slug, summary, questions, text]| {
                (title + slug + summary, *text, *questions)
            });
            let in_questions = self.questions.found(concept);
            for (article, score) in &in_articles.scores {
                *of_article.entry(*article).or_default() += score * concept.weight;
            }
            for position in positions.clone() {
                let article = self.passages[position].article;
                let asked = resemblances.best_of(article).map_or(0.0, |best| in_questions[best]);
                let about = in_articles.pointed_in(article).max(in_passages.pointed_in(position)).max(asked);
                if concept.missed >= 1.0 && !concept.is_intent() {
                    let here = in_passages.found_in(position).max(in_articles.pointed_in(article));
                    let absent = &mut absent[position - positions.start];
                    *absent = absent.max(importance * (1.0 - here));
                }
                let elsewhere = in_articles.found_in(article) * FOUND_ELSEWHERE;
                let expected = in_articles.asked.get(&article).copied().unwrap_or(0.0) * ASKED_ELSEWHERE;
                let found = in_passages.found_in(position).max(about).max(elsewhere).max(expected);
                if found > 0.0 {
                    let judgement = judged.entry(position).or_default();
                    let share = if concept.is_carried() { CARRIED_IN_PASSAGE } else { 1.0 };
                    let score = in_passages.scores.get(&position).copied().unwrap_or(0.0);
                    judgement.score += score * concept.weight * share;
                    judgement.found += found * importance * concept.weight;
                    judgement.missed -= found * importance * concept.weight * concept.missed;
                    if concept.missed >= 1.0 || !question.has_subject {
                        judgement.pointed += about * importance * concept.weight;
                    }
                }
            }
        }
        let total_missed: f32 =
            question.concepts.iter().map(|concept| self.importance(concept) * concept.weight * concept.missed).sum();
        let weight: f32 = question.concepts.iter().map(|concept| self.importance(concept) * concept.weight).sum();
        let mut candidates: Vec<Candidate> = judged
            .into_iter()
            .map(|(position, judgement)| {
                let passage = &self.passages[position];
                let article = passage.article;
                let facts = question.intents.iter().filter(|intent| passage.facts.contains(intent)).count() as f32;
                let (in_article, in_passage) = resemblances.of(article, position);
                let resemblance = in_passage.max(0.7 * in_article);
                let mut score = judgement.score
                    + ARTICLE_SHARE * of_article.get(&article).copied().unwrap_or(0.0)
                    + RESEMBLANCE_SHARE * resemblance * weight;
                let promises =
                    question.intents.iter().filter(|intent| passage.promises.contains(intent)).count() as f32;
                let titled = &self.title_promises[article];
                let title_promises = question.intents.iter().filter(|intent| titled.contains(intent)).count() as f32;
                let opening = if passage.is_first { OPENING_BONUS } else { 0.0 };
                score *= 1.0
                    + FACT_BONUS * facts
                    + PROMISE_BONUS * promises
                    + opening
                    + TITLE_PROMISE_BONUS * title_promises
                    + SAME_WORDS_BONUS * same_words(passage, question)
                    - TITLE_BESIDE_THE_POINT * self.title_beside_the_point(article, question)
                    - BESIDE_THE_POINT * beside_the_point(passage, question);
                if let Some((_, bonus)) = favoured.filter(|(favourite, _)| *favourite == article) {
                    score *= 1.0 + bonus;
                }
                let missed = (total_missed + judgement.missed).max(0.0);
                let coverage = judgement.found / (judgement.found + missed).max(f32::EPSILON);
                score *= 1.0 - COVERAGE_SHARE + COVERAGE_SHARE * coverage;
                Candidate {
                    article,
                    passage: position,
                    score,
                    coverage,
                    pointed: judgement.pointed,
                    strength: judgement.found,
                    absent: absent[position - positions.start],
                    resemblance: in_article,
                    resemblance_here: in_passage,
                    likeness: Likeness::default(),
                }
            })
            .collect();
        candidates.sort_by(|one, other| other.score.total_cmp(&one.score).then(one.passage.cmp(&other.passage)));
        candidates
    }

    /// The passage of one article that answers a question: the first of those that do so about equally well, since an
    /// article begins with what most people ask for.
    pub(super) fn best_passage_of(&self, article: usize, question: &Question) -> Option<usize> {
        let ranked = self.rank_within(self.passages_of(article), question, None);
        let least = ranked.first()?.score / STANDS_OUT;
        ranked.iter().filter(|candidate| candidate.score >= least).map(|candidate| candidate.passage).min()
    }

    /// The places of an article's passages.
    pub(super) fn passages_of(&self, article: usize) -> Range<usize> {
        let first = self.passages.partition_point(|passage| passage.article < article);
        let behind = self.passages.partition_point(|passage| passage.article <= article);
        first..behind
    }

    /// The share of what an article's title speaks of that the question does not.
    fn title_beside_the_point(&self, article: usize, question: &Question) -> f32 {
        let title = &self.title_terms[article];
        title.iter().filter(|term| !asks_for(question, term)).count() as f32 / title.len().max(1) as f32
    }

    /// How much information a concept carries: the rarity of the first of its words that the articles use.
    pub fn importance(&self, concept: &Concept) -> f32 {
        let used = concept.alternatives.iter().map(|(term, _)| term).find(|term| self.article_fields.contains(term));
        let term = used.or(concept.alternatives.first().map(|(term, _)| term));
        term.map_or(0.0, |term| self.information(term))
    }

    /// How much information a term carries, on a scale that does not depend on how many articles there are.
    pub(super) fn information(&self, term: &str) -> f32 {
        let most = self.article_fields.most_rarity();
        (self.article_fields.rarity(term) / most * UNKNOWN).min(RAREST)
    }
}

fn asks_for(question: &Question, term: &str) -> bool {
    question.concepts.iter().any(|concept| concept.terms().any(|(known, _)| known == term))
}

/// The share of what a passage's heading speaks of that the question does not.
fn beside_the_point(passage: &IndexedPassage, question: &Question) -> f32 {
    let subjects = passage.specifics.iter().filter(|term| !asks_for(question, term)).count();
    let promises = passage.promises.iter().filter(|promise| !question.intents.contains(promise)).count();
    let all = passage.specifics.len() + passage.promises.len();
    (subjects + promises) as f32 / all.max(1) as f32
}

/// The share of a heading's words that the question uses.
fn same_words(passage: &IndexedPassage, question: &Question) -> f32 {
    let same = passage.heading_stems.iter().filter(|stem| question.stems.contains(stem)).count();
    same as f32 / passage.heading_stems.len().max(1) as f32
}

#[derive(Debug, Default)]
struct Judgement {
    score: f32,
    found: f32,
    missed: f32,
    pointed: f32,
}

impl Found {
    fn found_in(&self, document: usize) -> f32 {
        self.anywhere.get(&document).copied().unwrap_or(0.0)
    }

    fn pointed_in(&self, document: usize) -> f32 {
        self.pointed.get(&document).copied().unwrap_or(0.0)
    }
}

/// Finds a concept. `places` tells how often a term stands in the fields that say what a document is about, and in its
/// text. The editors' questions are neither: of many questions, any few words stand in some.
fn find<const N: usize>(
    index: &FieldIndex<N>,
    concept: &Concept,
    places: impl Fn(&[f32; N]) -> (f32, f32, f32),
) -> Found {
    let mut found =
        Found { scores: HashMap::new(), anywhere: HashMap::new(), pointed: HashMap::new(), asked: HashMap::new() };
    let keep = |map: &mut HashMap<usize, f32>, document, value: f32| {
        let best = map.entry(document).or_insert(value);
        *best = best.max(value);
    };
    for (term, weight) in concept.terms() {
        for (document, score, frequencies) in index.scores(term) {
            let (about, text, asked) = places(frequencies);
            keep(&mut found.scores, document, score * weight);
            if about + text > 0.0 {
                keep(&mut found.anywhere, document, *weight);
            }
            if asked > 0.0 {
                keep(&mut found.asked, document, *weight);
            }
            if about > 0.0 {
                keep(&mut found.pointed, document, *weight);
            }
        }
    }
    found
}
