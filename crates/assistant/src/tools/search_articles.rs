use futures_util::{FutureExt, future::BoxFuture};
use serde_json::{Map, Value, json};

use super::{Tool, ToolContext, ToolFailure, ToolOutput, text_argument};
use crate::knowledge::Candidate;

/// As many passages as one search brings at most.
const PASSAGES: usize = 4;

/// Finds passages of the app's own articles, for a model that the ones it got do not suffice.
#[derive(Debug)]
pub struct SearchArticles;

impl Tool for SearchArticles {
    fn name(&self) -> &'static str {
        "searchArticles"
    }

    fn description(&self) -> &'static str {
        "Searches the hospital's approved articles. Use it when the sources you have do not hold the answer."
    }

    fn parameters(&self) -> Value {
        json!({
            "type": "object",
            "properties": {"query": {"type": "string", "description": "What to look for, in a few words."}},
            "required": ["query"],
            "additionalProperties": false,
        })
    }

    fn call<'a>(
        &'a self,
        arguments: &'a Map<String, Value>,
        context: &'a ToolContext,
    ) -> BoxFuture<'a, Result<ToolOutput, ToolFailure>> {
        let found = text_argument(arguments, "query")
            .map(|query| search(context, query, PASSAGES))
            .ok_or(ToolFailure::Arguments("query: wants a text"));
        let output = found.map(|passages| ToolOutput { data: json!({"found": passages.len()}), passages });
        std::future::ready(output).boxed()
    }
}

/// The passages that answer a query best, the best first.
pub(super) fn search(context: &ToolContext, query: &str, most: usize) -> Vec<Candidate> {
    let question = context.knowledge.read(query, &context.contact.hospital_name);
    let mut ranked = context.knowledge.rank(&question, None);
    ranked.truncate(most);
    ranked
}
