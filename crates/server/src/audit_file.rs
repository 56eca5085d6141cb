//! The audit trail as a file.

use std::str::FromStr;

use chrono::{DateTime, Utc};
use futures_util::{Stream, stream};
use kuzushi_domain::AuditAction;
use kuzushi_store::{AuditEvent, AuditFilter, AuditTrail, NewAuditEvent, StoreError};
use serde_json::{Value, json};

use crate::api::{admin::audit::WireAuditEvent, query::LARGEST_PAGE, wire::Timestamp};

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

    /// The file of a chain, newest event first, in pieces: however long the chain is, a page of it is in memory. That it was
    /// exported is on record before the first.
    pub async fn export(
        self,
        trail: AuditTrail,
        filter: AuditFilter,
        now: DateTime<Utc>,
    ) -> Result<impl Stream<Item = Result<String, StoreError>>, StoreError> {
        let event = NewAuditEvent::new(AuditAction::AuditExported, "").with(json!({"format": self.extension()}));
        trail.record(event, now).await?;
        let begin = (trail, Some(filter), self.head());
        Ok(stream::try_unfold(begin, move |(trail, filter, head)| async move {
            let Some(filter) = filter else { return Ok(None) };
            let events = trail.events(filter.clone(), LARGEST_PAGE).await?;
            let is_full = events.len() as u64 == LARGEST_PAGE;
            let next = events.last().filter(|_| is_full).map(|last| AuditFilter { before: Some(last.seq), ..filter });
            let lines = self.lines(events).map_err(|error| StoreError::Other(error.to_string()))?;
            Ok(Some((head + &lines, (trail, next, String::new()))))
        }))
    }

    /// What stands before the first event.
    fn head(self) -> String {
        match self {
            Self::JsonLines => String::new(),
            Self::Csv => format!("{},details\r\n", COLUMNS.join(",")),
        }
    }

    fn lines(self, events: Vec<AuditEvent>) -> anyhow::Result<String> {
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
