//! One tab: connects, says things, leaves, comes back.

use std::{collections::BTreeSet, ops::ControlFlow, sync::Arc, time::Duration};

use fastrand::Rng;
use tokio::{
    sync::watch,
    time::{Instant, sleep, sleep_until, timeout},
};

use super::{
    Phase,
    conversation::{Conversation, Progress, Said},
};
use crate::{
    history::{Event, TabId},
    protocol::{
        Target,
        frames::{ClientFrame, ServerFrame, Status},
        http::HttpConnection,
        session,
        socket::{ChatSocket, Heard},
    },
    server::hospital,
};

/// Pause between two things that a tab does, in milliseconds.
const PAUSE_MS: std::ops::RangeInclusive<u64> = 30..=300;
/// Pause before a tab tries to connect again, in milliseconds.
const RECONNECT_MS: std::ops::RangeInclusive<u64> = 5..=150;
/// How long opening a socket may take.
const CONNECT_PATIENCE: Duration = Duration::from_secs(5);
/// How long an acknowledgement may take before the message is sent again.
const ACK_PATIENCE: Duration = Duration::from_secs(3);
/// The same after an error said that it was not stored.
const RETRY_PAUSE: Duration = Duration::from_millis(400);
/// Questions that a client leaves open at most.
const MOST_OPEN: usize = 5;

pub struct Tab {
    id: TabId,
    conversation: Arc<Conversation>,
    random: Rng,
    phase: watch::Receiver<Phase>,
    seen: BTreeSet<u64>,
    progress: Progress,
    /// Messages of this tab that are not acknowledged, with the time at which to send them again. Survives a reload.
    outbox: Vec<(Said, Instant)>,
}

/// Why a socket was left.
enum Left {
    Lost(Option<u16>),
    Dropped,
    Closed,
    Reload,
    Over,
}

impl Tab {
    pub fn new(id: TabId, conversation: Arc<Conversation>, random: Rng, phase: watch::Receiver<Phase>) -> Self {
        let (seen, progress, outbox) = (BTreeSet::new(), Progress::default(), Vec::new());
        conversation.report(id, progress);
        Self { id, conversation, random, phase, seen, progress, outbox }
    }

    pub async fn run(mut self) {
        while *self.phase.borrow() != Phase::Over {
            let target = self.conversation.targets[self.random.usize(..self.conversation.targets.len())].clone();
            let opened = timeout(CONNECT_PATIENCE, self.open(&target)).await;
            let Ok(Ok(mut socket)) = opened else {
                self.pause().await;
                continue;
            };
            self.conversation.record(Event::Connected { tab: self.id });
            let left = self.converse(&mut socket).await;
            let code = if let Left::Lost(code) = left { code } else { None };
            if *self.phase.borrow() == Phase::Over {
                return;
            }
            self.conversation.record(Event::Disconnected { tab: self.id, code });
            self.report(|progress| (progress.is_connected, progress.is_typing) = (false, false));
            match left {
                Left::Closed => socket.close().await,
                Left::Reload => self.reload(&target).await,
                Left::Lost(_) => self.pause().await,
                Left::Dropped | Left::Over => {}
            }
        }
    }

    async fn open(&self, target: &Target) -> anyhow::Result<ChatSocket> {
        ChatSocket::open(target, target.address().await?, self.conversation.session(), None).await
    }

    async fn pause(&mut self) {
        sleep(Duration::from_millis(self.random.u64(RECONNECT_MS))).await;
    }

    /// A new page in the same tab. Without an answer from the server the page shows nothing, and asks for everything.
    async fn reload(&mut self, target: &Target) {
        let mut http = HttpConnection::new(target.clone());
        let session = self.conversation.session();
        let stored = match session::init(&mut http, hospital::SOAKED, &target.origin, Some(session)).await {
            Ok(_) => session::history(&mut http, session).await.unwrap_or_default(),
            Err(_) => Vec::new(),
        };
        self.seen = stored.iter().map(|message| message.seq).collect();
        self.conversation.take_note_of_all(&stored);
        self.conversation.record(Event::Loaded { tab: self.id, stored });
    }

    async fn converse(&mut self, socket: &mut ChatSocket) -> Left {
        if self.resume(socket).await.is_err() {
            return Left::Lost(None);
        }
        // What was not acknowledged is due again: the socket that it went to is gone.
        for (_, due) in &mut self.outbox {
            *due = Instant::now();
        }
        let mut phase = self.phase.clone();
        let mut act_at = self.next_act();
        loop {
            let busy = *phase.borrow_and_update() == Phase::Busy;
            let due = self.outbox.iter().map(|(_, due)| *due).min();
            let step = tokio::select! {
                heard = socket.next() => match heard {
                    Heard::Text(text) => {
                        self.hear(&text);
                        ControlFlow::Continue(())
                    }
                    Heard::Closed(code) => ControlFlow::Break(Left::Lost(code)),
                },
                () = sleep_until(due.unwrap_or(act_at)), if due.is_some() => self.send_again(socket).await,
                () = sleep_until(act_at), if busy => {
                    act_at = self.next_act();
                    self.act(socket).await
                }
                changed = phase.changed() => match changed {
                    Ok(()) if *phase.borrow() != Phase::Over => ControlFlow::Continue(()),
                    _ => ControlFlow::Break(Left::Over),
                },
            };
            if let ControlFlow::Break(left) = step {
                return left;
            }
        }
    }

    fn next_act(&mut self) -> Instant {
        Instant::now() + Duration::from_millis(self.random.u64(PAUSE_MS))
    }

    /// Something at random.
    async fn act(&mut self, socket: &mut ChatSocket) -> ControlFlow<Left> {
        let sent = match self.random.u32(0..100) {
            0..45 if self.conversation.open_questions() < MOST_OPEN => {
                let said = self.conversation.ask(&mut self.random);
                let sent = self.say(socket, &said).await;
                self.outbox.push((said, Instant::now() + ACK_PATIENCE));
                sent
            }
            45..57 => match self.conversation.something_said(&mut self.random) {
                Some(said) => self.say(socket, &said).await,
                None => Ok(()),
            },
            57..64 => match self.conversation.withdraw() {
                Some(message_id) => {
                    self.conversation.record(Event::Cancelled { tab: self.id, message_id: message_id.clone() });
                    socket.send(&ClientFrame::Cancel { message_id: &message_id }).await
                }
                None => Ok(()),
            },
            64..70 => self.resume(socket).await,
            70..78 => return ControlFlow::Break(Left::Dropped),
            78..82 => return ControlFlow::Break(Left::Closed),
            82..89 => return ControlFlow::Break(Left::Reload),
            _ => socket.send(&ClientFrame::Ping).await,
        };
        or_lost(sent)
    }

    async fn send_again(&mut self, socket: &mut ChatSocket) -> ControlFlow<Left> {
        let now = Instant::now();
        for position in 0..self.outbox.len() {
            if self.outbox[position].1 <= now {
                self.outbox[position].1 = now + ACK_PATIENCE;
                let said = self.outbox[position].0.clone();
                or_lost(self.say(socket, &said).await)?;
            }
        }
        ControlFlow::Continue(())
    }

    async fn say(&self, socket: &mut ChatSocket, said: &Said) -> anyhow::Result<()> {
        self.conversation.record_sent(self.id, said);
        socket.send(&ClientFrame::UserMessage { message_id: &said.message_id, content: &said.content }).await
    }

    async fn resume(&self, socket: &mut ChatSocket) -> anyhow::Result<()> {
        let last_seq = self.has_through();
        self.conversation.record(Event::Resumed { tab: self.id, last_seq });
        socket.send(&ClientFrame::Init { session_id: &self.conversation.session().id, last_seq }).await
    }

    fn hear(&mut self, text: &str) {
        let tab = self.id;
        let Ok(frame) = ServerFrame::parse(text) else {
            return self.conversation.record(Event::Unreadable { tab, text: text.to_owned() });
        };
        self.seen.extend(frame.seq());
        let failed = self.conversation.take_note(&frame);
        match &frame {
            ServerFrame::Ack { message_id, .. } => self.outbox.retain(|(said, _)| said.message_id != *message_id),
            ServerFrame::Error { message_id: Some(message_id), retryable: true, .. } => {
                let due = Instant::now() + RETRY_PAUSE;
                let waiting = self.outbox.iter_mut().find(|(said, _)| said.message_id == *message_id);
                match (waiting, failed.and_then(|failed| self.conversation.said(&failed))) {
                    (Some((_, again)), _) => *again = due,
                    (None, Some(said)) => self.outbox.push((said, due)),
                    (None, None) => {}
                }
            }
            _ => {}
        }
        let typing = match frame {
            ServerFrame::Status { status } => status == Status::Typing,
            _ => self.progress.is_typing,
        };
        self.conversation.record(Event::Received { tab, frame });
        self.report(|progress| (progress.is_connected, progress.is_typing) = (true, typing));
    }

    fn report(&mut self, change: impl FnOnce(&mut Progress)) {
        let before = self.progress;
        change(&mut self.progress);
        self.progress.has_through = self.has_through();
        if self.progress != before {
            self.conversation.report(self.id, self.progress);
        }
    }

    /// The newest `seq` before which nothing is missing.
    fn has_through(&self) -> u64 {
        let mut through = 0;
        while self.seen.contains(&(through + 1)) {
            through += 1;
        }
        through
    }
}

fn or_lost(sent: anyhow::Result<()>) -> ControlFlow<Left> {
    if sent.is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(Left::Lost(None)) }
}
