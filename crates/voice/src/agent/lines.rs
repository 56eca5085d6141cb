//! What is to be said and has no sound yet, in its order.

use std::collections::VecDeque;

use super::is_notice;
use crate::speech::{Piece, Pieces};

/// Something to say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line {
    pub kind: Kind,
    /// As it is said.
    pub said: String,
    /// Of a notice or a remark: all of it, of which this is a piece.
    pub whole: String,
    /// Whether it is the first piece of that.
    pub is_first: bool,
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
        let said = piece.said.clone();
        Self { said, whole: String::new(), is_first: false, kind: Kind::Answer { answer, piece } }
    }

    /// A text in pieces, so that the first of it is heard soon.
    fn in_pieces(kind: Kind, text: &str) -> Vec<Self> {
        let mut pieces = Pieces::default();
        let cut = pieces.push(text).into_iter().chain(pieces.finish());
        let said = cut.map(|piece| piece.said).filter(|said| !said.is_empty());
        let line = |(at, said)| Self { kind: kind.clone(), said, whole: text.to_owned(), is_first: at == 0 };
        said.enumerate().map(line).collect()
    }

    /// What is told of it when it begins to be heard: as it is written, since it is read.
    pub fn told(&self) -> Option<String> {
        (self.is_first && !matches!(self.kind, Kind::Answer { .. })).then(|| self.whole.clone())
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
        self.waiting.extend(Line::in_pieces(Kind::Remark, text));
    }

    /// Before everything but other notices.
    pub fn put_notice(&mut self, text: &str) {
        let at = self.waiting.iter().take_while(|line| is_notice(line)).count();
        let rest = self.waiting.split_off(at);
        self.waiting.extend(Line::in_pieces(Kind::Notice, text));
        self.waiting.extend(rest);
    }

    /// Before everything, and from its beginning: somebody broke in on a piece of it.
    pub fn put_again(&mut self, notice: &str) {
        self.waiting.retain(|line| line.whole != notice);
        self.made.take_if(|(_, line)| line.whole == notice);
        for line in Line::in_pieces(Kind::Notice, notice).into_iter().rev() {
            self.waiting.push_front(line);
        }
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

    /// Whether some of a notice has no sound yet.
    pub fn hold_notice(&self) -> bool {
        self.waiting.iter().chain(self.made.as_ref().map(|(_, line)| line)).any(is_notice)
    }

    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty() && self.made.is_none()
    }
}
