//! What language models may cost, and what they did.

use chrono::NaiveDate;
use clap::Subcommand;
use kuzushi_store::UsageFilter;

use super::Desk;
use crate::api::admin::spending::{MOST_ROWS, TenantLimits, WireUsage, a_month_before};

#[derive(Subcommand)]
pub enum SpendingCommand {
    /// Show what models took: by day, config version and model.
    Usage {
        /// The organisation, by id (ten_…) or internet domain.
        #[arg(long)]
        tenant: String,
        /// Only this app, by its projectId.
        #[arg(long)]
        app: Option<String>,
        /// The first day in UTC; a month before the last one unless given.
        #[arg(long)]
        from: Option<NaiveDate>,
        /// The last day in UTC; today unless given.
        #[arg(long)]
        until: Option<NaiveDate>,
    },
    /// Show what models may take of a whole organisation.
    Limits {
        /// The organisation, by id (ten_…) or internet domain.
        #[arg(long)]
        tenant: String,
    },
    /// Say what models may take of a whole organisation. What is left out has no limit any more.
    Limit {
        /// The organisation, by id (ten_…) or internet domain.
        #[arg(long)]
        tenant: String,
        #[arg(long)]
        tokens_per_day: Option<u64>,
        #[arg(long)]
        tokens_per_month: Option<u64>,
        /// In the currency of the operator's prices.
        #[arg(long)]
        money_per_day: Option<f64>,
        /// In the currency of the operator's prices.
        #[arg(long)]
        money_per_month: Option<f64>,
    },
}

pub(super) async fn run(desk: &Desk, command: SpendingCommand) -> anyhow::Result<()> {
    let scope = match &command {
        SpendingCommand::Usage { tenant, .. }
        | SpendingCommand::Limits { tenant }
        | SpendingCommand::Limit { tenant, .. } => desk.scope(tenant).await?,
    };
    match command {
        SpendingCommand::Usage { tenant: _, app, from, until } => {
            let app = match app {
                Some(project) => {
                    let (_, app) = desk.app(&project).await?;
                    anyhow::ensure!(scope.app(app.id).await.is_ok(), "--app: is not the organisation's");
                    Some(app.id)
                }
                None => None,
            };
            let until = until.unwrap_or(desk.now.date_naive());
            let from = from.unwrap_or_else(|| a_month_before(until));
            let usage = scope.model_usage(UsageFilter { from, until, app }, MOST_ROWS).await?;
            let usage = usage.into_iter().map(WireUsage::from).collect();
            let columns = [
                "day",
                "appId",
                "configVersion",
                "provider",
                "model",
                "requests",
                "inputTokens",
                "outputTokens",
                "money",
            ];
            desk.list("usage", usage, &columns, None)
        }
        SpendingCommand::Limits { tenant: _ } => desk.show(&TenantLimits::from(scope.spending_limits().await?)),
        SpendingCommand::Limit { tenant: _, tokens_per_day, tokens_per_month, money_per_day, money_per_month } => {
            let limits = TenantLimits { tokens_per_day, tokens_per_month, money_per_day, money_per_month };
            let limits = limits.acceptable()?;
            scope.set_spending_limits(limits, desk.now).await?;
            desk.show(&TenantLimits::from(limits))
        }
    }
}
