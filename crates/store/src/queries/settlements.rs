//! Putting on record what requests to models took, many in one commit.

use std::collections::{BTreeMap, HashMap};

use chrono::NaiveDate;
use kuzushi_domain::{Id, id};
use sea_orm::DbBackend;
use uuid::Uuid;

use super::spending::{ModelRequest, Period, Reservation, Spender, SpendingLimit, Spent};
use crate::{
    StoreError, TenantScope,
    dialect::Connections,
    given::{self, Given, MOST_ROWS},
    group_commit::GroupWrite,
    group_transaction::GroupTransaction,
};

/// What a request really took, for what was reserved for it.
pub(crate) struct SettleSpending {
    day: NaiveDate,
    took: Spent,
    /// From what was reserved.
    difference: Spent,
    limits: Vec<SpendingLimit>,
    request: Option<ModelRequest>,
}

/// A limit, and what was spent of it before a request and with it.
pub type Settled = (SpendingLimit, Spent, Spent);

impl TenantScope {
    /// Puts what a request really took in the place of what was reserved for it, and on record; None: it never left. Returns,
    /// for each of its limits, what was spent before and what is spent now.
    pub async fn settle_spending(
        &self,
        reservation: Reservation,
        request: Option<ModelRequest>,
    ) -> Result<Vec<Settled>, StoreError> {
        let Reservation { day, amount, limits } = reservation;
        if limits.is_empty() && request.is_none() {
            return Ok(Vec::new());
        }
        let took = request.as_ref().map_or(Spent::default(), |request| Spent {
            tokens: request.input_tokens.saturating_add(request.output_tokens),
            micros: request.micros.unwrap_or_default(),
        });
        let difference = took.without(amount);
        self.writes().settled.write(self.id(), SettleSpending { day, took, difference, limits, request }).await
    }
}

impl GroupWrite for SettleSpending {
    type Outcome = Vec<Settled>;

    async fn commit(
        connections: &Connections,
        tenant: Id<id::Tenant>,
        writes: &[Self],
    ) -> Result<Vec<Vec<Settled>>, StoreError> {
        let mut transaction = connections.group_of(tenant).await?;
        let mut balances = add_to_accounts(&mut transaction, tenant, writes).await?;
        let settled = writes.iter().map(|write| {
            let settle = |limit: &SpendingLimit| {
                // As if each had come alone, one after the other.
                let balance = balances.entry(write.account(limit, tenant).key()).or_default();
                *balance = balance.with(write.difference);
                (*limit, balance.without(write.took), *balance)
            };
            write.limits.iter().map(settle).collect()
        });
        let settled = settled.collect();
        let usage = usage_of(writes);
        if usage.is_empty() {
            transaction.commit().await?;
        } else {
            transaction.write_and_commit(given_usage(tenant, &usage), &[ADD_USAGE]).await?;
        }
        Ok(settled)
    }
}

impl SettleSpending {
    fn account(&self, limit: &SpendingLimit, tenant: Id<id::Tenant>) -> Account {
        let rank = match (limit.spender, limit.period) {
            (Spender::Tenant, Period::Day) => 0,
            (Spender::Tenant, Period::Month) => 1,
            (Spender::App(_), Period::Day) => 2,
            (Spender::App(_), Period::Month) => 3,
            (Spender::Session(_), Period::Day) => 4,
            (Spender::Session(_), Period::Month) => 5,
        };
        Account { rank, subject: limit.spender.subject(tenant), period: limit.period.name(self.day) }
    }
}

/// What is counted under a limit. Everybody takes them in this order, in which limits are reserved too, so that no two
/// transactions wait for each other.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Account {
    rank: i32,
    subject: Uuid,
    period: String,
}

type AccountKey = (Uuid, String);

impl Account {
    fn key(&self) -> AccountKey {
        (self.subject, self.period.clone())
    }
}

/// Adds what the group changes to each account, and returns what was in it before.
async fn add_to_accounts(
    transaction: &mut GroupTransaction,
    tenant: Id<id::Tenant>,
    writes: &[SettleSpending],
) -> Result<HashMap<AccountKey, Spent>, StoreError> {
    let mut changes: BTreeMap<Account, Spent> = BTreeMap::new();
    for write in writes {
        for limit in &write.limits {
            let change = changes.entry(write.account(limit, tenant)).or_default();
            *change = change.with(write.difference);
        }
    }
    let changes: Vec<(Account, Spent)> = changes.into_iter().collect();
    let mut balances = HashMap::with_capacity(changes.len());
    for changes in changes.chunks(MOST_ROWS) {
        let given = || {
            Given::default()
                .same("tenant_id", tenant.uuid())
                .each("rank", changes.iter().map(|(account, _)| account.rank))
                .each("subject_id", changes.iter().map(|(account, _)| account.subject))
                .each("period", changes.iter().map(|(account, _)| account.period.clone()))
                .each("tokens", changes.iter().map(|(_, change)| change.tokens))
                .each("micros", changes.iter().map(|(_, change)| change.micros))
        };
        if transaction.backend() == DbBackend::Postgres {
            let [_] = transaction.ask([(given(), LOCK)]).await?;
        }
        let [added] = transaction.ask([(given(), ADD)]).await?;
        let added: Vec<(Uuid, String, i64, i64)> = given::read(&added)?;
        let by_key: HashMap<AccountKey, Spent> =
            changes.iter().map(|(account, change)| (account.key(), *change)).collect();
        balances.extend(added.into_iter().map(|(subject, period, tokens, micros)| {
            let key = (subject, period);
            let change = by_key.get(&key).copied().unwrap_or_default();
            (key, Spent { tokens, micros }.without(change))
        }));
    }
    Ok(balances)
}

const LOCK: &str = "\
    SELECT 1 FROM spending JOIN given ON spending.tenant_id = given.tenant_id \
                                     AND spending.subject_id = given.subject_id AND spending.period = given.period \
    ORDER BY given.rank, given.subject_id, given.period FOR UPDATE OF spending";

const ADD: &str = "\
    UPDATE spending SET tokens = spending.tokens + given.tokens, micros = spending.micros + given.micros FROM given \
    WHERE spending.tenant_id = given.tenant_id AND spending.subject_id = given.subject_id \
      AND spending.period = given.period \
    RETURNING spending.subject_id, spending.period, spending.tokens, spending.micros";

/// Day, app, version, provider and model: what requests are counted under.
type UsageKey<'a> = (NaiveDate, Uuid, i32, &'a str, &'a str);

#[derive(Default)]
struct Usage {
    requests: i64,
    estimated: i64,
    unpriced: i64,
    input_tokens: i64,
    output_tokens: i64,
    micros: i64,
}

fn usage_of(writes: &[SettleSpending]) -> BTreeMap<UsageKey<'_>, Usage> {
    let mut usage: BTreeMap<UsageKey<'_>, Usage> = BTreeMap::new();
    for write in writes {
        let Some(request) = &write.request else { continue };
        let key = (write.day, request.app.uuid(), request.config_version, &*request.provider, &*request.model);
        let sums = usage.entry(key).or_default();
        sums.requests += 1;
        sums.estimated += i64::from(request.is_estimate);
        sums.unpriced += i64::from(request.micros.is_none());
        sums.input_tokens = sums.input_tokens.saturating_add(request.input_tokens);
        sums.output_tokens = sums.output_tokens.saturating_add(request.output_tokens);
        sums.micros = sums.micros.saturating_add(request.micros.unwrap_or_default());
    }
    usage
}

/// For [`ADD_USAGE`].
fn given_usage(tenant: Id<id::Tenant>, usage: &BTreeMap<UsageKey<'_>, Usage>) -> Given {
    Given::default()
        .same("tenant_id", tenant.uuid())
        .each("day", usage.keys().map(|(day, ..)| *day))
        .each("app_id", usage.keys().map(|(_, app, ..)| *app))
        .each("config_version", usage.keys().map(|(_, _, version, ..)| *version))
        .each("provider", usage.keys().map(|(.., provider, _)| (*provider).to_owned()))
        .each("model", usage.keys().map(|(.., model)| (*model).to_owned()))
        .each("requests", usage.values().map(|sums| sums.requests))
        .each("estimated", usage.values().map(|sums| sums.estimated))
        .each("unpriced", usage.values().map(|sums| sums.unpriced))
        .each("input_tokens", usage.values().map(|sums| sums.input_tokens))
        .each("output_tokens", usage.values().map(|sums| sums.output_tokens))
        .each("micros", usage.values().map(|sums| sums.micros))
}

// SQLite takes the conflict for a join without the condition.
const ADD_USAGE: &str = "\
    INSERT INTO model_usage (tenant_id, day, app_id, config_version, provider, model, requests, estimated, unpriced, \
                             input_tokens, output_tokens, micros) \
    SELECT tenant_id, day, app_id, config_version, provider, model, requests, estimated, unpriced, \
           input_tokens, output_tokens, micros FROM given WHERE TRUE \
    ON CONFLICT (tenant_id, day, app_id, config_version, provider, model) DO UPDATE SET \
        requests = model_usage.requests + excluded.requests, estimated = model_usage.estimated + excluded.estimated, \
        unpriced = model_usage.unpriced + excluded.unpriced, \
        input_tokens = model_usage.input_tokens + excluded.input_tokens, \
        output_tokens = model_usage.output_tokens + excluded.output_tokens, \
        micros = model_usage.micros + excluded.micros";
