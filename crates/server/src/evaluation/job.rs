//! Evaluations that a server makes in the background, beside answering patients.

use std::{sync::Arc, time::Duration};

use kuzushi_domain::{Id, id};
use kuzushi_store::{Evaluation, LONGEST_EVALUATION, NewEvaluation, StoreError, TenantScope};
use tokio::{sync::Semaphore, time::timeout};

use super::{Report, Subject, Suite, result, run};
use crate::state::AppState;

/// Cases that a server asks at the same time: it has patients to answer.
const AT_ONCE: usize = 2;

/// One evaluation at a time on a node; the next one waits.
static TURN: Semaphore = Semaphore::const_new(1);

/// Begins to ask a stored suite of a version: the newest of its name, or the one of this hash. `NotFound`: there is no such
/// suite, or no such version.
pub async fn begin(
    state: &AppState,
    scope: &TenantScope,
    app: Id<id::App>,
    version: i32,
    (name, hash): (&str, Option<&str>),
) -> Result<Evaluation, StoreError> {
    let (stored, lines) = scope.suite(app, name, hash).await?;
    let suite = Suite::read(&lines).map_err(|error| StoreError::Other(format!("the suite {name}: {error}")))?;
    let new = NewEvaluation { version, suite: stored.name, suite_hash: stored.hash, cases: stored.cases };
    let begun = scope.begin_evaluation(app, new, state.clock.now()).await?;
    state.answers.spawn(see_through(state.clone(), scope.clone(), app, begun.clone(), suite));
    Ok(begun)
}

/// Asks everything and records what came of it, or that nothing did.
async fn see_through(state: AppState, scope: TenantScope, app: Id<id::App>, begun: Evaluation, suite: Suite) {
    let limit = LONGEST_EVALUATION.to_std().unwrap_or(Duration::ZERO);
    let finished = tokio::select! {
        biased;
        () = state.stopping.cancelled() => Err(StoreError::Other("the server stops".into())),
        finished = timeout(limit, ask(&state, &scope, app, &begun, &suite)) => {
            finished.unwrap_or_else(|_| Err(StoreError::Other("it took too long".into())))
        }
    };
    let Err(error) = finished else { return };
    tracing::warn!(evaluation = %begun.id, %error, "an evaluation broke off");
    if let Err(error) = scope.break_off_evaluation(app, begun.id, state.clock.now()).await {
        tracing::warn!(evaluation = %begun.id, %error, "that it broke off will only be known when its time is over");
    }
}

async fn ask(
    state: &AppState,
    scope: &TenantScope,
    app: Id<id::App>,
    begun: &Evaluation,
    suite: &Suite,
) -> Result<(), StoreError> {
    let _turn = TURN.acquire().await.map_err(|error| StoreError::Other(error.to_string()))?;
    let config = scope.config_version(app, begun.version).await?.config;
    let index = state.knowledge.complete(scope, app, state.clock.now()).await?;
    let subject = Subject {
        assistant: state.assistant.clone(),
        app: state.directory.app(scope, app).await?,
        config,
        now: state.clock.now(),
        knowledge: index.knowledge,
        slugs: index.slugs,
        answer_timeout: Duration::from_secs(state.config.limits.answer_timeout),
    };
    let report: Report = run(Arc::new(subject), suite, AT_ONCE).await;
    let finished = scope.finish_evaluation(app, begun.id, result(&report, index.articles)?, state.clock.now()).await?;
    tracing::info!(evaluation = %finished.id, passed = finished.passed, cases = finished.cases, "an evaluation is finished");
    Ok(())
}
