//! A model that quotes the first source it is given, for a demonstration without a real one.

use std::time::Duration;

use serde_json::Value;

use super::{
    protocol::Protocol,
    server::{Received, Script, Step},
};

/// The longest answer, in characters.
const LONGEST: usize = 420;
/// Said where there is no source.
const NO_SOURCE: &str = "[0] I do not know that. Please call the hospital.";

/// Answers each request with the beginning of its first source, a word every `gap`, in the protocol that it speaks.
pub fn quoting(gap: Duration) -> impl Fn(&Received) -> Script + Send + Sync + 'static {
    move |received| {
        let protocol = Protocol::of(&received.path);
        let system = match protocol {
            Protocol::OpenAi => &received.body["messages"][0]["content"],
            Protocol::Anthropic => &received.body["system"],
        };
        let answer = quote(system.as_str().unwrap_or_default()).unwrap_or_else(|| String::from(NO_SOURCE));
        let input = (system.as_str().map_or(0, str::len) / 4) as u64;
        let mut script = Script::begin().bytes(protocol.head(input));
        let mut output = 0;
        for word in answer.split_inclusive(' ') {
            script = script.then(Step::Pause(gap)).bytes(protocol.piece(word));
            output += 1;
        }
        let wants_usage = received.body["stream_options"]["include_usage"] != Value::Bool(false);
        let usage = if wants_usage { protocol.usage(input, output) } else { String::new() };
        script.bytes(protocol.finish("end", output) + &usage + &protocol.end()).end()
    }
}

/// The first sentences of the first source, with its number behind them.
fn quote(system: &str) -> Option<String> {
    let source = system.split_once("<source number=\"1\">\n")?.1.split_once("\n</source>")?.0;
    // The first line is the title.
    let text = source.split_once('\n')?.1.split_whitespace().collect::<Vec<_>>().join(" ");
    let end = text.char_indices().nth(LONGEST).map_or(text.len(), |(end, _)| end);
    let text = &text[..end];
    let end = text.rfind(['.', '!', '?']).unwrap_or(text.len());
    let sentences = text[..end].trim();
    (!sentences.is_empty()).then(|| format!("{sentences} [1]."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_source_is_quoted_up_to_its_last_whole_sentence() {
        let system = "Rules\n<source number=\"1\">\nVisiting, Hours\nFrom 10 to 8.\nTwo at a time. And\n</source>\n";
        assert_eq!(quote(system).as_deref(), Some("From 10 to 8. Two at a time [1]."));
        assert_eq!(quote("Rules"), None);
    }
}
