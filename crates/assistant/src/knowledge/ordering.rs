//! Choosing among the articles that may answer, by their words and by what they mean.
//!
//! Words find most of them, meaning the others; both together tell which of them answers.

use std::collections::{HashMap, HashSet};

use super::{Candidate, Knowledge, scope, unanswered};
use crate::{encoder::Meaning, question::Question};

/// How many articles the words choose: of a hundred that answer, some 97 are among the first eight.
const ARTICLES: usize = 8;
/// How many passages of each.
const PASSAGES: usize = 3;
/// How many articles join them whose title or expected questions are nearest in meaning.
const NEAR_ARTICLES: usize = 4;
/// Over how many of an article's expected questions likeness is averaged: one alone may be alike by chance.
const ALIKE: usize = 3;

// How much each share of the score counts, fitted by a softmax regression over the candidates (see
// `docs/decisions/0002-retrieval.md`), then rounded.
const BY_WORDS: f32 = 2.8;
const BY_COVERAGE: f32 = 3.5;
const BY_TITLE: f32 = 4.5;
const BY_TEXT: f32 = 7.0;
const BY_EXPECTED: f32 = 4.0;
const BY_EXPECTED_ON_AVERAGE: f32 = 6.0;
/// How much it counts that the question is word for word one that the editors expect; less resemblance counts less. By
/// hand: no question in the regression was in the index word for word.
const BY_RESEMBLANCE: f32 = 1.0;
// What tells an article's passages apart, of which the regression knew nothing. By hand.
/// The same for one that the passage answers.
const BY_RESEMBLANCE_HERE: f32 = 1.0;
/// How much it counts to have the best words of the article's passages.
const BY_WORDS_HERE: f32 = 1.0;
/// From here on a resemblance is no chance.
const RESEMBLES: f32 = 0.6;
/// How much it counts that the conversation is about the article, per unit of the favour's logarithm. By hand.
const BY_FAVOUR: f32 = 3.0;

/// How alike in meaning a question and a passage are, 0 to 1, and what the meaning tells by itself.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Likeness {
    /// By the article's title and summary.
    pub title: f32,
    /// By the most similar sentence of the passage.
    pub text: f32,
    /// By the most similar of the questions that the editors expect.
    pub expected: f32,
    /// By the few most similar of them, on average.
    pub expected_on_average: f32,
    /// By the most similar of the questions that hardly any article answers.
    pub unanswered: f32,
    /// How much the question's meaning speaks for its being answered by some article, as the logarithm of the odds.
    pub scope: f32,
}

impl Likeness {
    pub fn most(self) -> f32 {
        self.title.max(self.text).max(self.expected)
    }
}

impl Knowledge {
    /// Passages that may answer the question, best first. `favoured` is an article the conversation is about, and how
    /// much that is worth.
    pub fn rank(&self, question: &Question, favoured: Option<(usize, f32)>) -> Vec<Candidate> {
        let ranked = self.rank_by_words(question, favoured);
        if ranked.is_empty() {
            return Vec::new();
        }
        let meaning = question.meaning();
        let known = &self.meanings;
        let mut articles = self.article_likenesses(meaning);
        let mut candidates = foremost(ranked, &articles);
        if !known.are_all_known() {
            self.learn_about(&candidates, question);
            articles = self.article_likenesses(meaning);
        }
        let (unanswered, scope) = (unanswered::likeness(meaning), scope::scope(meaning));
        let best = candidates.iter().map(|candidate| candidate.score).fold(f32::EPSILON, f32::max);
        let mut best_here: HashMap<usize, f32> = HashMap::new();
        for candidate in &candidates {
            let best = best_here.entry(candidate.article).or_insert(f32::EPSILON);
            *best = best.max(candidate.score);
        }
        for candidate in &mut candidates {
            let of_article = articles[candidate.article];
            let text = known.likeness(meaning, known.sentences(candidate.passage));
            candidate.likeness = Likeness { text, unanswered, scope, ..of_article };
            let favour = favoured.filter(|(article, _)| *article == candidate.article).map_or(0.0, |(_, worth)| worth);
            candidate.score = BY_WORDS * candidate.score / best
                + BY_WORDS_HERE * candidate.score / best_here[&candidate.article]
                + BY_COVERAGE * candidate.coverage
                + BY_TITLE * of_article.title
                + BY_TEXT * text
                + BY_EXPECTED * of_article.expected
                + BY_EXPECTED_ON_AVERAGE * of_article.expected_on_average
                + BY_RESEMBLANCE * beyond_chance(candidate.resemblance)
                + BY_RESEMBLANCE_HERE * beyond_chance(candidate.resemblance_here)
                + BY_FAVOUR * favour.ln_1p();
        }
        candidates.sort_by(|one, other| other.score.total_cmp(&one.score).then(one.passage.cmp(&other.passage)));
        candidates
    }

    /// Reads what is not known yet of some candidates: of the questions that the editors expect, those most similar in words.
    fn learn_about(&self, candidates: &[Candidate], question: &Question) {
        let known = &self.meanings;
        let resembling = self.most_resembling(question);
        known.learn(candidates.iter().flat_map(|candidate| {
            let questions = resembling.get(&candidate.article).map_or(&[][..], Vec::as_slice);
            let questions = questions.iter().map(|question| known.question(*question));
            known.sentences(candidate.passage).chain(questions).chain([known.title(candidate.article)])
        }));
    }

    /// How alike a meaning and each of the articles are, as far as that is known.
    fn article_likenesses(&self, meaning: &Meaning) -> Vec<Likeness> {
        (0..self.len()).map(|article| self.article_likeness(article, meaning)).collect()
    }

    /// An article whose editors expect nothing is as alike by what they expect as it is by its title.
    fn article_likeness(&self, article: usize, meaning: &Meaning) -> Likeness {
        let known = &self.meanings;
        let title = known.likeness(meaning, [known.title(article)].into_iter());
        let mut expected: Vec<f32> = known.likenesses(meaning, known.questions(article)).collect();
        if expected.is_empty() {
            expected.push(title);
        }
        expected.sort_by(|one, other| other.total_cmp(one));
        expected.truncate(ALIKE);
        let expected_on_average = expected.iter().sum::<f32>() / expected.len() as f32;
        Likeness { title, expected: expected[0], expected_on_average, ..Likeness::default() }
    }
}

/// The best passages by words, of the articles that are best by words and of those that are nearest in meaning.
fn foremost(ranked: Vec<Candidate>, articles: &[Likeness]) -> Vec<Candidate> {
    let mut chosen: HashSet<usize> = nearest(articles).into_iter().collect();
    let mut by_words = HashSet::new();
    let mut passages: HashMap<usize, usize> = HashMap::new();
    let mut take = |article: usize| {
        if by_words.len() < ARTICLES && by_words.insert(article) {
            chosen.insert(article);
        }
        let passages = passages.entry(article).or_default();
        *passages += 1;
        *passages <= PASSAGES && chosen.contains(&article)
    };
    ranked.into_iter().filter(|candidate| take(candidate.article)).collect()
}

/// The articles whose titles or expected questions are nearest.
fn nearest(articles: &[Likeness]) -> Vec<usize> {
    let mut nearest: Vec<(usize, f32)> = articles.iter().map(|likeness| likeness.most()).enumerate().collect();
    nearest.sort_by(|one, other| other.1.total_cmp(&one.1));
    nearest.retain(|(_, likeness)| *likeness > 0.0);
    nearest.into_iter().take(NEAR_ARTICLES).map(|(article, _)| article).collect()
}

fn beyond_chance(resemblance: f32) -> f32 {
    ((resemblance - RESEMBLES) / (1.0 - RESEMBLES)).max(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn candidate(article: usize, score: f32) -> Candidate {
        Candidate {
            article,
            passage: article,
            score,
            coverage: 1.0,
            pointed: 1.0,
            strength: 1.0,
            absent: 0.0,
            resemblance: 1.0,
            resemblance_here: 1.0,
            likeness: Likeness::default(),
        }
    }

    #[test]
    fn an_article_that_is_near_in_meaning_joins_those_that_the_words_find() {
        let ranked = || (0..ARTICLES + 2).map(|article| candidate(article, 1.0)).collect();
        let mut articles = [Likeness::default(); ARTICLES + 2];
        assert_eq!(foremost(ranked(), &articles).len(), ARTICLES);
        articles[ARTICLES + 1].title = 0.5;
        let found: Vec<usize> = foremost(ranked(), &articles).iter().map(|candidate| candidate.article).collect();
        assert_eq!((found.len(), found.last()), (ARTICLES + 1, Some(&(ARTICLES + 1))));
    }
}
