//! What is said, beyond which article is cited.

use std::{sync::Arc, time::Duration};

use futures_util::StreamExt;
use kuzushi_assistant::{AnswerEvent, AnswerRequest, Assistant, HistoryMessage, Knowledge, KnowledgeArticle};
use kuzushi_domain::{AnswerOutcome, Id, Phi, Role};

use crate::demo_hospital::{Answered, DemoHospital, PATIENTS, articles};

async fn ask(question: &str) -> Answered {
    DemoHospital::open().ask(PATIENTS, &mut Vec::new(), question).await
}

/// Asserts that the first section cited has a heading with these words; none for an answer without a source.
fn assert_section(answered: &Answered, words: &str, question: &str) {
    let section = answered.end.citations.first().and_then(|citation| citation.section.as_deref()).unwrap_or_default();
    assert_eq!(section.is_empty(), words.is_empty(), "{question}: {section}");
    assert!(section.to_lowercase().contains(&words.to_lowercase()), "{question}: {section}");
}

#[tokio::test]
async fn the_section_that_answers_is_quoted() {
    for (question, expected) in [
        ("When can I visit my mother?", "most wards"),
        ("What are the visiting hours in the ICU?", "ICU"),
        ("Where do I park?", "Where to park"),
        ("What does parking cost?", "costs"),
        ("How long do lab results take?", "How long it takes"),
        ("Is the pharmacy open on Christmas?", "Holidays"),
        ("I forgot my password", "password"),
    ] {
        assert_section(&ask(question).await, expected, question);
    }
}

/// An answer holds nothing but what the cited article says: sentence by sentence.
#[tokio::test]
async fn every_sentence_of_an_answer_stands_in_the_cited_article() {
    let bodies = articles(PATIENTS);
    for question in ["When can I visit my mother?", "Where do I park, and what does it cost?", "is there wifi"] {
        let answered = ask(question).await;
        let body = &bodies.iter().find(|article| article.slug == answered.slugs[0]).expect("the article").body;
        for sentence in answered.text.split_inclusive(". ").flat_map(|piece| piece.split("\n\n")) {
            assert!(body.contains(sentence.trim()), "{question}: {sentence}");
        }
    }
}

#[tokio::test]
async fn two_things_asked_at_once_are_both_answered() {
    let answered = ask("Where do I park, and what does it cost?").await;
    assert!(answered.text.contains("1200 Linden Avenue") && answered.text.contains("$4"), "{}", answered.text);
    let answered = ask("When does the gift shop open? And where is the pharmacy?").await;
    assert_eq!(answered.slugs, ["gift-shop", "pharmacy"]);
}

#[tokio::test]
async fn a_citation_says_where_the_answer_stands() {
    let answered = ask("Where do I park?").await;
    let [citation] = answered.end.citations.as_slice() else { panic!("one citation") };
    assert!(citation.article_id.starts_with("art_"));
    assert_eq!(citation.title, "Parking");
    assert_eq!(citation.url.as_deref(), Some("/demo/articles/parking"));
    assert_eq!(citation.section.as_deref(), Some("Where to park"));
    let snippet = citation.snippet.as_deref().expect("a snippet");
    assert!(
        snippet.starts_with("Park in the Linden Garage") && snippet.ends_with('…') && snippet.chars().count() <= 160
    );
}

#[tokio::test]
async fn not_knowing_is_said_plainly_with_a_number_to_call() {
    let answered = ask("Where can I land my helicopter?").await;
    assert!(answered.end.no_answer && answered.end.citations.is_empty());
    assert_eq!(answered.end.outcome(), AnswerOutcome::Referred);
    assert!(answered.text.contains("I don't know") && answered.text.contains("(419) 555-0100"), "{}", answered.text);
}

/// What is near an article's subject and not in it: no claim, a number to call, and where the article stands.
#[tokio::test]
async fn what_is_only_near_is_pointed_to_and_not_claimed() {
    let bodies = articles(PATIENTS);
    for (question, nearest) in [
        ("Can the doctor prescribe Adderall in a video visit?", "telehealth"),
        ("Which laptop should I buy for video calls?", "wifi-and-phones"),
    ] {
        let answered = ask(question).await;
        assert!(answered.end.no_answer, "{question}: {}", answered.text);
        assert_eq!(answered.slugs.first().map(String::as_str), Some(nearest), "{question}");
        assert!(
            answered.text.contains("I don't know") && answered.text.contains("(419) 555-0100"),
            "{}",
            answered.text
        );
        let (_, quoted) = answered.text.split_once("\n\n> ").expect("a quotation");
        let quoted = quoted.split('\n').next().unwrap_or_default();
        assert!(quoted.split_whitespace().count() <= 50, "{quoted}");
        let body = &bodies.iter().find(|article| article.slug == nearest).expect("the article").body;
        assert!(quoted.split_inclusive(". ").all(|sentence| body.contains(sentence.trim())), "{quoted}");
    }
}

/// A hospital whose articles answer what most do not.
#[tokio::test]
async fn what_the_editors_expect_is_answered_however_rare_it_is() {
    let article = KnowledgeArticle {
        id: Id::generate(),
        slug: "acupuncture".into(),
        title: "Acupuncture".into(),
        summary: "Needles against pain.".into(),
        url: None,
        questions: vec!["Do you offer acupuncture?".into()],
        body: "## Acupuncture against pain\nOur pain clinic offers acupuncture on Tuesdays.".into(),
        locale: "en-US".into(),
    };
    let mut request = DemoHospital::open().request(PATIENTS, &[], "Do you offer acupuncture?");
    request.knowledge = Arc::new(Knowledge::index(vec![article]));
    let events: Vec<_> = Assistant::default().answer(request).collect().await;
    let Some(Ok(AnswerEvent::Done(end))) = events.last() else { panic!("an end") };
    assert!(!end.no_answer && end.citations.len() == 1);
}

#[tokio::test]
async fn medical_advice_is_declined() {
    for question in
        ["What dose of ibuprofen can I give my son?", "Is this mole cancer?", "Should I stop taking my insulin?"]
    {
        let answered = ask(question).await;
        assert!(answered.text.starts_with("I can't give medical advice."), "{question}: {}", answered.text);
        assert!(answered.text.contains("911") && answered.end.citations.is_empty(), "{question}");
    }
}

#[tokio::test]
async fn an_emergency_begins_with_the_number_to_call() {
    let answered = ask("my baby is not breathing").await;
    assert!(answered.text.starts_with("**Call 911 now.**") && !answered.end.no_answer);
    assert_eq!(answered.end.outcome(), AnswerOutcome::Emergency);
    let answered = ask("I want to die").await;
    assert!(answered.text.starts_with("**Call 911 now**") && answered.text.contains("988"));
}

#[tokio::test]
async fn courtesies_are_returned_and_a_person_is_named() {
    for (message, expected) in [("Hello!", "Hello!"), ("thanks a lot", "You're welcome"), ("bye", "Goodbye")] {
        let answered = ask(message).await;
        assert!(answered.text.starts_with(expected), "{message}: {}", answered.text);
        assert!(answered.end.citations.is_empty() && !answered.end.no_answer);
    }
    assert!(ask("Can I talk to a human?").await.text.contains("(419) 555-0100"));
}

#[tokio::test]
async fn a_follow_up_takes_what_it_lacks_from_the_conversation() {
    let hospital = DemoHospital::open();
    let mut history = Vec::new();
    for (question, expected) in [
        ("When can I visit my mother?", "most wards"),
        ("and on Sundays?", "Sundays"),
        ("what about the ICU?", "ICU"),
        ("Thanks!", ""),
        ("and parking?", "Where to park"),
        ("how much is it?", "costs"),
        ("where is that?", "Where to park"),
        ("is there a helicopter?", ""),
        ("When does the pharmacy close?", "hours"),
    ] {
        let answered = hospital.ask(PATIENTS, &mut history, question).await;
        assert_section(&answered, expected, question);
    }
}

/// What happens to a history that holds nothing useful: cited ids of deleted articles, agents' and empty messages.
#[tokio::test]
async fn a_strange_history_does_no_harm() {
    let hospital = DemoHospital::open();
    let message = |role, content: &str, cited: &[&str]| HistoryMessage {
        role,
        content: Phi::from(content),
        cited: cited.iter().map(|id| (*id).to_owned()).collect(),
    };
    let mut history = vec![
        message(Role::System, "", &["art_gone"]),
        message(Role::Agent, "One moment please", &[]),
        message(Role::User, "", &[]),
        message(Role::Assistant, "…", &["", "art_00000000000000000000000000000000"]),
    ];
    let answered = hospital.ask(PATIENTS, &mut history, "and the other one?").await;
    assert!(answered.end.no_answer, "{}", answered.text);
}

#[tokio::test]
async fn nonsense_and_long_messages_are_declined() {
    let long = "lorem ipsum dolor ".repeat(450);
    for message in ["", "   ", "???", "🙂🙂", "asdfgh", "12345", "\u{0}\u{7}", long.as_str()] {
        let answered = ask(message).await;
        assert!(answered.end.no_answer && !answered.text.is_empty(), "{message}: {}", answered.text);
    }
}

#[tokio::test]
async fn without_articles_there_is_small_talk_and_nothing_else() {
    let mut request = DemoHospital::open().request(PATIENTS, &[], "Where do I park?");
    request.knowledge = Arc::new(Knowledge::default());
    let events: Vec<_> = Assistant::default().answer(request).collect().await;
    let Some(Ok(AnswerEvent::Done(end))) = events.last() else { panic!("an end") };
    assert!(end.no_answer);
}

/// Lists keep their form, and a long one is cut to the items that answer.
#[tokio::test]
async fn a_long_list_is_cut_to_the_items_asked_for() {
    let items: String = (1..=40).map(|room| format!("- Clinic number {room} is in room {room}\n")).collect();
    let body = format!("## Rooms\nThe clinics are in these rooms:\n\n{items}- The **eye clinic** is in room 99\n");
    let article = KnowledgeArticle {
        id: Id::generate(),
        slug: "rooms".into(),
        title: "Where the clinics are".into(),
        summary: String::new(),
        url: None,
        questions: Vec::new(),
        body,
        locale: "en-US".into(),
    };
    let mut request = DemoHospital::open().request(PATIENTS, &[], "Where is the eye clinic?");
    request.knowledge = Arc::new(Knowledge::index(vec![article]));
    let mut text = String::new();
    let mut stream = Box::pin(Assistant::default().answer(request));
    while let Some(event) = stream.next().await {
        if let AnswerEvent::Text(piece) = event.expect("no failure") {
            text.push_str(&piece);
        }
    }
    assert!(text.contains("- The **eye clinic** is in room 99"), "{text}");
    assert!(text.starts_with("The clinics are in these rooms:\n\n- "), "{text}");
    assert!(text.split_whitespace().count() <= 130, "{text}");
}

#[tokio::test(start_paused = true)]
async fn words_are_an_interval_apart_and_a_dropped_stream_is_over() {
    let mut request = DemoHospital::open().request(PATIENTS, &[], "Where do I park?");
    request.token_interval = Duration::from_millis(18);
    let start = tokio::time::Instant::now();
    let pieces = Assistant::default().answer(request.clone()).count().await as u32 - 1;
    assert_eq!(start.elapsed(), request.token_interval * (pieces - 1));
    drop(Box::pin(Assistant::default().answer(request)).next().await);
}

#[test]
fn nothing_a_patient_said_is_printed() {
    let mut request = DemoHospital::open().request(PATIENTS, &[], "my secret illness");
    request.history =
        vec![HistoryMessage { role: Role::User, content: Phi::from("my secret illness"), cited: Vec::new() }].into();
    let event = AnswerEvent::Text("my secret illness".into());
    assert!(!format!("{request:?} {event:?}").contains("secret"));
}

/// What was answered once is kept, under everything that the answer depends on.
#[tokio::test]
async fn an_answer_from_memory_is_the_one_that_would_be_found_anew() {
    let text = async |change: fn(&mut AnswerRequest)| {
        let mut request = DemoHospital::open().request(PATIENTS, &[], "How much is a helicopter ride?");
        change(&mut request);
        let events: Vec<_> = Assistant::default().answer(request).collect().await;
        let Some(Ok(AnswerEvent::Text(text))) = events.into_iter().next() else { panic!("a text") };
        text
    };
    let first = text(|_| {}).await;
    assert_eq!(text(|_| {}).await, first);
    assert!(first.contains("(419) 555-0100"), "{first}");
    assert!(text(|request| request.contact.phone = "555-0199".into()).await.contains("555-0199"));
    assert!(text(|request| request.contact.emergency_number = "112".into()).await.contains("112"));
    assert_ne!(text(|request| request.question = Phi::from("How much is parking?")).await, first);
    let followed = text(|request| {
        request.question = Phi::from("And how much is it?");
        request.history = vec![HistoryMessage {
            role: Role::User,
            content: Phi::from("Where can I park my car?"),
            cited: Vec::new(),
        }]
        .into();
    });
    assert_ne!(followed.await, text(|request| request.question = Phi::from("And how much is it?")).await);
}
