//! What can be wrong with a history.

use std::fmt;

use super::SessionHistory;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Rule {
    /// An acknowledged message is not stored.
    Lost,
    /// A message is stored more than once.
    Doubled,
    /// A message is stored with another text than it was sent with.
    Altered,
    /// A message is stored that nobody of this session sent.
    Unsent,
    /// A message or acknowledgement came with one `seq`, and is stored or came again with another.
    ChangedSeq,
    /// A message was sent and sent again, and never acknowledged.
    Unacknowledged,
    /// `seq` does not run 1, 2, 3…
    Hole,
    /// A question has more than one answer.
    TwoAnswers,
    /// An acknowledged question has no answer, was not stopped, and nobody was told that it failed.
    NoAnswer,
    /// An answer is marked stopped, and nobody stopped it.
    StoppedUnasked,
    /// The answer is about something else than the question.
    WrongAnswer,
    /// An answer stands before its question, or before the answer to an earlier question, or answers nothing.
    OutOfOrder,
    /// What was streamed is not what is stored.
    StreamedDiffers,
    /// A token does not begin where the one before ended.
    OffsetGap,
    /// An answer began anew without saying so.
    HiddenRestart,
    /// A message frame shows something else than what is stored.
    FrameDiffers,
    /// A socket passed over a stored event: a client that remembers the newest `seq` never gets it.
    Skipped,
    /// A tab that was open at the end does not have all that is stored.
    Missed,
    /// A tab that was open at the end still shows that an answer is being written.
    StillTyping,
    /// A good frame or a good token was refused for good.
    TurnedAway,
    /// Something that is no frame of the protocol.
    Unreadable,
    /// Something of another session.
    Foreign,
    /// A patient's words are in the server's log.
    Logged,
    /// The server ended by itself, or did not end when it was told to.
    Process,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Violation {
    pub rule: Rule,
    pub session: String,
    pub detail: String,
}

impl Violation {
    pub fn new(rule: Rule, session: &SessionHistory, detail: impl Into<String>) -> Self {
        Self { rule, session: session.session.clone(), detail: detail.into() }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:?} in {}: {}", self.rule, self.session, self.detail)
    }
}
