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
// by logistic regression over the known test sets and, lightly, the expected questions, each asked of an index that did
// not hold it, and again without the article that answers; then rounded.
const CERTAINTY: f32 = -8.0;
const CERTAINTY_BY_COVERAGE: f32 = 4.0;
const CERTAINTY_BY_LIKENESS: f32 = 8.5;
/// Below this a passage is not quoted. Far more than half of what patients ask has an answer; at this, nine of ten known
/// questions with an answer get it and four of five without one get none.
const TENTATIVE: f32 = -1.1;
/// Below this it is quoted with a reservation.
const SURE: f32 = -0.4;
/// The least information that the matching words carry: one word that many articles use may be there by chance.
const LEAST_STRENGTH: f32 = 1.0;
/// How far behind the quoted passage's score another article is worth naming as well.
const WORTH_NAMING: f32 = 0.2;
/// How far behind the best score is worth considering.
const ABOUT_AS_GOOD: f32 = 1.0;
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

/// Finds and judges the best passage: the first that is sure among those about as good as the best, else the first that
/// is possible.
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
    let least = ranked.first().map_or(0.0, |best| best.score - ABOUT_AS_GOOD);
    let good: Vec<Candidate> = ranked.into_iter().take_while(|candidate| candidate.score >= least).collect();
    let at_least = |least: f32| move |candidate: &&Candidate| certainty(candidate, asked) >= least;
    let sure = good.iter().find(at_least(SURE));
    let best = sure.or_else(|| good.iter().find(at_least(TENTATIVE)));
    let is_plainly_answered =
        best.is_some_and(|best| best.coverage >= PLAIN_COVERAGE && best.resemblance >= PLAIN_RESEMBLANCE);
    let runner_up = best.and_then(|best| {
        let worth_naming =
            |other: &&Candidate| other.article != best.article && other.score >= best.score - WORTH_NAMING;
        good.iter().filter(worth_naming).find(at_least(TENTATIVE))
    });
    Judgement {
        is_tentative: sure.is_none() && best.is_some(),
        best: best.cloned(),
        runner_up: runner_up.cloned(),
        is_plainly_answered,
    }
}

/// How certain it is that a passage answers: by how much of the question it covers, and how alike they are in meaning.
fn certainty(candidate: &Candidate, asked: &Asked) -> f32 {
    let carries_on = asked.favoured.is_some_and(|(article, _)| article == candidate.article);
    if candidate.strength < LEAST_STRENGTH && !carries_on {
        return f32::NEG_INFINITY;
    }
    CERTAINTY + CERTAINTY_BY_COVERAGE * candidate.coverage + CERTAINTY_BY_LIKENESS * candidate.likeness.most()
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
