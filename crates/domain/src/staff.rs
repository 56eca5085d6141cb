//! What those who run an installation, or a hospital's part of it, may do.

use std::{fmt, str::FromStr};

/// The role of a person or program that uses the administration. All but the operator belong to one tenant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StaffRole {
    /// Runs the installation: adds tenants and looks after each of them.
    Operator,
    /// Answers for a tenant.
    Owner,
    /// Writes articles, and config versions for an owner to activate.
    Editor,
    /// Talks to patients.
    Agent,
    /// Sees how everything is set up, and changes nothing.
    Auditor,
}

/// Something that only some roles may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Permission {
    /// Add tenants, and see all of them.
    ManageTenants,
    /// See who uses the administration.
    ReadStaff,
    /// Invite, change, disable and delete a tenant's staff.
    ManageStaff,
    /// The same, of those who run the installation.
    ManageOperators,
    /// Say which provider vouches for staff. The server itself asks it for answers.
    ManageIdentityProviders,
    /// Create, list and revoke API keys.
    ManageKeys,
    /// Add and change apps.
    ManageApps,
    /// Read apps and config versions.
    ReadConfigs,
    /// Create config versions.
    WriteConfigs,
    /// Write and remove articles: what the assistant answers from.
    WriteArticles,
    /// See what patients ask about and no article covers, without their words.
    ReadGaps,
    /// Decide which config version new conversations get.
    ActivateConfigs,
    /// See who may sign in: patients' names and addresses.
    ReadUsers,
    /// Add, change, disable and delete patients' accounts.
    ManageUsers,
    /// See which conversations there were, without what was said.
    ListConversations,
    /// Read what patients wrote, as part of one's work.
    ReadConversations,
    /// Read what patients wrote where that is not one's work: for a stated reason, for a while.
    BreakGlass,
    /// See which providers patients' words may go to, what models may cost and what they did.
    ReadSpending,
    /// Say which providers patients' words may go to.
    ManageAgreements,
    /// Say what models may cost the whole tenant.
    ManageSpending,
    /// Forbid what concerns a matter to be erased, and allow it again.
    ManageHolds,
    /// See what must not be erased, and why.
    ReadHolds,
    /// See who did what.
    ReadAudit,
}

/// Why a text is not a role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("wants one of operator, owner, editor, agent, auditor")]
pub struct UnknownStaffRole;

impl StaffRole {
    pub const ALL: [Self; 5] = [Self::Operator, Self::Owner, Self::Editor, Self::Agent, Self::Auditor];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Operator => "operator",
            Self::Owner => "owner",
            Self::Editor => "editor",
            Self::Agent => "agent",
            Self::Auditor => "auditor",
        }
    }

    pub fn may(self, permission: Permission) -> bool {
        use Permission::{
            ListConversations, ManageIdentityProviders, ManageOperators, ManageTenants, ReadAudit, ReadConfigs,
            ReadConversations, ReadGaps, ReadHolds, ReadSpending, ReadStaff, ReadUsers, WriteArticles, WriteConfigs,
        };
        match self {
            Self::Operator => permission != ReadConversations,
            Self::Owner => {
                !matches!(permission, ManageTenants | ManageOperators | ManageIdentityProviders | ReadConversations)
            }
            Self::Editor => {
                matches!(permission, ReadConfigs | WriteConfigs | WriteArticles | ReadGaps | ReadSpending)
            }
            Self::Auditor => {
                matches!(
                    permission,
                    ReadConfigs | ListConversations | ReadGaps | ReadHolds | ReadSpending | ReadStaff | ReadAudit
                )
            }
            // Who they talk to and what was said, and nothing else.
            Self::Agent => matches!(permission, ListConversations | ReadConversations | ReadGaps | ReadUsers),
        }
    }
}

impl fmt::Display for StaffRole {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

impl FromStr for StaffRole {
    type Err = UnknownStaffRole;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|role| role.as_str() == text).ok_or(UnknownStaffRole)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_survives_its_own_name() {
        for role in StaffRole::ALL {
            assert_eq!(role.as_str().parse(), Ok(role));
        }
        assert_eq!("root".parse::<StaffRole>(), Err(UnknownStaffRole));
    }

    #[test]
    fn only_the_operator_reaches_beyond_a_tenant_and_only_owners_activate() {
        for role in StaffRole::ALL {
            assert_eq!(role.may(Permission::ManageTenants), role == StaffRole::Operator);
            assert_eq!(role.may(Permission::ManageOperators), role == StaffRole::Operator);
            assert_eq!(role.may(Permission::ManageIdentityProviders), role == StaffRole::Operator);
            let answers_for_it = matches!(role, StaffRole::Operator | StaffRole::Owner);
            assert_eq!(role.may(Permission::ActivateConfigs), answers_for_it);
            assert_eq!(role.may(Permission::ManageKeys), answers_for_it);
            assert_eq!(role.may(Permission::ManageUsers), answers_for_it);
            assert_eq!(role.may(Permission::ManageStaff), answers_for_it);
            assert_eq!(role.may(Permission::ReadUsers), answers_for_it || role == StaffRole::Agent);
        }
        assert!(StaffRole::Editor.may(Permission::WriteConfigs));
        assert!(!StaffRole::Auditor.may(Permission::WriteConfigs));
    }

    #[test]
    fn only_those_who_talk_to_patients_read_what_they_write_without_a_reason() {
        for role in StaffRole::ALL {
            assert_eq!(role.may(Permission::ReadConversations), role == StaffRole::Agent);
            assert_eq!(
                role.may(Permission::BreakGlass),
                matches!(role, StaffRole::Operator | StaffRole::Owner),
                "{role}"
            );
        }
    }
}
