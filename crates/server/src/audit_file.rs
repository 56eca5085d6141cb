//! The audit trail as a file.

use std::str::FromStr;

use kuzushi_store::AuditEvent;
use serde_json::Value;

use crate::api::{admin::audit::WireAuditEvent, wire::Timestamp};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// One JSON object a line.
    JsonLines,
    Csv,
}

const COLUMNS: [&str; 8] = ["seq", "at", "actor", "actorName", "actorRole", "action", "target", "reason"];

impl FromStr for Format {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "jsonl" => Ok(Self::JsonLines),
            "csv" => Ok(Self::Csv),
            _ => Err("wants jsonl or csv"),
        }
    }
}

impl Format {
    pub fn extension(self) -> &'static str {
        match self {
            Self::JsonLines => "jsonl",
            Self::Csv => "csv",
        }
    }

    pub fn media_type(self) -> &'static str {
        match self {
            Self::JsonLines => "application/jsonl",
            Self::Csv => "text/csv; charset=utf-8",
        }
    }

    /// What stands before the first event.
    pub fn head(self) -> String {
        match self {
            Self::JsonLines => String::new(),
            Self::Csv => format!("{},details\r\n", COLUMNS.join(",")),
        }
    }

    pub fn lines(self, events: Vec<AuditEvent>) -> anyhow::Result<String> {
        match self {
            Self::JsonLines => {
                let mut text = String::new();
                for event in events {
                    text.push_str(&serde_json::to_string(&WireAuditEvent::from(event))?);
                    text.push('\n');
                }
                Ok(text)
            }
            Self::Csv => {
                let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
                for event in events {
                    let details =
                        if event.details.is_null() { String::new() } else { Value::to_string(&event.details) };
                    let fields = [
                        event.seq.to_string(),
                        Timestamp(event.at).text(),
                        event.actor,
                        event.actor_name,
                        event.actor_role,
                        event.action,
                        event.target,
                        event.reason,
                        details,
                    ];
                    writer.write_record(fields.map(not_a_formula))?;
                }
                Ok(String::from_utf8(writer.into_inner()?)?)
            }
        }
    }
}

/// A spreadsheet must not compute what somebody chose as a name or a reason.
fn not_a_formula(field: String) -> String {
    if field.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{field}") } else { field }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use serde_json::json;

    use super::*;

    #[test]
    fn a_file_has_a_line_an_event_and_no_formulas() {
        let event = AuditEvent {
            seq: 7,
            at: DateTime::from_timestamp(1_790_000_000, 0).expect("a time"),
            actor: String::from("key_1"),
            actor_name: String::from("=HYPERLINK(\"x\")"),
            actor_role: String::from("owner"),
            action: String::from("access.granted"),
            target: String::from("grant_1"),
            reason: String::from("one, \"two\"\nthree"),
            details: json!({"minutes": 15}),
        };
        insta::assert_snapshot!(Format::Csv.head() + &Format::Csv.lines(vec![event.clone()]).expect("a file"));
        insta::assert_snapshot!(Format::JsonLines.lines(vec![event]).expect("a file"));
    }
}
