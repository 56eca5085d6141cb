//! `kuzushi admin create-operator` and what people need who cannot sign in.

use anyhow::{Context, ensure};
use clap::Subcommand;
use kuzushi_domain::{Actor, Clock, EmailAddress, Id, Phi, StaffRole, SystemClock, id};
use kuzushi_store::{NewStaffMember, StaffChange, StaffScope, Store, StoreError};

use super::{find_tenant, print};
use crate::api::admin::people::new_enrolment;

#[derive(Subcommand)]
pub enum StaffCommand {
    /// Invite somebody who runs the installation, and print an enrolment code, once.
    ///
    /// With the code they choose a password, within seven days: POST /v1/admin/auth/enrolment.
    CreateOperator {
        /// What they sign in with.
        #[arg(long)]
        email: EmailAddress,
        /// What the audit trail calls them.
        #[arg(long)]
        name: String,
    },
    /// Take away the second factor of somebody who has lost their phone and their recovery codes, and sign them out.
    ResetSecondFactor {
        #[arg(long)]
        email: EmailAddress,
        /// The tenant they belong to, by id (ten_…) or internet domain. Not for an operator.
        #[arg(long)]
        tenant: Option<String>,
    },
    /// Print a new enrolment code for somebody who has lost their password, or their first code.
    EnrolmentCode {
        #[arg(long)]
        email: EmailAddress,
        /// The tenant they belong to, by id (ten_…) or internet domain. Not for an operator.
        #[arg(long)]
        tenant: Option<String>,
    },
}

pub async fn run(store: &Store, command: StaffCommand) -> anyhow::Result<()> {
    match command {
        StaffCommand::CreateOperator { email, name } => create_operator(store, email, name).await,
        StaffCommand::ResetSecondFactor { email, tenant } => {
            reset_second_factor(store, &email, tenant.as_deref()).await
        }
        StaffCommand::EnrolmentCode { email, tenant } => enrolment_code(store, &email, tenant.as_deref()).await,
    }
}

async fn create_operator(store: &Store, email: EmailAddress, name: String) -> anyhow::Result<()> {
    ensure!(!name.trim().is_empty(), "--name: must not be empty");
    let now = SystemClock.now();
    let id = Id::generate();
    let (code, enrolment) = new_enrolment(id, now)?;
    let new = NewStaffMember { id, role: StaffRole::Operator, email, name: Phi::new(name), enrolment };
    match scope(store, None).await?.create_member(new, now).await {
        // Alone on its line, for scripts.
        Ok(_) => print(&format!("{}\n", code.text)),
        Err(StoreError::Conflict(_)) => anyhow::bail!(
            "--email: there is an operator with this address; `kuzushi admin enrolment-code` makes another code for them"
        ),
        Err(error) => Err(error.into()),
    }
}

async fn reset_second_factor(store: &Store, email: &EmailAddress, tenant: Option<&str>) -> anyhow::Result<()> {
    let scope = scope(store, tenant).await?;
    let member = find(&scope, email).await?;
    let change = StaffChange { reset_second_factor: true, ..StaffChange::default() };
    scope.change_member(member, change, None, SystemClock.now()).await?;
    print(&format!("{member} signs in with the password alone, and sets up another second factor\n"))
}

async fn find(scope: &StaffScope, email: &EmailAddress) -> anyhow::Result<Id<id::StaffMember>> {
    Ok(scope.staff_credentials(email).await?.context("--email: nobody has this address there")?.member.id)
}

async fn enrolment_code(store: &Store, email: &EmailAddress, tenant: Option<&str>) -> anyhow::Result<()> {
    let scope = scope(store, tenant).await?;
    let member = find(&scope, email).await?;
    let now = SystemClock.now();
    let (code, enrolment) = new_enrolment(member, now)?;
    scope.renew_enrolment(member, enrolment, now).await?;
    print(&format!("{}\n", code.text))
}

/// The staff of a tenant, or the operators.
async fn scope(store: &Store, tenant: Option<&str>) -> anyhow::Result<StaffScope> {
    Ok(match tenant {
        Some(tenant) => store.tenant(find_tenant(store, tenant).await?).await?.by(Actor::CommandLine).staff(),
        None => store.installation().by(Actor::CommandLine).staff().await?,
    })
}
