//! The last few messages of a conversation that is going on, so that each answer need not read and unseal them anew.

use std::sync::{Mutex, PoisonError};

use kuzushi_assistant::{Earlier, HistoryMessage};

/// Forgotten with the conversation's last socket. Only what the store holds is kept here.
#[derive(Default)]
pub struct RecentMessages(Mutex<Recent>);

#[derive(Default)]
struct Recent {
    /// The `seq` of the newest of them. 0: nothing is known.
    newest: i64,
    said: Said,
}

/// What was said in a conversation, up to some message.
#[derive(Debug, Clone, Default)]
pub struct Said {
    /// The last few messages, oldest first.
    pub messages: Vec<HistoryMessage>,
    /// Those before, in short.
    pub earlier: Earlier,
}

impl RecentMessages {
    /// The messages before this question, if they are all known.
    pub fn before(&self, question_seq: i64) -> Option<Said> {
        let mut recent = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if recent.newest == 0 || recent.newest + 1 != question_seq {
            return None;
        }
        recent.newest = 0;
        Some(std::mem::take(&mut recent.said))
    }

    /// Keeps the messages up to and with this `seq`.
    pub fn keep(&self, newest: i64, said: Said) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Recent { newest, said };
    }
}

#[cfg(test)]
mod tests {
    use kuzushi_domain::{Phi, Role};

    use super::*;

    #[test]
    fn only_what_comes_directly_before_a_question_is_its_history() {
        let message = HistoryMessage { role: Role::User, content: Phi::from("Hello"), cited: Vec::new() };
        let recent = RecentMessages::default();
        assert!(recent.before(1).is_none());
        recent.keep(2, Said { messages: vec![message.clone()], ..Said::default() });
        assert!(recent.before(5).is_none(), "messages 3 and 4 came from elsewhere");
        assert_eq!(recent.before(3).unwrap().messages.len(), 1);
        assert!(recent.before(3).is_none(), "what was taken is brought back with the answer");
    }
}
