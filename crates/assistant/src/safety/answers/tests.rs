use std::{collections::BTreeMap, env};

use kuzushi_domain::Id;
use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

use super::*;
use crate::knowledge::KnowledgeArticle;

/// A language, what is wrong with a sentence or `passes`, and the sentence. `docs/safety.md` says when they were written, and how
/// many were recognised at first.
const SENTENCES: &str = include_str!("../../../tests/data/answers.tsv");

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

/// Of a table's sentences in each language: how many may not be said and of these how many are held back, how many may and of
/// these how many pass.
fn counted(table: &'static str) -> BTreeMap<&'static str, [(usize, usize); 2]> {
    let mut languages: BTreeMap<&str, [(usize, usize); 2]> = BTreeMap::new();
    for line in table.lines() {
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
    }
    for (language, [(wrong, held), (harmless, passed)]) in &languages {
        println!("{language}: {held} of {wrong} held back, {passed} of {harmless} passed");
    }
    languages
}

#[test]
fn nearly_all_that_we_wrote_down_is_held_back_and_all_that_a_hospital_says_passes() {
    let languages = counted(SENTENCES);
    assert_eq!(languages.len(), 7);
    for (language, [(wrong, held), (harmless, passed)]) in languages {
        assert!(held * 100 >= wrong * 80 && passed == harmless, "{language}");
    }
}

/// What we say ourselves, to somebody in danger and instead of what may not be said.
#[test]
fn our_own_notices_may_be_said_in_every_language() {
    let notices = include_str!("../../../data/notices.txt").lines().filter_map(|line| line.split_once(" = "));
    for (name, text) in notices {
        assert_eq!(guarded(&[text]), text, "{name}");
    }
}

#[test]
fn marks_parts_and_capitals_change_nothing() {
    for sentence in SENTENCES.lines().filter_map(|line| line.rsplit('\t').next()) {
        let apart: String = sentence.nfd().collect();
        let bare: String = apart.chars().filter(|letter| !is_combining_mark(*letter)).collect();
        for alike in [apart, bare, sentence.to_uppercase()] {
            assert_eq!(may_be_said(&alike), may_be_said(sentence), "{alike}");
        }
    }
}

/// However the pieces are cut, nothing of a sentence is sent from its first risky word on, and all of one that may be said.
#[test]
fn other_languages_are_streamed_as_english_is() {
    for line in SENTENCES.lines() {
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
        // "Es" may become "es cáncer", and waits for a word.
        (["El horario", " de visitas", " es", " de 10"], ["El horario", " de visitas", " ", "es de 10"]),
        (["探视时间", "是上午", "十点。", "您有"], ["探视时间", "是上午", "十点。", ""]),
        (["مواعيد", " الزيارة", " من", " 10"], ["", "مواعيد ", "الزيارة ", "من 10"]),
        (["Sáng", " thăm", " bệnh", " 10"], ["Sáng", " thăm", " bệnh", " 10"]),
    ] {
        let mut guard = guard();
        let passed: Vec<String> = pieces.iter().map(|piece| guard.take(piece)).collect();
        assert_eq!(passed, sent);
    }
}

#[test]
fn more_than_a_sentence_may_have_been_passed_on_before_its_end_is_known() {
    assert_eq!(guarded(&["Zimmer 3. Nov", "a zeigt den Weg."]), "Zimmer 3. Nova zeigt den Weg.");
    let sent = guarded(&["Zimmer 3. Nov", "a. Sie haben wahrscheinlich eine Grippe."]);
    assert!(sent.starts_with("Zimmer 3. Nova. Please call"), "{sent}");
    let sent = guarded(&["Nehmen Sie am 3. ", "Dezember 400 mg Ibuprofen. Ende"]);
    assert!(!sent.contains("400") && sent.ends_with("Ende"), "{sent}");
}
