//! How commands answer: as JSON of the administration API's shapes, or as text made from the same.

use serde::Serialize;
use serde_json::{Map, Value};

use super::Desk;
use crate::{
    api::admin::approval_requests::{Asked, WireApprovalRequest},
    commands::{AwaitsApproval, print},
};

impl Desk {
    /// One thing, field by field.
    pub(super) fn show(&self, thing: &impl Serialize) -> anyhow::Result<()> {
        let value = serde_json::to_value(thing)?;
        if self.json {
            return print(&(serde_json::to_string_pretty(&value)? + "\n"));
        }
        let fields = value.as_object().cloned().unwrap_or_default();
        let width = fields.keys().map(String::len).max().unwrap_or_default();
        let lines: String = fields.iter().map(|(name, value)| format!("{name:width$}  {}\n", text(value))).collect();
        print(&lines)
    }

    /// Many things: some of their fields as columns, or all of them as JSON under this name.
    pub(super) fn list(
        &self,
        name: &str,
        things: Vec<impl Serialize>,
        columns: &[&str],
        next: Option<String>,
    ) -> anyhow::Result<()> {
        let things = things.into_iter().map(serde_json::to_value).collect::<Result<Vec<_>, _>>()?;
        if self.json {
            let mut list = Map::from_iter([(name.to_owned(), Value::from(things))]);
            list.extend(next.map(|next| (String::from("before"), Value::from(next))));
            return print(&(serde_json::to_string_pretty(&list)? + "\n"));
        }
        let rows: Vec<Vec<String>> =
            things.iter().map(|thing| columns.iter().map(|column| text(&thing[*column])).collect()).collect();
        let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or_default();
        let widths: Vec<_> = (0..columns.len()).map(width).collect();
        for row in &rows {
            let cells: Vec<_> = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}")).collect();
            print(&format!("{}\n", cells.join("  ").trim_end()))?;
        }
        match next {
            Some(next) => print(&format!("…  more: --before {next}\n")),
            None => Ok(()),
        }
    }

    /// What was made, or the request that waits for a second person.
    pub(super) fn show_asked<T, Wire: Serialize>(
        &self,
        asked: Asked<T>,
        wire: impl FnOnce(T) -> anyhow::Result<Wire>,
    ) -> anyhow::Result<()> {
        match asked {
            Asked::Made(made) => self.show(&wire(made)?),
            Asked::Requested(request) => {
                self.show(&WireApprovalRequest::from(&*request))?;
                Err(AwaitsApproval(request.id).into())
            }
        }
    }
}

fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}
