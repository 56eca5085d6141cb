//! What is to be said and has no sound yet, in its order.

use std::collections::VecDeque;

use super::is_notice;
use crate::speech::{Piece, aloud};

/// Something to say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line {
    pub kind: Kind,
    /// As it is said.
    pub said: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Kind {
    Answer {
        answer: u64,
        piece: Piece,
    },
    /// What has to be heard.
    Notice,
    Remark,
}

impl Line {
    pub fn of_answer(answer: u64, piece: Piece) -> Self {
        Self { said: piece.said.clone(), kind: Kind::Answer { answer, piece } }
    }

    pub fn is_of(&self, wanted: u64) -> bool {
        matches!(&self.kind, Kind::Answer { answer, .. } if *answer == wanted)
    }
}

/// Lines that wait, and the one whose sound is being made.
#[derive(Debug, Default)]
pub(super) struct Lines {
    waiting: VecDeque<Line>,
    made: Option<(u64, Line)>,
    tickets: u64,
}

impl Lines {
    pub fn extend(&mut self, lines: impl IntoIterator<Item = Line>) {
        self.waiting.extend(lines);
    }

    pub fn put_remark(&mut self, text: &str) {
        self.waiting.push_back(Line { kind: Kind::Remark, said: aloud(text) });
    }

    /// Before everything but other notices.
    pub fn put_notice(&mut self, text: &str) {
        let at = self.waiting.iter().take_while(|line| is_notice(line)).count();
        self.waiting.insert(at, Line { kind: Kind::Notice, said: aloud(text) });
    }

    /// Before everything: it was said in part, and comes again.
    pub fn put_back(&mut self, line: Line) {
        self.waiting.push_front(line);
    }

    /// The next line to make a sound of, unless one is being made.
    pub fn next(&mut self) -> Option<(u64, String)> {
        if self.made.is_some() {
            return None;
        }
        let line = self.waiting.pop_front()?;
        self.tickets += 1;
        let text = line.said.clone();
        self.made = Some((self.tickets, line));
        Some((self.tickets, text))
    }

    /// The sound with this number is there. None: nobody wants it any more.
    pub fn done(&mut self, ticket: u64) -> Option<Line> {
        self.made.take_if(|(number, _)| *number == ticket).map(|(_, line)| line)
    }

    pub fn drop_all_but_notices(&mut self) {
        self.waiting.retain(is_notice);
        self.made.take_if(|(_, line)| !is_notice(line));
    }

    pub fn drop_remarks(&mut self) {
        self.waiting.retain(|line| line.kind != Kind::Remark);
    }

    pub fn hold_answer(&self, answer: u64) -> bool {
        self.waiting.iter().chain(self.made.as_ref().map(|(_, line)| line)).any(|line| line.is_of(answer))
    }

    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty() && self.made.is_none()
    }
}
