//! Whether a request may leave for a provider: an agreement allows it, and there is enough left of every limit. What it took goes
//! on record.

use std::{sync::Arc, time::Duration};

use chrono::NaiveDate;
use futures_util::future::{BoxFuture, FutureExt};
use kuzushi_assistant::{
    AskedModel, Gate, ModelGate, Permit, Privacy, ProviderFailure, Took,
    redact::{KnownPatient, Placeholders},
};
use kuzushi_domain::{
    Id,
    agreement::{Endpoint, Modality},
    config::{AppConfig, Limits, Provider, SpendingLimits},
    id,
};
use kuzushi_store::{
    Allowance, ModelRequest, Period, Reservation, Reserved, Session, Spender, SpendingLimit, Spent, StoreError,
    TenantScope, TenantSpendingLimits,
};
use tokio::{
    runtime::Handle,
    time::{Instant, sleep},
};

use super::Conversation;
use crate::{shelf::Shelf, state::AppState};

/// How long it is taken for true what an organisation has agreed and limited. A change holds everywhere within this time.
const FRESH_FOR: Duration = Duration::from_millis(500);
/// Kept at most.
const MOST: usize = 10_000;
/// Pauses between attempts to put on record what a request took.
const FIRST_PAUSE: Duration = Duration::from_millis(250);
const ATTEMPTS: u32 = 6;
/// Millionths in one of the currency.
const MICROS: f64 = 1e6;

/// What organisations have agreed, and what they may spend.
pub struct AgreementShelf {
    standing: Shelf<(Id<id::Tenant>, Endpoint, Modality, NaiveDate), bool>,
    limits: Shelf<Id<id::Tenant>, TenantSpendingLimits>,
}

impl Default for AgreementShelf {
    fn default() -> Self {
        Self { standing: Shelf::new(MOST, FRESH_FOR), limits: Shelf::new(MOST, FRESH_FOR) }
    }
}

impl AgreementShelf {
    /// Whether patients' words may go there in this form on this day.
    pub async fn may_send(
        &self,
        scope: &TenantScope,
        endpoint: &Endpoint,
        modality: Modality,
        today: NaiveDate,
    ) -> Result<bool, StoreError> {
        let key = (scope.id(), endpoint.clone(), modality, today);
        if let Some(may) = self.standing.get(&key) {
            return Ok(may);
        }
        let read = Instant::now();
        let may = scope.may_send(endpoint, modality, today).await?;
        self.standing.keep(key, read, may);
        Ok(may)
    }

    /// Reads what [`ConversationGate`] asks of a provider, where that is not known.
    pub async fn look_up(&self, scope: &TenantScope, endpoint: &Endpoint, today: NaiveDate) -> Result<(), StoreError> {
        tokio::try_join!(self.may_send(scope, endpoint, Modality::Text, today), self.limits(scope)).map(drop)
    }

    async fn limits(&self, scope: &TenantScope) -> Result<TenantSpendingLimits, StoreError> {
        if let Some(limits) = self.limits.get(&scope.id()) {
            return Ok(limits);
        }
        let read = Instant::now();
        let limits = scope.spending_limits().await?;
        self.limits.keep(scope.id(), read, limits);
        Ok(limits)
    }
}

/// What of a conversation a provider may be sent, and who is asked for each request.
pub async fn privacy(
    state: &AppState,
    scope: &TenantScope,
    session: &Session,
    config: &AppConfig,
    conversation: &Conversation,
) -> Result<Privacy, StoreError> {
    let is_asked = config.assistant.provider != Provider::Builtin;
    let known = match session.owner.as_ref().filter(|_| is_asked) {
        Some(owner) => known_patient(scope, owner.user).await?,
        None => KnownPatient::default(),
    };
    let gate = ConversationGate {
        state: state.clone(),
        scope: scope.clone(),
        session: session.id,
        app: session.app,
        config_version: session.config_version,
        limits: config.limits.clone(),
    };
    let placeholders = if is_asked { conversation.placeholders() } else { Placeholders::default() };
    Ok(Privacy { known, placeholders, gate: Gate::Asks(Arc::new(gate)) })
}

async fn known_patient(scope: &TenantScope, user: Id<id::User>) -> Result<KnownPatient, StoreError> {
    match scope.user(user).await {
        Ok(user) => Ok(KnownPatient {
            names: vec![user.name],
            emails: user.email.into_iter().collect(),
            record_numbers: user.subject.into_iter().collect(),
            ..KnownPatient::default()
        }),
        // The account was deleted while its conversation went on.
        Err(StoreError::NotFound) => Ok(KnownPatient::default()),
        Err(error) => Err(error),
    }
}

/// What those who run an app should know before patients talk to a version of it.
pub async fn warnings(state: &AppState, scope: &TenantScope, config: &AppConfig) -> Result<Vec<String>, StoreError> {
    let first = config.assistant.provider;
    let others = config.assistant.fallbacks.iter().map(|fallback| Provider::from(fallback.provider));
    let mut warnings = Vec::new();
    for provider in std::iter::once(first).chain(others).take_while(|provider| *provider != Provider::Builtin) {
        let name = provider.as_str();
        let warning = match state.config.providers.endpoint(provider) {
            None => format!("The operator has set up no provider `{name}`: others answer instead."),
            Some(endpoint) => {
                if scope.may_send(&endpoint, Modality::Text, state.clock.now().date_naive()).await? {
                    continue;
                }
                format!(
                    "No agreement that covers text stands with {endpoint} ({name}): nothing is sent there, and others answer \
                     instead. Note it under /v1/admin/tenants/{}/agreements or with `kuzushi admin agreement note`.",
                    scope.id()
                )
            }
        };
        if !warnings.contains(&warning) {
            warnings.push(warning);
        }
    }
    Ok(warnings)
}

/// Asked for each request of a conversation.
struct ConversationGate {
    state: AppState,
    scope: TenantScope,
    session: Id<id::Session>,
    app: Id<id::App>,
    config_version: i32,
    limits: Limits,
}

impl ModelGate for ConversationGate {
    fn admit<'a>(&'a self, asked: AskedModel<'a>) -> BoxFuture<'a, Result<Box<dyn Permit>, ProviderFailure>> {
        async move {
            let now = self.state.clock.now();
            let endpoint = self.state.config.providers.endpoint(asked.provider).ok_or(ProviderFailure::NotSetUp)?;
            let agreements = &self.state.agreements;
            let may = agreements.may_send(&self.scope, &endpoint, Modality::Text, now.date_naive()).await;
            if !may.map_err(|error| not_checked(&error))? {
                return Err(ProviderFailure::NoAgreement);
            }
            let of_tenant = agreements.limits(&self.scope).await.map_err(|error| not_checked(&error))?;
            let most = |tokens: u64| i64::try_from(tokens).unwrap_or(i64::MAX);
            let (input, output) = (most(asked.input_tokens), most(asked.output_tokens));
            let (provider, model) = (asked.provider.as_str().to_owned(), asked.model.to_owned());
            let micros = self.state.config.providers.micros(&provider, &model, input, output);
            let amount = Spent { tokens: input.saturating_add(output), micros: micros.unwrap_or_default() };
            let limits = self.all_limits(of_tenant);
            match self.scope.reserve_spending(limits, amount, now).await.map_err(|error| not_checked(&error))? {
                Reserved::Made(reservation) => Ok(Box::new(ConversationPermit {
                    state: self.state.clone(),
                    scope: self.scope.clone(),
                    app: self.app,
                    config_version: self.config_version,
                    warn_at_percent: self.limits.warn_at_percent,
                    provider,
                    model,
                    reservation,
                }) as Box<dyn Permit>),
                Reserved::Reached(limit) => {
                    tracing::warn!(
                        tenant = %self.scope.id(),
                        app = %self.app,
                        of = limit.spender.as_str(),
                        period = limit.period.as_str(),
                        "a limit of what models may take is reached"
                    );
                    Err(ProviderFailure::LimitReached)
                }
            }
        }
        .boxed()
    }
}

fn not_checked(error: &StoreError) -> ProviderFailure {
    tracing::warn!(%error, "nothing is sent to a provider, since agreements and limits cannot be read");
    ProviderFailure::NotChecked
}

impl ConversationGate {
    /// Those that are set, the whole tenant's first.
    fn all_limits(&self, of_tenant: TenantSpendingLimits) -> Vec<SpendingLimit> {
        let of = |spender, (day, month): (Allowance, Allowance)| {
            [(Period::Day, day), (Period::Month, month)].map(|(period, allowance)| SpendingLimit {
                spender,
                period,
                allowance,
            })
        };
        [
            of(Spender::Tenant, (of_tenant.day, of_tenant.month)),
            of(Spender::App(self.app), allowances(&self.limits.app)),
            of(Spender::Session(self.session), allowances(&self.limits.session)),
        ]
        .into_iter()
        .flatten()
        .filter(|limit| limit.allowance != Allowance::default())
        .collect()
    }
}

/// What a config allows in a day, and in a month.
pub fn allowances(limits: &SpendingLimits) -> (Allowance, Allowance) {
    let allowance = |tokens: Option<u64>, money: Option<f64>| Allowance {
        tokens: tokens.map(|tokens| i64::try_from(tokens).unwrap_or(i64::MAX)),
        micros: money.map(|money| (money * MICROS).round() as i64),
    };
    (allowance(limits.tokens_per_day, limits.money_per_day), allowance(limits.tokens_per_month, limits.money_per_month))
}

struct ConversationPermit {
    state: AppState,
    scope: TenantScope,
    app: Id<id::App>,
    config_version: i32,
    warn_at_percent: u8,
    provider: String,
    model: String,
    reservation: Reservation,
}

impl Permit for ConversationPermit {
    fn settle(self: Box<Self>, took: Option<Took>) {
        let state = self.state.clone();
        // Without a runtime the process is at its end: what was reserved stays.
        if let Ok(runtime) = Handle::try_current() {
            // A stopping server waits for it, as it does for answers.
            state.answers.spawn_on(async move { self.put_on_record(took).await }, &runtime);
        }
    }
}

impl ConversationPermit {
    async fn put_on_record(self, took: Option<Took>) {
        let tokens = |tokens: u64| i64::try_from(tokens).unwrap_or(i64::MAX);
        let request =
            took.map(|took| self.request(tokens(took.input_tokens), tokens(took.output_tokens), took.is_estimate));
        let mut pause = FIRST_PAUSE;
        for attempt in 1..=ATTEMPTS {
            match self.scope.settle_spending(self.reservation.clone(), request.clone()).await {
                Ok(spent) => return self.warn(&spent),
                Err(StoreError::Unavailable(_)) if attempt < ATTEMPTS && !self.state.closing.is_cancelled() => {
                    sleep(pause).await;
                    pause *= 2;
                }
                Err(error) => {
                    tracing::warn!(tenant = %self.scope.id(), %error, "what a model took is not on record; what was reserved for it stays");
                    return;
                }
            }
        }
    }

    fn request(&self, input_tokens: i64, output_tokens: i64, is_estimate: bool) -> ModelRequest {
        let micros = self.state.config.providers.micros(&self.provider, &self.model, input_tokens, output_tokens);
        ModelRequest {
            app: self.app,
            config_version: self.config_version,
            provider: self.provider.clone(),
            model: self.model.clone(),
            input_tokens,
            output_tokens,
            is_estimate,
            micros,
        }
    }

    /// Tells those who run the server when a limit is nearly reached: once, by the request that brought it there.
    fn warn(&self, spent: &[(SpendingLimit, Spent, Spent)]) {
        for (limit, before, now) in spent {
            let passes = |most: Option<i64>, before: i64, now: i64| {
                most.is_some_and(|most| {
                    let warned_at = most / 100 * i64::from(self.warn_at_percent)
                        + most % 100 * i64::from(self.warn_at_percent) / 100;
                    before < warned_at && now >= warned_at
                })
            };
            if passes(limit.allowance.tokens, before.tokens, now.tokens)
                || passes(limit.allowance.micros, before.micros, now.micros)
            {
                tracing::warn!(
                    tenant = %self.scope.id(),
                    app = %self.app,
                    of = limit.spender.as_str(),
                    period = limit.period.as_str(),
                    percent = self.warn_at_percent,
                    "a limit of what models may take is nearly reached"
                );
            }
        }
    }
}
