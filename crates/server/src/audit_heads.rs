//! The newest event of every audit chain, noted outside of the database: whoever can write to the database alone cannot cut
//! a chain back behind what was noted here.

use std::{fs, io::Write as _, path::Path, time::Duration};

use anyhow::Context;
use chrono::{DateTime, Utc};
use kuzushi_store::AuditHead;
use serde::{Deserialize, Serialize};
use tokio::time::interval;

use crate::{api::wire::Timestamp, state::AppState};

/// Where the server notes them, in DATA_DIR.
pub const HEADS_FILE: &str = "audit-heads.jsonl";
/// How often. All that were noted are kept, so that a chain that was cut back and then grew is found out as well.
const NOTE_INTERVAL: Duration = Duration::from_secs(3600);

/// How a head lies in its line.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Line {
    noted_at: String,
    /// Missing: the installation's own chain.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    tenant_id: Option<String>,
    seq: i64,
    /// Hexadecimal.
    hash: String,
}

pub fn text(heads: &[AuditHead], now: DateTime<Utc>) -> anyhow::Result<String> {
    let mut text = String::new();
    for head in heads {
        let line = Line {
            noted_at: Timestamp(now).text(),
            tenant_id: head.tenant.map(|tenant| tenant.to_string()),
            seq: head.seq,
            hash: head.hash.iter().map(|byte| format!("{byte:02x}")).collect(),
        };
        text.push_str(&serde_json::to_string(&line)?);
        text.push('\n');
    }
    Ok(text)
}

pub fn parse(text: &str) -> anyhow::Result<Vec<AuditHead>> {
    let head = |(index, line): (usize, &str)| {
        let parsed = || {
            let Line { tenant_id, seq, hash, .. } = serde_json::from_str(line).ok()?;
            let tenant = match tenant_id {
                Some(tenant) => Some(tenant.parse().ok()?),
                None => None,
            };
            Some(AuditHead { tenant, seq, hash: bytes(&hash)? })
        };
        parsed().with_context(|| format!("line {} is not a noted event", index + 1))
    };
    text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()).map(head).collect()
}

/// None where nothing has been noted yet.
pub fn read(file: &Path) -> anyhow::Result<Option<Vec<AuditHead>>> {
    if !file.exists() {
        return Ok(None);
    }
    let text = fs::read_to_string(file).with_context(|| file.display().to_string())?;
    parse(&text).map(Some).with_context(|| file.display().to_string())
}

/// Notes at the start, every hour and at the end.
pub async fn keep_noting(state: AppState) {
    let mut ticks = interval(NOTE_INTERVAL);
    let mut noted = match read(&state.config.database.data_dir.join(HEADS_FILE)) {
        Ok(noted) => noted.unwrap_or_default(),
        Err(error) => {
            tracing::error!(%error, "the audit trail's noted events cannot be read");
            Vec::new()
        }
    };
    loop {
        let is_last = tokio::select! {
            _ = ticks.tick() => false,
            () = state.stopping.cancelled() => true,
        };
        if let Err(error) = note(&state, &mut noted).await {
            tracing::warn!(%error, "the audit trail's newest events were not noted outside of the database");
        }
        if is_last {
            return;
        }
    }
}

/// Appends what has changed.
async fn note(state: &AppState, noted: &mut Vec<AuditHead>) -> anyhow::Result<()> {
    let heads = state.store.installation().audit_heads().await?;
    let new: Vec<_> = heads.iter().filter(|head| !noted.contains(head)).cloned().collect();
    if new.is_empty() {
        return Ok(());
    }
    let folder = &state.config.database.data_dir;
    fs::create_dir_all(folder)?;
    let lines = text(&new, state.clock.now())?;
    fs::OpenOptions::new().append(true).create(true).open(folder.join(HEADS_FILE))?.write_all(lines.as_bytes())?;
    *noted = heads;
    Ok(())
}

fn bytes(hexadecimal: &str) -> Option<Vec<u8>> {
    if !hexadecimal.is_ascii() || !hexadecimal.len().is_multiple_of(2) {
        return None;
    }
    let pair = |at| u8::from_str_radix(&hexadecimal[at..at + 2], 16).ok();
    (0..hexadecimal.len()).step_by(2).map(pair).collect()
}

#[cfg(test)]
mod tests {
    use kuzushi_domain::Id;

    use super::*;

    #[test]
    fn what_was_noted_is_read_and_what_is_not_a_note_is_named() {
        let heads = vec![
            AuditHead { tenant: None, seq: 3, hash: vec![0, 255, 16] },
            AuditHead { tenant: Some(Id::generate()), seq: 9, hash: vec![1; 32] },
        ];
        let written = text(&heads, DateTime::UNIX_EPOCH).expect("text");
        assert_eq!(parse(&written).expect("heads"), heads);
        let error = parse(&format!("{written}{{\"seq\":1}}\n")).expect_err("not a note");
        assert_eq!(error.to_string(), "line 3 is not a noted event");
        for hash in ["0", "zz", "é"] {
            assert_eq!(bytes(hash), None);
        }
    }
}
