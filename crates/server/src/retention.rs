//! Conversations are kept as long as their app's config says, and no longer.

use std::time::Duration;

use anyhow::Context;
use chrono::TimeDelta;
use kuzushi_domain::{Actor, Id, id};
use kuzushi_store::TenantScope;
use tokio::time::interval;

use crate::state::AppState;

/// How often it is looked for what is to go. Any node may, and several may at once.
const INTERVAL: Duration = Duration::from_secs(3600);
/// Conversations erased, or tenants and apps read, in one go.
const BATCH: u64 = 100;

/// How long a file waits for the message that takes it along.
const FILES_WAIT: TimeDelta = TimeDelta::days(1);

/// How long what the widget measures of itself is kept: so that a month can be compared with that of a year before.
const MEASUREMENTS_KEPT: TimeDelta = TimeDelta::days(400);

/// Erases what is due at the start and every hour.
pub async fn keep_erasing(state: AppState) {
    let mut ticks = interval(INTERVAL);
    loop {
        tokio::select! {
            _ = ticks.tick() => {}
            () = state.stopping.cancelled() => return,
        }
        if let Err(error) = state.store.installation().forget_idempotency_keys(state.clock.now()).await {
            tracing::warn!(%error, "old idempotency keys were not forgotten; the next try is in an hour");
        }
        if let Err(error) = state.store.installation().empty_erased_tenants(state.clock.now()).await {
            tracing::warn!(%error, "rows of an erased tenant are left; the next try is in an hour");
        }
        if let Err(error) = erase_what_is_due(&state).await {
            tracing::warn!(%error, "not all conversations whose time is over were erased; the next try is in an hour");
        }
    }
}

/// Erases, in every tenant, the conversations whose time is over.
pub async fn erase_what_is_due(state: &AppState) -> anyhow::Result<()> {
    state.store.installation().finish_erasures().await?;
    let mut before = None;
    loop {
        let tenants = state.store.installation().tenants(before, BATCH).await?;
        for tenant in tenants.iter().filter(|tenant| tenant.erased_at.is_none()) {
            erase_of_tenant(state, tenant.id).await.with_context(|| format!("tenant {}", tenant.id))?;
        }
        match tenants.last().filter(|_| tenants.len() as u64 == BATCH) {
            Some(last) => before = Some(last.id),
            None => return Ok(()),
        }
    }
}

async fn erase_of_tenant(state: &AppState, tenant: Id<id::Tenant>) -> anyhow::Result<()> {
    let scope = state.store.tenant(tenant).await?.by(Actor::System);
    erase_what_waited(state, &scope).await?;
    scope.forget_old_spending(state.clock.now()).await?;
    scope.forget_measurements((state.clock.now() - MEASUREMENTS_KEPT).date_naive()).await?;
    scope.forget_waiting_files(state.clock.now() - FILES_WAIT).await?;
    let mut before = None;
    loop {
        let apps = scope.apps(before, BATCH).await?;
        for app in &apps {
            let active = scope.active_config(app.id).await?;
            if let Some(days) = active.and_then(|version| version.config.retention.conversation_days) {
                erase_of_app(state, &scope, app.id, days).await?;
            }
        }
        match apps.last().filter(|_| apps.len() as u64 == BATCH) {
            Some(last) => before = Some(last.id),
            None => return Ok(()),
        }
    }
}

/// Erases what was under a legal hold until that was lifted.
async fn erase_what_waited(state: &AppState, scope: &TenantScope) -> anyhow::Result<()> {
    while !state.stopping.is_cancelled() {
        let erased = scope.erase_what_waited(BATCH, state.clock.now()).await?;
        let (conversations, patients) = (erased.conversations.len() as u64, erased.patients);
        if conversations + patients > 0 {
            tracing::info!(conversations, patients, "erased what had waited for a legal hold to be lifted");
        }
        if conversations < BATCH && patients < BATCH {
            return Ok(());
        }
    }
    Ok(())
}

async fn erase_of_app(state: &AppState, scope: &TenantScope, app: Id<id::App>, days: u32) -> anyhow::Result<()> {
    while !state.stopping.is_cancelled() {
        let erased = scope.erase_older_than(app, days, BATCH, state.clock.now()).await?;
        for session in &erased {
            if let Some(conversation) = state.conversations.find(*session) {
                conversation.end();
            }
        }
        if !erased.is_empty() {
            tracing::info!(%app, conversations = erased.len(), days, "erased conversations whose time was over");
        }
        if (erased.len() as u64) < BATCH {
            return Ok(());
        }
    }
    Ok(())
}
