//! A key that never leaves a key management service: an outside program, which talks to it, wraps and unwraps.
//!
//! The program wraps one key that is made here, and that one wraps the tenants' keys. So it is run once for each such key and not for
//! each tenant, its answers need no place of their own to be bound to one, and bytes that it invents open nothing.
//!
//! Layout of a wrapped key: form (1 byte), the command's name (4 bytes: the beginning of its SHA-256), the length of the program's
//! answer (2 bytes), that answer, and the key, sealed with what the program wrapped.

use std::{
    collections::HashMap,
    process::{ExitStatus, Stdio},
    sync::{
        Arc, PoisonError, RwLock,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use aws_lc_rs::digest;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use rustix::process::{Pid, Signal, kill_process_group};
use sea_orm::entity::prelude::async_trait;
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWriteExt},
    process::{Child, Command},
    sync::Mutex,
    time::timeout,
};

use super::{KEY_LENGTH, Key, KeyError, KeyProvider, Place, SealError, random_key, whole};

/// What a value begins with that a program wrapped.
pub(super) const FORM: u8 = 2;

const NAME_LENGTH: usize = 4;
const HEADER_LENGTH: usize = 1 + NAME_LENGTH + 2;
/// Characters that a program may answer with.
const LONGEST_ANSWER: usize = 4096;
/// Characters of what a program complains about.
const LONGEST_COMPLAINT: usize = 200;

/// A program that is run with `wrap` or `unwrap` as its last argument.
///
/// `wrap` reads a key in base64 from its standard input, and writes one line of printable characters: whatever lets `unwrap` find
/// the key again. `unwrap` reads that line, and writes the key in base64. Anything but exit status 0 is a failure, and the first
/// line of standard error says why.
pub struct KeyCommand {
    /// Where it was set, for errors.
    setting: &'static str,
    words: Vec<String>,
    name: [u8; NAME_LENGTH],
    time_limit: Duration,
    /// Variables of our environment that are no business of the program's.
    withheld: Vec<String>,
    /// What was unwrapped, by the program's answer. There are as many as there were processes that had to begin one.
    unwrapped: RwLock<HashMap<Vec<u8>, Arc<Key>>>,
    /// What tenants' keys are wrapped with, and the program's answer to it.
    present: RwLock<Option<(Vec<u8>, Arc<Key>)>>,
    /// How often it has failed to unwrap.
    failures: AtomicU64,
    /// Held while the program runs. Which answer it did not unwrap at last, and why.
    runs: Mutex<Option<(Vec<u8>, KeyError)>>,
}

impl KeyCommand {
    /// `text` is the program and its arguments, separated by spaces; None where there is no program in it. No shell reads it.
    pub fn new(setting: &'static str, text: &str, time_limit: Duration) -> Option<Self> {
        let words: Vec<String> = text.split_whitespace().map(str::to_owned).collect();
        let digest = digest::digest(&digest::SHA256, words.join(" ").as_bytes());
        let mut name = [0; NAME_LENGTH];
        name.copy_from_slice(&digest.as_ref()[..NAME_LENGTH]);
        (!words.is_empty()).then(|| Self {
            setting,
            words,
            name,
            time_limit,
            withheld: Vec::new(),
            unwrapped: RwLock::default(),
            present: RwLock::default(),
            failures: AtomicU64::new(0),
            runs: Mutex::default(),
        })
    }

    /// The same without these variables of the environment.
    pub fn without(self, variables: impl IntoIterator<Item = String>) -> Self {
        Self { withheld: variables.into_iter().collect(), ..self }
    }

    /// What tenants' keys are wrapped with from now on, if it is not decided yet.
    async fn wrapping_key(&self) -> Result<(Vec<u8>, Arc<Key>), KeyError> {
        let decided = || self.present.read().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(present) = decided() {
            return Ok(present);
        }
        let _alone = self.runs.lock().await;
        if let Some(present) = decided() {
            return Ok(present);
        }
        let key = random_key()?;
        let text = STANDARD.encode(key);
        let answer = self.run("wrap", text.as_bytes()).await?;
        // Before anything is under it: what does not come back would be lost for good.
        if self.key_in(&self.run("unwrap", &answer).await?)? != key {
            return Err(self.complaint("unwrap", "did not give back the key that it had wrapped"));
        }
        let key = Arc::new(Key::from_bytes(&key)?);
        self.keep(&answer, &key, true);
        Ok((answer, key))
    }

    /// What the program wrapped into this answer.
    async fn wrapped_in(&self, answer: &[u8], is_ours: bool) -> Result<Arc<Key>, KeyError> {
        let known = || self.unwrapped.read().unwrap_or_else(PoisonError::into_inner).get(answer).cloned();
        if let Some(key) = known() {
            return Ok(key);
        }
        let failures = self.failures.load(Ordering::Acquire);
        let mut last_failure = self.runs.lock().await;
        if let Some(key) = known() {
            return Ok(key);
        }
        // Whoever waited while it failed does not wait for it to fail again.
        if let Some((failed, error)) = &*last_failure
            && failed == answer
            && self.failures.load(Ordering::Acquire) > failures
        {
            return Err(error.clone());
        }
        let unwrapped = async {
            let text = self.run("unwrap", answer).await?;
            Ok(Arc::new(Key::from_bytes(&self.key_in(&text)?)?))
        };
        match unwrapped.await {
            Ok(key) => {
                self.keep(answer, &key, is_ours);
                Ok(key)
            }
            Err(error) => {
                self.failures.fetch_add(1, Ordering::Release);
                *last_failure = Some((answer.to_vec(), KeyError::clone(&error)));
                Err(error)
            }
        }
    }

    fn keep(&self, answer: &[u8], key: &Arc<Key>, is_ours: bool) {
        self.unwrapped.write().unwrap_or_else(PoisonError::into_inner).insert(answer.to_vec(), Arc::clone(key));
        if is_ours {
            *self.present.write().unwrap_or_else(PoisonError::into_inner) = Some((answer.to_vec(), Arc::clone(key)));
        }
    }

    fn key_in(&self, text: &[u8]) -> Result<[u8; KEY_LENGTH], KeyError> {
        let bytes = STANDARD.decode(text).map_err(|_| SealError::Malformed).and_then(|bytes| whole(&bytes));
        bytes.map_err(|_| self.complaint("unwrap", "did not answer with 32 bytes in base64"))
    }

    fn complaint(&self, what: &str, complaint: &str) -> KeyError {
        KeyError::Program(format!("{}: `{} {what}` {complaint}", self.setting, self.words.join(" ")))
    }

    /// Runs the program, and returns the one line that it writes.
    async fn run(&self, what: &'static str, input: &[u8]) -> Result<Vec<u8>, KeyError> {
        let mut command = Command::new(&self.words[0]);
        command.args(&self.words[1..]).arg(what);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        for variable in &self.withheld {
            command.env_remove(variable);
        }
        // A group of its own, so that what it has started ends with it.
        let child = command.process_group(0).kill_on_drop(true).spawn();
        let child = child.map_err(|error| self.complaint(what, &format!("cannot be run: {error}")))?;
        let ended = timeout(self.time_limit, converse(child, input)).await;
        let late = |_| self.complaint(what, &format!("did not answer within {} s", self.time_limit.as_secs_f32()));
        let ended = ended.map_err(late)?.map_err(|error| self.complaint(what, &format!("cannot be run: {error}")))?;
        let answer = ended.answer.strip_suffix(b"\n").unwrap_or(&ended.answer);
        if !ended.status.success() {
            let why = first_line(&ended.complaints, &[input, answer]);
            return Err(self.complaint(what, &format!("failed with {}: {why}", ended.status)));
        }
        if answer.is_empty() || answer.len() > LONGEST_ANSWER || !answer.iter().all(u8::is_ascii_graphic) {
            let wanted = "did not answer with one line of at most 4096 printable characters, without spaces";
            return Err(self.complaint(what, wanted));
        }
        Ok(answer.to_vec())
    }
}

#[async_trait::async_trait]
impl KeyProvider for KeyCommand {
    fn understands(&self, wrapped: &[u8]) -> bool {
        wrapped.first() == Some(&FORM)
    }

    fn has_wrapped(&self, wrapped: &[u8]) -> bool {
        self.understands(wrapped) && wrapped.get(1..=NAME_LENGTH) == Some(&self.name[..])
    }

    async fn wrap(&self, key: &[u8; KEY_LENGTH], place: Place) -> Result<Vec<u8>, KeyError> {
        let (answer, wrapping) = self.wrapping_key().await?;
        let length = u16::try_from(answer.len()).map_err(|_| SealError::Malformed)?;
        let mut sealed = wrapping.seal(key, place)?;
        let mut wrapped = Vec::with_capacity(HEADER_LENGTH + answer.len() + sealed.len());
        wrapped.push(FORM);
        wrapped.extend_from_slice(&self.name);
        wrapped.extend_from_slice(&length.to_be_bytes());
        wrapped.extend_from_slice(&answer);
        wrapped.append(&mut sealed);
        Ok(wrapped)
    }

    async fn unwrap(&self, wrapped: &[u8], place: Place) -> Result<[u8; KEY_LENGTH], KeyError> {
        let (header, rest) = wrapped.split_at_checked(HEADER_LENGTH).ok_or(SealError::Malformed)?;
        let length = u16::from_be_bytes([header[HEADER_LENGTH - 2], header[HEADER_LENGTH - 1]]);
        let (answer, sealed) = rest.split_at_checked(usize::from(length)).ok_or(SealError::Malformed)?;
        let wrapping = self.wrapped_in(answer, self.has_wrapped(wrapped)).await?;
        Ok(whole(&wrapping.open(sealed, place)?)?)
    }

    async fn prepare(&self) -> Result<(), KeyError> {
        self.wrapping_key().await.map(drop)
    }
}

/// What a program left when it ended.
struct Ended {
    status: ExitStatus,
    answer: Vec<u8>,
    complaints: Vec<u8>,
}

/// Sends what it reads, takes what it writes, and waits for its end. Dropped before that, it takes the program along.
async fn converse(mut child: Child, input: &[u8]) -> std::io::Result<Ended> {
    let mut group = Group(child.id().and_then(|id| Pid::from_raw(id.cast_signed())));
    let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
    let send = async {
        if let Some(mut stdin) = stdin {
            // A program that does not want to know says so with its status.
            let _ = stdin.write_all(input).await;
            let _ = stdin.write_all(b"\n").await;
        }
    };
    let ((), answer, complaints) = tokio::join!(send, read(stdout), read(stderr));
    let status = child.wait().await?;
    group.0 = None;
    Ok(Ended { status, answer: answer?, complaints: complaints? })
}

/// Somewhat more than may be said.
async fn read(from: Option<impl AsyncRead + Unpin>) -> std::io::Result<Vec<u8>> {
    let mut said = Vec::new();
    if let Some(from) = from {
        from.take(LONGEST_ANSWER as u64 + 2).read_to_end(&mut said).await?;
    }
    Ok(said)
}

/// A program and what it has started, which end with this value unless they have ended.
struct Group(Option<Pid>);

impl Drop for Group {
    fn drop(&mut self) {
        if let Some(leader) = self.0 {
            let _ = kill_process_group(leader, Signal::KILL);
        }
    }
}

/// The first line that has something in it, without what was handed over: a shell that traces repeats it.
fn first_line(text: &[u8], secrets: &[&[u8]]) -> String {
    let text = String::from_utf8_lossy(text);
    let line = text.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or("it said nothing on standard error");
    let mut line = line.to_owned();
    for secret in secrets.iter().filter_map(|secret| str::from_utf8(secret).ok()).filter(|secret| !secret.is_empty()) {
        line = line.replace(secret, "[key]");
    }
    line.chars().filter(|character| !character.is_control()).take(LONGEST_COMPLAINT).collect()
}
