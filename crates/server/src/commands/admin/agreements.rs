//! Agreements with providers of language models.

use clap::Subcommand;
use kuzushi_domain::Id;

use super::{Desk, PageArguments};
use crate::api::admin::agreements::{AgreementToNote, WireAgreement, acceptable};

#[derive(Subcommand)]
pub enum AgreementCommand {
    /// Note an agreement that allows patients' words to be sent to a provider. Nobody checks here that it was signed.
    Note {
        /// The organisation, by id (ten_…) or internet domain.
        #[arg(long)]
        tenant: String,
        /// The provider's base URL, such as https://api.openai.com/v1.
        #[arg(long)]
        endpoint: String,
        /// `baa` for a business associate agreement, `own-machines` where the model runs on the organisation's own.
        #[arg(long)]
        kind: String,
        /// What it covers: text, voice or text,voice.
        #[arg(long, value_delimiter = ',', default_value = "text")]
        covers: Vec<String>,
        /// The day of its signature, such as 2026-11-29.
        #[arg(long)]
        signed_on: Option<String>,
        /// The last day on which it holds, in UTC.
        #[arg(long)]
        valid_until: Option<String>,
        /// Where the paper is, or why none is needed.
        #[arg(long)]
        reason: String,
    },
    /// List agreements, newest first.
    List {
        /// The organisation, by id (ten_…) or internet domain.
        #[arg(long)]
        tenant: String,
        #[command(flatten)]
        page: PageArguments,
    },
    /// Show an agreement.
    Show {
        /// The organisation, by id (ten_…) or internet domain.
        #[arg(long)]
        tenant: String,
        /// Its id (agr_…).
        agreement: String,
    },
    /// Withdraw an agreement: within a second nothing is sent to its endpoint any more, unless another one covers it.
    Withdraw {
        /// The organisation, by id (ten_…) or internet domain.
        #[arg(long)]
        tenant: String,
        /// Its id (agr_…).
        agreement: String,
        #[arg(long)]
        reason: String,
    },
}

pub(super) async fn run(desk: &Desk, command: AgreementCommand) -> anyhow::Result<()> {
    let agreement = match command {
        AgreementCommand::List { tenant, page } => {
            let agreements = desk.scope(&tenant).await?.agreements(page.before::<Id<_>>()?, page.limit).await?;
            let next = page.next(&agreements, |last| last.id.to_string());
            let agreements = agreements.into_iter().map(|one| WireAgreement::new(one, desk.now.date_naive())).collect();
            let columns = ["agreementId", "endpoint", "kind", "modalities", "validUntil", "stands"];
            return desk.list("agreements", agreements, &columns, next);
        }
        AgreementCommand::Note { tenant, endpoint, kind, covers, signed_on, valid_until, reason } => {
            let new = AgreementToNote { endpoint, kind, modalities: covers, signed_on, valid_until, reason };
            desk.scope(&tenant).await?.note_agreement(acceptable(new)?, desk.now).await?
        }
        AgreementCommand::Show { tenant, agreement } => {
            desk.scope(&tenant).await?.agreement(agreement.parse()?).await?
        }
        AgreementCommand::Withdraw { tenant, agreement, reason } => {
            anyhow::ensure!(!reason.trim().is_empty(), "--reason: must not be empty");
            desk.scope(&tenant).await?.withdraw_agreement(agreement.parse()?, reason, desk.now).await?
        }
    };
    desk.show(&WireAgreement::new(agreement, desk.now.date_naive()))
}
