//! The events of an answer. Each has its kind twice: as the event's name, and in its data.

use std::borrow::Cow;

use serde::Deserialize;

use crate::providers::{
    ProviderFailure,
    exchange::{CallFragment, FinishReason, Piece, StreamEvent, Usage},
};

/// The names of events that are read. Others are passed over, whatever they hold: the protocol says that new ones may come.
const KNOWN: [&str; 6] =
    ["message_start", "content_block_start", "content_block_delta", "message_delta", "message_stop", "error"];
/// The name of an event that has none, as the stream's own rules have it.
const UNNAMED: &str = "message";

#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Event<'a> {
    MessageStart {
        #[serde(default)]
        message: Option<Begun>,
    },
    ContentBlockStart {
        #[serde(default)]
        index: Option<u64>,
        #[serde(borrow)]
        content_block: Block<'a>,
    },
    ContentBlockDelta {
        #[serde(default)]
        index: Option<u64>,
        #[serde(borrow)]
        delta: BlockDelta<'a>,
    },
    MessageDelta {
        #[serde(borrow)]
        delta: MessageDelta<'a>,
        #[serde(default)]
        usage: Option<Tokens>,
    },
    MessageStop,
    Error,
    #[serde(other)]
    Other,
}

#[derive(Deserialize)]
struct Begun {
    #[serde(default)]
    usage: Option<Tokens>,
}

/// Counted from the beginning each time, and left out where nothing changed.
#[derive(Deserialize, Clone, Copy)]
struct Tokens {
    #[serde(default)]
    input_tokens: Option<u64>,
    #[serde(default)]
    cache_creation_input_tokens: Option<u64>,
    #[serde(default)]
    cache_read_input_tokens: Option<u64>,
    #[serde(default)]
    output_tokens: Option<u64>,
}

#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Block<'a> {
    Text {
        #[serde(borrow, default)]
        text: Cow<'a, str>,
    },
    ToolUse {
        #[serde(borrow, default)]
        id: Cow<'a, str>,
        #[serde(borrow, default)]
        name: Cow<'a, str>,
    },
    /// Thinking, which no visitor sees, and whatever comes to be.
    #[serde(other)]
    Other,
}

#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum BlockDelta<'a> {
    TextDelta {
        #[serde(borrow)]
        text: Cow<'a, str>,
    },
    InputJsonDelta {
        #[serde(borrow)]
        partial_json: Cow<'a, str>,
    },
    #[serde(other)]
    Other,
}

#[derive(Deserialize)]
struct MessageDelta<'a> {
    #[serde(borrow, default)]
    stop_reason: Option<Cow<'a, str>>,
}

/// Reads one event by its name and data.
pub fn read<'a>(name: &str, data: &'a str) -> Result<StreamEvent<'a>, ProviderFailure> {
    if name != UNNAMED && !KNOWN.contains(&name) {
        return Ok(StreamEvent::Piece(Piece::default()));
    }
    let event: Event<'a> = serde_json::from_str(data).map_err(|_| ProviderFailure::Malformed)?;
    let piece = match event {
        Event::MessageStart { message } => {
            Piece { usage: usage(message.and_then(|begun| begun.usage)), ..Piece::default() }
        }
        Event::ContentBlockStart { content_block: Block::Text { text }, .. } => Piece { text, ..Piece::default() },
        Event::ContentBlockStart { index, content_block: Block::ToolUse { id, name } } => {
            call(CallFragment { index, id: Some(id), name: Some(name), arguments: Cow::Borrowed("") })
        }
        Event::ContentBlockDelta { delta: BlockDelta::TextDelta { text }, .. } => Piece { text, ..Piece::default() },
        Event::ContentBlockDelta { index, delta: BlockDelta::InputJsonDelta { partial_json } } => {
            call(CallFragment { index, arguments: partial_json, ..CallFragment::default() })
        }
        Event::MessageDelta { delta, usage: tokens } => {
            Piece { usage: usage(tokens), finish: finish(delta.stop_reason.as_deref())?, ..Piece::default() }
        }
        Event::MessageStop => return Ok(StreamEvent::End),
        Event::Error => return Err(ProviderFailure::Interrupted),
        Event::ContentBlockStart { content_block: Block::Other, .. }
        | Event::ContentBlockDelta { delta: BlockDelta::Other, .. }
        | Event::Other => Piece::default(),
    };
    Ok(StreamEvent::Piece(piece))
}

fn call(fragment: CallFragment<'_>) -> Piece<'_> {
    Piece { fragments: vec![fragment], ..Piece::default() }
}

/// What was read counts whether or not the provider had it at hand.
fn usage(tokens: Option<Tokens>) -> Usage {
    let Some(tokens) = tokens else { return Usage::default() };
    let read = [tokens.input_tokens, tokens.cache_creation_input_tokens, tokens.cache_read_input_tokens];
    let input = read.into_iter().flatten().reduce(u64::saturating_add);
    Usage { input, output: tokens.output_tokens }
}

fn finish(reason: Option<&str>) -> Result<Option<FinishReason>, ProviderFailure> {
    match reason {
        None => Ok(None),
        Some("end_turn" | "stop_sequence") => Ok(Some(FinishReason::Complete)),
        Some("tool_use") => Ok(Some(FinishReason::ToolCalls)),
        Some("max_tokens" | "model_context_window_exceeded") => Err(ProviderFailure::TooLong),
        Some("refusal") => Err(ProviderFailure::Filtered),
        // "pause_turn", or one that is not known to be the end of an answer.
        Some(_) => Err(ProviderFailure::CutOff),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn piece(text: &str) -> Result<StreamEvent<'_>, ProviderFailure> {
        Ok(StreamEvent::Piece(Piece { text: text.into(), ..Piece::default() }))
    }

    #[test]
    fn text_is_read_and_thinking_is_not() {
        for (name, data, expected) in [
            (
                "content_block_start",
                r#"{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}"#,
                "",
            ),
            (
                "content_block_delta",
                r#"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"a\n\u00e9"}}"#,
                "a\n\u{e9}",
            ),
            ("message", r#"{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Hi"}}"#, "Hi"),
            (
                "content_block_delta",
                r#"{"type":"content_block_delta","index":0,"delta":{"type":"thinking_delta","thinking":"hm"}}"#,
                "",
            ),
            (
                "content_block_delta",
                r#"{"type":"content_block_delta","index":0,"delta":{"type":"signature_delta","signature":"x"}}"#,
                "",
            ),
            (
                "content_block_delta",
                r#"{"type":"content_block_delta","index":0,"delta":{"type":"citations_delta","citation":{}}}"#,
                "",
            ),
            (
                "content_block_delta",
                r#"{"type":"content_block_delta","index":0,"delta":{"type":"later_delta","text":7}}"#,
                "",
            ),
            (
                "content_block_start",
                r#"{"type":"content_block_start","index":0,"content_block":{"type":"redacted_thinking","data":"x"}}"#,
                "",
            ),
            ("content_block_stop", r#"{"type":"content_block_stop","index":0}"#, ""),
            ("ping", r#"{"type":"ping"}"#, ""),
            ("ping", "", ""),
            ("of_a_later_year", "no JSON", ""),
            ("message", r#"{"type":"of_a_later_year","delta":7}"#, ""),
        ] {
            assert_eq!(read(name, data), piece(expected), "{data}");
        }
    }

    #[test]
    fn usage_is_read_wherever_it_comes() {
        let data = r#"{"type":"message_start","message":{"id":"m","usage":{"input_tokens":10,"cache_read_input_tokens":5,"output_tokens":1}}}"#;
        let usage = Usage { input: Some(15), output: Some(1) };
        assert_eq!(read("message_start", data), Ok(StreamEvent::Piece(Piece { usage, ..Piece::default() })));
        let data = r#"{"type":"message_delta","delta":{"stop_reason":"end_turn","stop_sequence":null},"usage":{"output_tokens":7}}"#;
        let usage = Usage { input: None, output: Some(7) };
        let expected = Piece { usage, finish: Some(FinishReason::Complete), ..Piece::default() };
        assert_eq!(read("message_delta", data), Ok(StreamEvent::Piece(expected)));
    }

    #[test]
    fn calls_are_read_from_their_fragments() {
        let begun = r#"{"type":"content_block_start","index":60000000,"content_block":{"type":"tool_use","id":"a","name":"n","input":{}}}"#;
        let fragment = CallFragment {
            index: Some(60_000_000),
            id: Some("a".into()),
            name: Some("n".into()),
            arguments: "".into(),
        };
        assert_eq!(read("content_block_start", begun), Ok(StreamEvent::Piece(call(fragment))));
        let more =
            r#"{"type":"content_block_delta","index":1,"delta":{"type":"input_json_delta","partial_json":"{\"x\""}}"#;
        let fragment = CallFragment { index: Some(1), arguments: "{\"x\"".into(), ..CallFragment::default() };
        assert_eq!(read("content_block_delta", more), Ok(StreamEvent::Piece(call(fragment))));
    }

    #[test]
    fn what_is_no_answer_is_told_apart() {
        let stopped = |reason: &str| {
            let data = format!(r#"{{"type":"message_delta","delta":{{"stop_reason":"{reason}"}}}}"#);
            read("message_delta", &data).map(|_| ())
        };
        assert_eq!(stopped("max_tokens"), Err(ProviderFailure::TooLong));
        assert_eq!(stopped("refusal"), Err(ProviderFailure::Filtered));
        assert_eq!(stopped("pause_turn"), Err(ProviderFailure::CutOff));
        let error = r#"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}"#;
        assert_eq!(read("error", error), Err(ProviderFailure::Interrupted));
        assert_eq!(read("message", error), Err(ProviderFailure::Interrupted));
        assert_eq!(read("message", "<html>"), Err(ProviderFailure::Malformed));
        assert_eq!(read("message_stop", r#"{"type":"message_stop"}"#), Ok(StreamEvent::End));
    }
}
