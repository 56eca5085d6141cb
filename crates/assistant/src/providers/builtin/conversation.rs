//! Reading a question in its conversation: what "and on Sundays?" or "how much is it?" is about.

use kuzushi_domain::Role;

use super::{judgement, small_talk::small_talk};
use crate::{
    answer::{AnswerRequest, HistoryMessage},
    knowledge::Knowledge,
    language::words,
    question::Question,
};

/// How much the words of the question before count, next to the new ones.
const CARRIED: f32 = 0.4;
/// How much less each earlier question counts.
const FADING: f32 = 0.5;
/// What it is worth to be the article the conversation is about, for "and…" and "what about…", which may go elsewhere.
const FAVOUR: f32 = 0.4;
/// The same for a question with a word that points back: "is it open on Sunday?".
const FAVOUR_POINTING_BACK: f32 = 1.0;
/// The same for a question without a subject of its own: "how much is it?".
const FAVOUR_WITHOUT_SUBJECT: f32 = 3.0;
/// How far behind the best score is near enough for a terse question to be taken as one about the article at hand.
const AS_GOOD: f32 = 3.0;
/// The same share of what the best passage covers.
const COVERS_AS_MUCH: f32 = 0.55;
/// How many messages back a follow-up may reach.
pub const MEMORY: usize = 8;
/// Questions with this many words or fewer may lean on the conversation without saying so.
const TERSE: usize = 6;

/// A question with what it takes from the conversation.
#[derive(Debug, Clone)]
pub struct Asked {
    pub question: Question,
    /// The article the conversation is about, and what that is worth.
    pub favoured: Option<(usize, f32)>,
}

/// Reads the request's question. Only a question that leans on the conversation takes anything from it.
pub fn read(request: &AnswerRequest) -> Asked {
    let knowledge = &request.knowledge;
    let name = &request.contact.hospital_name;
    let words = request.question.expose();
    let own = knowledge.read(words, name);
    let alone = Asked { question: own.clone(), favoured: None };
    let leaning = leaning(words, &own);
    if leaning == Leaning::None {
        return alone;
    }
    let Some(earlier) = earlier(knowledge, &request.history, name) else {
        return alone;
    };
    let leans = match leaning {
        Leaning::None => false,
        Leaning::Perhaps => earlier.article.is_some_and(|article| goes_on(knowledge, &alone, article)),
        Leaning::Plainly => true,
    };
    if leans { with_context(own, earlier, words) } else { alone }
}

/// Adds to a question what it leans on.
fn with_context(mut question: Question, earlier: Earlier, text: &str) -> Asked {
    let favour = match question.has_subject {
        false => FAVOUR_WITHOUT_SUBJECT,
        true if points_back(text) => FAVOUR_POINTING_BACK,
        true => FAVOUR,
    };
    let asks_the_same = opens_like_a_follow_up(text);
    let has_own_intent = !question.intents.is_empty();
    question.lean_on(&earlier.question);
    if !has_own_intent && (asks_the_same || !question.has_subject) {
        question.intents = earlier.question.intents;
    }
    for mut concept in earlier.question.concepts {
        if has_own_intent && concept.is_intent() {
            continue;
        }
        if !question.concepts.iter().any(|known| known.alternatives.first() == concept.alternatives.first()) {
            concept.missed = 0.0;
            question.concepts.push(concept);
        }
    }
    Asked { question, favoured: earlier.article.map(|article| (article, favour)) }
}

/// Whether a terse question is answered by the article at hand about as well as by any other, or by no other.
fn goes_on(knowledge: &Knowledge, alone: &Asked, article: usize) -> bool {
    let judgement = judgement::judge(knowledge, alone);
    let Some(best) = judgement.best.as_ref().filter(|_| judgement.is_sure) else {
        return true;
    };
    let ranked = knowledge.rank(&alone.question, None);
    let here = ranked.iter().find(|candidate| candidate.article == article);
    here.is_some_and(|here| here.coverage >= best.coverage * COVERS_AS_MUCH && here.score >= best.score - AS_GOOD)
}

/// Whether a question can be understood without what came before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Leaning {
    None,
    /// It is so short that it may go on from the question before.
    Perhaps,
    /// It says so: "and…", "what about…", "how much is it?".
    Plainly,
}

fn leaning(text: &str, own: &Question) -> Leaning {
    let length = words(text).len();
    let points_back = points_back(text);
    let subjects = own.concepts.iter().filter(|concept| concept.missed >= 1.0 && !concept.is_intent()).count();
    if opens_like_a_follow_up(text) || subjects == 0 || (points_back && subjects <= 2) {
        Leaning::Plainly
    } else if (length <= TERSE && subjects <= 1) || (points_back && subjects <= 3) {
        Leaning::Perhaps
    } else {
        Leaning::None
    }
}

/// Whether a word stands for something said before. "Is there a…?" does not.
fn points_back(text: &str) -> bool {
    const POINTING_BACK: [&str; 8] = ["it", "that", "there", "they", "them", "those", "these", "one"];
    let words: Vec<String> = words(text).into_iter().map(|word| word.text).collect();
    words.iter().enumerate().any(|(position, word)| {
        let before = position.checked_sub(1).and_then(|before| words.get(before)).map_or("", String::as_str);
        let exists = word == "there" && (position == 0 || matches!(before, "is" | "are" | "was" | "will" | "if"));
        POINTING_BACK.contains(&word.as_str()) && !exists
    })
}

/// "And…", "what about…": the same question about something else.
fn opens_like_a_follow_up(text: &str) -> bool {
    const OPENINGS: [&str; 16] = [
        "and ",
        "or ",
        "also ",
        "but ",
        "then ",
        "so ",
        "what about ",
        "how about ",
        "ok and ",
        "okay and ",
        "thanks and ",
        "thank you and ",
        "same for ",
        "what if ",
        "even ",
        "is that ",
    ];
    let words: Vec<String> = words(text).into_iter().map(|word| word.text).collect();
    let spoken = format!("{} ", words.join(" "));
    OPENINGS.iter().any(|opening| spoken.starts_with(opening))
}

/// What the conversation is about.
struct Earlier {
    question: Question,
    article: Option<usize>,
}

/// Reads the conversation backwards up to the question that stands on its own.
fn earlier(knowledge: &Knowledge, history: &[HistoryMessage], hospital_name: &str) -> Option<Earlier> {
    let recent = || history.iter().rev().take(MEMORY);
    let article = recent()
        .filter(|message| message.role == Role::Assistant)
        .find_map(|message| message.cited.iter().find_map(|id| knowledge.position(id)));
    let mut question = Question::default();
    let mut weight = CARRIED;
    let mut found = false;
    for message in recent().filter(|message| message.role == Role::User) {
        let text = message.content.expose();
        if small_talk(text).is_some() {
            continue;
        }
        let read = knowledge.read(text, hospital_name);
        let leaning = leaning(text, &read);
        if !question.has_subject {
            question.stand_for(&read);
        }
        if !found {
            question.intents = read.intents;
            found = true;
        }
        for mut concept in read.concepts {
            concept.weight = weight;
            question.concepts.push(concept);
        }
        if leaning == Leaning::None {
            break;
        }
        weight *= FADING;
    }
    (found || article.is_some()).then_some(Earlier { question, article })
}
