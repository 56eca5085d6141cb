//! Answers from a language model, from the passages that it is given. Where it gives none, the built-in assistant answers.

use std::{borrow::Cow, sync::Arc};

use futures_util::{
    Stream, StreamExt,
    stream::{once, unfold},
};
use kuzushi_domain::Citation;
use tokio::time::{Instant, timeout_at};

use super::{
    ProviderFailure, builtin,
    openai::{ChatMessage, ChatRequest, ChatRole, OpenAi, Reading},
    source_marks::SourceMarks,
};
use crate::{
    answer::{AnswerEnd, AnswerEvent, AnswerRequest},
    knowledge::{Candidate, Knowledge},
    prompt::{Speaker, prompt},
};

/// What the model writes for "the sources do not say".
const NOT_IN_THE_SOURCES: usize = 0;

/// Asks the model, unless the question is one that no model is asked. What has been said stays said: only as long as
/// nothing has come does anybody else answer.
pub fn answer(
    model: Arc<OpenAi>,
    request: AnswerRequest,
) -> impl Stream<Item = Result<AnswerEvent, ProviderFailure>> + Send + 'static {
    once(async move {
        let Some(sources) = builtin::sources(&request) else {
            return builtin::answer(request).boxed();
        };
        match Underway::begin(&model, &request, sources).await {
            Ok(underway) => unfold(underway, Underway::go_on).boxed(),
            Err(failure) => answer_without(request, failure).boxed(),
        }
    })
    .flatten()
}

/// The built-in assistant's answer in place of a model's.
pub fn answer_without(
    request: AnswerRequest,
    failure: ProviderFailure,
) -> impl Stream<Item = Result<AnswerEvent, ProviderFailure>> + Send + 'static {
    builtin::answer(request).map(move |event| match event {
        Ok(AnswerEvent::Done(end)) => Ok(AnswerEvent::Done(AnswerEnd { instead_of_model: Some(failure), ..end })),
        other => other,
    })
}

/// A model's answer of which something has come.
struct Underway {
    reading: Reading,
    knowledge: Arc<Knowledge>,
    sources: Vec<Candidate>,
    marks: SourceMarks,
    /// Received and not passed on yet.
    piece: Option<String>,
    /// What is known of the answer, once all its text is passed on.
    end: Option<AnswerEnd>,
    is_over: bool,
}

impl Underway {
    /// Asks, and waits for the first piece.
    async fn begin(
        model: &OpenAi,
        request: &AnswerRequest,
        sources: Vec<Candidate>,
    ) -> Result<Box<Self>, ProviderFailure> {
        let deadline = Instant::now() + request.model.first_piece_timeout;
        let mut reading = model.ask(chat_request(request, &sources), deadline).await?;
        let piece = timeout_at(deadline, reading.next()).await.map_err(|_| ProviderFailure::TimedOut)??;
        Ok(Box::new(Self {
            reading,
            knowledge: Arc::clone(&request.knowledge),
            sources,
            marks: SourceMarks::default(),
            piece,
            end: None,
            is_over: false,
        }))
    }

    /// The next event, with what remains: in its box, since it changes hands for each.
    async fn go_on(mut self: Box<Self>) -> Option<(Result<AnswerEvent, ProviderFailure>, Box<Self>)> {
        let event = self.next().await?;
        Some((event, self))
    }

    /// The next event. None after the end.
    async fn next(&mut self) -> Option<Result<AnswerEvent, ProviderFailure>> {
        loop {
            if let Some(end) = self.end.take() {
                self.is_over = true;
                return Some(Ok(AnswerEvent::Done(end)));
            }
            if self.is_over {
                return None;
            }
            let piece = match self.piece.take() {
                Some(piece) => Ok(Some(piece)),
                None => self.reading.next().await,
            };
            let text = match piece {
                Ok(Some(piece)) => self.marks.strip(&piece),
                Ok(None) => {
                    let rest = self.marks.finish();
                    self.end = Some(self.end());
                    rest
                }
                Err(failure) => {
                    self.is_over = true;
                    return Some(Err(failure));
                }
            };
            if !text.is_empty() {
                return Some(Ok(AnswerEvent::Text(text)));
            }
        }
    }

    /// Cites what the model named, in its order, each article once.
    fn end(&self) -> AnswerEnd {
        let mut citations: Vec<Citation> = Vec::new();
        for number in self.marks.named() {
            let source = number.checked_sub(1).and_then(|position| self.sources.get(position));
            let citation = source.map(|source| builtin::citation(&self.knowledge, source));
            citations.extend(citation.filter(|new| citations.iter().all(|known| known.article_id != new.article_id)));
        }
        let no_answer = citations.is_empty() && self.marks.named().contains(&NOT_IN_THE_SOURCES);
        AnswerEnd { citations, no_answer, ..AnswerEnd::default() }
    }
}

fn chat_request<'a>(request: &'a AnswerRequest, sources: &[Candidate]) -> ChatRequest<'a> {
    let prompt = prompt(request, sources);
    let system = ChatMessage { role: ChatRole::System, content: Cow::Owned(prompt.system) };
    let turns = prompt.turns.into_iter().map(|(speaker, content)| {
        let role = match speaker {
            Speaker::Visitor => ChatRole::User,
            Speaker::Assistant => ChatRole::Assistant,
        };
        ChatMessage { role, content: Cow::Borrowed(content) }
    });
    ChatRequest {
        model: &request.model.name,
        messages: std::iter::once(system).chain(turns).collect(),
        stream: true,
        temperature: request.model.temperature,
        max_tokens: request.model.max_tokens,
        max_completion_tokens: None,
    }
}
