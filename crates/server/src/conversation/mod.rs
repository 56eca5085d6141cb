//! How a question becomes an answer, apart from any socket: an answer belongs to the conversation, goes on when the
//! socket that asked is gone, and is seen by every socket that listens.

mod aloud;
mod answering;
mod asking;
mod closed_tenants;
mod configs;
mod delivery;
mod drawn_on;
mod emergency;
mod gap;
mod knowledge;
mod listener;
mod live;
mod looking_ahead;
mod neighbours;
mod permits;
mod recent;
mod records;
mod recovery;
mod sign_outs;
mod streaming;
mod taking_in;
mod turn;

pub use aloud::{ToSay, Voice};
pub use answering::Withdrawal;
pub use asking::{DEFAULT_LOCALE, Question, answer_request};
pub use closed_tenants::{ClosedTenants, close_for_closed_tenants, is_closed, open_tenant};
pub use configs::ConfigShelf;
pub use delivery::SocketId;
pub use emergency::{ToCall, emergency_in};
pub use knowledge::{CompleteIndex, KnowledgeShelf};
pub use listener::{Delivery, Subscription};
pub use live::{Conversation, Conversations};
pub use looking_ahead::read_articles;
pub use permits::{AgreementShelf, allowances, warnings};
pub use records::record_of;
pub use recovery::{keep_place, take_place};
pub use sign_outs::{SignOuts, close_for_the_signed_out};
pub use taking_in::{Incoming, TakenIn, take_in};
pub use turn::{Begun, answer_what_waits, failure_frame};
