//! Finding where patterns lie in a message, in time that grows with its length and no faster.

use std::{iter, ops::Range};

use super::{
    measures::Times,
    rules::{Class, Meaning, Pattern, Rules},
    text::Token,
};

/// A pattern that was found, and where its parts lie.
pub(super) struct Hit {
    pub meaning: Meaning,
    pub parts: Vec<Range<usize>>,
    pub is_across_sentences: bool,
}

/// The classes that begin at each word, with the words each takes.
struct Classes {
    found: Vec<(Class, usize)>,
    /// Where those of a word begin in `found`.
    starts: Vec<usize>,
}

impl Classes {
    fn of(rules: &Rules, times: &Times, tokens: &[Token]) -> Self {
        let (mut found, mut starts) = (Vec::with_capacity(tokens.len() * 2), Vec::with_capacity(tokens.len() + 1));
        for (position, token) in tokens.iter().enumerate() {
            starts.push(found.len());
            let following = &tokens[position + 1..];
            if let Some(number) = token.number {
                let measured = rules.measures.iter();
                found.extend(measured.filter_map(|(measure, class)| {
                    measure.length(number, following, times).map(|length| (*class, length))
                }));
            }
            for (class, rest) in rules.phrases.get(&token.word).into_iter().flatten() {
                let begins = following.len() >= rest.len()
                    && rest.iter().zip(following).all(|(word, token)| *word == token.word);
                if begins {
                    found.push((*class, 1 + rest.len()));
                }
            }
        }
        starts.push(found.len());
        Self { found, starts }
    }

    fn at(&self, position: usize) -> &[(Class, usize)] {
        &self.found[self.starts[position]..self.starts[position + 1]]
    }
}

/// Every pattern that lies in the text, each place where it begins once. With the classes' places of the bridge.
pub(super) fn find(rules: &Rules, times: &Times, tokens: &[Token]) -> (Vec<Hit>, Vec<bool>) {
    let classes = Classes::of(rules, times, tokens);
    let finder = Finder { tokens, classes: &classes };
    let mut hits = Vec::new();
    let mut bridge = vec![false; tokens.len()];
    for position in 0..tokens.len() {
        for (class, length) in classes.at(position) {
            if *class == rules.bridge {
                bridge[position..position + length].fill(true);
            }
            for number in &rules.beginning[usize::from(*class)] {
                let pattern = &rules.patterns[usize::from(*number)];
                hits.extend(finder.pattern_at(pattern, position));
            }
        }
    }
    (hits, bridge)
}

struct Finder<'a> {
    tokens: &'a [Token],
    classes: &'a Classes,
}

impl Finder<'_> {
    fn pattern_at(&self, pattern: &Pattern, position: usize) -> Option<Hit> {
        let (first, others) = pattern.parts.split_first()?;
        let end = self.sequence_at(first, position)?;
        let mut parts: Vec<_> = iter::once(position..end).collect();
        for other in others {
            let sentence = self.tokens[position].sentence;
            let in_reach = position.saturating_sub(pattern.reach)..(end + pattern.reach).min(self.tokens.len());
            let found = in_reach
                .filter(|start| pattern.is_across_sentences || self.tokens[*start].sentence == sentence)
                .filter(|start| parts.iter().all(|part| !part.contains(start)))
                .find_map(|start| {
                    let end = self.sequence_at(other, start)?;
                    let is_free = parts.iter().all(|part| end <= part.start || start >= part.end);
                    is_free.then_some(start..end)
                })?;
            parts.push(found);
        }
        Some(Hit { meaning: pattern.meaning, parts, is_across_sentences: pattern.is_across_sentences })
    }

    /// Where a sequence that begins at this word ends.
    fn sequence_at(&self, sequence: &[(u8, Class)], position: usize) -> Option<usize> {
        let ((_, class), rest) = sequence.split_first()?;
        let sentence = self.tokens.get(position)?.sentence;
        self.classes.at(position).iter().filter(|(found, _)| found == class).find_map(|(_, length)| {
            let end = position + length;
            let Some((gap, _)) = rest.first() else { return Some(end) };
            (end..=end + usize::from(*gap))
                .take_while(|next| self.tokens.get(*next).is_some_and(|token| token.sentence == sentence))
                .find_map(|next| self.sequence_at(rest, next))
        })
    }
}
