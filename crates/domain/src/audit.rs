//! What is recorded of those who act: who, and what they did.

use std::{fmt, str::FromStr};

use crate::{Id, StaffRole, id};

/// Who did something, or had it done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Actor {
    /// The server by itself: a job, a start.
    System,
    /// Whoever may run commands on the server's machine.
    CommandLine,
    /// Whoever holds a key to the administration API.
    Key { id: Id<id::ApiKey>, role: StaffRole, name: String },
    /// A person who has signed in to the administration.
    Staff { id: Id<id::StaffMember>, role: StaffRole, name: String },
    /// A visitor who has not signed in: known by the conversation.
    Session(Id<id::Session>),
    /// A patient who has signed in.
    User(Id<id::User>),
}

impl Actor {
    /// By what they can be found again: an identifier, or `system`, or `command line`.
    pub fn id(&self) -> String {
        match self {
            Self::System => String::from("system"),
            Self::CommandLine => String::from("command line"),
            Self::Key { id, .. } => id.to_string(),
            Self::Staff { id, .. } => id.to_string(),
            Self::Session(id) => id.to_string(),
            Self::User(id) => id.to_string(),
        }
    }

    /// What people call them, where they have such a name. Never a patient's.
    pub fn name(&self) -> &str {
        match self {
            Self::Key { name, .. } | Self::Staff { name, .. } => name,
            Self::System | Self::CommandLine | Self::Session(_) | Self::User(_) => "",
        }
    }

    /// Empty for those who have none.
    pub fn role(&self) -> &'static str {
        match self {
            Self::Key { role, .. } | Self::Staff { role, .. } => role.as_str(),
            Self::System | Self::CommandLine | Self::Session(_) | Self::User(_) => "",
        }
    }
}

impl fmt::Display for Actor {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            "" => formatter.write_str(&self.id()),
            name => write!(formatter, "{name} ({})", self.id()),
        }
    }
}

/// Why a text is not an action.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no such action")]
pub struct UnknownAuditAction;

macro_rules! actions {
    ($($name:ident = $text:literal,)*) => {
        /// What was done. The texts are kept for years, so they never change.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum AuditAction {
            $($name,)*
        }

        impl AuditAction {
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)*
                }
            }
        }
    };
}

actions! {
    TenantCreated = "tenant.created",
    TenantRenamed = "tenant.renamed",
    TenantClosed = "tenant.closed",
    TenantReopened = "tenant.reopened",
    TenantErased = "tenant.erased",
    AppCreated = "app.created",
    AppChanged = "app.changed",
    ConfigCreated = "config.created",
    ConfigActivated = "config.activated",
    ConfigRolledBack = "config.rolled_back",
    ApprovalRequested = "approval.requested",
    ApprovalGiven = "approval.given",
    ApprovalRefused = "approval.refused",
    ApprovalWithdrawn = "approval.withdrawn",
    ApprovalBegun = "approval.begun",
    ApprovalEnded = "approval.ended",
    SuiteWritten = "suite.written",
    SuiteRemoved = "suite.removed",
    SuiteRequired = "suite_requirement.set",
    SuiteRequirementEnded = "suite_requirement.ended",
    EvaluationStarted = "evaluation.started",
    EvaluationFinished = "evaluation.finished",
    ArticleWritten = "article.written",
    ArticleRemoved = "article.removed",
    GapsRead = "gaps.read",
    GapResolved = "gap.resolved",
    GapReopened = "gap.reopened",
    SplitStarted = "config_split.started",
    SplitEnded = "config_split.ended",
    KeyCreated = "key.created",
    KeyRevoked = "key.revoked",
    KeysRotated = "content_key.rotated",
    UserCreated = "user.created",
    UserChanged = "user.changed",
    UserDeleted = "user.deleted",
    IdentityKeyAdded = "identity_key.added",
    IdentityKeyRemoved = "identity_key.removed",
    StaffInvited = "staff.invited",
    StaffEnrolled = "staff.enrolled",
    StaffLinked = "staff.linked",
    StaffChanged = "staff.changed",
    StaffDeleted = "staff.deleted",
    PasswordChanged = "password.changed",
    IdentityProviderSet = "identity_provider.set",
    IdentityProviderRemoved = "identity_provider.removed",
    SecondFactorAdded = "second_factor.added",
    SecondFactorRemoved = "second_factor.removed",
    SignedIn = "sign_in.done",
    SignInRefused = "sign_in.refused",
    SignedOut = "sign_out.done",
    SignInTimedOut = "sign_in.timed_out",
    AccessGranted = "access.granted",
    ConversationsListed = "conversations.listed",
    ConversationRead = "conversation.read",
    ConversationExported = "conversation.exported",
    ConversationEnded = "conversation.ended",
    ConversationErased = "conversation.erased",
    ErasureDeferred = "conversation.erasure_deferred",
    UserDeletionDeferred = "user.deletion_deferred",
    HoldPlaced = "legal_hold.placed",
    HoldLifted = "legal_hold.lifted",
    HoldsRead = "legal_hold.read",
    AgreementNoted = "agreement.noted",
    AgreementWithdrawn = "agreement.withdrawn",
    SpendingLimitsChanged = "spending_limits.changed",
    AuditRead = "audit.read",
    AuditExported = "audit.exported",
}

impl FromStr for AuditAction {
    type Err = UnknownAuditAction;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.iter().copied().find(|action| action.as_str() == text).ok_or(UnknownAuditAction)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_action_survives_its_own_text() {
        for action in AuditAction::ALL {
            assert_eq!(action.as_str().parse(), Ok(*action));
        }
        assert_eq!("tenant".parse::<AuditAction>(), Err(UnknownAuditAction));
    }
}
