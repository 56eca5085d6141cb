//! What the two protocols say, as their servers say it.

use std::time::Duration;

use serde_json::{Value, json};

use super::server::{Script, Step};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    OpenAi,
    Anthropic,
}

/// The data of an event with a piece of an answer, in chat completions.
pub fn piece(text: &str) -> String {
    chunk(&json!({"content": text}), &Value::Null)
}

/// The data of the event that says why the model is done, in chat completions.
pub fn finish(reason: &str) -> String {
    chunk(&json!({}), &json!(reason))
}

fn chunk(delta: &Value, finish_reason: &Value) -> String {
    json!({
        "id": "chatcmpl-fake", "object": "chat.completion.chunk", "created": 1_700_000_000, "model": "fake",
        "choices": [{"index": 0, "delta": delta, "finish_reason": finish_reason}],
    })
    .to_string()
}

/// An event of chat completions: data alone.
fn data(data: &str) -> String {
    format!("data: {data}\n\n")
}

/// An event of Anthropic's: its kind in front as well.
fn event(data: &Value) -> String {
    format!("event: {}\ndata: {data}\n\n", data["type"].as_str().unwrap_or_default())
}

impl Protocol {
    pub const BOTH: [Self; 2] = [Self::OpenAi, Self::Anthropic];

    /// Which one a request speaks.
    pub fn of(path: &str) -> Self {
        if path.contains("/messages") { Self::Anthropic } else { Self::OpenAi }
    }

    /// What is said before the first piece. `input`: the tokens that were read.
    pub fn head(self, input: u64) -> String {
        match self {
            // Azure's first chunk.
            Self::OpenAi => data(r#"{"choices":[],"id":"","object":"","prompt_filter_results":[{"prompt_index":0}]}"#),
            Self::Anthropic => {
                let message = json!({"id": "msg_fake", "type": "message", "role": "assistant", "content": [],
                    "model": "fake", "stop_reason": null, "usage": {"input_tokens": input, "output_tokens": 1}});
                let block =
                    json!({"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}});
                let ping = json!({"type": "ping"});
                [json!({"type": "message_start", "message": message}), block, ping].iter().map(event).collect()
            }
        }
    }

    pub fn piece(self, text: &str) -> String {
        match self {
            Self::OpenAi => data(&piece(text)),
            Self::Anthropic => event(&json!({"type": "content_block_delta", "index": 0,
                "delta": {"type": "text_delta", "text": text}})),
        }
    }

    /// What a model thinks before it answers.
    pub fn thought(self, text: &str) -> String {
        match self {
            Self::OpenAi => data(&chunk(&json!({"reasoning_content": text}), &Value::Null)),
            Self::Anthropic => event(&json!({"type": "content_block_delta", "index": 0,
                "delta": {"type": "thinking_delta", "thinking": text}})),
        }
    }

    /// A call, its arguments in these fragments. The number is the provider's own.
    pub fn call(self, index: u64, id: &str, name: &str, arguments: &[&str]) -> String {
        let mut text = match self {
            Self::OpenAi => data(&chunk(
                &json!({"tool_calls": [{"index": index, "id": id, "type": "function",
                    "function": {"name": name, "arguments": ""}}]}),
                &Value::Null,
            )),
            Self::Anthropic => event(&json!({"type": "content_block_start", "index": index,
                "content_block": {"type": "tool_use", "id": id, "name": name, "input": {}}})),
        };
        for fragment in arguments {
            text.push_str(&match self {
                Self::OpenAi => data(&chunk(
                    &json!({"tool_calls": [{"index": index, "function": {"arguments": fragment}}]}),
                    &Value::Null,
                )),
                Self::Anthropic => event(&json!({"type": "content_block_delta", "index": index,
                    "delta": {"type": "input_json_delta", "partial_json": fragment}})),
            });
        }
        text
    }

    /// Why the model stops: `end`, `calls`, `length` or `filter`.
    pub fn finish(self, reason: &str, output: u64) -> String {
        match self {
            Self::OpenAi => data(&finish(match reason {
                "calls" => "tool_calls",
                "length" => "length",
                "filter" => "content_filter",
                _ => "stop",
            })),
            Self::Anthropic => {
                let reason = match reason {
                    "calls" => "tool_use",
                    "length" => "max_tokens",
                    "filter" => "refusal",
                    _ => "end_turn",
                };
                let stop = json!({"type": "content_block_stop", "index": 0});
                let delta = json!({"type": "message_delta", "delta": {"stop_reason": reason, "stop_sequence": null},
                    "usage": {"output_tokens": output}});
                event(&stop) + &event(&delta)
            }
        }
    }

    /// What it cost, where that is said by itself.
    pub fn usage(self, input: u64, output: u64) -> String {
        match self {
            Self::OpenAi => data(
                &json!({"id": "chatcmpl-fake", "choices": [], "usage": {"prompt_tokens": input,
                    "completion_tokens": output, "total_tokens": input + output}})
                .to_string(),
            ),
            Self::Anthropic => String::new(),
        }
    }

    /// The sign that nothing follows.
    pub fn end(self) -> String {
        match self {
            Self::OpenAi => data("[DONE]"),
            Self::Anthropic => event(&json!({"type": "message_stop"})),
        }
    }

    /// An error in the middle of the stream.
    pub fn error(self) -> String {
        match self {
            Self::OpenAi => {
                data(r#"{"error":{"message":"it broke","type":"server_error","param":null,"code":500}}"#) + &self.end()
            }
            Self::Anthropic => {
                event(&json!({"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}))
            }
        }
    }

    /// All that is said in an answer as it should be. `input` and `output` are what it costs.
    pub fn whole(self, pieces: &[&str], input: u64, output: u64) -> String {
        let pieces: String = pieces.iter().map(|text| self.piece(text)).collect();
        self.head(input) + &pieces + &self.finish("end", output) + &self.usage(input, output) + &self.end()
    }

    /// An answer as it should be, `gap` between two pieces.
    pub fn answer(self, pieces: &[&str], gap: Duration) -> Script {
        let mut script = Script::begin().bytes(self.head(10));
        for text in pieces {
            script = script.then(Step::Pause(gap)).bytes(self.piece(text));
        }
        let output = pieces.len() as u64;
        script.bytes(self.finish("end", output) + &self.usage(10, output) + &self.end()).end()
    }

    /// A refusal with its body.
    pub fn refuse(self, status: u16, kind: &str, headers: Vec<(&'static str, String)>) -> Script {
        let body = match self {
            Self::OpenAi => json!({"error": {"message": "no", "type": kind, "param": null, "code": kind}}),
            Self::Anthropic => {
                json!({"type": "error", "error": {"type": kind, "message": "no"}, "request_id": "req_fake"})
            }
        };
        Script::refuse(status, headers, &body)
    }
}
