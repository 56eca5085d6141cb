//! Answers from language models, one after the other until one answers. Where none does, the built-in assistant answers.

use std::{sync::Arc, time::Duration};

use futures_util::{Stream, StreamExt, stream::once};
use kuzushi_domain::config::Provider;
use tokio::time::Instant;

use super::{
    ProviderFailure, builtin,
    exchange::Outgoing,
    looking_up::LookUp,
    passing::Passing,
    reading::Limits,
    underway::{Asking, Underway},
};
use crate::{
    answer::{AnswerEnd, AnswerEvent, AnswerRequest, Assistant, ModelChoice, ModelUsage},
    knowledge::Candidate,
    redact::redaction,
    tools::{Tool, ToolContext},
};

/// What the built-in assistant needs to begin before the app's deadline is over.
const RESERVE: Duration = Duration::from_millis(300);

/// Asks the models, unless the question is one that no model is asked. What has been said stays said: only as long as
/// nothing has come does anybody else answer.
pub fn answer(
    assistant: Assistant,
    request: AnswerRequest,
) -> impl Stream<Item = Result<AnswerEvent, ProviderFailure>> + Send + 'static {
    once(async move {
        // Whoever asks waits from now on, for what is found in the articles as well.
        let begun = Instant::now();
        let Some(sources) = builtin::sources(&request) else {
            return builtin::answer(request).boxed();
        };
        let mut usage = Vec::new();
        match first_to_begin(&assistant, &request, sources, begun, &mut usage).await {
            Ok(underway) => underway.stream(usage).boxed(),
            Err(failure) => instead_of_a_model(request, failure, usage).boxed(),
        }
    })
    .flatten()
}

/// The built-in assistant's answer in place of a model's: all at once, since the visitor has waited already.
fn instead_of_a_model(
    request: AnswerRequest,
    failure: ProviderFailure,
    usage: Vec<ModelUsage>,
) -> impl Stream<Item = Result<AnswerEvent, ProviderFailure>> + Send + 'static {
    let token_interval = match failure {
        ProviderFailure::NotSetUp
        | ProviderFailure::LeftAlone
        | ProviderFailure::NoAgreement
        | ProviderFailure::LimitReached => request.token_interval,
        _ => Duration::ZERO,
    };
    builtin::answer(AnswerRequest { token_interval, ..request }).map(move |event| match event {
        Ok(AnswerEvent::Done(end)) => {
            let usage = usage.clone();
            Ok(AnswerEvent::Done(AnswerEnd { instead_of_model: Some(failure), usage, ..end }))
        }
        other => other,
    })
}

/// The answer of the first model that gives one, within the app's deadline. Each that is asked gets an equal share of what is left of
/// it, so that the last one has as long as the first. What those that gave none cost is added to the usage.
async fn first_to_begin(
    assistant: &Assistant,
    request: &AnswerRequest,
    sources: Vec<Candidate>,
    begun: Instant,
    usage: &mut Vec<ModelUsage>,
) -> Result<Box<Underway>, ProviderFailure> {
    let patience = request.model.first_piece_timeout;
    let deadline = begun + (patience - RESERVE.min(patience / 10));
    let all_by = begun + request.model.timeout;
    let chain = chain(request);
    let mut last = ProviderFailure::NotSetUp;
    for (position, model) in chain.iter().enumerate() {
        let now = Instant::now();
        let share = deadline.saturating_duration_since(now) / u32::try_from(chain.len() - position).unwrap_or(1);
        let failure = match assistant.endpoint(model.provider) {
            None => ProviderFailure::NotSetUp,
            Some(endpoint) => {
                let tools = tools(assistant, request);
                let mut redaction = redaction(request);
                let asking = Asking {
                    endpoint,
                    model: model.clone(),
                    outgoing: Outgoing::new(request, &sources, &tools, &mut redaction),
                    redaction,
                    gate: request.privacy.gate.clone(),
                    look_up: LookUp::new(tools, context(request, all_by)),
                    knowledge: Arc::clone(&request.knowledge),
                    sources: sources.clone(),
                    limits: Limits { first_by: now + share, silence: request.model.silence, all_by },
                };
                match Underway::begin(asking, Passing::new(request, &sources)).await {
                    Ok(underway) => return Ok(underway),
                    Err((failure, cost)) => {
                        usage.extend(cost);
                        failure
                    }
                }
            }
        };
        tracing::warn!(provider = model.provider.as_str(), model = model.name, %failure, "a model gave no answer");
        last = failure;
    }
    Err(last)
}

/// Who is asked, in this order, up to the built-in assistant.
fn chain(request: &AnswerRequest) -> Vec<ModelChoice> {
    let first = ModelChoice {
        provider: request.provider,
        name: request.model.name.clone(),
        temperature: request.model.temperature,
        max_tokens: request.model.max_tokens,
    };
    let all = std::iter::once(first).chain(request.fallbacks.iter().cloned());
    all.take_while(|model| model.provider != Provider::Builtin).collect()
}

/// The tools that the app allows, of those that there are.
fn tools(assistant: &Assistant, request: &AnswerRequest) -> Vec<Arc<dyn Tool>> {
    let is_allowed = |tool: &&Arc<dyn Tool>| request.tools.iter().any(|name| name == tool.name());
    assistant.tools().iter().filter(is_allowed).cloned().collect()
}

fn context(request: &AnswerRequest, deadline: Instant) -> ToolContext {
    ToolContext {
        patient: request.patient,
        record: request.record.clone(),
        knowledge: Arc::clone(&request.knowledge),
        contact: request.contact.clone(),
        locale: request.locale.clone(),
        deadline,
    }
}
