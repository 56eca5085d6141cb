//! The built-in assistant: answers from the app's articles, without a language model and without a network.
//!
//! It quotes and never writes. Every sentence of fact comes from an article; its own words only greet, frame, or say
//! that it does not know.

mod conversation;
mod excerpt;
mod judgement;
mod small_talk;
mod stream;
mod wording;

pub use conversation::MEMORY;
use futures_util::Stream;
use kuzushi_domain::{Citation, EmergencyKind, Role};

use crate::{
    answer::{AnswerEnd, AnswerEvent, AnswerRequest, Asking, RecentAnswers},
    knowledge::{Candidate, Knowledge, Passage},
    providers::ProviderFailure,
    recent::Recent,
    safety::{self, emergency_notice, emergency_number},
};
use excerpt::{excerpt, short_excerpt};
use judgement::TwoThings;

/// The length of a citation's snippet, in characters.
const SNIPPET: usize = 160;
/// As many passages as a model gets at most.
const SOURCES: usize = 6;

/// Composes the whole answer, then streams it word by word.
pub fn answer(request: AnswerRequest) -> impl Stream<Item = Result<AnswerEvent, ProviderFailure>> + Send + 'static {
    let interval = request.token_interval;
    stream::stream(interval, move || {
        let is_files_alone = request.attached > 0 && request.question.expose().trim().is_empty();
        let (mut text, end) =
            if is_files_alone { Default::default() } else { lately(&request, |recent| &recent.composed, compose) };
        if request.attached > 0 && !end.is_emergency {
            wording::add_on_files(&mut text, &request.contact);
        }
        (text, end)
    })
}

/// The passages that a model gets to answer from, the best first. None: the built-in assistant keeps the question, because
/// it tells of an emergency or asks what only a clinician may say.
pub(super) fn sources(request: &AnswerRequest) -> Option<Vec<Candidate>> {
    lately(request, |recent| &recent.sources, find_sources)
}

/// What follows from a request, from memory where it was found out lately and is not going to change.
fn lately<T: Clone>(
    request: &AnswerRequest,
    kept: impl FnOnce(&RecentAnswers) -> &Recent<T>,
    find: impl FnOnce(&AnswerRequest) -> T,
) -> T {
    let knowledge = &request.knowledge;
    if knowledge.knows_all() { kept(&knowledge.recent).get(Asking(request), || find(request)) } else { find(request) }
}

fn find_sources(request: &AnswerRequest) -> Option<Vec<Candidate>> {
    let words = request.question.expose();
    if !dangers(request).is_empty() {
        return None;
    }
    let asked = conversation::read(request);
    if safety::asks_for_medical_advice(words) && !judgement::judge(&request.knowledge, &asked).is_plainly_answered {
        return None;
    }
    let mut ranked = request.knowledge.rank(&asked.question, asked.favoured);
    ranked.truncate(SOURCES);
    Some(ranked)
}

/// The dangers that a question speaks of, by itself or with the message before it.
fn dangers(request: &AnswerRequest) -> Vec<EmergencyKind> {
    let before = request.history.iter().rev().find(|message| message.role == Role::User);
    let before = before.map(|message| message.content.expose().as_str());
    safety::emergencies(request.question.expose(), before).into_iter().map(|finding| finding.kind).collect()
}

/// The answer's text, and what it rests on.
fn compose(request: &AnswerRequest) -> (String, AnswerEnd) {
    let words = request.question.expose();
    let contact = &request.contact;
    let kinds = dangers(request);
    if let Some(notice) = emergency_notice(&kinds, &request.safety, contact, &request.locale) {
        let end = AnswerEnd { is_emergency: true, ..AnswerEnd::default() };
        return (wording::emergency(&notice, &request.locale), end);
    }
    if let Some(small_talk) = small_talk::small_talk(words) {
        return (wording::small_talk(small_talk, contact), AnswerEnd::default());
    }
    let number = || emergency_number(&request.safety, contact, &request.locale);
    let asked = conversation::read(request);
    let found = judgement::judge(&request.knowledge, &asked);
    let unknown = || AnswerEnd { no_answer: true, ..AnswerEnd::default() };
    if safety::asks_for_medical_advice(words) && !found.is_plainly_answered {
        return (
            wording::no_medical_advice(contact, &number()),
            AnswerEnd { declines_medical_advice: true, ..unknown() },
        );
    }
    let Some(best) = &found.best else {
        return (wording::nothing_found(contact, &number()), AnswerEnd { is_uncovered: true, ..unknown() });
    };
    let knowledge = &request.knowledge;
    if let Some(two) = judgement::two_things(request, &asked) {
        return quote_both(knowledge, &two);
    }
    let mut text = if found.is_sure {
        excerpt(knowledge, best, &asked.question)
    } else {
        let title = &knowledge.article(best.article).title;
        let heading = knowledge.passage(best.passage).heading.as_deref();
        wording::closest(title, heading, &short_excerpt(knowledge, best, &asked.question), contact)
    };
    let mut citations = vec![citation(knowledge, best)];
    if let Some(other) = &found.runner_up {
        text.push_str(&wording::see_also(&knowledge.article(other.article).title));
        citations.push(citation(knowledge, other));
    }
    let is_unsure = !found.is_sure;
    (text, AnswerEnd { citations, no_answer: is_unsure, is_uncovered: is_unsure, ..AnswerEnd::default() })
}

/// An answer in the words of two passages, where two things were asked.
fn quote_both(knowledge: &Knowledge, two: &TwoThings) -> (String, AnswerEnd) {
    let (first, second) = (&two.first, &two.second);
    let mut text = excerpt(knowledge, &first.1, &first.0);
    text.push_str("\n\n");
    text.push_str(&short_excerpt(knowledge, &second.1, &second.0));
    let mut citations = vec![citation(knowledge, &first.1)];
    if second.1.article != first.1.article {
        citations.push(citation(knowledge, &second.1));
    }
    (text, AnswerEnd { citations, ..AnswerEnd::default() })
}

pub(super) fn citation(knowledge: &Knowledge, candidate: &Candidate) -> Citation {
    let article = knowledge.article(candidate.article);
    let passage = knowledge.passage(candidate.passage);
    Citation {
        article_id: article.id.to_string(),
        title: article.title.clone(),
        url: article.url.clone(),
        section: passage.heading.clone(),
        anchor: article.url.as_deref().and_then(|url| fragment(url, passage)),
        snippet: Some(snippet(knowledge.passage_text(candidate.passage))).filter(|snippet| !snippet.is_empty()),
    }
}

/// Where a passage begins on the page at an address that does not say so itself.
fn fragment(url: &str, passage: &Passage) -> Option<String> {
    if url.contains('#') {
        return None;
    }
    let found_by_text = || Some(format!(":~:text={}", in_fragment(passage.heading.as_deref()?)));
    passage.anchor.as_deref().map(in_fragment).or_else(found_by_text)
}

/// A text as part of a fragment. Hyphens and commas mean something in a text to look for.
fn in_fragment(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'_' | b'.' | b'~' => encoded.push(byte.into()),
            _ => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    encoded
}

/// The beginning of a text on one line, cut between words.
fn snippet(text: &str) -> String {
    let text = text.replace('\n', " ");
    if text.chars().count() <= SNIPPET {
        return text;
    }
    let mut snippet = String::new();
    for word in text.split_inclusive(' ') {
        if snippet.chars().count() + word.trim_end().chars().count() >= SNIPPET {
            break;
        }
        snippet.push_str(word);
    }
    format!("{}\u{2026}", snippet.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_passage_is_found_by_its_anchor_or_by_its_heading() {
        let passage = |anchor: Option<&str>, heading: Option<&str>| Passage {
            heading: heading.map(str::to_owned),
            anchor: anchor.map(str::to_owned),
            blocks: Vec::new(),
        };
        let url = "https://www.hospital.example/visiting";
        assert_eq!(fragment(url, &passage(Some("icu"), Some("Intensive care"))).as_deref(), Some("icu"));
        let by_text = fragment(url, &passage(None, Some("X-rays, 24 h & l\u{e4}nger")));
        assert_eq!(by_text.as_deref(), Some(":~:text=X%2Drays%2C%2024%20h%20%26%20l%C3%A4nger"));
        assert_eq!(fragment(url, &passage(None, None)), None);
        assert_eq!(fragment("https://www.hospital.example/#visiting", &passage(Some("icu"), None)), None);
    }
}
