//! What leaves for a provider: measured by kind on a labelled set, and looked at as the provider gets it.

use std::{collections::BTreeMap, fmt::Write, ops::Range, sync::Arc, time::Duration};

use futures_util::{FutureExt, StreamExt, future::BoxFuture};
use kuzushi_assistant::{
    AnswerEvent, Assistant, Endpoint, HistoryMessage,
    fake::{FakeModel, Protocol, Script},
    redact::{BirthDate, Kind, KnownPatient, Placeholders, Redaction},
    tools::{Tool, ToolContext, ToolFailure, ToolOutput},
};
use kuzushi_domain::{Phi, Role};
use serde_json::{Map, Value, json};

use crate::models::{outcome, request};

const SET: &str = include_str!("../data/redaction/identifiers.txt");
const FRESH: &str = include_str!("../data/redaction/fresh.txt");

fn nobody(_: Kind, _: &str) -> bool {
    false
}

/// A text of the set, and where in it what has to go.
fn labelled(line: &str) -> (String, Vec<(Range<usize>, String)>) {
    let (mut text, mut marks) = (String::new(), Vec::new());
    let mut rest = line;
    while let Some((before, marked)) = rest.split_once('«') {
        text.push_str(before);
        let (mark, after) = marked.split_once('»').expect("a mark ends");
        let (kind, value) = mark.split_once('|').expect("a mark has a kind");
        marks.push((text.len()..text.len() + value.len(), kind.to_owned()));
        text.push_str(value);
        rest = after;
    }
    text.push_str(rest);
    (text, marks)
}

/// What of a text is still there when it is redacted, as places in the text.
fn kept(text: &str) -> Vec<Range<usize>> {
    let mut redaction = Redaction::new(&KnownPatient::default(), Box::new(nobody), Placeholders::default());
    let redacted = redaction.redact(text).into_owned();
    let (mut kept, mut position) = (Vec::new(), 0);
    let mut rest = redacted.as_str();
    while !rest.is_empty() {
        let placeholder = rest.find(']').map(|end| &rest[..=end]).filter(|start| start.starts_with('['));
        let restored = placeholder.map(|placeholder| (placeholder, redaction.restore(placeholder)));
        if let Some((placeholder, value)) = restored.filter(|(placeholder, value)| placeholder != value) {
            position += value.len();
            rest = &rest[placeholder.len()..];
        } else {
            let length = rest.chars().next().map_or(0, char::len_utf8);
            kept.push(position..position + length);
            position += length;
            rest = &rest[length..];
        }
    }
    assert_eq!(position, text.len(), "{text}");
    kept
}

/// Recall by kind, and false alarms, as docs/privacy.md publishes them. `REDACTION_FIGURES=1` prints what was missed.
#[test]
fn what_patterns_find_is_as_published() {
    for (name, set, published) in [("identifiers", SET, PUBLISHED), ("fresh", FRESH, PUBLISHED_FRESH)] {
        let (found, report) = measure(set);
        if std::env::var_os("REDACTION_FIGURES").is_some() {
            println!("{name}:\n{report}");
        }
        assert_eq!(found, published, "docs/privacy.md has other figures of {name}:\n{report}");
    }
}

/// Identifiers found, and harmless texts changed.
const PUBLISHED: (usize, usize) = (151, 0);
const PUBLISHED_FRESH: (usize, usize) = (58, 0);

fn measure(set: &str) -> ((usize, usize), String) {
    let mut by_kind: BTreeMap<String, (usize, usize)> = BTreeMap::new();
    let (mut harmless, mut alarms, mut report) = (0, 0, String::new());
    for line in set.lines().filter(|line| !line.starts_with('#') && !line.is_empty()) {
        let (text, marks) = labelled(line);
        let kept = kept(&text);
        if marks.is_empty() {
            harmless += 1;
            let gone = text.len() - kept.iter().map(Range::len).sum::<usize>();
            if gone > 0 {
                alarms += 1;
                let _ = writeln!(report, "false alarm: {text}");
            }
            continue;
        }
        for (place, kind) in marks {
            let told = kept
                .iter()
                .filter(|kept| place.contains(&kept.start))
                .any(|kept| text[kept.clone()].chars().all(char::is_alphanumeric));
            let (found, all) = by_kind.entry(kind.clone()).or_default();
            *all += 1;
            *found += usize::from(!told);
            if told {
                let _ = writeln!(report, "missed {kind}: {text}");
            }
        }
    }
    let (mut found, mut all) = (0, 0);
    for (kind, (kind_found, kind_all)) in &by_kind {
        let _ = writeln!(report, "{kind:8} {kind_found:3} of {kind_all}");
        found += kind_found;
        all += kind_all;
    }
    let _ = writeln!(report, "{found} of {all}; {alarms} of {harmless} harmless texts changed");
    ((found, alarms), report)
}

/// A patient in whose data every part tells itself.
fn canary() -> KnownPatient {
    KnownPatient {
        names: vec![Phi::from("Zanthippe Q. Quillfeather-O'Dell"), Phi::from("小川")],
        emails: vec![Phi::from("zanthippe.quill@canary.example.org")],
        phones: vec![Phi::from("+1 (313) 555-7788")],
        birth_date: Some(Phi::new(BirthDate { year: 1961, month: 3, day: 3 })),
        record_numbers: vec![Phi::from("MRN-00482913"), Phi::from("patient-kz77")],
        addresses: vec![Phi::from("4417 Larkspur, Perrysburg")],
    }
}

/// Ways to say what is known of the canary; what of them must not be there afterwards.
const SAID: [(&str, &[&str]); 18] = [
    ("I am Zanthippe Quillfeather", &["zanthippe", "quillfeather"]),
    ("ZANTHIPPE QUILLFEATHER-ODELL asks", &["zanthippe", "quillfeather", "odell"]),
    ("it is zanthippe's turn, not mrs quillfeathers'", &["zanthippe", "quillfeather"]),
    ("Zánthippe O\u{2019}Dell", &["nthippe", "dell"]),
    ("user zanthippe_99 or ZanthippeQuillfeather or myquillfeather", &["zanthippe", "quillfeather"]),
    ("quillfeather, zanthippe q.", &["quillfeather", "zanthippe"]),
    ("私は小川です", &["小川"]),
    ("mail zanthippe.quill@canary.example.org or Zanthippe Quill", &["zanthippe", "quill", "canary"]),
    ("3135557788, 313 555 7788, 555-7788, +13135557788, (313)5557788", &["7788"]),
    ("3\u{200b}13-555\u{2013}7788 and \u{ff13}\u{ff11}\u{ff13}5557788", &["7788", "555"]),
    ("born 3/3/1961, 03-03-61, 1961-03-03, 03031961", &["1961", "3/3", "03-03", "0303"]),
    ("on March 3, 3rd of March, Mar 3rd 1961", &["3rd", "mar", "1961"]),
    ("my number is 00482913 or MRN 482913 or mrn00482913", &["482913"]),
    ("MRN 0048-2913, 0048 2913", &["2913"]),
    ("portal id patient kz77 / PATIENT-KZ77", &["kz77"]),
    ("at 4417 larkspur in Perrysburg", &["4417", "larkspur", "perrysburg"]),
    ("Zanthippe\u{ad} \u{201c}Quill\u{ad}feather\u{201d}", &["zanthippe", "feather"]),
    ("my name is Zanthippe Quillfeather, dob 3/3/61, 3135557788", &["zanthippe", "3/3", "7788"]),
];

#[test]
fn what_is_known_is_found_however_it_is_written() {
    for (text, gone) in SAID {
        let mut redaction = Redaction::new(&canary(), Box::new(|_, _| true), Placeholders::default());
        let redacted = redaction.redact(text).to_lowercase();
        for part in gone {
            assert!(!redacted.contains(part), "{part} is left of {text}: {redacted}");
        }
        let redacted = Redaction::new(&canary(), Box::new(nobody), Placeholders::default()).redact(text).into_owned();
        assert_eq!(redaction_round(text), text, "{redacted}");
    }
}

fn redaction_round(text: &str) -> String {
    let mut redaction = Redaction::new(&canary(), Box::new(nobody), Placeholders::default());
    let redacted = redaction.redact(text).into_owned();
    redaction.restore(&redacted)
}

#[test]
fn a_name_that_is_a_word_counts_where_it_is_written_as_a_name() {
    let known = KnownPatient { names: vec![Phi::from("Will May")], ..KnownPatient::default() };
    let redacted =
        |text: &str| Redaction::new(&known, Box::new(nobody), Placeholders::default()).redact(text).into_owned();
    for text in ["When will the pharmacy open in may?", "May I come? Will it hurt?"] {
        assert_eq!(redacted(text), text);
    }
    assert_eq!(redacted("I'm Will May and my name is may"), "I'm [NAME_1] and my name is [NAME_2]");
    assert_eq!(redacted("ask for Will, will may said"), "ask for [NAME_1], [NAME_2] said");
}

#[test]
fn a_value_has_one_placeholder_in_all_of_a_conversation() {
    let placeholders = Placeholders::default();
    let redacted =
        |text: &str| Redaction::new(&canary(), Box::new(nobody), placeholders.clone()).redact(text).into_owned();
    assert_eq!(redacted("call 313-555-7788 or 202-555-0199"), "call [PHONE_1] or [PHONE_2]");
    assert_eq!(redacted("I said 202-555-0199"), "I said [PHONE_2]");
    assert_eq!(redacted("that is 2025550199"), "that is [PHONE_2b]");
    assert_eq!(redacted("not [PHONE_2]"), "not [TEXT_1]", "what a patient writes is no placeholder");
}

/// Texts made of what identifiers, placeholders and other languages are made of, by chance.
#[test]
fn what_was_redacted_can_be_put_back_to_the_byte() {
    let pieces: Vec<&str> = SAID
        .iter()
        .flat_map(|(text, _)| text.split_inclusive(' '))
        .chain(SET.split_inclusive([' ', '|', '»']))
        .chain([
            "[",
            "]",
            "[PHONE_1]",
            "[NAME_1b]",
            "\\[phone\\_1\\]",
            "[TEXT_",
            "_1]",
            "1",
            "\u{301}",
            "\u{200b}",
            "\n",
            "ß",
            "👩‍👩‍👧",
        ])
        .collect();
    let mut random = fastrand::Rng::with_seed(7);
    for _ in 0..3_000 {
        let text: String = (0..random.usize(1..25)).map(|_| pieces[random.usize(..pieces.len())]).collect();
        let mut redaction = Redaction::new(&canary(), Box::new(nobody), Placeholders::default());
        let redacted = redaction.redact(&text).into_owned();
        assert_eq!(redaction.restore(&redacted), text, "{redacted}");
        let mut streamed = String::new();
        let mut rest = redacted.as_str();
        while !rest.is_empty() {
            let mut cut = random.usize(1..=rest.len().min(9));
            while !rest.is_char_boundary(cut) {
                cut += 1;
            }
            streamed.push_str(&redaction.restore_piece(&rest[..cut]));
            rest = &rest[cut..];
        }
        streamed.push_str(&redaction.restore_rest());
        assert_eq!(streamed, redaction.restore(&without_addresses(&redacted)), "{redacted}");
    }
}

/// With what a visitor sees in the place of an address.
fn without_addresses(redacted: &str) -> String {
    let mut parts = redacted.split("[URL_");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| text + "[\u{2026}]" + part.split_once(']').expect("a whole placeholder").1)
}

/// Not by the clock: a text twice as long may not take much more than twice the time, measured on both, the best of a few.
#[test]
fn the_time_grows_with_the_text_and_not_faster() {
    let bad =
        ["a", "1", "1 ", "a@", "a.", "1-", "[A_", "(313) 55", "my name is ", "9 elm ", "::", "1a", "A b ", "mrn "];
    for piece in bad {
        let time = |length: usize| {
            let text = piece.repeat(length / piece.len());
            (0..5)
                .map(|_| {
                    let mut redaction = Redaction::new(&canary(), Box::new(nobody), Placeholders::default());
                    let begun = tokio::time::Instant::now();
                    std::hint::black_box(redaction.redact(&text));
                    begun.elapsed()
                })
                .min()
                .unwrap_or_default()
        };
        time(1_000);
        let (short, long) = (time(8_000), time(64_000));
        assert!(long < short * 8 * 4 + Duration::from_millis(200), "{piece}: {short:?} and {long:?}");
    }
}

async fn answered(model: &FakeModel, history: &[HistoryMessage], question: &str) -> String {
    let endpoint = Endpoint::openai(&model.base_url(), None).expect("a provider");
    let mut request = request(question, Duration::from_secs(20));
    request.history = history.to_vec().into();
    request.locale = "en-US zanthippe".into();
    for message in history {
        Arc::make_mut(&mut request.earlier).add(message);
    }
    request.privacy.known = canary();
    let mut stream = Assistant::default().with_provider(endpoint).answer(request);
    let mut text = String::new();
    while let Some(event) = stream.next().await {
        match event.expect("an answer") {
            AnswerEvent::Text(piece) => text.push_str(&piece),
            AnswerEvent::Done(end) => assert_eq!(end.instead_of_model, None),
        }
    }
    text
}

#[tokio::test]
async fn nothing_known_of_the_patient_reaches_the_provider_and_the_answer_has_it_back() {
    let pieces = ["Dear [NA", "ME_1], we call ", "[", "PHONE_1", "] about visiting[1]. ", "[PHONE_9] [NAME"];
    let model = FakeModel::start([Protocol::OpenAi.answer(&pieces, Duration::ZERO)]).await.expect("a free port");
    let message = |role, text: &str| HistoryMessage { role, content: Phi::from(text), cited: Vec::new() };
    let history: Vec<HistoryMessage> = SAID
        .iter()
        .rev()
        .take(6)
        .flat_map(|(text, _)| [message(Role::User, text), message(Role::Assistant, &format!("You said: {text}"))])
        .collect();
    for (text, gone) in SAID {
        let question = format!("When can I visit my mother at (419) 555-0100? {text}");
        answered(&model, &history, &question).await;
        let body = model.received().pop().expect("a request").body.to_string().to_lowercase();
        for part in gone.iter().chain(&["zanthippe", "quillfeather", "7788", "482913", "kz77", "larkspur"]) {
            // Dates and their parts occur in articles too.
            let is_telling = part.len() > 4 || *part == "7788" || *part == "kz77";
            assert!(!is_telling || !body.contains(part), "{part} left with: {text}");
        }
        assert!(body.contains("at (419) 555-0100? "), "the hospital's own number is no patient's: {body}");
    }
    let text = answered(&model, &[], "I am Zanthippe. When can I visit? Call 313-555-7788").await;
    assert_eq!(text, "Dear Zanthippe, we call 313-555-7788 about visiting. [PHONE_9] [NAME");
}

/// Tells what it is asked for, and what the patient's record says.
#[derive(Debug)]
struct Echo;

impl Tool for Echo {
    fn name(&self) -> &'static str {
        "echo"
    }

    fn description(&self) -> &'static str {
        "Says the same."
    }

    fn parameters(&self) -> Value {
        json!({"type": "object"})
    }

    fn call<'a>(
        &'a self,
        arguments: &'a Map<String, Value>,
        _: &'a ToolContext,
    ) -> BoxFuture<'a, Result<ToolOutput, ToolFailure>> {
        let is_meant = arguments["who"] == "Zanthippe";
        let found = json!({"meant": is_meant, "patient": "QUILLFEATHER, Zanthippe", "phone": "+13135557788"});
        std::future::ready(Ok(found.into())).boxed()
    }
}

#[tokio::test]
async fn a_tool_gets_what_is_meant_and_the_model_what_may_leave() {
    let protocol = Protocol::OpenAi;
    let call = protocol.call(1, "call_1", "echo", &["{\"who\":\"[NA", "ME_1]\"}"]);
    let text = protocol.head(10) + &call + &protocol.finish("calls", 5) + &protocol.usage(10, 5);
    let calls = Script::begin().bytes(text + &protocol.end()).end();
    let answer = protocol.answer(&["[NAME_1]", ", come any day[1]."], Duration::ZERO);
    let model = FakeModel::start([calls, answer]).await.expect("a free port");
    let endpoint = Endpoint::openai(&model.base_url(), None).expect("a provider");
    let assistant = Assistant::default().with_provider(endpoint).with_tool(Arc::new(Echo));
    let mut request = request("I am Zanthippe. When can I visit?", Duration::from_secs(20));
    request.tools = vec!["echo".to_owned()];
    request.privacy.known = canary();
    let outcome = outcome(&assistant, request).await;
    assert_eq!(outcome.text, "Zanthippe, come any day.");
    let received = model.received();
    let told = received[1].body["messages"].to_string();
    assert!(told.contains("meant\\\":true"), "the tool got the name: {told}");
    for known in ["zanthippe", "quillfeather", "5557788"] {
        assert!(!told.to_lowercase().contains(known), "{known} left: {told}");
    }
}
