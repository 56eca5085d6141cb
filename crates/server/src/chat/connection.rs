//! A chat socket that is in: what it hears, and what it is told.

use std::{collections::VecDeque, future::pending, pin::pin, time::Duration};

use axum::extract::ws::{Message, WebSocket};
use bytes::Bytes;
use kuzushi_domain::Role;
use kuzushi_store::PageRequest;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until};

use super::{
    admission::closing,
    close_codes::CloseReason,
    frames::{ErrorCode, FrameError, ServerFrame, Status},
    limits::{Allowance, FrameLimit},
    order::Order,
    receive::{Party, Reaction},
    socket::{End, feed, flush, receive, send, send_message},
};
use crate::{
    auth::{is_open, logins::is_live},
    conversation::{Delivery, Subscription, failure_frame, is_closed},
};

/// Messages read from the store at a time when a client is brought up to date.
const REPLAY_PAGE: u64 = 100;
/// How long an event may wait for the one before it, before that one is looked for in the store.
const GAP_PATIENCE: Duration = Duration::from_millis(500);

/// How long a client that has just come in may take to ask for what it missed, before it gets what happens meanwhile.
/// Pieces of an answer sent before that would come twice.
const FIRST_WORD: Duration = Duration::from_secs(1);

pub struct Connection {
    party: Party,
    subscription: Subscription,
    frames: FrameLimit,
    /// The stored events this client has.
    order: Order,
    gap_since: Option<Instant>,
    complete_answers: CompleteAnswers,
}

/// The newest answers that a client already has whole, so that late pieces of them are left out. They are several because a
/// node that hung may still be writing an answer that another has given in its place, and more after it.
#[derive(Default)]
struct CompleteAnswers(VecDeque<String>);

impl CompleteAnswers {
    const MOST: usize = 16;

    fn note(&mut self, answer_id: &str) {
        // A client may ask for the same again and again.
        if self.hold(answer_id) {
            return;
        }
        if self.0.len() >= Self::MOST {
            self.0.pop_front();
        }
        self.0.push_back(answer_id.to_owned());
    }

    fn hold(&self, answer_id: &str) -> bool {
        self.0.iter().any(|complete| complete == answer_id)
    }
}

impl Connection {
    pub fn new(party: Party, subscription: Subscription) -> Self {
        let order = Order::through(party.visitor.session.last_seq);
        Self {
            party,
            subscription,
            frames: FrameLimit::default(),
            order,
            gap_since: None,
            complete_answers: CompleteAnswers::default(),
        }
    }

    /// Until the client leaves or has to go.
    pub async fn run(&mut self, socket: &mut WebSocket) -> End {
        match self.serve(socket).await {
            Err(end) => end,
            Ok(never) => match never {},
        }
    }

    async fn serve(&mut self, socket: &mut WebSocket) -> Result<std::convert::Infallible, End> {
        let beat = Duration::from_millis(self.party.state.config.limits.ws_heartbeat_interval);
        let mut heartbeat = interval(beat);
        heartbeat.set_missed_tick_behavior(MissedTickBehavior::Delay);
        heartbeat.tick().await;
        let mut last_heard = Instant::now();
        // Made once, not for every token: each of them is a registration under a lock that all sockets share.
        let (stopping, closing) = (self.party.state.stopping.clone(), self.party.state.closing.clone());
        let (mut stopping, mut closing) = (pin!(stopping.cancelled()), pin!(closing.cancelled()));
        let mut is_leaving = false;
        let mut waits_until = Some(Instant::now() + FIRST_WORD);
        self.acknowledge(socket).await?;
        // Whatever is large and rare is boxed: what a socket keeps while it is idle is the size of this function.
        loop {
            let gap_ends = self.gap_since.map(|since| since + GAP_PATIENCE);
            // Nothing is made here that most rounds have no use for: there is one for each token.
            tokio::select! {
                message = receive(socket) => {
                    last_heard = Instant::now();
                    waits_until = None;
                    Box::pin(self.receive(socket, message?)).await?;
                }
                () = at(waits_until) => waits_until = None,
                delivery = self.subscription.next(), if waits_until.is_none() => {
                    self.forward_all(socket, delivery).await?;
                    // An answer that ran when the server was told to stop is over now.
                    if is_leaving && !self.party.conversation.is_answering() {
                        return Err(self.restarting());
                    }
                }
                () = at(gap_ends) => {
                    Box::pin(self.bring_up_to_date(socket)).await?;
                }
                _ = heartbeat.tick() => {
                    if last_heard.elapsed() > beat * 2 {
                        return Err(End::Gone);
                    }
                    send_message(socket, Message::Ping(Bytes::new())).await?;
                }
                () = &mut stopping, if !is_leaving => {
                    is_leaving = true;
                    if !self.party.conversation.is_answering() {
                        return Err(self.restarting());
                    }
                }
                // No server closes that was not told to stop before.
                () = &mut closing, if is_leaving => return Err(self.restarting()),
            }
        }
    }

    async fn receive(&mut self, socket: &mut WebSocket, message: Message) -> Result<(), End> {
        if matches!(message, Message::Pong(_) | Message::Close(_)) {
            return Ok(());
        }
        // A flood is one, whatever its frames are made of.
        match self.frames.take() {
            Allowance::Granted => {}
            Allowance::Refused => {
                let refusal = FrameError::new(ErrorCode::RateLimited, "too many frames; slow down");
                return send(socket, ServerFrame::refusal(refusal).bytes()).await;
            }
            Allowance::Abused => return Err(CloseReason::ProtocolAbuse.into()),
        }
        let reaction = match &message {
            Message::Text(text) => {
                let party = &self.party;
                let mut reaction = pin!(party.receive(text));
                loop {
                    tokio::select! {
                        () = party.urgent.news() => send_if_any(socket, party.urgent.take()).await?,
                        reaction = &mut reaction => break reaction,
                    }
                }
            }
            Message::Binary(_) => Reaction::Reply(ServerFrame::refusal(FrameError::binary()).into()),
            Message::Ping(_) | Message::Pong(_) | Message::Close(_) => Reaction::Nothing,
        };
        send_if_any(socket, self.party.urgent.take()).await?;
        match reaction {
            Reaction::Nothing => Ok(()),
            Reaction::Reply(frame) => send(socket, frame.bytes()).await,
            Reaction::Acknowledge { message_id, seq } => {
                let frame = ServerFrame::Ack { message_id, seq }.bytes();
                if seq <= self.order.newest() {
                    // The message is an old one, sent again.
                    return send(socket, frame).await;
                }
                self.send_in_order(socket, seq, frame).await
            }
            Reaction::Replay { last_seq } => {
                self.listen_again().await?;
                self.acknowledge(socket).await?;
                // Whoever asks for all there is, and there is nothing yet, is at the beginning.
                if self.party.visitor.session.last_seq == 0 {
                    send(socket, self.party.disclosure().bytes()).await?;
                }
                self.replay(socket, i64::try_from(last_seq).unwrap_or(i64::MAX)).await.map(drop)
            }
            Reaction::Close(reason) => Err(reason.into()),
        }
    }

    /// The server stops: this client may come back when it is its turn.
    fn restarting(&self) -> End {
        let retry_after_ms = self.party.state.connections.return_after_ms();
        CloseReason::Restarting { retry_after_ms }.into()
    }

    /// Everything that waits for this socket, with one write where it fits.
    async fn forward_all(&mut self, socket: &mut WebSocket, first: Delivery) -> Result<(), End> {
        let mut next = Some(first);
        while let Some(delivery) = next {
            match delivery {
                Delivery::Stored { seq, frame } => self.feed_in_order(socket, seq, frame).await?,
                // It was read from the store before it was announced, perhaps on the socket before this one.
                Delivery::Token { stored: Some(seq), .. } if seq <= self.order.newest() => {}
                Delivery::Token { answer_id, .. } if self.complete_answers.hold(&answer_id) => {}
                Delivery::Token { frame, .. } | Delivery::Passing { frame } => feed(socket, frame).await?,
                // What was missed is in the store, as for any client that comes back.
                Delivery::Behind => Box::pin(self.bring_up_to_date(socket)).await?,
                Delivery::Ended => return Err(CloseReason::SessionEnded.into()),
            }
            next = self.subscription.try_next();
        }
        flush(socket).await
    }

    async fn send_in_order(&mut self, socket: &mut WebSocket, seq: i64, frame: Bytes) -> Result<(), End> {
        self.feed_in_order(socket, seq, frame).await?;
        flush(socket).await
    }

    async fn feed_in_order(&mut self, socket: &mut WebSocket, seq: i64, frame: Bytes) -> Result<(), End> {
        for frame in self.order.take(seq, frame) {
            feed(socket, frame).await?;
        }
        self.gap_since = self.order.has_gap().then(|| self.gap_since.unwrap_or_else(Instant::now));
        Ok(())
    }

    async fn reload_session(&mut self) -> Result<(), CloseReason> {
        let Party { state, visitor, login, .. } = &mut self.party;
        let session = visitor.scope.session(visitor.session.id).await;
        visitor.session = session.map_err(|error| closing(&error))?;
        let is_signed_in = match login {
            Some(login) => is_live(state, &visitor.scope, *login).await,
            None => is_open(state, &visitor.scope, &visitor.session).await,
        };
        let has_ended = visitor.session.ended_at.is_some() || is_closed(state, visitor.scope.id());
        let may_stay = is_signed_in.map_err(|error| closing(&error))? && !has_ended;
        if may_stay { Ok(()) } else { Err(CloseReason::SessionEnded) }
    }

    async fn acknowledge(&self, socket: &mut WebSocket) -> Result<(), End> {
        let session = &self.party.visitor.session;
        let frame = ServerFrame::SessionAck { session_id: session.id.to_string(), last_seq: session.last_seq };
        send(socket, frame.bytes()).await
    }

    async fn bring_up_to_date(&mut self, socket: &mut WebSocket) -> Result<(), End> {
        self.listen_again().await?;
        let is_awaited = self.replay(socket, self.order.newest()).await?;
        // Among what was missed may have been the word that nobody is typing any more.
        if is_awaited { Ok(()) } else { send(socket, ServerFrame::Status { status: Status::Idle }.bytes()).await }
    }

    /// First listen, then read: what comes in between comes twice at most, and `order` drops the second.
    async fn listen_again(&mut self) -> Result<(), CloseReason> {
        self.subscription.restart();
        self.reload_session().await
    }

    /// Sends what was stored after `last_seq`, and how it stands with what is not answered; from there on deliveries
    /// follow, a running answer first. Returns whether an answer is to come.
    async fn replay(&mut self, socket: &mut WebSocket, last_seq: i64) -> Result<bool, End> {
        // Nobody has seen more than there is.
        let mut newest = last_seq.min(self.party.visitor.session.last_seq);
        // Acknowledgements may be among what waited; they go out in place of the message they are for.
        let mut waiting = self.order.restart(newest);
        self.gap_since = None;
        loop {
            let page = PageRequest { before: None, after: Some(newest), limit: REPLAY_PAGE };
            let page = self.party.visitor.scope.messages(&self.party.visitor.session, page).await;
            let page = page.map_err(|error| closing(&error))?;
            for message in &page.messages {
                if message.role == Role::Assistant {
                    self.complete_answers.note(&message.message_id);
                }
                newest = message.seq;
                let frame = waiting.remove(&newest).unwrap_or_else(|| ServerFrame::message(message).bytes());
                self.feed_in_order(socket, newest, frame).await?;
            }
            flush(socket).await?;
            if !page.has_newer {
                break;
            }
        }
        for frame in waiting.into_values() {
            send(socket, frame).await?;
        }
        self.tell_what_is_unanswered(socket).await
    }

    /// Failures are not events of their own, and an answer may be under way on another node: a client that was away
    /// would otherwise wait for ever, or not at all.
    async fn tell_what_is_unanswered(&self, socket: &mut WebSocket) -> Result<bool, End> {
        // Asked for before the store is: what begins in between is no answer of the past.
        let running = self.party.conversation.running_question();
        let unanswered = self.party.visitor.scope.unanswered(self.party.visitor.session.id).await;
        let unanswered = unanswered.map_err(|error| closing(&error))?;
        if let Some(running) = running
            && !unanswered.iter().any(|question| question.message_id == running)
        {
            self.party.conversation.outdate_answer(&running);
        }
        for question in &unanswered {
            if let Some(code) = &question.failure {
                send(socket, failure_frame(code, &question.message_id).bytes()).await?;
            }
        }
        let is_awaited = unanswered.iter().any(|question| question.failure.is_none());
        // An answer of this node says so itself.
        if is_awaited && !self.party.conversation.is_answering() {
            send(socket, ServerFrame::Status { status: Status::Typing }.bytes()).await?;
        }
        Ok(is_awaited)
    }
}

async fn send_if_any(socket: &mut WebSocket, frame: Option<Bytes>) -> Result<(), End> {
    match frame {
        Some(frame) => send(socket, frame).await,
        None => Ok(()),
    }
}

/// Until then, or for ever.
async fn at(time: Option<Instant>) {
    match time {
        Some(time) => sleep_until(time).await,
        None => pending().await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn late_pieces_are_known_of_all_but_the_oldest_answers() {
        let mut complete = CompleteAnswers::default();
        for number in 0..=CompleteAnswers::MOST {
            complete.note(&format!("msg_{number}"));
        }
        assert!(!complete.hold("msg_0") && complete.hold("msg_1") && complete.hold("msg_16"));
        assert!(!complete.hold("msg_17"));
    }
}
