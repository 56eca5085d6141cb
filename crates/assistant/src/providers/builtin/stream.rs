//! Sending a composed answer in pieces, as fast as it reads well.

use std::time::Duration;

use futures_util::{
    Stream, StreamExt,
    stream::{iter, once},
};

use crate::{
    answer::{AnswerEnd, AnswerEvent},
    providers::ProviderFailure,
};

/// Composes once it is polled, then yields words with the space that follows them, `interval` apart, and the end. An
/// interval of zero yields all at once.
///
/// Words are cut behind white space, so no piece ends inside of a character that consists of several code points,
/// unless a mark is put on a space, which no keyboard does.
pub fn stream(
    interval: Duration,
    compose: impl FnOnce() -> (String, AnswerEnd) + Send + 'static,
) -> impl Stream<Item = Result<AnswerEvent, ProviderFailure>> + Send + 'static {
    once(async move { compose() })
        .flat_map(move |(text, end)| {
            // Without a pause between them nobody can tell pieces apart.
            let pieces = if interval.is_zero() { vec![text] } else { pieces(&text) };
            let pieces = pieces.into_iter().enumerate().map(move |(position, piece)| {
                let pause = if position == 0 { Duration::ZERO } else { interval };
                (pause, Ok(AnswerEvent::Text(piece)))
            });
            iter(pieces.chain([(Duration::ZERO, Ok(AnswerEvent::Done(end)))]).collect::<Vec<_>>())
        })
        .then(|(pause, event)| async move {
            if !pause.is_zero() {
                tokio::time::sleep(pause).await;
            }
            event
        })
}

/// Words, each with the white space behind it.
fn pieces(text: &str) -> Vec<String> {
    let mut pieces = Vec::new();
    let mut start = 0;
    let mut after_space = false;
    for (position, character) in text.char_indices() {
        if after_space && !character.is_whitespace() {
            pieces.push(text[start..position].to_owned());
            start = position;
        }
        after_space = character.is_whitespace();
    }
    if start < text.len() {
        pieces.push(text[start..].to_owned());
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_are_words_with_their_space_and_add_up() {
        let text = "Café: 👩‍👩‍👧 family\n\n- one\n- two ";
        let found = pieces(text);
        assert_eq!(found, ["Café: ", "👩‍👩‍👧 ", "family\n\n", "- ", "one\n", "- ", "two "]);
        assert_eq!(found.concat(), text);
        assert!(pieces("").is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn pieces_are_an_interval_apart_and_the_first_comes_at_once() {
        let end = AnswerEnd::default();
        let compose = || (String::from("one two three"), end);
        let start = tokio::time::Instant::now();
        let mut stream = Box::pin(stream(Duration::from_millis(20), compose));
        let mut times = Vec::new();
        while let Some(event) = stream.next().await {
            assert!(event.is_ok());
            times.push(start.elapsed().as_millis());
        }
        assert_eq!(times, [0, 20, 40, 40]);
    }
}
