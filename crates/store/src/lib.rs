//! Where Kuzushi keeps things: one set of queries over SQLite and PostgreSQL, content sealed at rest.
//!
//! The way in is [`Store`]. A tenant's data is reached through [`Store::tenant`] only; what spans tenants
//! (finding an app by its public name, recovering unfinished answers, seeding) is on [`Store::installation`].

mod dialect;
pub mod entities;
mod error;
mod given;
mod group_commit;
mod group_transaction;
mod installation;
mod isolation;
mod migrations;
mod policies;
mod queries;
pub mod sealed;
mod staff;
mod store;
mod tenant;
#[cfg(feature = "testing")]
pub mod testing;

pub use dialect::{DatabaseOptions, Engine};
pub use error::StoreError;
pub use installation::Installation;
pub use queries::{
    accept::{AcceptedMessage, NewUserMessage},
    access_grants::AccessGrant,
    activations::Activation,
    agreements::{Agreement, AgreementTerms, WithdrawnAgreement},
    api_keys::{ApiKey, NewApiKey, SecretHash},
    approval_requests::{ApprovalRequest, Change, Decision, RequestState},
    apps::{App, AppChange, NewApp, PublishedApp},
    articles::{Article, ArticleChange, ArticleFilter, ArticlesDigest, ArticlesStamp, NewArticle},
    audit::{AuditEvent, AuditFilter, AuditTrail, NewAuditEvent},
    audit_check::{AuditFault, AuditHead, CheckedChain},
    calls::{Call, EndedCall},
    closed_tenants::ClosedTenants,
    configs::{ConfigVersion, NewConfig},
    conversations::{Conversation, ConversationFilter},
    deferred::ErasedAfterHold,
    emergencies::{EmergencyCount, NewEmergency},
    endings::{EndedSession, Erasure},
    evaluations::{Evaluation, EvaluationResult, EvaluationState, LONGEST_EVALUATION, NewEvaluation},
    files::{AddedFile, FileLimits, NewFile},
    finish::FinishedAnswer,
    gaps::{Gap, GapQuestion, GapState, GapTopic, UnknownGapState},
    holds::{HoldFilter, HoldSubject, LegalHold, LiftedHold, NewLegalHold},
    idempotency::{DoneBefore, IDEMPOTENCY_WINDOW, Once},
    identities::{Assertion, IdentityKey, NewIdentityKey},
    identity_providers::{IdentityProvider, NewIdentityProvider},
    keys::{CheckedKeys, RotatedKeys},
    logins::{Login, LoginLimits, Proof, RevokedLogin, SignIn, TimeOut},
    measurements::MeasuredRange,
    messages::{Message, MessageDetails, MessagePage, PageRequest},
    nodes::NODE_LEASE,
    provider_sign_ins::{NewProviderSignIn, ReturnedSignIn, Vouched},
    ratings::{Feedback, RatedAnswer},
    reconcile::WithoutKeys,
    second_factors::{Factor, Totp},
    sessions::{NewSession, Session, SessionMetadata, SessionOwner},
    spending::{
        Allowance, DaysUsage, ModelRequest, Period, Reservation, Reserved, Spender, SpendingLimit, Spent,
        TenantSpendingLimits, UsageFilter,
    },
    splits::{Arm, ArmResult, Replaces, Split},
    staff_logins::StaffLogin,
    staff_members::{Enrolment, NewStaffMember, StaffChange, StaffCredentials, StaffMember},
    suite_requirements::{SuiteRequirement, Unproven, WhyUnproven},
    suites::{NewSuite, Suite},
    tenants::{NewTenant, Tenant},
    transcripts::NewTranscript,
    turns::{NextTurn, OpenTurn, Turn, Unanswered},
    users::{Credentials, NewUser, User, UserChange},
};
pub use staff::StaffScope;
pub use store::Store;
pub use tenant::TenantScope;
