//! Deciding whether the best passage answers the question at all.
//!
//! The score only orders passages. Whether one is good enough to quote depends on how much of what the question says it
//! covers, and on how alike they are in meaning: a question about a helicopter is not answered by the one article that
//! holds the word "pad".

use super::conversation::Asked;
use crate::{
    answer::AnswerRequest,
    knowledge::{Candidate, Knowledge},
    question::{Concept, Question, counts},
};

// How certain it is that a passage answers, as the logarithm of the odds where half of all questions have an answer. Fitted
// by logistic regression over questions with and without an answer (see `docs/decisions/0002-retrieval.md`); then rounded.
const CERTAINTY: f32 = -11.4;
const CERTAINTY_BY_COVERAGE: f32 = 5.3;
const CERTAINTY_BY_LIKENESS: f32 = 9.6;
const CERTAINTY_BY_EXPECTED: f32 = 6.9;
/// What it takes away to be like a question that hardly any article answers.
const CERTAINTY_BY_UNANSWERED: f32 = -9.6;
/// What it adds, per unit, that the question is of the kind that articles answer.
const CERTAINTY_BY_SCOPE: f32 = 1.43;
/// What it adds, per word, to be long: so much goes beyond what an article says that it covers less.
const CERTAINTY_BY_LENGTH: f32 = 0.33;
/// How many words make no difference any more, for being few or for being many.
const LENGTHS: (usize, usize) = (8, 25);
/// What it takes away, where something is asked to be or not to be, that it is not named, per unit of its information.
const CERTAINTY_BY_ABSENT: f32 = -0.3;
/// What it takes away to ask for a name, an age, a measure or a make.
const CERTAINTY_BY_PARTICULARS: f32 = -5.9;
/// What it takes away to ask about today or last year.
const CERTAINTY_BY_MOMENT: f32 = -2.5;
/// What it takes away to ask for a number that the passage does not give.
const CERTAINTY_BY_UNCOUNTED: f32 = -5.0;
/// What it adds to go on from what the article answered. By hand: the regression knew no conversations.
const CERTAINTY_BY_CARRYING_ON: f32 = 2.0;
/// Below this a passage is not even pointed to.
const NEAR: f32 = -3.5;
/// Below this a passage is pointed to, and it is said that it may not answer.
const SURE: f32 = 0.0;
/// The same for half a message, which says little by itself.
const SURE_OF_HALF: f32 = -1.0;
/// A question this like one that the editors expect is answered, whatever speaks against it.
const EXPECTED: f32 = 0.9;
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
    /// The passage to quote or to point to, if any is near enough.
    pub best: Option<Candidate>,
    /// A passage of another article that answers about as well.
    pub runner_up: Option<Candidate>,
    /// The passage answers, as far as can be told. Otherwise it may miss the point.
    pub is_sure: bool,
    /// How certain that is, as the logarithm of the odds.
    certainty: f32,
    /// The articles speak of exactly this.
    pub is_plainly_answered: bool,
}

/// Finds and judges the best passage.
///
/// Where the article that the conversation is about has nothing, every other may.
pub fn judge(knowledge: &Knowledge, asked: &Asked) -> Judgement {
    let here = judge_with(knowledge, asked);
    if here.is_sure || asked.favoured.is_none() {
        return here;
    }
    // There, what the question leans on is part of the question.
    let mut elsewhere = Asked { favoured: None, ..asked.clone() };
    for concept in elsewhere.question.concepts.iter_mut().filter(|concept| concept.is_carried()) {
        concept.missed = 1.0;
    }
    let elsewhere = judge_with(knowledge, &elsewhere);
    if elsewhere.is_sure || here.best.is_none() { elsewhere } else { here }
}

fn judge_with(knowledge: &Knowledge, asked: &Asked) -> Judgement {
    let ranked = knowledge.rank(&asked.question, asked.favoured);
    let certainty = ranked.first().map_or(f32::NEG_INFINITY, |best| certainty(knowledge, best, asked));
    let best = ranked.first().filter(|_| certainty >= NEAR);
    let is_sure = certainty >= SURE;
    let is_plainly_answered =
        best.is_some_and(|best| is_sure && best.coverage >= PLAIN_COVERAGE && best.resemblance >= PLAIN_RESEMBLANCE);
    let runner_up = best.and_then(|best| {
        let of_another = |other: &&Candidate| other.article != best.article;
        ranked.iter().find(of_another).filter(|other| other.score >= best.score - WORTH_NAMING)
    });
    Judgement { best: best.cloned(), runner_up: runner_up.cloned(), is_sure, certainty, is_plainly_answered }
}

/// How certain it is that a passage answers: by how much of the question it covers, how alike they are in meaning, how like
/// the question is to those that go unanswered, and how it is put.
fn certainty(knowledge: &Knowledge, candidate: &Candidate, asked: &Asked) -> f32 {
    let carries_on = asked.favoured.is_some_and(|(article, _)| article == candidate.article);
    if candidate.strength < LEAST_STRENGTH && !carries_on {
        return f32::NEG_INFINITY;
    }
    let (likeness, manner) = (candidate.likeness, &asked.question.manner);
    let if_so = |is_so: bool, certainty: f32| if is_so { certainty } else { 0.0 };
    let certainty = CERTAINTY
        + CERTAINTY_BY_COVERAGE * candidate.coverage
        + CERTAINTY_BY_LIKENESS * likeness.most()
        + CERTAINTY_BY_EXPECTED * likeness.expected_on_average
        + CERTAINTY_BY_UNANSWERED * likeness.unanswered
        + CERTAINTY_BY_SCOPE * likeness.scope
        + CERTAINTY_BY_LENGTH * manner.length.clamp(LENGTHS.0, LENGTHS.1) as f32
        + if_so(carries_on, CERTAINTY_BY_CARRYING_ON)
        + if_so(manner.asks_whether, CERTAINTY_BY_ABSENT * candidate.absent)
        + if_so(manner.asks_for_particulars, CERTAINTY_BY_PARTICULARS)
        + if_so(manner.asks_about_a_moment, CERTAINTY_BY_MOMENT)
        + if_so(is_uncounted(knowledge, candidate, &asked.question), CERTAINTY_BY_UNCOUNTED);
    if likeness.expected >= EXPECTED { certainty.max(SURE) } else { certainty }
}

/// Whether the question asks for the number of something that the passage does not count.
fn is_uncounted(knowledge: &Knowledge, candidate: &Candidate, question: &Question) -> bool {
    let Some(counted) = &question.manner.counted else {
        return false;
    };
    let is_counted = |concept: &&Concept| concept.alternatives.first().is_some_and(|(term, _)| term == counted);
    let related = question.concepts.iter().filter(is_counted).flat_map(Concept::terms).map(|(term, _)| term.as_str());
    let stems: Vec<&str> = related.chain([counted.as_str()]).collect();
    !counts(knowledge.passage_text(candidate.passage), &stems)
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
    let mut first = knowledge.read(first, name);
    let mut second = knowledge.read(second, name);
    // A half is part of a message that is as long as the whole.
    first.manner.length += second.manner.length;
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
        judgement.best.filter(|_| judgement.certainty >= SURE_OF_HALF).map(|best| (half.question, best))
    };
    let leans = !second.has_subject;
    if leans {
        second.lean_on(&first);
    } else {
        second.manner.length = first.manner.length;
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
