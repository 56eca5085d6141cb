//! How much a question resembles, in its words, those that the editors expect.

use std::collections::HashMap;

use super::Knowledge;
use crate::question::{Concept, Question};

/// How many of an article's expected questions are remembered as the most similar ones.
const MOST_SIMILAR: usize = 4;

/// A question that an article's editor expects.
#[derive(Debug)]
pub struct EditorsQuestion {
    pub article: usize,
    /// The passage that answers it. None for an article that shares no word with it.
    pub passage: Option<usize>,
    pub text: String,
    /// Its terms, each with how much it counts.
    pub terms: HashMap<String, f32>,
    /// How much information all of them carry.
    pub information: f32,
}

/// All of them, found by their terms.
#[derive(Debug, Default)]
pub struct EditorsQuestions {
    questions: Vec<EditorsQuestion>,
    /// By term: the places of those that hold it.
    postings: HashMap<String, Vec<usize>>,
}

impl EditorsQuestions {
    pub fn new(questions: Vec<EditorsQuestion>) -> Self {
        let mut postings: HashMap<String, Vec<usize>> = HashMap::new();
        for (place, question) in questions.iter().enumerate() {
            for term in question.terms.keys() {
                postings.entry(term.clone()).or_default().push(place);
            }
        }
        Self { questions, postings }
    }

    /// How much a concept counts in each question: the best of its terms there.
    pub fn found(&self, concept: &Concept) -> Vec<f32> {
        let mut found = vec![0.0_f32; self.questions.len()];
        for (term, weight) in concept.terms() {
            for place in self.postings.get(term).into_iter().flatten() {
                found[*place] = found[*place].max(*weight);
            }
        }
        found
    }
}

/// How much a question resembles those the editors expect: the most similar one of each article and of each passage.
#[derive(Debug, Default)]
pub struct Resemblances {
    /// With the questions' places in the list, the most similar first.
    articles: HashMap<usize, Vec<(f32, usize)>>,
    passages: HashMap<usize, f32>,
}

impl Resemblances {
    fn note(&mut self, position: usize, expected: &EditorsQuestion, resemblance: f32) {
        let best = self.articles.entry(expected.article).or_default();
        let place = best.partition_point(|(other, _)| *other >= resemblance);
        if place < MOST_SIMILAR {
            best.insert(place, (resemblance, position));
            best.truncate(MOST_SIMILAR);
        }
        if let Some(passage) = expected.passage {
            let best = self.passages.entry(passage).or_default();
            *best = best.max(resemblance);
        }
    }

    /// The place of the most similar of an article's expected questions.
    pub fn best_of(&self, article: usize) -> Option<usize> {
        self.articles.get(&article).and_then(|best| best.first()).map(|(_, position)| *position)
    }

    /// The greatest resemblance within an article and within a passage.
    pub fn of(&self, article: usize, passage: usize) -> (f32, f32) {
        let in_article = self.articles.get(&article).and_then(|best| best.first()).map_or(0.0, |best| best.0);
        (in_article, self.passages.get(&passage).copied().unwrap_or(0.0))
    }
}

impl Knowledge {
    /// By article: the places of the expected questions that a question resembles most.
    pub(super) fn most_resembling(&self, question: &Question) -> HashMap<usize, Vec<usize>> {
        let resemblances = self.resemblances(question).articles;
        resemblances
            .into_iter()
            .map(|(article, best)| (article, best.into_iter().map(|(_, place)| place).collect()))
            .collect()
    }

    /// How much a question resembles those the editors expect.
    pub(super) fn resemblances(&self, question: &Question) -> Resemblances {
        let mut resemblances = Resemblances::default();
        // What is carried over resembles the question before, not this one.
        let has_own = question.concepts.iter().any(|concept| !concept.is_carried());
        let mut asked = 0.0;
        let mut shared = vec![0.0; self.questions.questions.len()];
        for concept in question.concepts.iter().filter(|concept| !has_own || !concept.is_carried()) {
            let information = self.importance(concept) * concept.weight;
            asked += information;
            for (shared, found) in shared.iter_mut().zip(self.questions.found(concept)) {
                *shared += found * information;
            }
        }
        for (position, expected) in self.questions.questions.iter().enumerate() {
            if shared[position] > 0.0 {
                let resemblance = 2.0 * shared[position] / (asked + expected.information).max(f32::EPSILON);
                resemblances.note(position, expected, resemblance.min(1.0));
            }
        }
        resemblances
    }
}
