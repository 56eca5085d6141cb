//! The frames of the chat socket, as the contract has them.

mod client;
mod error;
mod server;

pub use self::{
    client::{Auth, CONTENT_LIMIT, Cancel, ClientFrame, FRAME_LIMIT, Feedback, UserMessage, fields},
    error::{ErrorCode, FrameError},
    server::{ServerFrame, Status, token},
};
