//! What things are in Kuzushi: identifiers, config documents, conversation states, time.
//!
//! No I/O and no HTTP. Everything here can be tested without a database, a socket or a clock.

pub mod agreement;
mod article;
mod audit;
mod call;
pub mod clock;
pub mod config;
pub mod conversation;
pub mod differences;
pub mod email;
pub mod id;
pub mod measurement;
pub mod origin;
mod patient_record;
pub mod phi;
pub mod safety;
pub mod second_factor;
mod share;
pub mod staff;

pub use article::{ArticleFormat, UnknownArticleFormat};
pub use audit::{Actor, AuditAction, UnknownAuditAction};
pub use call::{CallOutcome, CallQuality};
pub use clock::{Clock, SystemClock};
pub use conversation::{AnswerOutcome, Attachment, Citation, Rating, Role, TurnState, UnknownName};
pub use email::{EmailAddress, NoEmailAddress};
pub use id::{Id, IdError, Kind};
pub use patient_record::{PatientRecord, is_logical_id};
pub use phi::Phi;
pub use safety::{EmergencyKind, HelplineKind, Notice, NoticeCode, NumberToCall};
pub use share::{NotAShare, Share};
pub use staff::{Permission, StaffRole};
