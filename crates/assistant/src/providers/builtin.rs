//! The built-in assistant: answers from the app's articles, without a language model and without a network.

use futures_util::{Stream, StreamExt, stream};

use crate::answer::{AnswerEnd, AnswerEvent, AnswerRequest, AssistantError};

/// Composes the whole answer, then streams it word by word.
pub fn answer(request: AnswerRequest) -> impl Stream<Item = Result<AnswerEvent, AssistantError>> + Send + 'static {
    let text = format!("I could not find that in the information from {}.", request.contact.hospital_name);
    let end = AnswerEnd { citations: Vec::new(), no_answer: true };
    let interval = request.token_interval;
    let pieces: Vec<String> = text.split_inclusive(' ').map(str::to_owned).collect();
    stream::iter(pieces)
        .then(move |piece| async move {
            if !interval.is_zero() {
                tokio::time::sleep(interval).await;
            }
            Ok(AnswerEvent::Text(piece))
        })
        .chain(stream::iter([Ok(AnswerEvent::Done(end))]))
}
