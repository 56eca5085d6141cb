//! Organisations.

use clap::Subcommand;
use kuzushi_domain::Id;

use super::{Desk, PageArguments};
use crate::api::admin::tenants::{self, WireTenant};

#[derive(Subcommand)]
pub enum TenantCommand {
    /// Add an organisation, with a key of its own for what its patients write. One that is there already is shown.
    Create {
        #[arg(long)]
        name: String,
        /// Its internet domain, unique in the installation, such as stmarys.example.org.
        #[arg(long)]
        domain: String,
    },
    /// List organisations, newest first.
    List {
        #[command(flatten)]
        page: PageArguments,
    },
    /// Show an organisation.
    Show {
        /// By id (ten_…) or internet domain.
        tenant: String,
    },
    /// Call an organisation otherwise.
    Rename {
        /// By id (ten_…) or internet domain.
        tenant: String,
        #[arg(long)]
        name: String,
    },
    /// Close an organisation: within a second its apps answer nobody any more, on any node. Nothing is lost.
    Close {
        /// By id (ten_…) or internet domain.
        tenant: String,
    },
    /// Let a closed organisation's apps answer again.
    Reopen {
        /// By id (ten_…) or internet domain.
        tenant: String,
    },
    /// Destroy a closed organisation's key, for good: nothing that its patients wrote opens any more.
    Erase {
        /// By id (ten_…) or internet domain.
        tenant: String,
        /// The organisation's name, as a sign that this one is meant.
        #[arg(long)]
        name: String,
    },
}

pub(super) async fn run(desk: &Desk, command: TenantCommand) -> anyhow::Result<()> {
    let installation = desk.installation();
    let tenant = match command {
        TenantCommand::List { page } => {
            let tenants = installation.tenants(page.before::<Id<_>>()?, page.limit).await?;
            let next = page.next(&tenants, |last| last.id.to_string());
            let tenants = tenants.into_iter().map(WireTenant::from).collect();
            return desk.list("tenants", tenants, &["tenantId", "domain", "name", "closedAt"], next);
        }
        TenantCommand::Create { name, domain } => {
            tenants::add(&installation, name, domain, desk.now).await?.into_inner()
        }
        TenantCommand::Show { tenant } => installation.tenant(desk.tenant(&tenant).await?).await?,
        TenantCommand::Rename { tenant, name } => {
            tenants::rename(&installation, desk.tenant(&tenant).await?, name, desk.now).await?
        }
        TenantCommand::Close { tenant } => installation.close_tenant(desk.tenant(&tenant).await?, desk.now).await?,
        TenantCommand::Reopen { tenant } => installation.reopen_tenant(desk.tenant(&tenant).await?, desk.now).await?,
        TenantCommand::Erase { tenant, name } => {
            tenants::erase(&installation, desk.tenant(&tenant).await?, &name, desk.now).await?
        }
    };
    desk.show(&WireTenant::from(tenant))
}
