//! Whether the audit trail is whole.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use aws_lc_rs::constant_time;
use kuzushi_domain::{Id, id};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;

use super::audit::{NO_HASH, chain_key, hash};
use crate::{
    Installation, StoreError,
    entities::{audit_chain, audit_event},
    sealed::KeyError,
};

/// Events read at a time.
const BATCH: u64 = 1_000;

/// The newest event of a chain. Kept outside of the database, it shows when the chain was cut back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditHead {
    /// None: the installation's own chain.
    pub tenant: Option<Id<id::Tenant>>,
    pub seq: i64,
    pub hash: Vec<u8>,
}

/// A chain, checked from its first event to its last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckedChain {
    /// None: the installation's own chain.
    pub tenant: Option<Id<id::Tenant>>,
    /// Events that are as they were written, counted up to the first that is not.
    pub intact: i64,
    pub fault: Option<AuditFault>,
}

/// What is wrong with a chain; the first of its kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AuditFault {
    #[error("event {seq} was edited, moved here, or follows one that was")]
    Altered { seq: i64 },
    #[error("event {seq} was removed")]
    Removed { seq: i64 },
    #[error("the newest events were removed: {left} are left of {recorded}")]
    CutBack { left: i64, recorded: i64 },
    #[error("the record of the newest event was altered")]
    HeadAltered,
    #[error("event {seq} is not the one that was noted outside of the database")]
    NotAsNoted { seq: i64 },
    #[error("the chain's key is gone, or the content key is another")]
    KeyLost,
}

fn tenant_of(chain: Uuid) -> Option<Id<id::Tenant>> {
    (!chain.is_nil()).then(|| Id::from_uuid(chain))
}

fn chain_of(tenant: Option<Id<id::Tenant>>) -> Uuid {
    tenant.map_or(Uuid::nil(), |tenant| tenant.uuid())
}

impl Installation {
    /// The newest event of every chain.
    pub async fn audit_heads(&self) -> Result<Vec<AuditHead>, StoreError> {
        let rows = audit_chain::Entity::find().order_by_asc(audit_chain::Column::ChainId).all(self.reader()).await?;
        let head = |row: audit_chain::Model| AuditHead {
            tenant: tenant_of(row.chain_id),
            seq: row.last_seq,
            hash: row.last_hash,
        };
        Ok(rows.into_iter().map(head).collect())
    }

    /// Checks every chain against its hashes, and against what was noted outside of the database.
    pub async fn check_audit(&self, noted: &[AuditHead]) -> Result<Vec<CheckedChain>, StoreError> {
        let rows = audit_chain::Entity::find().all(self.reader()).await?;
        let heads: BTreeMap<Uuid, audit_chain::Model> = rows.into_iter().map(|row| (row.chain_id, row)).collect();
        let with_events: Vec<Uuid> = audit_event::Entity::find()
            .select_only()
            .column(audit_event::Column::ChainId)
            .distinct()
            .into_tuple()
            .all(self.reader())
            .await?;
        let mut chains: BTreeSet<Uuid> = heads.keys().copied().collect();
        chains.extend(with_events);
        let mut noted_of: HashMap<Uuid, Vec<&AuditHead>> = HashMap::new();
        for head in noted {
            noted_of.entry(chain_of(head.tenant)).or_default().push(head);
        }
        chains.extend(noted_of.keys());
        let mut checked = Vec::with_capacity(chains.len());
        for chain in chains {
            let noted = noted_of.get(&chain).map_or(&[][..], Vec::as_slice);
            let (intact, fault) = self.check_chain(chain, heads.get(&chain), noted).await?;
            checked.push(CheckedChain { tenant: tenant_of(chain), intact, fault });
        }
        Ok(checked)
    }

    async fn check_chain(
        &self,
        chain: Uuid,
        head: Option<&audit_chain::Model>,
        noted: &[&AuditHead],
    ) -> Result<(i64, Option<AuditFault>), StoreError> {
        let Some(head) = head else { return Ok((0, Some(AuditFault::KeyLost))) };
        let key = match chain_key(self.operator_key(), chain, &head.wrapped_key).await {
            Ok(key) => key,
            Err(KeyError::Seal(_)) => return Ok((0, Some(AuditFault::KeyLost))),
            // What cannot be looked at is not at fault.
            Err(error) => return Err(error.into()),
        };
        let mut noted_hashes: HashMap<i64, Vec<&[u8]>> = HashMap::new();
        for noted in noted {
            noted_hashes.entry(noted.seq).or_default().push(&noted.hash);
        }
        let (mut seq, mut previous) = (0, NO_HASH.to_vec());
        loop {
            let events = audit_event::Entity::find()
                .filter(audit_event::Column::ChainId.eq(chain))
                .filter(audit_event::Column::Seq.gt(seq))
                .order_by_asc(audit_event::Column::Seq)
                .limit(BATCH)
                .all(self.reader())
                .await?;
            for event in &events {
                let expected = seq + 1;
                if event.seq != expected {
                    return Ok((seq, Some(AuditFault::Removed { seq: expected })));
                }
                let hash = hash(&key, &previous, event);
                if constant_time::verify_slices_are_equal(&hash, &event.hash).is_err() {
                    return Ok((seq, Some(AuditFault::Altered { seq: expected })));
                }
                let noted_hashes = noted_hashes.get(&expected).map_or(&[][..], Vec::as_slice);
                if noted_hashes.iter().any(|noted| *noted != hash) {
                    return Ok((seq, Some(AuditFault::NotAsNoted { seq: expected })));
                }
                (seq, previous) = (expected, hash);
            }
            if (events.len() as u64) < BATCH {
                break;
            }
        }
        // Events may have been added since the head was read.
        let recorded = noted.iter().map(|noted| noted.seq).fold(head.last_seq, i64::max);
        let fault = if seq < recorded {
            Some(AuditFault::CutBack { left: seq, recorded })
        } else if seq == head.last_seq && previous != head.last_hash {
            Some(AuditFault::HeadAltered)
        } else {
            None
        };
        Ok((seq, fault))
    }
}
