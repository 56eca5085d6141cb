//! The part of a passage that answers a question, in the passage's own words.

use crate::{
    knowledge::{Block, Candidate, Knowledge, plain_text},
    language::{sentences, terms},
    question::{Question, answers},
};

/// The most words an answer quotes. A longer first sentence is quoted whole.
const LONGEST: usize = 90;
/// The same for what is added about a second thing.
const SHORT: usize = 40;
/// What a sentence gains for the kind of fact the question asks for, in units of a rare word.
const FACT_WORTH: f32 = 2.0;
/// What the first sentence gains: it says what the others are about.
const OPENING_WORTH: f32 = 1.0;

/// A sentence or list item with the place it takes in the answer.
struct Part<'a> {
    text: &'a str,
    /// The block it stands in.
    block: usize,
    is_item: bool,
    number: Option<usize>,
    worth: f32,
}

/// What a passage says about the question, as markdown: all of it where it is short, otherwise the sentences and list
/// items that answer best, in their order.
pub fn excerpt(knowledge: &Knowledge, candidate: &Candidate, question: &Question) -> String {
    let source = knowledge.passage(candidate.passage);
    let parts = parts(knowledge, &source.blocks, question);
    let total: usize = parts.iter().map(|part| word_count(part.text)).sum();
    let chosen: Vec<bool> = if total <= LONGEST { vec![true; parts.len()] } else { choose(&parts, LONGEST) };
    let text = assemble(&parts, &chosen);
    match &source.heading {
        Some(heading) if !speaks_of(&text, &[heading, &knowledge.article(candidate.article).title]) => {
            format!("**{heading}**\n\n{text}")
        }
        _ => text,
    }
}

/// The few sentences or list items of a passage that answer best.
pub fn short_excerpt(knowledge: &Knowledge, candidate: &Candidate, question: &Question) -> String {
    let parts = parts(knowledge, &knowledge.passage(candidate.passage).blocks, question);
    let chosen = choose(&parts, SHORT);
    assemble(&parts, &chosen)
}

fn parts<'a>(knowledge: &Knowledge, blocks: &'a [Block], question: &Question) -> Vec<Part<'a>> {
    let mut parts = Vec::new();
    for (block, source) in blocks.iter().enumerate() {
        match source {
            Block::Paragraph(text) => {
                for sentence in sentences(text) {
                    let worth = worth(knowledge, sentence, question);
                    parts.push(Part { text: sentence, block, is_item: false, number: None, worth });
                }
            }
            Block::List { ordered, items } => {
                for (position, item) in items.iter().enumerate() {
                    let number = ordered.then_some(position + 1);
                    let worth = worth(knowledge, item, question);
                    parts.push(Part { text: item, block, is_item: true, number, worth });
                }
            }
        }
    }
    if let Some(first) = parts.first_mut() {
        first.worth += OPENING_WORTH;
    }
    parts
}

/// How much a sentence says about the question.
fn worth(knowledge: &Knowledge, sentence: &str, question: &Question) -> f32 {
    let text = plain_text(sentence);
    let terms = terms(&text);
    let about: f32 = question
        .concepts
        .iter()
        .map(|concept| {
            let found = concept.terms().filter(|(term, _)| terms.contains(term));
            let best = found.map(|(_, weight)| *weight).fold(0.0, f32::max);
            best * concept.weight * knowledge.importance(concept)
        })
        .sum();
    let facts = question.intents.iter().filter(|intent| answers(**intent, &text)).count() as f32;
    about + FACT_WORTH * facts
}

/// Marks the most worthy parts that fit.
fn choose(parts: &[Part<'_>], longest: usize) -> Vec<bool> {
    let mut by_worth: Vec<usize> = (0..parts.len()).collect();
    by_worth.sort_by(|one, other| parts[*other].worth.total_cmp(&parts[*one].worth).then(one.cmp(other)));
    let mut chosen = vec![false; parts.len()];
    let mut length = 0;
    for position in by_worth {
        let words = word_count(parts[position].text);
        if length == 0 || length + words <= longest {
            chosen[position] = true;
            length += words;
        }
    }
    introduce_items(parts, &mut chosen);
    chosen
}

/// Puts the sentence that introduces a list before items chosen from it.
fn introduce_items(parts: &[Part<'_>], chosen: &mut [bool]) {
    for position in 1..parts.len() {
        let starts_list = parts[position].is_item && !parts[position - 1].is_item;
        let list = parts[position].block;
        let is_quoted = || (position..parts.len()).any(|item| parts[item].block == list && chosen[item]);
        if starts_list && parts[position - 1].text.ends_with(':') && is_quoted() {
            chosen[position - 1] = true;
        }
    }
}

fn assemble(parts: &[Part<'_>], chosen: &[bool]) -> String {
    let mut text = String::new();
    let mut previous: Option<&Part<'_>> = None;
    for (part, _) in parts.iter().zip(chosen).filter(|(_, chosen)| **chosen) {
        text.push_str(match previous {
            None => "",
            Some(previous) if previous.block != part.block => "\n\n",
            Some(_) if part.is_item => "\n",
            Some(_) => " ",
        });
        match (part.is_item, part.number) {
            (true, Some(number)) => text.push_str(&format!("{number}. ")),
            (true, None) => text.push_str("- "),
            (false, _) => {}
        }
        text.push_str(part.text);
        previous = Some(part);
    }
    text
}

/// Whether a text says by itself what it is about, so that nothing is lost without its headings.
fn speaks_of(text: &str, headings: &[&str]) -> bool {
    let said = terms(&plain_text(text));
    headings.iter().flat_map(|heading| terms(heading)).any(|term| said.contains(&term))
}

fn word_count(text: &str) -> usize {
    text.split_whitespace().count()
}
