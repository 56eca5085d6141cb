//! Group commit: writes that wait at the same time are committed together.
//!
//! A commit costs the database far more than the rows in it. While one commit is on its way the writes that come in
//! queue up, and the next commit takes them all: nothing is ever held back for a group to fill, and a write that comes
//! alone goes alone. A writer's answer comes after the commit that holds it. Only what nobody waits for is gathered for a while.

use std::{future::Future, sync::Arc, time::Duration};

use kuzushi_domain::{Id, id};
use tokio::{
    sync::{Mutex, mpsc, oneshot},
    time::sleep,
};

use crate::{StoreError, dialect::Connections};

/// Writes that may wait before whoever brings one more has to wait as well.
const QUEUE: usize = 4_096;

/// A kind of write of which several can be made in one transaction.
pub(crate) trait GroupWrite: Send + Sync + Sized + 'static {
    /// What came of one write.
    type Outcome: Send + 'static;

    /// Makes these writes of one tenant, all or none, and returns their outcomes in the same order.
    fn commit(
        connections: &Connections,
        tenant: Id<id::Tenant>,
        writes: &[Self],
    ) -> impl Future<Output = Result<Vec<Self::Outcome>, StoreError>> + Send;
}

/// How writes are grouped.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Grouping {
    /// Writes in one commit at most; 1 commits each by itself.
    pub most: usize,
    /// Commits on their way at the same time.
    pub writers: usize,
    /// How long a group gathers after its first write. Zero for what somebody waits for.
    pub gathers_for: Duration,
}

/// The queue for one kind of write.
pub(crate) struct GroupCommit<Write: GroupWrite> {
    queue: mpsc::Sender<Waiting<Write>>,
}

struct Waiting<Write: GroupWrite> {
    tenant: Id<id::Tenant>,
    write: Write,
    outcome: oneshot::Sender<Result<Write::Outcome, StoreError>>,
}

impl<Write: GroupWrite> GroupCommit<Write> {
    /// Starts the writers; they end when this is dropped.
    pub(crate) fn start(connections: &Connections, grouping: Grouping) -> Self {
        let (queue, waiting) = mpsc::channel(QUEUE);
        let waiting = Arc::new(Mutex::new(waiting));
        for _ in 0..grouping.writers {
            tokio::spawn(commit_what_waits(connections.clone(), grouping, Arc::clone(&waiting)));
        }
        Self { queue }
    }

    /// Makes the write with whatever else waits, and returns once it is committed.
    pub(crate) async fn write(&self, tenant: Id<id::Tenant>, write: Write) -> Result<Write::Outcome, StoreError> {
        let gone = || StoreError::Unavailable(String::from("the store is closing"));
        let (outcome, committed) = oneshot::channel();
        self.queue.send(Waiting { tenant, write, outcome }).await.map_err(|_| gone())?;
        committed.await.map_err(|_| gone())?
    }
}

async fn commit_what_waits<Write: GroupWrite>(
    connections: Connections,
    Grouping { most, writers: _, gathers_for }: Grouping,
    waiting: Arc<Mutex<mpsc::Receiver<Waiting<Write>>>>,
) {
    let mut taken = Vec::with_capacity(most.min(64));
    loop {
        let mut queue = waiting.lock().await;
        if queue.recv_many(&mut taken, most).await == 0 {
            return;
        }
        if !gathers_for.is_zero() && taken.len() < most {
            sleep(gathers_for).await;
            while taken.len() < most
                && let Ok(write) = queue.try_recv()
            {
                taken.push(write);
            }
        }
        drop(queue);
        // A transaction holds one tenant's rows only, so that the database can hold us to it.
        taken.sort_by_key(|waiting| waiting.tenant.uuid());
        while let Some(tenant) = taken.first().map(|first| first.tenant) {
            let others = taken.split_off(taken.partition_point(|waiting| waiting.tenant == tenant));
            commit_group(&connections, tenant, std::mem::replace(&mut taken, others)).await;
        }
    }
}

async fn commit_group<Write: GroupWrite>(
    connections: &Connections,
    tenant: Id<id::Tenant>,
    group: Vec<Waiting<Write>>,
) {
    let (writes, outcomes): (Vec<_>, Vec<_>) =
        group.into_iter().map(|waiting| (waiting.write, waiting.outcome)).unzip();
    match Write::commit(connections, tenant, &writes).await {
        Ok(committed) => {
            for (outcome, committed) in outcomes.into_iter().zip(committed) {
                // Whoever waited may have left; the write is made all the same.
                let _ = outcome.send(Ok(committed));
            }
        }
        Err(StoreError::Unavailable(reason)) => {
            for outcome in outcomes {
                let _ = outcome.send(Err(StoreError::Unavailable(reason.clone())));
            }
        }
        // One write that cannot be made must not take the others with it.
        Err(error) if outcomes.len() > 1 => {
            tracing::warn!(error = %error, writes = outcomes.len(), "a group could not be committed; trying one by one");
            for (write, outcome) in writes.iter().zip(outcomes) {
                let alone = Write::commit(connections, tenant, std::slice::from_ref(write)).await;
                let _ = outcome.send(alone.and_then(|mut alone| alone.pop().ok_or(StoreError::NotFound)));
            }
        }
        Err(error) => {
            if let Some(outcome) = outcomes.into_iter().next() {
                let _ = outcome.send(Err(error));
            }
        }
    }
}
