//! Everything that providers have been seen to do, in both protocols, and what becomes of a question then.

use std::time::Duration;

use futures_util::future::join_all;
use kuzushi_assistant::{
    Assistant, Endpoint, ModelUsage, ProviderFailure,
    fake::{FakeModel, PIECES, Protocol, SCENARIOS, Scenario, Script},
};
use kuzushi_domain::config::Provider;
use serde_json::json;

use crate::models::{NO_GAP, Outcome, QUESTION, choice, instead, model, outcome, request, until};

/// What becomes of a question.
#[derive(Debug, PartialEq, Eq)]
enum Becomes {
    /// The whole answer.
    Complete,
    /// Some of it, and an error.
    BrokenOff(ProviderFailure),
    /// Nothing of it: the built-in assistant answers, after so many requests.
    BuiltIn(ProviderFailure, usize),
}

fn expected(scenario: Scenario) -> Becomes {
    use Becomes::{BrokenOff, BuiltIn, Complete};
    use ProviderFailure::{
        Account, Busy, CutOff, Empty, Filtered, Interrupted, Malformed, Refused, TimedOut, TooLong, Unreachable,
    };
    match scenario {
        Scenario::Answer
        | Scenario::Slow
        | Scenario::CarriageReturns
        | Scenario::NoSpaceBehindData
        | Scenario::ByteByByte
        | Scenario::Decorated => Complete,
        Scenario::ResetAtOnce | Scenario::ResetBeforeTheFirstPiece => BuiltIn(Unreachable, 3),
        Scenario::Overloaded => BuiltIn(Busy(529), 3),
        Scenario::Unavailable => BuiltIn(Busy(503), 3),
        Scenario::RateLimited => BuiltIn(Busy(429), 3),
        Scenario::HangAtOnce | Scenario::HangBeforeTheFirstPiece | Scenario::NothingButSignsOfLife => {
            BuiltIn(TimedOut, 1)
        }
        Scenario::HangInTheMiddle | Scenario::SignsOfLifeInTheMiddle => BrokenOff(TimedOut),
        Scenario::ResetInTheMiddle
        | Scenario::EndsInTheMiddle
        | Scenario::EndsWithoutReason
        | Scenario::EndsWithoutSign => BrokenOff(CutOff),
        Scenario::BadGateway => BuiltIn(Refused(502), 1),
        Scenario::Page => BuiltIn(CutOff, 1),
        Scenario::NoCredit => BuiltIn(Account(429), 1),
        Scenario::WrongKey => BuiltIn(Account(401), 1),
        Scenario::UnknownModel => BuiltIn(Refused(404), 1),
        Scenario::TooLarge => BuiltIn(Refused(413), 1),
        Scenario::InternalError => BuiltIn(Refused(500), 1),
        Scenario::Redirect => BuiltIn(Refused(307), 1),
        Scenario::ErrorAtOnce => BuiltIn(Interrupted, 1),
        Scenario::ErrorInTheMiddle => BrokenOff(Interrupted),
        Scenario::Empty | Scenario::NothingButTheEnd => BuiltIn(Empty, 1),
        Scenario::LengthLimit | Scenario::EndlessText => BrokenOff(TooLong),
        Scenario::Filtered => BrokenOff(Filtered),
        Scenario::NoJson | Scenario::HugeLine | Scenario::HugeEvent => BrokenOff(Malformed),
        // No tool was offered.
        Scenario::HugeIndex => BuiltIn(Interrupted, 1),
        Scenario::TooManyCalls | Scenario::EndlessArguments => BuiltIn(Malformed, 1),
    }
}

fn assistant(protocol: Protocol, model: &FakeModel) -> Assistant {
    let endpoint = match protocol {
        Protocol::OpenAi => Endpoint::openai(&model.base_url(), Some("sk-test")),
        Protocol::Anthropic => Endpoint::anthropic(&model.anthropic_url(), Some("sk-test")),
    };
    Assistant::default().with_provider(endpoint.expect("a provider"))
}

fn provider(protocol: Protocol) -> Provider {
    match protocol {
        Protocol::OpenAi => Provider::Openai,
        Protocol::Anthropic => Provider::Anthropic,
    }
}

/// Long enough for a machine that has much to do; short where it is what the scenario is about.
fn patience(scenario: Scenario) -> Duration {
    match scenario {
        Scenario::HangAtOnce
        | Scenario::HangBeforeTheFirstPiece
        | Scenario::HangInTheMiddle
        | Scenario::NothingButSignsOfLife
        | Scenario::SignsOfLifeInTheMiddle => Duration::from_secs(8),
        _ => Duration::from_secs(50),
    }
}

async fn play(protocol: Protocol, scenario: Scenario) -> (Becomes, Outcome, FakeModel) {
    let model = model([scenario.script(protocol)]).await;
    let mut request = request(QUESTION, patience(scenario));
    request.provider = provider(protocol);
    request.model.silence = patience(scenario);
    let outcome = outcome(&assistant(protocol, &model), request).await;
    let becomes = match &outcome.end {
        Err(failure) => Becomes::BrokenOff(*failure),
        Ok(end) => end.instead_of_model.map_or(Becomes::Complete, |failure| {
            assert_eq!(instead(&outcome), Some(failure));
            Becomes::BuiltIn(failure, model.received().len())
        }),
    };
    (becomes, outcome, model)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_scenario_comes_to_what_it_should_in_both_protocols() {
    // What the first question has to wait for, such as the sources that all of them share, is no part of any deadline.
    let (first, ..) = play(Protocol::OpenAi, Scenario::Answer).await;
    assert_eq!(first, Becomes::Complete);
    let plays = Protocol::BOTH.into_iter().flat_map(|protocol| SCENARIOS.map(|scenario| (protocol, scenario)));
    let played = join_all(plays.map(async |(protocol, scenario)| (protocol, scenario, play(protocol, scenario).await)));
    for (protocol, scenario, (becomes, outcome, model)) in played.await {
        assert_eq!(becomes, expected(scenario), "{scenario:?} in {protocol:?}");
        match becomes {
            Becomes::Complete => {
                assert_eq!(outcome.text, PIECES.concat().replace("[1]", ""), "{scenario:?} in {protocol:?}");
                let end = outcome.end.expect("complete");
                assert_eq!(end.citations.len(), 1);
                let usage = ModelUsage {
                    provider: provider(protocol),
                    model: "test-model".to_owned(),
                    input_tokens: 10,
                    output_tokens: 5,
                    is_estimate: false,
                };
                assert_eq!(end.usage, [usage], "{scenario:?} in {protocol:?}");
            }
            Becomes::BrokenOff(_) if scenario != Scenario::EndlessText => {
                assert_eq!(outcome.text, "Visitors are welcome", "{scenario:?} in {protocol:?}");
            }
            Becomes::BrokenOff(_) | Becomes::BuiltIn(..) => {}
        }
        if matches!(scenario, Scenario::HangAtOnce | Scenario::HangBeforeTheFirstPiece | Scenario::HangInTheMiddle) {
            until(|| model.left() == 1).await;
        }
    }
}

#[tokio::test]
async fn each_protocol_is_spoken_as_its_servers_want_it() {
    let anthropic = model([Protocol::Anthropic.answer(&["Welcome[1]."], NO_GAP)]).await;
    let mut asked = request(QUESTION, Duration::from_secs(20));
    asked.provider = Provider::Anthropic;
    asked.model.temperature = Some(1.7);
    asked.model.max_tokens = None;
    assert!(outcome(&assistant(Protocol::Anthropic, &anthropic), asked).await.end.is_ok());
    let received = &anthropic.received()[0];
    assert_eq!(received.path, "/v1/messages");
    assert_eq!(received.headers["x-api-key"], "sk-test");
    assert_eq!(received.headers["anthropic-version"], "2023-06-01");
    assert!(!received.headers.contains_key("authorization"));
    let body = &received.body;
    assert_eq!((&body["model"], &body["stream"]), (&json!("test-model"), &json!(true)));
    assert_eq!((&body["temperature"], &body["max_tokens"]), (&json!(1.0), &json!(1_024)));
    assert!(body["system"].as_str().is_some_and(|system| system.contains("<source number=\"1\">")));
    assert_eq!(body["messages"], json!([{"role": "user", "content": [{"type": "text", "text": QUESTION}]}]));
    assert!(body.get("tools").is_none());

    let azure = model([Protocol::OpenAi.answer(&["Welcome[1]."], NO_GAP)]).await;
    let base_url = format!("{}/openai/deployments/ours/?api-version=2024-10-21", azure.anthropic_url());
    let endpoint = Endpoint::openai(&base_url, Some("azure-key")).expect("a provider");
    let asked = request(QUESTION, Duration::from_secs(20));
    assert!(outcome(&Assistant::default().with_provider(endpoint), asked).await.end.is_ok());
    let received = &azure.received()[0];
    assert_eq!(received.path, "/openai/deployments/ours/chat/completions?api-version=2024-10-21");
    assert_eq!(received.headers["api-key"], "azure-key");
    assert!(!received.headers.contains_key("authorization"));
    assert_eq!(received.body["stream_options"], json!({"include_usage": true}));
    assert_eq!(received.body["max_completion_tokens"], 300);
}

#[tokio::test]
async fn the_next_in_the_chain_answers_within_the_same_deadline() {
    let first = model([Scenario::HangAtOnce.script(Protocol::OpenAi)]).await;
    let second = model([Protocol::Anthropic.answer(&["Welcome", "[1]."], NO_GAP)]).await;
    let both = assistant(Protocol::OpenAi, &first)
        .with_provider(Endpoint::anthropic(&second.anthropic_url(), Some("sk-test")).expect("a provider"));
    let mut asked = request(QUESTION, Duration::from_secs(6));
    asked.fallbacks = vec![choice(Provider::Anthropic, "second")];
    let answered = outcome(&both, asked).await;
    assert_eq!(answered.text, "Welcome.");
    let end = answered.end.expect("complete");
    assert_eq!(end.instead_of_model, None);
    let models: Vec<_> = end.usage.iter().map(|usage| (usage.provider, usage.model.as_str())).collect();
    assert_eq!(models, [(Provider::Anthropic, "second")]);
    until(|| first.left() == 1).await;

    // What was begun and came to nothing was paid for.
    let first = model([Scenario::HugeIndex.script(Protocol::OpenAi)]).await;
    let second = model([Scenario::Unavailable.script(Protocol::Anthropic)]).await;
    let both = assistant(Protocol::OpenAi, &first)
        .with_provider(Endpoint::anthropic(&second.anthropic_url(), Some("sk-test")).expect("a provider"));
    let mut asked = request(QUESTION, Duration::from_secs(6));
    asked.fallbacks = vec![choice(Provider::Anthropic, "second"), choice(Provider::Builtin, "")];
    let answered = outcome(&both, asked).await;
    assert_eq!(instead(&answered), Some(ProviderFailure::Busy(503)));
    let usage = answered.end.expect("complete").usage;
    assert_eq!(usage.iter().map(|usage| usage.model.as_str()).collect::<Vec<_>>(), ["test-model"]);
}

#[tokio::test]
async fn a_provider_that_fails_again_and_again_is_left_alone() {
    for protocol in Protocol::BOTH {
        let model = model([Scenario::InternalError.script(protocol)]).await;
        let assistant = assistant(protocol, &model);
        let mut failures = Vec::new();
        for _ in 0..7 {
            let mut asked = request(QUESTION, Duration::from_secs(20));
            asked.provider = provider(protocol);
            failures.extend(instead(&outcome(&assistant, asked).await));
        }
        assert_eq!(
            failures[4..],
            [ProviderFailure::Refused(500), ProviderFailure::LeftAlone, ProviderFailure::LeftAlone]
        );
        assert_eq!(model.received().len(), 5);
    }
}

#[tokio::test]
async fn what_a_provider_does_not_count_is_estimated() {
    let model = model([Script::answer(&["Welcome", "[1]."], NO_GAP)]).await;
    let asked = request(QUESTION, Duration::from_secs(20));
    let usage = outcome(&assistant(Protocol::OpenAi, &model), asked).await.end.expect("complete").usage;
    assert!(usage[0].is_estimate && usage[0].input_tokens > 100, "{usage:?}");
    assert_eq!(usage[0].output_tokens, 3);
}

#[test]
fn a_provider_prints_neither_its_key_nor_its_address() {
    let provider = Endpoint::openai("https://model.example/v1?api-version=1", Some("sk-secret")).expect("a provider");
    let printed = format!("{provider:?}");
    assert!(!printed.contains("secret") && !printed.contains("api-version"), "{printed}");
    for wrong in ["no address", "mailto:a@b.example"] {
        assert!(Endpoint::openai(wrong, None).is_err() && Endpoint::anthropic(wrong, None).is_err());
    }
    assert!(Endpoint::openai("https://model.example", Some("line\nbreak")).is_err());
}
