use futures_util::{FutureExt, future::BoxFuture};
use serde_json::{Map, Value, json};

use super::{Tool, ToolContext, ToolFailure, ToolOutput, search_articles::search, text_argument};

/// As many passages about a place's hours as one look brings at most.
const PASSAGES: usize = 2;

/// When and how the hospital can be reached, from the app's config, and when a part of it is open, from its articles.
#[derive(Debug)]
pub struct OpeningHours;

impl Tool for OpeningHours {
    fn name(&self) -> &'static str {
        "openingHours"
    }

    fn description(&self) -> &'static str {
        "Tells the hospital's telephone and when it is answered, and when a department or service is open."
    }

    fn parameters(&self) -> Value {
        json!({
            "type": "object",
            "properties": {
                "place": {"type": "string", "description": "A department or service, such as: pharmacy. Leave out for the hospital."},
            },
            "additionalProperties": false,
        })
    }

    fn call<'a>(
        &'a self,
        arguments: &'a Map<String, Value>,
        context: &'a ToolContext,
    ) -> BoxFuture<'a, Result<ToolOutput, ToolFailure>> {
        let contact = &context.contact;
        let known = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
        let data = json!({
            "hospital": contact.hospital_name,
            "telephone": known(&contact.phone),
            "telephoneIsAnswered": known(&contact.hours),
            "inAnEmergency": contact.emergency_number,
        });
        let passages = text_argument(arguments, "place")
            .map(|place| search(context, &format!("When is the {place} open?"), PASSAGES))
            .unwrap_or_default();
        std::future::ready(Ok(ToolOutput { data, passages })).boxed()
    }
}
