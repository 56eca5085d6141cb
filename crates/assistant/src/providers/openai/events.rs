//! The events of an answer: chat completions, as OpenAI defined them and many servers speak them.

use std::{borrow::Cow, fmt, marker::PhantomData};

use serde::{
    Deserialize, Deserializer,
    de::{Error, IgnoredAny, SeqAccess, Visitor},
};
use serde_json::Value;

use crate::providers::{
    ProviderFailure,
    calls::MOST_CALLS,
    exchange::{CallFragment, FinishReason, Piece, StreamEvent, Usage},
};

/// The data of the last event.
const END: &str = "[DONE]";

#[derive(Deserialize)]
struct Chunk<'a> {
    /// One answer is asked for, so there is one choice at most.
    #[serde(borrow, default)]
    choices: First<Choice<'a>>,
    #[serde(default)]
    usage: Option<Tokens>,
    /// An error in the middle of the stream: an object, sometimes only a text.
    #[serde(default)]
    error: Option<IgnoredAny>,
}

#[derive(Deserialize)]
struct Choice<'a> {
    #[serde(borrow, default)]
    delta: Option<Delta<'a>>,
    #[serde(borrow, default)]
    finish_reason: Option<Text<'a>>,
}

/// The first of a list; what else is in it is passed over.
struct First<T>(Option<T>);

impl<T> Default for First<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for First<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct List<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for List<T> {
            type Value = First<T>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a list")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<First<T>, A::Error> {
                let first = list.next_element()?;
                while list.next_element::<IgnoredAny>()?.is_some() {}
                Ok(First(first))
            }
        }
        deserializer.deserialize_seq(List(PhantomData))
    }
}

#[derive(Deserialize)]
struct Delta<'a> {
    #[serde(borrow, default)]
    content: Option<Text<'a>>,
    #[serde(borrow, default)]
    tool_calls: Fragments<'a>,
}

#[derive(Deserialize)]
struct Fragment<'a> {
    #[serde(default)]
    index: Option<u64>,
    #[serde(borrow, default)]
    id: Option<Text<'a>>,
    #[serde(borrow, default)]
    function: Option<FunctionFragment<'a>>,
}

#[derive(Deserialize)]
struct FunctionFragment<'a> {
    #[serde(borrow, default)]
    name: Option<Text<'a>>,
    #[serde(borrow, default)]
    arguments: Option<Text<'a>>,
}

#[derive(Deserialize, Clone, Copy)]
struct Tokens {
    #[serde(default)]
    prompt_tokens: Option<u64>,
    #[serde(default)]
    completion_tokens: Option<u64>,
}

/// A list of fragments, or `null`. One of more than anybody needs is an error, before it is read to its end.
#[derive(Default)]
struct Fragments<'a>(Vec<CallFragment<'a>>);

impl<'de: 'a, 'a> Deserialize<'de> for Fragments<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct List<'a>(PhantomData<&'a ()>);
        impl<'de: 'a, 'a> Visitor<'de> for List<'a> {
            type Value = Fragments<'a>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a list or null")
            }

            fn visit_unit<E>(self) -> Result<Fragments<'a>, E> {
                Ok(Fragments::default())
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Fragments<'a>, A::Error> {
                let mut fragments = Vec::new();
                while let Some(fragment) = list.next_element::<Fragment<'a>>()? {
                    if fragments.len() == MOST_CALLS {
                        return Err(A::Error::custom("too many"));
                    }
                    let (name, arguments) =
                        fragment.function.map_or((None, None), |function| (function.name, function.arguments));
                    fragments.push(CallFragment {
                        index: fragment.index,
                        id: fragment.id.map(|id| id.0),
                        name: name.map(|name| name.0),
                        arguments: arguments.map_or(Cow::Borrowed(""), |arguments| arguments.0),
                    });
                }
                Ok(Fragments(fragments))
            }
        }
        deserializer.deserialize_any(List(PhantomData))
    }
}

/// Borrowed where it holds no escapes. A `Cow` inside of an `Option` would always be copied.
#[derive(Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

/// Reads the events of one stream. Most of them say the same but for the piece of text in them: what is around it is compared
/// with the event before, and only where it differs the whole is read.
#[derive(Default)]
pub struct Events {
    /// Ends with the quotation mark before the piece.
    before: String,
    /// Begins with the quotation mark behind it. Empty: nothing is known yet.
    behind: String,
}

impl Events {
    pub fn read<'a>(&mut self, data: &'a str) -> Result<StreamEvent<'a>, ProviderFailure> {
        if let Some(text) = self.piece(data) {
            return Ok(StreamEvent::Piece(Piece { text: Cow::Borrowed(text), ..Piece::default() }));
        }
        let event = read_event(data)?;
        if let StreamEvent::Piece(Piece { text: Cow::Borrowed(text), fragments, finish: None, usage }) = &event
            && !text.is_empty()
            && fragments.is_empty()
            && *usage == Usage::default()
        {
            self.note(data, text);
        }
        Ok(event)
    }

    /// The piece, where the event is like the one before and the piece ends at its quotation mark and not before.
    fn piece<'a>(&self, data: &'a str) -> Option<&'a str> {
        if self.behind.is_empty() {
            return None;
        }
        let text = data.strip_prefix(self.before.as_str())?.strip_suffix(self.behind.as_str())?;
        let is_plain = text.bytes().all(|byte| byte >= b' ' && byte != b'"' && byte != b'\\');
        is_plain.then_some(text)
    }

    /// Notes what is around a piece that is a part of the data as it stands there, without escapes.
    fn note(&mut self, data: &str, text: &str) {
        let start = (text.as_ptr() as usize).wrapping_sub(data.as_ptr() as usize);
        let end = start.wrapping_add(text.len());
        if let (Some(before), Some(behind)) = (data.get(..start), data.get(end..))
            && before.ends_with('"')
            && behind.starts_with('"')
        {
            self.before.clear();
            self.before.push_str(before);
            self.behind.clear();
            self.behind.push_str(behind);
        }
    }
}

/// Reads an event's data.
fn read_event(data: &str) -> Result<StreamEvent<'_>, ProviderFailure> {
    if data.trim_ascii() == END {
        return Ok(StreamEvent::End);
    }
    let chunk: Chunk<'_> = serde_json::from_str(data).map_err(|_| ProviderFailure::Malformed)?;
    if chunk.error.is_some() {
        return Err(ProviderFailure::Interrupted);
    }
    // Azure begins, and usage comes, with a chunk that has no choice.
    let (delta, finish_reason) = chunk.choices.0.map_or((None, None), |choice| (choice.delta, choice.finish_reason));
    let (content, Fragments(fragments)) =
        delta.map_or((None, Fragments::default()), |delta| (delta.content, delta.tool_calls));
    let finish = match finish_reason.as_ref().map(|reason| reason.0.as_ref()) {
        None | Some("") => None,
        Some("length") => return Err(ProviderFailure::TooLong),
        Some("content_filter") => return Err(ProviderFailure::Filtered),
        Some("error") => return Err(ProviderFailure::Interrupted),
        Some("tool_calls" | "function_call") => Some(FinishReason::ToolCalls),
        // "stop", or a server's own name for it.
        Some(_) => Some(FinishReason::Complete),
    };
    let usage = chunk
        .usage
        .map_or(Usage::default(), |tokens| Usage { input: tokens.prompt_tokens, output: tokens.completion_tokens });
    let text = content.map_or(Cow::Borrowed(""), |content| content.0);
    Ok(StreamEvent::Piece(Piece { text, fragments, usage, finish }))
}

/// The body of a refusal.
#[derive(Deserialize)]
struct Refusal {
    error: RefusalDetails,
}

#[derive(Deserialize)]
struct RefusalDetails {
    #[serde(default)]
    code: Option<Value>,
    #[serde(default, rename = "type")]
    kind: Option<Value>,
}

/// Whether a refusal says that there is no credit left, which waiting does not change.
pub fn is_about_credit(body: &[u8]) -> bool {
    let Ok(Refusal { error }) = serde_json::from_slice(body) else {
        return false;
    };
    [error.code, error.kind].into_iter().flatten().any(|name| {
        name.as_str().is_some_and(|name| name.contains("quota") || name.contains("billing") || name.contains("credit"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn piece(text: &str, is_finished: bool) -> Result<StreamEvent<'_>, ProviderFailure> {
        let finish = is_finished.then_some(FinishReason::Complete);
        Ok(StreamEvent::Piece(Piece { text: text.into(), finish, ..Piece::default() }))
    }

    fn cost(input: u64, output: u64) -> Result<StreamEvent<'static>, ProviderFailure> {
        let usage = Usage { input: Some(input), output: Some(output) };
        Ok(StreamEvent::Piece(Piece { usage, ..Piece::default() }))
    }

    #[test]
    fn pieces_are_read_from_what_servers_send() {
        for (data, expected) in [
            (r#"{"choices":[{"index":0,"delta":{"content":"Hi"},"finish_reason":null}]}"#, piece("Hi", false)),
            (r#"{"choices":[{"delta":{"content":"a\nb \u00e9"}}]}"#, piece("a\nb \u{e9}", false)),
            // Azure's first chunk, and the one with the usage.
            (r#"{"choices":[],"prompt_filter_results":[{}]}"#, piece("", false)),
            (r#"{"choices":[],"usage":{"total_tokens":3}}"#, piece("", false)),
            (r#"{"choices":[],"usage":{"prompt_tokens":12,"completion_tokens":3}}"#, cost(12, 3)),
            (r#"{"choices":[{"delta":{"content":"a","tool_calls":null}}],"usage":null}"#, piece("a", false)),
            (r#"{"choices":[{"delta":{"content":"one"}},{"delta":{"content":"two"}}]}"#, piece("one", false)),
            (r#"{"choices":[{"delta":{"role":"assistant","content":null}}]}"#, piece("", false)),
            (r#"{"choices":[{"delta":{"reasoning_content":"hm"}}],"error":null}"#, piece("", false)),
            (r#"{"choices":[{"delta":{},"finish_reason":"stop"}]}"#, piece("", true)),
            // Ollama may finish in the chunk that still has text; llama.cpp leaves the delta out.
            (r#"{"choices":[{"delta":{"content":"."},"finish_reason":"stop"}]}"#, piece(".", true)),
            (r#"{"choices":[{"finish_reason":"eos"}]}"#, piece("", true)),
            (" [DONE]", Ok(StreamEvent::End)),
        ] {
            assert_eq!(read_event(data), expected, "{data}");
        }
    }

    #[test]
    fn an_event_like_the_one_before_is_read_as_if_it_stood_alone() {
        let event =
            |text: &str| format!(r#"{{"id":"a","choices":[{{"delta":{{"content":"{text}"}},"finish_reason":null}}]}}"#);
        let others = [
            r#"{"id":"b","choices":[{"delta":{"content":"other"},"finish_reason":null}]}"#,
            r#"{"id":"a","choices":[{"delta":{"content":"end"},"finish_reason":"stop"}]}"#,
            r#"{"id":"a","choices":[{"delta":{"content":"cut"},"finish_reason":"length"}]}"#,
            r#"{"error":"overloaded"}"#,
            r#"{"id":"a","choices":[{"delta":{"content":""#,
            r#""},"finish_reason":null}]}"#,
            "[DONE]",
        ];
        let mut data: Vec<_> =
            ["Hi", "", " you", "a\\nb", "\\u00e9", "\u{1fa91}", "\"},\"x\":{\"y\":\"", "\\\"", "\\", "a\tb", "Hi"]
                .into_iter()
                .map(event)
                .collect();
        data.extend(others.map(str::to_owned));
        // Each behind each other one.
        for first in &data {
            for second in &data {
                let mut events = Events::default();
                let _ = events.read(&event("before"));
                assert_eq!(events.read(first), read_event(first), "{first}");
                assert_eq!(events.read(second), read_event(second), "{first} {second}");
            }
        }
        let mut events = Events::default();
        assert!(events.read(&event("one")).is_ok());
        assert_eq!(events.piece(&event("two")), Some("two"), "the second is read in the short way");
        assert_eq!(events.piece(&event("a\\nb")), None);
    }

    #[test]
    fn what_is_no_answer_is_told_apart() {
        for (data, expected) in [
            (r#"{"error":{"message":"overloaded","code":500}}"#, ProviderFailure::Interrupted),
            (r#"{"error":"overloaded"}"#, ProviderFailure::Interrupted),
            (r#"{"choices":[{"delta":{},"finish_reason":"error"}]}"#, ProviderFailure::Interrupted),
            (r#"{"choices":[{"delta":{"content":"cut"},"finish_reason":"length"}]}"#, ProviderFailure::TooLong),
            (r#"{"choices":[{"delta":{},"finish_reason":"content_filter"}]}"#, ProviderFailure::Filtered),
            ("<html>", ProviderFailure::Malformed),
            (r#"{"choices":[{"delta":{"content":7}}]}"#, ProviderFailure::Malformed),
        ] {
            assert_eq!(read_event(data), Err(expected), "{data}");
        }
    }

    #[test]
    fn calls_are_read_from_their_fragments() {
        let data = r#"{"choices":[{"delta":{"tool_calls":[{"index":60000000,"id":"a","type":"function","function":
            {"name":"n","arguments":"{\"x\""}},{"function":{"arguments":null}}]},"finish_reason":"tool_calls"}]}"#;
        let fragments = vec![
            CallFragment {
                index: Some(60_000_000),
                id: Some("a".into()),
                name: Some("n".into()),
                arguments: "{\"x\"".into(),
            },
            CallFragment::default(),
        ];
        let finish = Some(FinishReason::ToolCalls);
        assert_eq!(read_event(data), Ok(StreamEvent::Piece(Piece { fragments, finish, ..Piece::default() })));
        let many = format!(r#"{{"choices":[{{"delta":{{"tool_calls":[{}{{}}]}}}}]}}"#, "{},".repeat(MOST_CALLS));
        assert_eq!(read_event(&many), Err(ProviderFailure::Malformed));
    }

    #[test]
    fn spent_credit_is_recognised() {
        assert!(is_about_credit(br#"{"error":{"code":"insufficient_quota"}}"#));
        assert!(is_about_credit(br#"{"error":{"type":"billing_hard_limit_reached","code":429}}"#));
        assert!(!is_about_credit(br#"{"error":{"code":"rate_limit_exceeded"}}"#));
        assert!(!is_about_credit(b"<html>quota</html>"));
    }
}
