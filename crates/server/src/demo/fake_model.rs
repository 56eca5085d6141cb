//! A made-up language model for the demo hospital, over HTTP as a real one.

use std::{io, time::Duration};

use kuzushi_assistant::fake::{FakeModel, quoting};
use kuzushi_domain::config::ModelProvider;

use crate::{config::Providers, seed::DemoModel};

/// The pause between two of its words.
const GAP: Duration = Duration::from_millis(30);

/// Starts it on a free port of this machine, and makes it the provider. It answers until it is dropped.
pub async fn fake_model(providers: &mut Providers) -> io::Result<(FakeModel, DemoModel)> {
    let fake = FakeModel::start_with(quoting(GAP)).await?;
    providers.openai_base_url = Some(fake.base_url());
    providers.openai_api_key = None;
    Ok((fake, DemoModel { provider: ModelProvider::Openai, name: String::from("made-up") }))
}
