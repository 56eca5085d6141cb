//! What the hospital approved: an app's articles, cut into passages and indexed for questions.

mod fields;
mod meanings;
mod ordering;
mod passages;
mod resemblance;
mod retrieval;
mod scope;
mod similar_words;
mod unanswered;

use std::{
    collections::{HashMap, HashSet},
    fmt,
    sync::OnceLock,
};

use kuzushi_domain::{Id, Phi, id::Article};
use memchr::memmem;

pub use ordering::Likeness;
pub use passages::{Block, Passage, passages, plain_text};
pub use retrieval::Candidate;

use crate::{
    answer::RecentAnswers,
    language::{Tongue, spoken, terms, words},
    question::{Concept, Intent, Question, Spelling, answers, intents},
    redact::OwnText,
};
use fields::{Field, FieldIndex};
use meanings::Meanings;
use resemblance::{EditorsQuestion, EditorsQuestions};
use similar_words::SimilarWords;

/// An article as the hospital wrote it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnowledgeArticle {
    pub id: Id<Article>,
    pub slug: String,
    pub title: String,
    pub summary: String,
    /// Where it is published: absolute, or a path on the API's own origin.
    pub url: Option<String>,
    /// How patients may ask for it, in the editors' words.
    pub questions: Vec<String>,
    /// Markdown.
    pub body: String,
    pub locale: String,
}

/// An article found by [`Knowledge::search`].
#[derive(Debug, Clone, PartialEq)]
pub struct Hit {
    pub article_id: Id<Article>,
    pub title: String,
    /// The heading of the passage that matches best.
    pub section: Option<String>,
    /// Comparable within one search only.
    pub score: f32,
}

/// An immutable index over an app's articles. Build it once, share it in an `Arc`.
pub struct Knowledge {
    articles: Vec<KnowledgeArticle>,
    passages: Vec<IndexedPassage>,
    /// Heading, the editors' questions that the passage answers, text.
    passage_fields: FieldIndex<3>,
    /// Title, slug, summary, editors' questions, text.
    article_fields: FieldIndex<5>,
    questions: EditorsQuestions,
    /// The kinds of fact that each article's title promises.
    title_promises: Vec<Vec<Intent>>,
    title_terms: Vec<Vec<String>>,
    /// The terms of all titles and headings.
    headlines: HashSet<String>,
    /// What the articles are written in, English apart.
    tongues: Vec<Tongue>,
    spelling: Spelling,
    similar: SimilarWords,
    meanings: Meanings,
    own_text: OnceLock<OwnText>,
    /// The articles' texts as [`spoken`] gives them, a line each.
    spoken: OnceLock<String>,
    /// What was answered from it lately.
    pub(crate) recent: RecentAnswers,
}

#[derive(Debug)]
struct IndexedPassage {
    /// Its article's place in the list.
    article: usize,
    passage: Passage,
    /// The same without markup.
    text: String,
    /// The kinds of fact it holds.
    facts: Vec<Intent>,
    /// The kinds of fact its heading promises, beyond the title: "What it costs".
    promises: Vec<Intent>,
    /// What its heading is about, beyond the title of the article.
    specifics: Vec<String>,
    /// The stems of its heading, small words too.
    heading_stems: Vec<String>,
    /// Whether it opens its article.
    is_first: bool,
    /// What its article is written in.
    tongue: Tongue,
}

/// The fields of a passage, in the order of [`Knowledge::passage_fields`].
const PASSAGE_FIELDS: [Field; 3] = [
    Field { weight: 2.5, length_effect: 0.3 },
    Field { weight: 1.0, length_effect: 0.3 },
    Field { weight: 1.0, length_effect: 0.5 },
];
/// How many of them say what a passage is about: its heading.
const PASSAGE_ABOUT: usize = 1;

/// The fields of an article, in the order of [`Knowledge::article_fields`].
const ARTICLE_FIELDS: [Field; 5] = [
    Field { weight: 4.0, length_effect: 0.3 },
    Field { weight: 1.5, length_effect: 0.3 },
    Field { weight: 2.0, length_effect: 0.3 },
    Field { weight: 1.0, length_effect: 0.3 },
    Field { weight: 0.7, length_effect: 0.6 },
];
/// How many of them say what an article is about: title, slug and summary.
const ARTICLE_ABOUT: usize = 3;

const FACTS: [Intent; 5] = [Intent::Time, Intent::Place, Intent::Cost, Intent::Duration, Intent::Contact];

impl Knowledge {
    pub fn index(articles: Vec<KnowledgeArticle>) -> Self {
        let mut indexed = Vec::new();
        for (article, source) in articles.iter().enumerate() {
            let tongue = Tongue::of_locale(&source.locale);
            let title = tongue.terms(&source.title);
            let promised = intents(&source.title);
            for (position, passage) in passages(&source.body).into_iter().enumerate() {
                let text = passage.plain_text();
                let heading = passage.heading.clone().unwrap_or_default();
                indexed.push(IndexedPassage {
                    article,
                    facts: FACTS.into_iter().filter(|fact| answers(*fact, &text)).collect(),
                    promises: intents(&heading).into_iter().filter(|fact| !promised.contains(fact)).collect(),
                    specifics: tongue.terms(&heading).into_iter().filter(|term| !title.contains(term)).collect(),
                    heading_stems: words(&heading).iter().map(|word| tongue.stem(&word.text)).collect(),
                    tongue,
                    is_first: position == 0,
                    passage,
                    text,
                });
            }
        }
        let articles_words: HashSet<String> = articles.iter().flat_map(words_of).collect();
        let spelling = Spelling::new(articles_words.iter().cloned());
        let documents: Vec<[Vec<String>; 5]> = articles.iter().map(article_terms).collect();
        let article_fields = FieldIndex::build(ARTICLE_FIELDS, ARTICLE_ABOUT, &documents);

        // First without the editors' questions, to find out which passage answers each of them.
        let texts: Vec<[Vec<String>; 3]> = indexed.iter().map(passage_terms).collect();
        let title_terms = |article: &KnowledgeArticle| Tongue::of_locale(&article.locale).terms(&article.title);
        let headlines = articles.iter().flat_map(title_terms);
        let headlines = headlines.chain(texts.iter().flat_map(|[heading, ..]| heading.iter().cloned())).collect();
        let unassigned = Self {
            questions: EditorsQuestions::default(),
            title_promises: articles.iter().map(|article| intents(&article.title)).collect(),
            title_terms: articles.iter().map(title_terms).collect(),
            headlines,
            passage_fields: FieldIndex::build(PASSAGE_FIELDS, PASSAGE_ABOUT, &texts),
            article_fields,
            similar: SimilarWords::new(articles_words),
            meanings: Meanings::new(&[], &[], &[]),
            own_text: OnceLock::new(),
            spoken: OnceLock::new(),
            recent: RecentAnswers::default(),
            tongues: foreign_tongues(&articles),
            articles,
            passages: indexed,
            spelling,
        };
        unassigned.with_questions(texts)
    }

    fn with_questions(mut self, mut texts: Vec<[Vec<String>; 3]>) -> Self {
        let mut questions = Vec::new();
        for (article, source) in self.articles.iter().enumerate() {
            let tongue = Tongue::of_locale(&source.locale);
            let title = tongue.terms(&source.title);
            for text in &source.questions {
                let question = self.read_literally(text, "");
                let passage = self.best_passage_of(article, &question);
                if let Some(passage) = passage {
                    // The article's subject does not tell its passages apart.
                    let specific = tongue.terms(text).into_iter().filter(|term| !title.contains(term));
                    texts[passage][1].extend(specific);
                }
                let own_words = question.concepts.into_iter().filter_map(|concept| {
                    let weight = concept.weight;
                    concept.alternatives.into_iter().next().map(|(term, _)| (term, weight))
                });
                let terms: HashMap<String, f32> = own_words.collect();
                let information = terms.iter().map(|(term, weight)| weight * self.information(term)).sum();
                questions.push(EditorsQuestion { article, passage, text: text.clone(), terms, information });
            }
        }
        self.meanings = Meanings::new(&self.articles, &questions, &self.passages);
        self.questions = EditorsQuestions::new(questions);
        self.passage_fields = FieldIndex::build(PASSAGE_FIELDS, PASSAGE_ABOUT, &texts);
        self
    }

    /// How many articles the index holds.
    pub fn len(&self) -> usize {
        self.articles.len()
    }

    pub fn is_empty(&self) -> bool {
        self.articles.is_empty()
    }

    /// The best passage of each matching article, best first.
    pub fn search(&self, query: &str, limit: usize) -> Vec<Hit> {
        let question = self.read(query, "");
        let mut seen = HashSet::new();
        self.rank_by_words(&question, None)
            .into_iter()
            .filter(|candidate| seen.insert(candidate.article))
            .take(limit)
            .map(|candidate| Hit {
                article_id: self.articles[candidate.article].id,
                title: self.articles[candidate.article].title.clone(),
                section: self.passages[candidate.passage].passage.heading.clone(),
                score: candidate.score,
            })
            .collect()
    }

    /// Reads a question against this index's vocabulary, with the words of like meaning that the articles use.
    pub fn read(&self, question: &str, hospital_name: &str) -> Question {
        let mut question = self.read_literally(question, hospital_name);
        self.similar.widen(&mut question);
        question
    }

    fn read_literally(&self, question: &str, hospital_name: &str) -> Question {
        let mut question = Question::read(question, &self.spelling, hospital_name);
        question.read_in(&self.tongues);
        for concept in &mut question.concepts {
            let term = concept.alternatives.first().map(|(term, _)| term);
            if term.is_some_and(|term| self.headlines.contains(term)) {
                concept.count_as_subject();
            }
        }
        question
    }

    /// What a question is about, in the stems of its subjects: alike for questions that are put differently. They are the
    /// patient's words.
    pub fn topic(&self, question: &Phi<String>, hospital_name: &str) -> Phi<String> {
        let question = self.read_literally(question.expose(), hospital_name);
        let is_subject = |concept: &&Concept| concept.missed >= 1.0 && !concept.is_intent();
        let subjects = question.concepts.iter().filter(is_subject);
        let mut stems: Vec<&str> =
            subjects.filter_map(|concept| Some(concept.alternatives.first()?.0.as_str())).collect();
        if stems.is_empty() {
            stems = question.stems.iter().map(String::as_str).collect();
        }
        stems.sort_unstable();
        stems.dedup();
        Phi::new(stems.join(" "))
    }

    /// The place of an article by its id in text form.
    pub fn position(&self, article_id: &str) -> Option<usize> {
        let id = article_id.parse().ok()?;
        self.articles.iter().position(|article| article.id == id)
    }

    /// What the articles publish, to look up identifiers in. Made when first asked for: a model has to be asked for that.
    pub(crate) fn own_text(&self) -> &OwnText {
        self.own_text.get_or_init(|| {
            let texts = self.articles.iter().flat_map(|article| {
                let texts = [&article.title, &article.summary, &article.body];
                texts.into_iter().chain(&article.url).chain(&article.questions)
            });
            OwnText::of(texts.map(String::as_str))
        })
    }

    /// Whether an article says this word for word; both as [`spoken`] gives them. Made when first asked for, too.
    pub(crate) fn says(&self, sentence: &str) -> bool {
        let texts = self
            .spoken
            .get_or_init(|| self.articles.iter().map(|article| spoken(&article.body)).collect::<Vec<_>>().join("\n"));
        memmem::find(texts.as_bytes(), sentence.as_bytes()).is_some()
    }

    pub fn article(&self, position: usize) -> &KnowledgeArticle {
        &self.articles[position]
    }

    pub fn passage(&self, position: usize) -> &Passage {
        &self.passages[position].passage
    }

    /// A passage's text without markup.
    pub fn passage_text(&self, position: usize) -> &str {
        &self.passages[position].text
    }
}

impl fmt::Debug for Knowledge {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Knowledge")
            .field("articles", &self.articles.len())
            .field("passages", &self.passages.len())
            .finish()
    }
}

impl Default for Knowledge {
    fn default() -> Self {
        Self::index(Vec::new())
    }
}

fn words_of(article: &KnowledgeArticle) -> impl Iterator<Item = String> {
    let texts = [article.title.as_str(), &article.summary, &article.body];
    texts
        .into_iter()
        .chain(article.questions.iter().map(String::as_str))
        .flat_map(words)
        .map(|word| word.text)
        .collect::<Vec<_>>()
        .into_iter()
}

/// What articles are written in, each once, without English.
fn foreign_tongues(articles: &[KnowledgeArticle]) -> Vec<Tongue> {
    let mut tongues = Vec::new();
    for tongue in articles.iter().map(|article| Tongue::of_locale(&article.locale)) {
        if tongue != Tongue::English && !tongues.contains(&tongue) {
            tongues.push(tongue);
        }
    }
    tongues
}

fn article_terms(article: &KnowledgeArticle) -> [Vec<String>; 5] {
    let tongue = Tongue::of_locale(&article.locale);
    [
        tongue.terms(&article.title),
        terms(&article.slug),
        tongue.terms(&article.summary),
        article.questions.iter().flat_map(|question| tongue.terms(question)).collect(),
        text_terms(&plain_text(&article.body), tongue),
    ]
}

fn passage_terms(passage: &IndexedPassage) -> [Vec<String>; 3] {
    let tongue = passage.tongue;
    let heading = passage.passage.heading.as_deref().map(|heading| tongue.terms(heading)).unwrap_or_default();
    [heading, Vec::new(), text_terms(&passage.text, tongue)]
}

/// A text's terms. A sum of money is about a cost, whether or not it says so.
fn text_terms(text: &str, tongue: Tongue) -> Vec<String> {
    let mut terms = tongue.terms(text);
    if text.contains('$') {
        terms.push(String::from("cost"));
    }
    terms
}
