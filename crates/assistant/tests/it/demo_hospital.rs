//! The demo hospital's articles and apps, read as the server's seeding reads them.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    sync::{Arc, LazyLock},
    time::Duration,
};

use futures_util::StreamExt;
use kuzushi_assistant::{
    AnswerEnd, AnswerEvent, AnswerRequest, Assistant, HistoryMessage, Knowledge, KnowledgeArticle, ModelSettings,
    Privacy,
};
use kuzushi_domain::{
    Id, Phi, Role,
    config::{Contact, Provider, Safety},
};
use serde::Deserialize;

pub const PATIENTS: &str = "stmarys-patient-portal";
pub const STAFF: &str = "stmarys-doctor-dashboard";

#[derive(Deserialize)]
struct FrontMatter {
    slug: String,
    title: String,
    summary: String,
    apps: Vec<String>,
    url: Option<String>,
    questions: Vec<String>,
}

/// The knowledge of each app, and the articles' slugs by their ids.
pub struct DemoHospital {
    pub apps: HashMap<&'static str, Arc<Knowledge>>,
    slugs: HashMap<String, String>,
}

pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../demo/stmarys")
}

/// An app's articles.
pub fn articles(app: &str) -> Vec<KnowledgeArticle> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder().join("articles"))
        .expect("the folder of articles")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "md"))
        .collect();
    files.sort();
    files.iter().filter_map(|path| read_article(path, app)).collect()
}

fn read_article(path: &Path, app: &str) -> Option<KnowledgeArticle> {
    let text = std::fs::read_to_string(path).expect("a readable article");
    let (front, body) = text.strip_prefix("+++\n").and_then(|text| text.split_once("\n+++")).expect("front matter");
    let front: FrontMatter = toml::from_str(front).expect("front matter as agreed");
    front.apps.iter().any(|listed| listed == app).then(|| KnowledgeArticle {
        id: Id::generate(),
        slug: front.slug,
        title: front.title,
        summary: front.summary,
        url: front.url,
        questions: front.questions,
        body: body.to_owned(),
        locale: "en-US".to_owned(),
    })
}

/// Indexed once for all tests.
static HOSPITAL: LazyLock<DemoHospital> = LazyLock::new(DemoHospital::read);

impl DemoHospital {
    pub fn open() -> &'static Self {
        &HOSPITAL
    }

    fn read() -> Self {
        let mut slugs = HashMap::new();
        let mut apps = HashMap::new();
        let mut earlier = Arc::new(Knowledge::default());
        for app in [PATIENTS, STAFF] {
            let articles = articles(app);
            slugs.extend(articles.iter().map(|article| (article.id.to_string(), article.slug.clone())));
            let knowledge = Knowledge::index(articles).remembering(&earlier);
            knowledge.learn_all();
            earlier = Arc::new(knowledge);
            apps.insert(app, Arc::clone(&earlier));
        }
        Self { apps, slugs }
    }

    pub fn request(&self, app: &str, history: &[HistoryMessage], question: &str) -> AnswerRequest {
        AnswerRequest {
            system_prompt: String::new(),
            provider: Provider::Builtin,
            model: ModelSettings::default(),
            fallbacks: Vec::new(),
            tools: Vec::new(),
            patient: None,
            record: None,
            contact: Contact {
                hospital_name: "St. Mary's Hospital".to_owned(),
                phone: "(419) 555-0100".to_owned(),
                hours: "day and night, every day".to_owned(),
                emergency_number: "911".to_owned(),
                ..Contact::default()
            },
            safety: Safety::default(),
            sites: vec!["https://www.stmarys.example".parse().expect("an origin")],
            token_interval: Duration::ZERO,
            history: history.to_vec().into(),
            earlier: Arc::default(),
            local_time: None,
            question: Phi::from(question),
            attached: 0,
            locale: "en-US".to_owned(),
            knowledge: Arc::clone(&self.apps[app]),
            privacy: Privacy::of_nobody(),
        }
    }

    /// Asks, and remembers question and answer in the history.
    pub async fn ask(&self, app: &str, history: &mut Vec<HistoryMessage>, question: &str) -> Answered {
        let mut stream = Box::pin(Assistant::default().answer(self.request(app, history, question)));
        let mut text = String::new();
        let mut end: Option<AnswerEnd> = None;
        while let Some(event) = stream.next().await {
            match event.expect("the built-in assistant does not fail") {
                AnswerEvent::Text(piece) => text.push_str(&piece),
                AnswerEvent::Done(done) => end = Some(done),
            }
        }
        let end = end.expect("an end");
        let cited: Vec<String> = end.citations.iter().map(|citation| citation.article_id.clone()).collect();
        let slugs = cited.iter().map(|id| self.slugs[id].clone()).collect();
        history.push(HistoryMessage { role: Role::User, content: Phi::from(question), cited: Vec::new() });
        history.push(HistoryMessage { role: Role::Assistant, content: Phi::new(text.clone()), cited });
        Answered { text, slugs, end }
    }
}

pub struct Answered {
    pub text: String,
    /// The slugs of the articles cited, the most important first.
    pub slugs: Vec<String>,
    pub end: AnswerEnd,
}
