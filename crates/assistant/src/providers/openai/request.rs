//! The request of `POST {base}/chat/completions`.

use serde::Serialize;
use serde_json::Value;

use crate::{
    answer::ModelChoice,
    providers::exchange::{Outgoing, ToolCall, ToolOffer, Turn},
};

#[derive(Serialize)]
pub struct ChatRequest<'a> {
    model: &'a str,
    messages: Vec<Message<'a>>,
    stream: bool,
    stream_options: StreamOptions,
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_tokens: Option<u32>,
    /// The same under the name that OpenAI's newer models insist on and other servers may not know.
    #[serde(skip_serializing_if = "Option::is_none")]
    max_completion_tokens: Option<u32>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tools: Vec<ToolDefinition<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_choice: Option<&'static str>,
}

#[derive(Serialize)]
struct StreamOptions {
    include_usage: bool,
}

#[derive(Serialize)]
#[serde(tag = "role", rename_all = "lowercase")]
enum Message<'a> {
    System {
        content: &'a str,
    },
    User {
        content: &'a str,
    },
    Assistant {
        content: Option<&'a str>,
        #[serde(skip_serializing_if = "Vec::is_empty")]
        tool_calls: Vec<Call<'a>>,
    },
    Tool {
        tool_call_id: &'a str,
        content: &'a str,
    },
}

#[derive(Serialize)]
struct Call<'a> {
    id: &'a str,
    r#type: &'static str,
    function: CalledFunction<'a>,
}

#[derive(Serialize)]
struct CalledFunction<'a> {
    name: &'a str,
    arguments: &'a str,
}

#[derive(Serialize)]
struct ToolDefinition<'a> {
    r#type: &'static str,
    function: Function<'a>,
}

#[derive(Serialize)]
struct Function<'a> {
    name: &'a str,
    description: &'a str,
    parameters: &'a Value,
}

impl<'a> ChatRequest<'a> {
    /// `counts_completion_tokens`: whether the length limit goes by its newer name.
    pub fn new(outgoing: &'a Outgoing, model: &'a ModelChoice, counts_completion_tokens: bool) -> Self {
        let mut messages = vec![Message::System { content: &outgoing.system }];
        for turn in &outgoing.turns {
            match turn {
                Turn::Visitor(content) => messages.push(Message::User { content }),
                Turn::Assistant { text, calls } => {
                    let content = Some(text.as_str()).filter(|text| calls.is_empty() || !text.is_empty());
                    messages.push(Message::Assistant { content, tool_calls: calls.iter().map(call).collect() });
                }
                Turn::Results(results) => messages.extend(
                    results.iter().map(|result| Message::Tool { tool_call_id: &result.call_id, content: &result.text }),
                ),
            }
        }
        let (max_tokens, max_completion_tokens) =
            if counts_completion_tokens { (None, model.max_tokens) } else { (model.max_tokens, None) };
        Self {
            model: &model.name,
            messages,
            stream: true,
            stream_options: StreamOptions { include_usage: true },
            temperature: model.temperature,
            max_tokens,
            max_completion_tokens,
            tools: outgoing.tools.iter().map(definition).collect(),
            tool_choice: (!outgoing.tools.is_empty() && !outgoing.may_call).then_some("none"),
        }
    }
}

fn call(call: &ToolCall) -> Call<'_> {
    // Servers read it, and some refuse the whole request where it is no JSON.
    let is_json = serde_json::from_str::<serde::de::IgnoredAny>(&call.arguments).is_ok();
    let arguments = if is_json { call.arguments.as_str() } else { "{}" };
    Call { id: &call.id, r#type: "function", function: CalledFunction { name: &call.name, arguments } }
}

fn definition(tool: &ToolOffer) -> ToolDefinition<'_> {
    let function = Function { name: &tool.name, description: &tool.description, parameters: &tool.parameters };
    ToolDefinition { r#type: "function", function }
}
