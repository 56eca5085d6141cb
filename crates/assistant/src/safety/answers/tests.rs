use std::{collections::BTreeMap, env};

use kuzushi_domain::Id;
use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

use super::*;
use crate::knowledge::KnowledgeArticle;

/// A language, what is wrong with a sentence or `passes`, and the sentence: written before the phrases were.
const OTHER_LANGUAGES: &str = include_str!("../../../tests/data/answers_in_other_languages.tsv");

fn guard() -> AnswerGuard {
    let article = KnowledgeArticle {
        id: Id::generate(),
        slug: "after".into(),
        title: "After surgery".into(),
        body: "For mild pain, take 500 mg of paracetamol.".into(),
        summary: String::new(),
        url: None,
        questions: Vec::new(),
        locale: "en".into(),
    };
    AnswerGuard {
        referral: "Please call 555 0100.".into(),
        sentence: String::new(),
        passed: 0,
        looked_through: 0,
        has_referred: false,
        approved: Arc::new(Knowledge::index(vec![article])),
    }
}

fn guarded(pieces: &[&str]) -> String {
    let mut guard = guard();
    let mut sent: String = pieces.iter().map(|piece| guard.take(piece)).collect();
    sent.push_str(&guard.finish());
    sent
}

#[test]
fn what_only_a_clinician_may_say_is_held_back() {
    for sentence in [
        "You probably have pneumonia.",
        "It sounds like a stroke.",
        "Take 400 mg of ibuprofen every six hours.",
        "Take 400mg of ibuprofen.",
        "You can take two tablets twice a day.",
        "You should stop taking your insulin.",
        "It is safe to take aspirin with that.",
        "You will be fine.",
        "There is nothing to worry about.",
        "Your results are normal.",
        "This is most likely a viral infection.",
        "I guarantee that it works.",
    ] {
        assert!(!may_be_said(sentence), "{sentence}");
        let sent = guarded(&["Parking is free. ", sentence, " The garage is open."]);
        assert!(sent.starts_with("Parking is free. "), "{sent}");
        assert!(
            !sent.contains(sentence) && sent.contains("555 0100") && sent.contains("The garage is open."),
            "{sent}"
        );
    }
}

#[test]
fn what_a_hospital_says_passes() {
    for sentence in [
        "Visiting hours are from 2 to 8.",
        "You can take the elevator to the second floor.",
        "Bring a list of your medicines and the dose of each.",
        "Ask your doctor whether to take your blood thinner.",
        "You may have visitors until 8.",
        "You have a right to an interpreter.",
        "Please take your insurance card with you.",
        "Do not eat for eight hours before surgery.",
        "The pharmacy fills prescriptions and refills until 6.",
        "I can't say which dose to take.",
        "You could use the garage on Main Street.",
    ] {
        assert!(may_be_said(sentence), "{sentence}");
        assert_eq!(guarded(&[sentence]), sentence);
    }
}

#[test]
fn nothing_of_a_sentence_is_sent_before_it_is_known_to_be_sayable() {
    let pieces: Vec<String> =
        "For the pain take 400 mg of ibuprofen now. Bye.".split_inclusive(' ').map(str::to_owned).collect();
    let sent = guarded(&pieces.iter().map(String::as_str).collect::<Vec<_>>());
    assert!(!sent.contains("take") && !sent.contains("400"), "{sent}");
    assert!(sent.ends_with("Bye."), "{sent}");
}

#[test]
fn harmless_text_is_passed_on_word_by_word() {
    let mut guard = guard();
    assert_eq!(guard.take("Visiting"), "Visiting");
    assert_eq!(guard.take(" hours are "), " hours are ");
    assert_eq!(guard.take("2 to 8. You can"), "2 to 8. ");
    assert_eq!(guard.take(" visit"), "You can visit");
    assert_eq!(guard.finish(), "");
}

#[test]
fn what_an_article_says_may_be_said_as_it_stands_there() {
    assert_eq!(guarded(&["For mild pain, take 500 mg of paracetamol."]), "For mild pain, take 500 mg of paracetamol.");
    assert!(!guarded(&["For mild pain, take 1000 mg of paracetamol."]).contains("1000"));
}

#[test]
fn it_is_said_once_that_a_human_is_needed() {
    let sent = guarded(&["You have cancer. You will be fine. Take 5 mg of morphine."]);
    assert_eq!(sent.matches("555 0100").count(), 1, "{sent}");
}

#[test]
fn other_languages_are_judged_as_english_is() {
    let mut languages: BTreeMap<&str, [(usize, usize); 2]> = BTreeMap::new();
    for line in OTHER_LANGUAGES.lines() {
        let [language, sort, sentence] = line.split('\t').collect::<Vec<_>>()[..] else {
            panic!("three columns: {line}")
        };
        let passes = sort == "passes";
        let is_right = may_be_said(sentence) == passes;
        let (all, right) = &mut languages.entry(language).or_default()[usize::from(passes)];
        *all += 1;
        *right += usize::from(is_right);
        if !is_right && env::var_os("KUZUSHI_SHOW_MISSED").is_some() {
            println!("{line}");
        }
        // In parts, and without any marks, it says the same. French and German quotation marks are none.
        let apart: String = sentence.nfd().collect();
        let bare: String = apart.chars().filter(|letter| !is_combining_mark(*letter)).collect();
        for alike in [apart, bare, sentence.to_uppercase()] {
            assert_eq!(may_be_said(&alike), may_be_said(sentence), "{alike}");
        }
    }
    for (language, [(wrong, held), (harmless, passed)]) in &languages {
        println!("{language}: {held} of {wrong} held back, {passed} of {harmless} passed");
    }
    assert_eq!(languages.len(), 6);
    let is_right = |[(wrong, held), (harmless, passed)]: &[(usize, usize); 2]| wrong == held && harmless == passed;
    assert!(languages.values().all(is_right), "{languages:?}");
}

/// However the pieces are cut, nothing of a sentence is sent from its first risky word on, and all of one that may be said.
#[test]
fn other_languages_are_streamed_as_english_is() {
    for line in OTHER_LANGUAGES.lines() {
        let (sort, sentence) =
            line.split_once('\t').and_then(|(_, rest)| rest.split_once('\t')).expect("three columns");
        let text = format!("A1: {sentence} B2");
        let letters: Vec<String> = text.chars().map(String::from).collect();
        let words: Vec<String> = text.split_inclusive(' ').map(str::to_owned).collect();
        let apart: Vec<String> = text.nfd().map(String::from).collect();
        for pieces in [&letters, &words, &apart] {
            let sent = guarded(&pieces.iter().map(String::as_str).collect::<Vec<_>>());
            let whole = pieces.concat();
            assert_eq!(sent == whole, may_be_said(sentence), "{sort}: {sent}");
            assert!(sent == whole || (sent.contains("555 0100") && sent.ends_with("B2")), "{sent}");
        }
    }
}

#[test]
fn harmless_text_in_other_languages_is_passed_on_word_by_word() {
    for (pieces, sent) in [
        (&["El horario", " de visitas", " es", " de 10"][..], &["El horario", " de visitas", " es", " de 10"][..]),
        (&["探视", "时间", "是", "上午", "。您有", "权"], &["探视", "时间", "是", "上午", "。", "您有权"]),
        (&["مواعيد", " الزيارة", " من", " 10"], &["", "مواعيد ", "الزيارة ", "من 10"]),
        (&["Giờ", " thăm", " từ", " 10"], &["Giờ", " thăm", " từ", " 10"]),
    ] {
        let mut guard = guard();
        let passed: Vec<String> = pieces.iter().map(|piece| guard.take(piece)).collect();
        assert_eq!(passed, sent);
    }
}

#[test]
fn more_than_a_sentence_may_have_been_passed_on_before_its_end_is_known() {
    assert_eq!(guarded(&["Zimmer 3. De", "n Weg zeigt das Schild."]), "Zimmer 3. Den Weg zeigt das Schild.");
    let sent = guarded(&["Zimmer 3. De", "n Weg. Sie haben wahrscheinlich eine Grippe."]);
    assert!(sent.starts_with("Zimmer 3. Den Weg. Please call"), "{sent}");
    let sent = guarded(&["Nehmen Sie am 3. ", "Dezember 400 mg Ibuprofen. Ende"]);
    assert!(!sent.contains("400") && sent.ends_with("Ende"), "{sent}");
}
