//! What goes into a call, and what comes of it.

use kuzushi_domain::Phi;

use crate::agent::State;

/// What the browser's side sends.
#[derive(Debug)]
pub enum Signal {
    Offer(String),
    Candidate(String),
    HangUp,
}

/// What a call is given to say.
#[derive(Debug)]
pub enum Speech {
    /// An answer begins, and ends what was said before. Its number tells it apart from others of the call.
    Begin {
        answer: u64,
    },
    Text {
        answer: u64,
        text: Phi<String>,
    },
    /// All of the answer has come.
    End {
        answer: u64,
    },
    /// Nothing comes of the answer.
    Broken {
        answer: u64,
    },
    /// Something that has to be heard, before anything else.
    Notice {
        text: Phi<String>,
    },
    Remark {
        text: String,
    },
    /// Whoever listens wants to hear no more of what is being said.
    Stop,
}

/// What happens in a call.
#[derive(Debug, Clone, PartialEq)]
pub enum CallEvent {
    /// The answer to an offer.
    Answer(String),
    /// An offer or a candidate cannot be used.
    Refused {
        reason: String,
    },
    State(State),
    /// What is being said sounds like this so far.
    Hearing {
        text: Phi<String>,
    },
    /// Somebody has said this and is done.
    Said {
        text: Phi<String>,
    },
    /// Something begins to be heard that is no answer.
    Spoken {
        text: String,
    },
    /// So many bytes of an answer's text were heard.
    Heard {
        answer: u64,
        bytes: usize,
    },
    /// All of an answer was heard.
    Finished {
        answer: u64,
    },
    /// Nothing more of an answer is said.
    Interrupted {
        answer: u64,
    },
}
