//! How a question becomes an answer, apart from any socket: an answer belongs to the conversation, goes on when the
//! socket that asked is gone, and is seen by every socket that listens.

mod delivery;
mod knowledge;
mod recovery;
mod turn;

pub use delivery::{Conversation, Conversations, Delivery, RunningAnswer, SocketId, Subscription, Withdrawal};
pub use knowledge::KnowledgeShelf;
pub use recovery::take_up_open_turns;
pub use turn::answer_what_waits;
