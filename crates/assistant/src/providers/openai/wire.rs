//! What is said over the wire: chat completions, as OpenAI defined them and many servers speak them.

use std::{borrow::Cow, fmt, marker::PhantomData};

use serde::{
    Deserialize, Deserializer, Serialize,
    de::{IgnoredAny, SeqAccess, Visitor},
};
use serde_json::Value;

use crate::providers::ProviderFailure;

/// The request of `POST {base}/chat/completions`.
#[derive(Debug, Serialize)]
pub struct ChatRequest<'a> {
    pub model: &'a str,
    pub messages: Vec<ChatMessage<'a>>,
    pub stream: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub temperature: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_tokens: Option<u32>,
    /// The same under the name that OpenAI's newer models insist on and other servers may not know.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_completion_tokens: Option<u32>,
}

#[derive(Debug, Clone, Serialize)]
pub struct ChatMessage<'a> {
    pub role: ChatRole,
    pub content: Cow<'a, str>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ChatRole {
    System,
    User,
    Assistant,
}

/// What one event of the stream says. Servers leave out what they please, and add to it.
#[derive(Debug, PartialEq, Eq)]
pub enum StreamEvent<'a> {
    /// The next piece of the answer, perhaps empty, and whether the model is done with it.
    Piece { text: Cow<'a, str>, is_finished: bool },
    /// Nothing follows.
    End,
}

/// The data of the last event.
const END: &str = "[DONE]";

#[derive(Deserialize)]
struct Chunk<'a> {
    /// One answer is asked for, so there is one choice at most.
    #[serde(borrow, default)]
    choices: First<Choice<'a>>,
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

/// Tool calls are not read: none are offered, and what is not read cannot be made to grow.
#[derive(Deserialize)]
struct Delta<'a> {
    #[serde(borrow, default)]
    content: Option<Text<'a>>,
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
            return Ok(StreamEvent::Piece { text: Cow::Borrowed(text), is_finished: false });
        }
        let event = read_event(data)?;
        if let StreamEvent::Piece { text: Cow::Borrowed(text), is_finished: false } = event
            && !text.is_empty()
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
    let text = delta.and_then(|delta| delta.content).map_or(Cow::Borrowed(""), |content| content.0);
    let is_finished = match finish_reason.as_ref().map(|reason| reason.0.as_ref()) {
        None | Some("") => false,
        Some("length") => return Err(ProviderFailure::CutOff),
        Some("content_filter") => return Err(ProviderFailure::Filtered),
        Some("error" | "tool_calls" | "function_call") => return Err(ProviderFailure::Interrupted),
        // "stop", or a server's own name for it.
        Some(_) => true,
    };
    Ok(StreamEvent::Piece { text, is_finished })
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
        Ok(StreamEvent::Piece { text: text.into(), is_finished })
    }

    #[test]
    fn pieces_are_read_from_what_servers_send() {
        for (data, expected) in [
            (r#"{"choices":[{"index":0,"delta":{"content":"Hi"},"finish_reason":null}]}"#, piece("Hi", false)),
            (r#"{"choices":[{"delta":{"content":"a\nb \u00e9"}}]}"#, piece("a\nb \u{e9}", false)),
            // Azure's first chunk, and the one with the usage.
            (r#"{"choices":[],"prompt_filter_results":[{}]}"#, piece("", false)),
            (r#"{"choices":[],"usage":{"total_tokens":3}}"#, piece("", false)),
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
            (r#"{"choices":[{"delta":{},"finish_reason":"tool_calls"}]}"#, ProviderFailure::Interrupted),
            (r#"{"choices":[{"delta":{"content":"cut"},"finish_reason":"length"}]}"#, ProviderFailure::CutOff),
            (r#"{"choices":[{"delta":{},"finish_reason":"content_filter"}]}"#, ProviderFailure::Filtered),
            ("<html>", ProviderFailure::Malformed),
            (r#"{"choices":[{"delta":{"content":7}}]}"#, ProviderFailure::Malformed),
        ] {
            assert_eq!(read_event(data), Err(expected), "{data}");
        }
    }

    #[test]
    fn a_tool_call_with_a_huge_index_takes_no_memory() {
        let data = r#"{"choices":[{"delta":{"tool_calls":[{"index":60000000,"function":{"arguments":"x"}}]}}]}"#;
        assert_eq!(read_event(data), piece("", false));
    }

    #[test]
    fn spent_credit_is_recognised() {
        assert!(is_about_credit(br#"{"error":{"code":"insufficient_quota"}}"#));
        assert!(is_about_credit(br#"{"error":{"type":"billing_hard_limit_reached","code":429}}"#));
        assert!(!is_about_credit(br#"{"error":{"code":"rate_limit_exceeded"}}"#));
        assert!(!is_about_credit(b"<html>quota</html>"));
    }
}
