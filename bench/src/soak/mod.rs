//! Many clients that are hard on a server, and a server that dies under them; afterwards the history is checked.

mod conversation;
mod disturbance;
mod tab;

use std::{
    collections::BTreeMap,
    fmt, fs,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use anyhow::Context;
use fastrand::Rng;
use tempfile::TempDir;
use tokio::{
    sync::watch,
    task::JoinSet,
    time::{Instant, sleep},
};

use crate::{
    history::{self, CANARY, Rule, SessionHistory, Violation},
    protocol::{
        Target,
        http::HttpConnection,
        session::{self, Session},
    },
    server::{hospital, process::ServerProcess},
};
use conversation::Conversation;
use disturbance::Disturber;
use tab::Tab;

/// How long every acknowledged message may take to have its final answer once nothing disturbs any more.
const SETTLE_PATIENCE: Duration = Duration::from_secs(90);
/// How long nothing may change before the conversations count as settled.
const QUIET: Duration = Duration::from_millis(1_500);
/// Undisturbed time between two disturbances, in milliseconds. After a start all conversations want their answers at once:
/// with less time hardly any would ever be finished, and nobody would ask anything new.
const PEACE_MS: std::ops::RangeInclusive<u64> = 100..=1_700;
/// Where servers may share a database, what a dead one left waits until it is sure that it is dead. In this many cycles
/// there is time for that once; else every question would wait in the end, and every kill hit a server without work.
const LONG_PEACE_EVERY: u32 = 10;
const LONG_PEACE_MS: std::ops::RangeInclusive<u64> = 10_000..=14_000;

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Database {
    Sqlite,
    Postgres,
}

#[derive(Debug, Clone)]
pub struct Options {
    pub binary: PathBuf,
    pub database: Database,
    /// Servers on the one database. More than one needs PostgreSQL.
    pub nodes: usize,
    pub cycles: u32,
    pub clients: usize,
    /// Tabs of a client at most.
    pub tabs: usize,
    pub seed: u64,
}

/// Violations that a summary shows one by one.
const MOST_SHOWN: usize = 12;

/// What a client is to do now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// Anything.
    Busy,
    /// Stay connected, and see that everything gets through.
    Settling,
    Over,
}

/// What happened, so that nobody takes a run in which nothing happened for a success.
#[derive(Debug, Default)]
pub struct Summary {
    pub acknowledged: usize,
    pub answers: usize,
    pub stopped: usize,
    /// Questions without an answer: stopped before it began, or failed for good.
    pub withdrawn: usize,
    pub failed: usize,
    pub sockets: usize,
    pub reloads: usize,
    pub restarts: u32,
    pub database_restarts: u32,
    pub pauses: u32,
    pub settled_after: Duration,
    pub violations: Vec<Violation>,
    /// Where logs and histories are, when there is something to look into.
    pub evidence: Option<PathBuf>,
}

/// Runs the whole soak. An error says that it could not be run to its end; what the server did wrong is in the summary.
pub async fn run(options: &Options) -> anyhow::Result<Summary> {
    let mut folder = TempDir::with_prefix("kuzushi-soak-")?;
    let done = soak(options, folder.path()).await;
    folder.disable_cleanup(!matches!(&done, Ok(summary) if summary.violations.is_empty()));
    done
}

async fn soak(options: &Options, folder: &Path) -> anyhow::Result<Summary> {
    let mut random = Rng::with_seed(options.seed);
    let mut disturber = Disturber::start(options, folder).await?;
    let targets: Arc<[Target]> = disturber.nodes().iter().map(ServerProcess::target).collect();
    let (phase, phases) = watch::channel(Phase::Busy);
    let mut tabs = JoinSet::new();
    let mut conversations = Vec::new();
    for _ in 0..options.clients {
        let conversation = begin(&targets, &mut random).await?;
        for id in 0..random.usize(1..=options.tabs.max(1)) {
            let tab = Tab::new(id, Arc::clone(&conversation), random.fork(), phases.clone());
            tabs.spawn(tab.run());
        }
        conversations.push(conversation);
    }
    let mut violations = Vec::new();
    for cycle in 1..=options.cycles {
        let long = options.database == Database::Postgres && cycle.is_multiple_of(LONG_PEACE_EVERY);
        sleep(Duration::from_millis(random.u64(if long { LONG_PEACE_MS } else { PEACE_MS }))).await;
        disturber.disturb(&mut random, &mut violations).await?;
        if cycle % 20 == 0 {
            println!("  {cycle} of {} cycles", options.cycles);
        }
    }
    phase.send_replace(Phase::Settling);
    let since = Instant::now();
    let mut summary = Summary::default();
    let mut histories = settle(&conversations, &targets[0], since).await?;
    count_given_up(disturber.nodes(), &mut histories)?;
    summary.settled_after = since.elapsed();
    phase.send_replace(Phase::Over);
    while let Some(ended) = tabs.join_next().await {
        ended.context("a tab")?;
    }
    disturber.stop(&mut violations).await?;
    violations.extend(history::check(&histories));
    violations.extend(words_in_logs(disturber.nodes())?);
    summary.count(&histories);
    (summary.restarts, summary.database_restarts, summary.pauses) = disturber.counts();
    if !violations.is_empty() {
        write_evidence(folder, &histories, &violations)?;
        summary.evidence = Some(folder.to_owned());
    }
    summary.violations = violations;
    Ok(summary)
}

async fn begin(targets: &Arc<[Target]>, random: &mut Rng) -> anyhow::Result<Arc<Conversation>> {
    let target = &targets[random.usize(..targets.len())];
    let mut http = HttpConnection::new(target.clone());
    let session = session::init(&mut http, hospital::SOAKED, &target.origin, None).await?;
    let canary = format!("{CANARY}{:016x}", random.u64(..));
    Ok(Arc::new(Conversation::new(session, canary, Arc::clone(targets))))
}

/// Waits until every conversation is complete, and stays so, or until patience ends; what is stored then is the truth.
async fn settle(
    conversations: &[Arc<Conversation>],
    target: &Target,
    since: Instant,
) -> anyhow::Result<Vec<SessionHistory>> {
    let mut http = HttpConnection::new(target.clone());
    loop {
        let is_late = since.elapsed() > SETTLE_PATIENCE;
        if is_late || stays_settled(conversations).await {
            let mut histories = Vec::new();
            let mut complete = true;
            for conversation in conversations {
                let history = conversation.history(session::history(&mut http, conversation.session()).await?);
                complete &= history.stored.last().is_none_or(|last| last.seq <= conversation.newest());
                histories.push(history);
            }
            if complete || is_late {
                return Ok(histories);
            }
        }
        sleep(Duration::from_millis(100)).await;
    }
}

async fn stays_settled(conversations: &[Arc<Conversation>]) -> bool {
    let newest = || conversations.iter().map(|conversation| conversation.newest()).sum::<u64>();
    let settled = || conversations.iter().all(|conversation| conversation.is_settled());
    if !settled() {
        return false;
    }
    let before = newest();
    sleep(QUIET).await;
    settled() && newest() == before
}

/// What clients say stands for patients' words, and those must not be in a log.
fn words_in_logs(nodes: &[ServerProcess]) -> anyhow::Result<Vec<Violation>> {
    let mut violations = Vec::new();
    for node in nodes {
        let log = fs::read_to_string(node.log())?;
        // Message ids hold the canary too, and may be logged.
        if let Some(line) = log.lines().find(|line| line.contains(conversation::OPENING)) {
            let session = String::from("the log");
            violations.push(Violation { rule: Rule::Logged, session, detail: line.to_owned() });
        }
    }
    Ok(violations)
}

/// Clients learn of an answer that fails only while they are there. The logs know of all.
fn count_given_up(nodes: &[ServerProcess], histories: &mut [SessionHistory]) -> anyhow::Result<()> {
    for node in nodes {
        let log = fs::read_to_string(node.log())?;
        for history in &mut *histories {
            let failed = format!("an answer failed session={} ", history.session);
            history.given_up += log.matches(&failed).count();
        }
    }
    Ok(())
}

/// Writes down the violations, and the histories that are wrong.
fn write_evidence(folder: &Path, histories: &[SessionHistory], violations: &[Violation]) -> anyhow::Result<()> {
    let all: Vec<String> = violations.iter().map(ToString::to_string).collect();
    fs::write(folder.join("violations.txt"), all.join("\n"))?;
    for history in histories {
        let wrong: Vec<String> = violations
            .iter()
            .filter(|violation| violation.session == history.session)
            .map(ToString::to_string)
            .collect();
        if !wrong.is_empty() {
            let events: Vec<String> = history.events.iter().map(|event| format!("{event:?}")).collect();
            let stored: Vec<String> = history.stored.iter().map(|message| format!("{message:?}")).collect();
            let text =
                format!("{}\n\nEvents\n{}\n\nStored\n{}\n", wrong.join("\n"), events.join("\n"), stored.join("\n"));
            fs::write(folder.join(format!("{}.txt", history.session)), text)?;
        }
    }
    Ok(())
}

impl Summary {
    fn count(&mut self, histories: &[SessionHistory]) {
        for history in histories {
            let questions = history::timeline::questions(history);
            let answers = history::timeline::answers(history);
            for (id, question) in questions.iter().filter(|(_, question)| !question.acks.is_empty()) {
                self.acknowledged += 1;
                self.withdrawn += usize::from(question.cancelled && !answers.contains_key(id));
                self.failed += usize::from(question.failed && !question.cancelled && !answers.contains_key(id));
            }
            for answer in answers.values().flatten() {
                self.answers += 1;
                self.stopped += usize::from(answer.metadata.stopped);
            }
            for event in &history.events {
                match event {
                    history::Event::Connected { .. } => self.sockets += 1,
                    history::Event::Loaded { .. } => self.reloads += 1,
                    _ => {}
                }
            }
        }
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            formatter,
            "  {} messages acknowledged: {} answers, {} of them stopped; {} withdrawn before; {} failed, and said so",
            self.acknowledged, self.answers, self.stopped, self.withdrawn, self.failed
        )?;
        writeln!(formatter, "  {} sockets, {} reloads", self.sockets, self.reloads)?;
        writeln!(
            formatter,
            "  {} restarts of a server, {} of the database, {} pauses; all was answered {:.1} s after the last one",
            self.restarts,
            self.database_restarts,
            self.pauses,
            self.settled_after.as_secs_f64()
        )?;
        for violation in self.violations.iter().take(MOST_SHOWN) {
            writeln!(formatter, "  {violation}")?;
        }
        if self.violations.len() > MOST_SHOWN {
            let mut by_rule = BTreeMap::<Rule, usize>::new();
            for violation in &self.violations {
                *by_rule.entry(violation.rule).or_default() += 1;
            }
            writeln!(formatter, "  …all together: {by_rule:?}")?;
        }
        if let Some(evidence) = &self.evidence {
            writeln!(formatter, "  logs and histories: {}", evidence.display())?;
        }
        write!(formatter, "  {} violations", self.violations.len())
    }
}
