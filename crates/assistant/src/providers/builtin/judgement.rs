//! Deciding whether the best passage answers the question at all.
//!
//! The score only orders passages. Whether one is good enough to quote depends on how much of what the question says it
//! covers: a question about a helicopter is not answered by the one article that holds the word "pad".

use super::conversation::Asked;
use crate::{
    answer::AnswerRequest,
    knowledge::{Candidate, Knowledge},
    question::Question,
};

/// The least share of a question's information that a quoted passage covers.
const SURE_COVERAGE: f32 = 0.62;
const TENTATIVE_COVERAGE: f32 = 0.5;
/// The least information that the matching words carry: about that of one word that a fifth of the articles use.
const SURE_STRENGTH: f32 = 1.6;
/// The same for words that stand in the running text only, which may be there by chance.
const SURE_STRENGTH_IN_TEXT: f32 = 3.0;
/// From here on a question resembles one that the editors expect.
const RESEMBLES: f32 = 0.6;
/// What a passage must cover to answer a question that sounds like one for a doctor.
const PLAIN_COVERAGE: f32 = 0.85;
const PLAIN_RESEMBLANCE: f32 = 0.55;
/// How much better a second passage must answer the second of two questions than the first passage does.
const CLEARLY_BETTER: f32 = 1.2;

/// What is known about a question's answer.
#[derive(Debug, Clone)]
pub struct Judgement {
    /// The passage to quote, if any is good enough.
    pub best: Option<Candidate>,
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
pub fn judge(knowledge: &Knowledge, asked: &Asked) -> Judgement {
    let best = knowledge.rank(&asked.question, asked.favoured).into_iter().next();
    let Some(best) = best else {
        return Judgement { best: None, is_tentative: false, is_plainly_answered: false };
    };
    let has_strength = best.strength >= if best.pointed >= 1.0 { SURE_STRENGTH } else { SURE_STRENGTH_IN_TEXT };
    let carries_on = asked.favoured.is_some_and(|(article, _)| article == best.article);
    let is_supported = has_strength || carries_on || best.resemblance >= RESEMBLES;
    let is_sure = best.coverage >= SURE_COVERAGE && is_supported;
    let is_possible = best.coverage >= TENTATIVE_COVERAGE && is_supported;
    let is_plainly_answered = best.coverage >= PLAIN_COVERAGE && best.resemblance >= PLAIN_RESEMBLANCE;
    Judgement { best: is_possible.then_some(best), is_tentative: !is_sure, is_plainly_answered }
}

/// The answer to the second of two things asked at once.
#[derive(Debug)]
pub struct Second {
    pub question: Question,
    pub passage: usize,
    pub candidate: Candidate,
}

/// Finds what answers the second half of "where do I park, and what does it cost?", if there is one.
pub fn second_thing(request: &AnswerRequest, asked: &Asked) -> Option<Second> {
    let knowledge = &request.knowledge;
    let (first, second) = halves(request.question.expose())?;
    let name = &request.contact.hospital_name;
    let first = knowledge.read(first, name);
    let mut second = knowledge.read(second, name);
    let asks_each = |half: &Question| half.is_about_something() && !half.intents.is_empty();
    let is_pointing_back = !second.intents.is_empty() && first.is_about_something();
    if !(is_pointing_back || (asks_each(&first) && asks_each(&second))) {
        return None;
    }
    for mut concept in first.concepts {
        concept.weight = 0.5;
        concept.missed = 0.0;
        second.concepts.push(concept);
    }
    let half = Asked { question: second, favoured: asked.favoured };
    let judgement = judge(knowledge, &half);
    if !judgement.is_sure() {
        return None;
    }
    let candidate = judgement.best?;
    let main = knowledge.rank(&asked.question, asked.favoured).into_iter().next()?;
    let by_main = knowledge
        .rank(&half.question, half.favoured)
        .into_iter()
        .find(|other| other.passage == main.passage)
        .map_or(0.0, |other| other.score);
    (candidate.score > by_main * CLEARLY_BETTER).then_some(Second {
        question: half.question,
        passage: candidate.passage,
        candidate,
    })
}

/// A question's two halves, where a conjunction or a question mark divides it.
fn halves(text: &str) -> Option<(&str, &str)> {
    const DIVIDERS: [&str; 4] = ["? ", ", and ", " and ", "; "];
    let (first, second) = DIVIDERS.iter().find_map(|divider| text.split_once(divider))?;
    (!first.trim().is_empty() && !second.trim().is_empty()).then_some((first, second))
}
