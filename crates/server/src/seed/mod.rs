//! Adding a hospital from files: the demo hospital, or a folder of the same form.

mod article;

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    str::FromStr,
};

use anyhow::{Context, bail, ensure};
use chrono::{DateTime, Utc};
use kuzushi_domain::{
    Actor, Clock, Id,
    config::{AppConfig, ModelProvider},
    id,
    origin::OriginPattern,
};
use kuzushi_store::{
    AgreementTerms, AppChange, Change, NewApp, NewArticle, NewConfig, NewSuite, NewTenant, Replaces, Store, StoreError,
    TenantScope,
};
use rust_embed::RustEmbed;
use serde::Deserialize;

pub use article::article;

use crate::{
    api::admin::agreements::{AgreementToNote, acceptable},
    evaluation::{self, Suite},
};

/// The demo hospital, as part of the binary.
#[derive(RustEmbed)]
#[folder = "../../demo/stmarys/"]
struct DemoFiles;

/// The config of the demo hospital's app for patients.
const DEMO_PATIENTS: &str = "patient-portal.json";

/// Where a hospital's files are.
pub enum Source {
    /// The demo hospital; its patients are answered by this model, or by the built-in assistant, and can call it or not.
    Demo {
        model: Option<DemoModel>,
        has_calls: bool,
    },
    Folder(PathBuf),
}

/// A model, as the command line names it: `openai:NAME` or `anthropic:NAME`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DemoModel {
    pub provider: ModelProvider,
    pub name: String,
}

impl FromStr for DemoModel {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (provider, name) = text.split_once(':').unwrap_or((text, ""));
        let provider = match provider {
            "openai" => ModelProvider::Openai,
            "anthropic" => ModelProvider::Anthropic,
            _ => return Err("wants openai:NAME or anthropic:NAME"),
        };
        match name.trim() {
            "" => Err("wants the model's name behind the colon"),
            name => Ok(Self { provider, name: name.to_owned() }),
        }
    }
}

/// The same config with this model in it, and with calls.
fn changed(document: &str, model: Option<&DemoModel>, has_calls: bool) -> anyhow::Result<String> {
    let mut document: serde_json::Value = serde_json::from_str(document)?;
    if let Some(model) = model {
        document["assistant"]["provider"] = serde_json::to_value(model.provider)?;
        document["assistant"]["model"] = model.name.as_str().into();
    }
    if has_calls {
        document["features"]["voice"] = true.into();
    }
    Ok(document.to_string())
}

/// What seeding did.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Seeded {
    pub apps: usize,
    pub configs_published: usize,
    /// Changes of configs that a second person has to approve.
    pub approvals_asked: usize,
    /// Changes of configs that have to pass a suite first.
    pub evaluations_needed: usize,
    pub suites_changed: usize,
    pub articles_changed: usize,
    pub agreements_noted: usize,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct HospitalFile {
    tenant: TenantSection,
    app: Vec<AppSection>,
    #[serde(default)]
    agreement: Vec<AgreementSection>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TenantSection {
    name: String,
    domain: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AppSection {
    project_id: String,
    name: String,
    #[serde(default)]
    description: String,
    allowed_origins: Vec<String>,
    /// The name of the config document.
    config: String,
    /// The name of a suite of questions, which is stored under its file's name.
    suite: Option<String>,
}

/// An agreement with a provider of language models, as `kuzushi admin agreement note` takes it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AgreementSection {
    endpoint: String,
    kind: String,
    #[serde(default = "default_modalities")]
    covers: Vec<String>,
    signed_on: Option<String>,
    valid_until: Option<String>,
    reason: String,
}

fn default_modalities() -> Vec<String> {
    vec![String::from("text")]
}

impl Source {
    fn read(&self, name: &str) -> anyhow::Result<String> {
        match self {
            Self::Demo { model, has_calls } => {
                let file = DemoFiles::get(name).with_context(|| format!("{name} is not part of this build"))?;
                let text = String::from_utf8(file.data.into_owned()).with_context(|| format!("{name} is not UTF-8"))?;
                if name != DEMO_PATIENTS || (model.is_none() && !has_calls) {
                    return Ok(text);
                }
                changed(&text, model.as_ref(), *has_calls).with_context(|| name.to_owned())
            }
            Self::Folder(folder) => {
                let path = folder.join(name);
                fs::read_to_string(&path).with_context(|| format!("{} cannot be read", path.display()))
            }
        }
    }

    /// Names of the articles' files, in order.
    fn articles(&self) -> anyhow::Result<Vec<String>> {
        let mut names: Vec<String> = match self {
            Self::Demo { .. } => {
                DemoFiles::iter().map(|name| name.into_owned()).filter(|name| name.starts_with("articles/")).collect()
            }
            Self::Folder(folder) => {
                let path = folder.join("articles");
                fs::read_dir(&path)
                    .with_context(|| format!("{} cannot be read", path.display()))?
                    .map(|entry| Ok(format!("articles/{}", entry?.file_name().to_string_lossy())))
                    .collect::<anyhow::Result<_>>()?
            }
        };
        names.retain(|name| name.ends_with(".md"));
        names.sort();
        Ok(names)
    }
}

/// Adds the hospital, or changes what differs. Everything is read and checked before anything is written.
pub async fn seed(store: &Store, clock: &dyn Clock, source: &Source) -> anyhow::Result<Seeded> {
    let hospital: HospitalFile = toml::from_str(&source.read("hospital.toml")?).context("hospital.toml")?;
    let configs = hospital.app.iter().map(|app| config(source, app)).collect::<anyhow::Result<Vec<_>>>()?;
    let suites = hospital.app.iter().map(|app| suite(source, app)).collect::<anyhow::Result<Vec<_>>>()?;
    let agreements = hospital.agreement.into_iter().map(agreement).collect::<anyhow::Result<Vec<_>>>()?;
    let mut articles = articles(source, &hospital.app)?;

    let installation = store.installation().by(Actor::CommandLine);
    let tenant = match installation.tenant_by_domain(&hospital.tenant.domain).await? {
        Some(tenant) => {
            ensure!(
                tenant.erased_at.is_none(),
                "the key of {} was destroyed, and with it the tenant, for good",
                tenant.domain
            );
            tenant
        }
        None => {
            let TenantSection { name, domain } = hospital.tenant;
            installation.create_tenant(NewTenant { name, domain }, clock.now()).await?
        }
    };
    let scope = store.tenant(tenant.id).await?.by(Actor::CommandLine);
    let mut seeded = Seeded::default();
    for ((app, config), suite) in hospital.app.into_iter().zip(configs).zip(suites) {
        let articles = articles.remove(&app.project_id).unwrap_or_default();
        seed_app(&scope, clock, app, config, articles, suite, &mut seeded).await?;
    }
    for terms in agreements {
        seeded.agreements_noted += usize::from(agree(&scope, terms, clock.now()).await?);
    }
    Ok(seeded)
}

/// Notes an agreement, unless one stands that is alike or was withdrawn since: files do not bring back what somebody ended.
pub async fn agree(scope: &TenantScope, terms: AgreementTerms, now: DateTime<Utc>) -> Result<bool, StoreError> {
    let mut before = None;
    loop {
        let page = scope.agreements(before, AGREEMENTS).await?;
        if page.iter().any(|known| known.terms == terms) {
            return Ok(false);
        }
        match page.last().filter(|_| page.len() as u64 == AGREEMENTS) {
            Some(last) => before = Some(last.id),
            None => break,
        }
    }
    scope.note_agreement(terms, now).await.map(|_| true)
}

/// Agreements read in one go.
const AGREEMENTS: u64 = 100;

fn agreement(section: AgreementSection) -> anyhow::Result<AgreementTerms> {
    let AgreementSection { endpoint, kind, covers, signed_on, valid_until, reason } = section;
    let new = AgreementToNote { endpoint, kind, modalities: covers, signed_on, valid_until, reason };
    acceptable(new).context("hospital.toml: [[agreement]]")
}

async fn seed_app(
    scope: &TenantScope,
    clock: &dyn Clock,
    section: AppSection,
    config: AppConfig,
    articles: Vec<NewArticle>,
    suite: Option<NewSuite>,
    seeded: &mut Seeded,
) -> anyhow::Result<()> {
    let AppSection { project_id, name, description, allowed_origins, config: document, suite: _ } = section;
    let context = format!("the app {project_id}");
    let new = NewApp { project_id, name, description, allowed_origins };
    let app = match scope.app_by_project(&new.project_id).await? {
        Some(app) => {
            let NewApp { project_id: _, name, description, allowed_origins } = new;
            let change =
                AppChange { name: Some(name), description: Some(description), allowed_origins: Some(allowed_origins) };
            scope.change_app(app.id, change, None, clock.now()).await.with_context(|| context.clone())?
        }
        None => scope.create_app(new, clock.now()).await.with_context(|| context.clone())?,
    };
    seeded.apps += 1;
    let active = scope.active_config(app.id).await?;
    if active.is_none_or(|active| active.config != config) {
        let new = NewConfig { config, created_by: String::from("seed"), note: format!("from {document}") };
        match scope.publish_config(app.id, new.clone(), clock.now()).await {
            Ok(_) => seeded.configs_published += 1,
            Err(StoreError::Unproven(_)) => {
                write_once(scope, app.id, new, clock.now()).await.with_context(|| context.clone())?;
                seeded.evaluations_needed += 1;
            }
            Err(StoreError::ApprovalNeeded) => {
                ask_for(scope, app.id, new, clock.now()).await.with_context(|| context.clone())?;
                seeded.approvals_asked += 1;
            }
            Err(error) => return Err(error).context(context),
        }
    }
    seeded.articles_changed +=
        scope.replace_articles(app.id, articles, clock.now()).await.with_context(|| context.clone())?;
    if let Some(suite) = suite {
        let (_, is_new) = scope.write_suite(app.id, suite, clock.now()).await.context(context)?;
        seeded.suites_changed += usize::from(is_new);
    }
    Ok(())
}

/// Asks for what a second person has to approve: once, however often the files are read.
async fn ask_for(scope: &TenantScope, app: Id<id::App>, new: NewConfig, now: DateTime<Utc>) -> Result<(), StoreError> {
    let note = new.note.clone();
    let change = Change::Activate { version: write_once(scope, app, new, now).await? };
    scope.request_change(app, change, Replaces::default(), note, now).await.map(drop)
}

/// Writes a version, unless the newest is the same.
async fn write_once(
    scope: &TenantScope,
    app: Id<id::App>,
    new: NewConfig,
    now: DateTime<Utc>,
) -> Result<i32, StoreError> {
    let newest = scope.config_versions(app, None, 1).await?.pop().filter(|newest| newest.config == new.config);
    match newest {
        Some(newest) => Ok(newest.version),
        None => Ok(scope.create_config(app, new, None, now).await?.version),
    }
}

fn config(source: &Source, app: &AppSection) -> anyhow::Result<AppConfig> {
    for origin in &app.allowed_origins {
        origin.parse::<OriginPattern>().map_err(|error| {
            anyhow::anyhow!("hospital.toml: {}: allowed_origins: got `{origin}`: {error}", app.project_id)
        })?;
    }
    let document = serde_json::from_str(&source.read(&app.config)?).with_context(|| app.config.clone())?;
    AppConfig::parse_strictly(&document).with_context(|| app.config.clone())
}

/// An app's suite, where it has one.
fn suite(source: &Source, app: &AppSection) -> anyhow::Result<Option<NewSuite>> {
    let Some(file) = &app.suite else { return Ok(None) };
    let suite = Suite::read(&source.read(file)?).with_context(|| file.clone())?;
    let name = Path::new(file).file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    let cases = evaluation::number_of(suite.cases().len());
    Ok(Some(NewSuite { name, hash: suite.hash().to_owned(), cases, content: suite.lines() }))
}

/// Articles by project id.
fn articles(source: &Source, apps: &[AppSection]) -> anyhow::Result<BTreeMap<String, Vec<NewArticle>>> {
    let mut by_app = BTreeMap::<String, Vec<NewArticle>>::new();
    for name in source.articles()? {
        let (head, article) = article(&source.read(&name)?).with_context(|| name.clone())?;
        for project_id in head {
            ensure!(
                apps.iter().any(|app| app.project_id == project_id),
                "{name}: apps: `{project_id}` is not an app of hospital.toml"
            );
            let articles = by_app.entry(project_id).or_default();
            if articles.iter().any(|known| known.slug == article.slug) {
                bail!("{name}: slug: another article has `{}` already", article.slug);
            }
            articles.push(article.clone());
        }
    }
    Ok(by_app)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_demo_hospital_has_calls_and_a_model_where_it_is_told_to() {
        let of = |name: &str, model: Option<&str>, has_calls| {
            let source = Source::Demo { model: model.map(|model| model.parse().unwrap()), has_calls };
            let config =
                AppConfig::parse_strictly(&serde_json::from_str(&source.read(name).unwrap()).unwrap()).unwrap();
            (config.features.voice, config.assistant.model)
        };
        assert_eq!(of(DEMO_PATIENTS, None, false), (false, String::new()));
        assert_eq!(of(DEMO_PATIENTS, None, true), (true, String::new()));
        assert_eq!(of(DEMO_PATIENTS, Some("openai:small"), false), (false, "small".into()));
        assert_eq!(of(DEMO_PATIENTS, Some("openai:small"), true), (true, "small".into()));
        assert!(!of("doctor-dashboard.json", None, true).0);
    }
}
