//! The request of `POST {base}/v1/messages`.

use serde::Serialize;
use serde_json::{Map, Value};

use crate::{
    answer::ModelChoice,
    providers::exchange::{Outgoing, ToolOffer, Turn},
};

/// The most tokens of an answer where a config says nothing: this protocol wants a number.
const MOST_TOKENS: u32 = 1_024;
/// The largest temperature that it takes, half of what a config may hold.
const HIGHEST_TEMPERATURE: f64 = 1.0;

#[derive(Serialize)]
pub struct MessagesRequest<'a> {
    model: &'a str,
    max_tokens: u32,
    system: &'a str,
    messages: Vec<Message<'a>>,
    stream: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<f64>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tools: Vec<ToolDefinition<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_choice: Option<ToolChoice>,
}

#[derive(Serialize)]
struct Message<'a> {
    role: Role,
    content: Vec<Block<'a>>,
}

#[derive(Serialize, Clone, Copy, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
enum Role {
    User,
    Assistant,
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Block<'a> {
    Text { text: &'a str },
    ToolUse { id: &'a str, name: &'a str, input: Map<String, Value> },
    ToolResult { tool_use_id: &'a str, content: &'a str },
}

#[derive(Serialize)]
struct ToolDefinition<'a> {
    name: &'a str,
    description: &'a str,
    input_schema: &'a Value,
}

#[derive(Serialize)]
struct ToolChoice {
    r#type: &'static str,
}

impl<'a> MessagesRequest<'a> {
    pub fn new(outgoing: &'a Outgoing, model: &'a ModelChoice) -> Self {
        Self {
            model: &model.name,
            max_tokens: model.max_tokens.unwrap_or(MOST_TOKENS),
            system: &outgoing.system,
            messages: messages(&outgoing.turns),
            stream: true,
            temperature: model.temperature.map(|temperature| temperature.min(HIGHEST_TEMPERATURE)),
            tools: outgoing.tools.iter().map(definition).collect(),
            tool_choice: (!outgoing.tools.is_empty() && !outgoing.may_call).then_some(ToolChoice { r#type: "none" }),
        }
    }
}

/// Beginning with the visitor, taking turns, and without empty texts, as this protocol wants it.
fn messages(turns: &[Turn]) -> Vec<Message<'_>> {
    let mut messages: Vec<Message<'_>> = Vec::new();
    for turn in turns {
        let (role, content) = blocks(turn);
        match messages.last_mut() {
            _ if content.is_empty() => {}
            Some(last) if last.role == role => last.content.extend(content),
            None if role == Role::Assistant => {}
            _ => messages.push(Message { role, content }),
        }
    }
    messages
}

fn blocks(turn: &Turn) -> (Role, Vec<Block<'_>>) {
    let text = |text: &'_ str| !text.trim().is_empty();
    match turn {
        Turn::Visitor(said) => (Role::User, text(said).then_some(Block::Text { text: said }).into_iter().collect()),
        Turn::Assistant { text: said, calls } => {
            let said = text(said).then_some(Block::Text { text: said });
            let calls = calls.iter().map(|call| Block::ToolUse {
                id: &call.id,
                name: &call.name,
                input: serde_json::from_str(&call.arguments).unwrap_or_default(),
            });
            (Role::Assistant, said.into_iter().chain(calls).collect())
        }
        Turn::Results(results) => {
            let results =
                results.iter().map(|result| Block::ToolResult { tool_use_id: &result.call_id, content: &result.text });
            (Role::User, results.collect())
        }
    }
}

fn definition(tool: &ToolOffer) -> ToolDefinition<'_> {
    ToolDefinition { name: &tool.name, description: &tool.description, input_schema: &tool.parameters }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn messages_begin_with_the_visitor_take_turns_and_are_never_empty() {
        let said = |text: &str| Turn::Assistant { text: text.to_owned(), calls: Vec::new() };
        let asked = |text: &str| Turn::Visitor(text.to_owned());
        let turns = [said("Hello"), asked("one"), said(" "), asked("two"), said("answer"), asked("three")];
        let messages = serde_json::to_value(messages(&turns)).expect("JSON");
        assert_eq!(
            messages,
            json!([
                {"role": "user", "content": [{"type": "text", "text": "one"}, {"type": "text", "text": "two"}]},
                {"role": "assistant", "content": [{"type": "text", "text": "answer"}]},
                {"role": "user", "content": [{"type": "text", "text": "three"}]},
            ])
        );
    }
}
