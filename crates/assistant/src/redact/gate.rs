//! Redaction of what leaves for one answer.

use std::sync::{Arc, LazyLock};

use super::{Kind, OwnText, Redaction};
use crate::answer::AnswerRequest;

/// Characters of the longest language tag that anybody uses.
const LONGEST_LOCALE: usize = 35;

/// What redacts a request's texts. What the hospital has written itself stays as it is.
pub fn redaction(request: &AnswerRequest) -> Redaction {
    let knowledge = Arc::clone(&request.knowledge);
    let contact = &request.contact;
    let near = [&request.system_prompt, &contact.hospital_name, &contact.phone, &contact.hours].map(String::clone);
    let near = LazyLock::new(move || OwnText::of(near.iter().map(String::as_str)));
    let is_own =
        move |kind: Kind, written: &str| near.contains(kind, written) || knowledge.own_text().contains(kind, written);
    Redaction::new(&request.privacy.known, Box::new(is_own), request.privacy.placeholders.clone())
}

/// What a device says its language is comes from outside: only what can be a language's name goes on.
pub fn sanitised_locale(locale: &str) -> &str {
    let is_tag = !locale.is_empty()
        && locale.len() <= LONGEST_LOCALE
        && locale
            .split(['-', '_'])
            .all(|part| (1..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric()))
        && locale.split(['-', '_']).next().is_some_and(|language| language.len() <= 3);
    if is_tag { locale } else { "en-US" }
}
