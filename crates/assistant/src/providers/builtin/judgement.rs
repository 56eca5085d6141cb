//! Deciding whether the best passage answers the question at all.
//!
//! The score only orders passages. Whether one is good enough to quote depends on how much of what the question says it
//! covers, and on how alike they are in meaning: a question about a helicopter is not answered by the one article that
//! holds the word "pad".

use super::conversation::Asked;
use crate::{
    answer::AnswerRequest,
    knowledge::{Candidate, Knowledge},
    question::{Concept, Question},
};

// How certain it is that a passage answers, as the logarithm of the odds where half of all questions have an answer. Fitted
// by logistic regression over questions with and without an answer (see `docs/decisions/0002-retrieval.md`); then rounded.
const CERTAINTY: f32 = -3.3;
const CERTAINTY_BY_COVERAGE: f32 = 3.7;
const CERTAINTY_BY_LIKENESS: f32 = 4.3;
const CERTAINTY_BY_EXPECTED: f32 = 4.5;
/// What it adds that the matching words carry this much information or more.
const CERTAINTY_BY_STRENGTH: f32 = 1.8;
const STRONG: f32 = 12.0;
/// What it takes away to be like a question that hardly any article answers.
const CERTAINTY_BY_UNANSWERED: f32 = -8.2;
/// Below this a passage is not quoted.
const TENTATIVE: f32 = 0.15;
/// Below this it is quoted with a reservation.
const SURE: f32 = 0.8;
/// The least information that the matching words carry: one word that many articles use may be there by chance.
const LEAST_STRENGTH: f32 = 1.0;
/// How far behind the quoted passage's score another article is worth naming as well.
const WORTH_NAMING: f32 = 1.3;
/// What a passage must cover to answer a question that sounds like one for a doctor.
const PLAIN_COVERAGE: f32 = 0.95;
const PLAIN_RESEMBLANCE: f32 = 0.9;
/// What it is worth in a message's second half to be the article that answered the first.
const FAVOUR: f32 = 1.0;
/// How much the words of a message's first half count in its second half.
const CARRIED: f32 = 0.5;

/// What is known about a question's answer.
#[derive(Debug, Clone)]
pub struct Judgement {
    /// The passage to quote, if any is good enough.
    pub best: Option<Candidate>,
    /// A passage of another article that answers about as well.
    pub runner_up: Option<Candidate>,
    /// The passage may miss the point.
    pub is_tentative: bool,
    /// The articles speak of exactly this.
    pub is_plainly_answered: bool,
}

impl Judgement {
    pub fn is_sure(&self) -> bool {
        self.best.is_some() && !self.is_tentative
    }
}

/// Finds and judges the best passage.
///
/// Where the article that the conversation is about has nothing, every other may.
pub fn judge(knowledge: &Knowledge, asked: &Asked) -> Judgement {
    let here = judge_with(knowledge, asked);
    if here.best.is_some() || asked.favoured.is_none() {
        return here;
    }
    // There, what the question leans on is part of the question.
    let mut elsewhere = Asked { favoured: None, ..asked.clone() };
    for concept in elsewhere.question.concepts.iter_mut().filter(|concept| concept.is_carried()) {
        concept.missed = 1.0;
    }
    judge_with(knowledge, &elsewhere)
}

fn judge_with(knowledge: &Knowledge, asked: &Asked) -> Judgement {
    let ranked = knowledge.rank(&asked.question, asked.favoured);
    let certainty = ranked.first().map_or(f32::NEG_INFINITY, |best| certainty(best, asked));
    let best = ranked.first().filter(|_| certainty >= TENTATIVE);
    let is_plainly_answered =
        best.is_some_and(|best| best.coverage >= PLAIN_COVERAGE && best.resemblance >= PLAIN_RESEMBLANCE);
    let runner_up = best.and_then(|best| {
        let of_another = |other: &&Candidate| other.article != best.article;
        ranked.iter().find(of_another).filter(|other| other.score >= best.score - WORTH_NAMING)
    });
    Judgement {
        is_tentative: best.is_some() && certainty < SURE,
        best: best.cloned(),
        runner_up: runner_up.cloned(),
        is_plainly_answered,
    }
}

/// How certain it is that a passage answers: by how much of the question it covers, how alike they are in meaning, and how
/// like the question is to those that go unanswered.
fn certainty(candidate: &Candidate, asked: &Asked) -> f32 {
    let carries_on = asked.favoured.is_some_and(|(article, _)| article == candidate.article);
    if candidate.strength < LEAST_STRENGTH && !carries_on {
        return f32::NEG_INFINITY;
    }
    CERTAINTY
        + CERTAINTY_BY_COVERAGE * candidate.coverage
        + CERTAINTY_BY_LIKENESS * candidate.likeness.most()
        + CERTAINTY_BY_EXPECTED * candidate.likeness.expected_on_average
        + CERTAINTY_BY_STRENGTH * (candidate.strength / STRONG).min(1.0)
        + CERTAINTY_BY_UNANSWERED * candidate.likeness.unanswered
}

/// A message that asks two things, and what answers each of them.
#[derive(Debug)]
pub struct TwoThings {
    pub first: (Question, Candidate),
    pub second: (Question, Candidate),
}

/// Answers "where do I park, and what does it cost?" one half at a time, if the message is of that kind and different
/// passages answer its halves.
pub fn two_things(request: &AnswerRequest, asked: &Asked) -> Option<TwoThings> {
    let knowledge = &request.knowledge;
    let (first, second) = halves(request.question.expose())?;
    let name = &request.contact.hospital_name;
    let first = knowledge.read(first, name);
    let mut second = knowledge.read(second, name);
    if !first.has_subject || second.intents.is_empty() {
        return None;
    }
    for concept in &first.concepts {
        let (weight, missed) = (concept.weight * CARRIED, 0.0);
        second.concepts.push(Concept { weight, missed, ..concept.clone() });
    }
    let answer = |question: Question, favoured: Option<(usize, f32)>| {
        let half = Asked { question, favoured };
        let judgement = judge(knowledge, &half);
        let is_sure = judgement.is_sure();
        judgement.best.filter(|_| is_sure).map(|best| (half.question, best))
    };
    let leans = !second.has_subject;
    if leans {
        second.lean_on(&first);
    }
    let first = answer(first, asked.favoured)?;
    let second = answer(second, if leans { Some((first.1.article, FAVOUR)) } else { asked.favoured })?;
    (first.1.passage != second.1.passage).then_some(TwoThings { first, second })
}

/// A message's two halves, where a conjunction or a question mark divides it.
fn halves(text: &str) -> Option<(&str, &str)> {
    const DIVIDERS: [&str; 4] = ["? ", ", and ", " and ", "; "];
    let (first, second) = DIVIDERS.iter().find_map(|divider| text.split_once(divider))?;
    (!first.trim().is_empty() && !second.trim().is_empty()).then_some((first, second))
}
