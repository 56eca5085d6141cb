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
            hash: hex::encode(&head.hash),
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
            Some(AuditHead { tenant, seq, hash: hex::decode(hash).ok()? })
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

/// Notes at the start and every hour; the last time is the stopping server's own.
pub async fn keep_noting(state: AppState) {
    let mut ticks = interval(NOTE_INTERVAL);
    loop {
        tokio::select! {
            _ = ticks.tick() => note(&state).await,
            () = state.stopping.cancelled() => return,
        }
    }
}

/// Notes what has changed since the last time; a log line says where that fails.
pub async fn note(state: &AppState) {
    if let Err(error) = append_new(state).await {
        tracing::warn!(%error, "the audit trail's newest events were not noted outside of the database");
    }
}

async fn append_new(state: &AppState) -> anyhow::Result<()> {
    let folder = &state.config.database.data_dir;
    let file = folder.join(HEADS_FILE);
    let noted = read(&file).unwrap_or_else(|error| {
        tracing::error!(%error, "the audit trail's noted events cannot be read");
        None
    });
    let noted = noted.unwrap_or_default();
    let mut heads = state.store.installation().audit_heads().await?;
    heads.retain(|head| !noted.contains(head));
    if heads.is_empty() {
        return Ok(());
    }
    fs::create_dir_all(folder)?;
    let lines = text(&heads, state.clock.now())?;
    fs::OpenOptions::new().append(true).create(true).open(file)?.write_all(lines.as_bytes())?;
    Ok(())
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
            assert!(parse(&format!("{{\"notedAt\":\"\",\"seq\":1,\"hash\":\"{hash}\"}}")).is_err(), "{hash}");
        }
    }
}
