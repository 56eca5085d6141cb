//! Tool calls, put together from the fragments in which they come.

use super::{
    ProviderFailure,
    exchange::{CallFragment, ToolCall},
};

/// The most calls in one answer.
pub const MOST_CALLS: usize = 128;
/// The most bytes of all calls of one answer together.
const LONGEST: usize = 256 * 1024;

/// The calls of one answer, in the order in which they began.
#[derive(Default)]
pub struct Calls {
    /// With the provider's number of each. It is only compared: what is kept grows with what came, never with a number.
    begun: Vec<(Option<u64>, ToolCall)>,
    bytes: usize,
}

impl Calls {
    /// Takes in a fragment. More than anybody needs is [`ProviderFailure::Malformed`].
    pub fn add(&mut self, fragment: CallFragment<'_>) -> Result<(), ProviderFailure> {
        let CallFragment { index, id, name, arguments } = fragment;
        let length = |text: &Option<_>| text.as_ref().map_or(0, |text: &std::borrow::Cow<'_, str>| text.len());
        self.bytes += arguments.len() + length(&id) + length(&name);
        if self.bytes > LONGEST {
            return Err(ProviderFailure::Malformed);
        }
        let known = match index {
            Some(_) => self.begun.iter().rposition(|(known, _)| *known == index),
            // Who gives no numbers begins a call by its name and goes on with the last one.
            None if name.is_some() => None,
            None => self.begun.len().checked_sub(1),
        };
        let position = match known {
            Some(position) => position,
            None if self.begun.len() == MOST_CALLS => return Err(ProviderFailure::Malformed),
            None => {
                let call = ToolCall { id: String::new(), name: String::new(), arguments: String::new() };
                self.begun.push((index, call));
                self.begun.len() - 1
            }
        };
        let Some((_, call)) = self.begun.get_mut(position) else { return Ok(()) };
        // Some repeat both in every fragment.
        if call.id.is_empty() {
            call.id = id.unwrap_or_default().into_owned();
        }
        if call.name.is_empty() {
            call.name = name.unwrap_or_default().into_owned();
        }
        call.arguments.push_str(&arguments);
        Ok(())
    }

    pub fn is_empty(&self) -> bool {
        self.begun.is_empty()
    }

    /// The calls, each with an id, since some providers leave it out and all want one back.
    pub fn take(&mut self) -> Vec<ToolCall> {
        let calls = std::mem::take(&mut self.begun).into_iter().enumerate();
        let named =
            calls.map(
                |(position, (_, call))| {
                    if call.id.is_empty() { ToolCall { id: format!("call_{position}"), ..call } } else { call }
                },
            );
        named.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fragment<'a>(index: Option<u64>, id: &'a str, name: &'a str, arguments: &'a str) -> CallFragment<'a> {
        let some = |text: &'a str| Some(text.into()).filter(|_| !text.is_empty());
        CallFragment { index, id: some(id), name: some(name), arguments: arguments.into() }
    }

    fn put_together(fragments: Vec<CallFragment<'_>>) -> Vec<(String, String, String)> {
        let mut calls = Calls::default();
        for fragment in fragments {
            assert_eq!(calls.add(fragment), Ok(()));
        }
        calls.take().into_iter().map(|call| (call.id, call.name, call.arguments)).collect()
    }

    #[test]
    fn fragments_come_together_by_their_number_in_any_order() {
        let calls = put_together(vec![
            fragment(Some(0), "a", "first", ""),
            fragment(Some(60_000_000), "b", "second", "{\"x\""),
            fragment(Some(0), "", "", "{}"),
            fragment(Some(60_000_000), "b", "second", ":1}"),
        ]);
        let expected = [("a", "first", "{}"), ("b", "second", "{\"x\":1}")];
        assert_eq!(calls, expected.map(|(id, name, arguments)| (id.into(), name.into(), arguments.into())));
    }

    #[test]
    fn who_gives_no_numbers_and_no_ids_is_understood_too() {
        let calls = put_together(vec![
            fragment(None, "", "first", "{"),
            fragment(None, "", "", "}"),
            fragment(None, "", "second", "{}"),
        ]);
        let expected = [("call_0", "first", "{}"), ("call_1", "second", "{}")];
        assert_eq!(calls, expected.map(|(id, name, arguments)| (id.into(), name.into(), arguments.into())));
    }

    #[test]
    fn there_is_an_end_to_calls_and_to_their_length() {
        let mut calls = Calls::default();
        let taken = (0..).take_while(|index| calls.add(fragment(Some(*index), "a", "b", "")).is_ok()).count();
        assert_eq!(taken, MOST_CALLS);
        let mut calls = Calls::default();
        let piece = "x".repeat(1024);
        let taken = (0..1024).take_while(|_| calls.add(fragment(Some(0), "", "", &piece)).is_ok()).count();
        assert_eq!(taken, LONGEST / 1024);
    }
}
