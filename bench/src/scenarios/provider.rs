//! A made-up language model behind the OpenAI protocol, which writes the time into every token.

use std::{fmt::Write, process::Stdio, time::Duration};

use anyhow::{Context, ensure};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
    process::{Child, Command},
    time::{MissedTickBehavior, interval},
};

use super::clock::shared_micros;
use crate::server::hospital::ANSWER_WORDS;

/// How the first line of output begins; the address follows.
const LISTENING: &str = "listening on ";
/// Tokens that a model without a pause writes at once: with one write a token, its own work would be the pause.
const BURST: usize = 32;
/// The longest request that is read: a question with its history and articles.
const LONGEST_REQUEST: usize = 4 * 1024 * 1024;

/// Starts a model in a process of its own, so that its work is not counted as anybody else's. Returns what
/// `OPENAI_BASE_URL` has to be.
pub async fn spawn(gap: Duration) -> anyhow::Result<(Child, String)> {
    let mut child = Command::new(std::env::current_exe()?)
        .args(["fake-provider", "--gap-ms", &gap.as_millis().to_string(), "--tokens", &ANSWER_WORDS.to_string()])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()?;
    let output = child.stdout.take().context("the model's output")?;
    let mut line = String::new();
    BufReader::new(output).read_line(&mut line).await?;
    let address = line.trim().strip_prefix(LISTENING).context("the model did not say where it listens")?;
    Ok((child, format!("http://{address}/v1")))
}

/// Serves until it is ended.
pub async fn serve(port: u16, gap: Duration, tokens: usize) -> anyhow::Result<()> {
    let listener = TcpListener::bind(("127.0.0.1", port)).await?;
    println!("{LISTENING}{}", listener.local_addr()?);
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        // A client that hangs up has had enough.
        tokio::spawn(async move { converse(stream, gap, tokens).await.ok() });
    }
}

/// Answers one request after the other on a connection.
async fn converse(stream: TcpStream, gap: Duration, tokens: usize) -> anyhow::Result<()> {
    let mut stream = BufReader::new(stream);
    while let Some((path, arrived)) = read_request(&mut stream).await? {
        if !path.ends_with("/chat/completions") {
            stream.write_all(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n").await?;
            continue;
        }
        stream
            .write_all(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n")
            .await?;
        let mut ticks = interval(gap.max(Duration::from_nanos(1)));
        ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
        let mut number = 0;
        let mut chunks = String::new();
        while number < tokens {
            chunks.clear();
            if gap.is_zero() {
                // The runtime's other connections want their turn as well.
                tokio::task::yield_now().await;
            } else {
                ticks.tick().await;
            }
            for _ in 0..(tokens - number).min(if gap.is_zero() { BURST } else { 1 }) {
                // The first one says when the request came.
                let (mark, micros) = if number == 0 { (ARRIVED, arrived) } else { (WRITTEN, shared_micros()) };
                token(&mut chunks, mark, micros);
                number += 1;
            }
            stream.write_all(chunks.as_bytes()).await?;
        }
        chunks.clear();
        chunk(&mut chunks, LAST);
        chunk(&mut chunks, DONE);
        chunks.push_str("0\r\n\r\n");
        stream.write_all(chunks.as_bytes()).await?;
    }
    Ok(())
}

/// Reads a request to its end, and returns its path and when it began. None: the client has hung up.
async fn read_request(stream: &mut BufReader<TcpStream>) -> anyhow::Result<Option<(String, u64)>> {
    let mut first = String::new();
    if stream.read_line(&mut first).await? == 0 {
        return Ok(None);
    }
    let arrived = shared_micros();
    let path = first.split(' ').nth(1).context("a request line")?.to_owned();
    let mut length = 0;
    loop {
        let mut line = String::new();
        ensure!(stream.read_line(&mut line).await? > 0, "the request ends in its head");
        match line.trim_end().split_once(':') {
            Some((name, value)) if name.eq_ignore_ascii_case("content-length") => length = value.trim().parse()?,
            Some(_) => {}
            None => break,
        }
    }
    ensure!(length <= LONGEST_REQUEST, "a request of {length} bytes");
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await?;
    Ok(Some((path, arrived)))
}

/// A token's event before and behind the time in it.
const BEFORE: &str = "data: {\"id\":\"chatcmpl-bench\",\"object\":\"chat.completion.chunk\",\"created\":0,\
                      \"model\":\"bench\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\" ";
/// What stands before the time at which a token was written, and before that at which the request came.
const WRITTEN: char = '~';
const ARRIVED: char = '>';
const BEHIND: &str = ";\"},\"finish_reason\":null}]}\n\n";
/// The events that end an answer.
const LAST: &str = "data: {\"id\":\"chatcmpl-bench\",\"object\":\"chat.completion.chunk\",\"created\":0,\
                    \"model\":\"bench\",\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n";
const DONE: &str = "data: [DONE]\n\n";

/// A token that holds the time, as a chunk of its own. It asks for no memory: this runs on the cores of the server that is
/// measured.
fn token(chunks: &mut String, mark: char, micros: u64) {
    let digits = micros.checked_ilog10().unwrap_or(0) + 1;
    let length = BEFORE.len() + mark.len_utf8() + digits as usize + BEHIND.len();
    let _ = write!(chunks, "{length:x}\r\n{BEFORE}{mark}");
    chunks.extend((0..digits).rev().map(|place| DIGITS[(micros / 10_u64.pow(place) % 10) as usize]));
    let _ = write!(chunks, "{BEHIND}\r\n");
}

/// A time's digits. Numbers as long as these would be taken for patients' identifiers, of which real answers hold few.
const DIGITS: [char; 10] = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j'];

fn time(letters: &str) -> Option<u64> {
    let digit = |letter| DIGITS.iter().position(|digit| *digit == letter);
    (!letters.is_empty()).then_some(())?;
    letters.chars().try_fold(0, |time, letter| Some(time * 10 + digit(letter)? as u64))
}

fn chunk(chunks: &mut String, text: &str) {
    let _ = write!(chunks, "{:x}\r\n{text}\r\n", text.len());
}

/// Reads the times out of an answer that arrives in pieces, however they are cut.
#[derive(Debug, Default)]
pub struct Stamps {
    rest: String,
}

impl Stamps {
    /// The times of the tokens that are complete with this piece. They begin with their space, as models' tokens do.
    pub fn read(&mut self, delta: &str, mut note: impl FnMut(u64)) {
        let Some((complete, rest)) = delta.rsplit_once(';') else {
            self.rest.push_str(delta);
            return;
        };
        for token in complete.split(';') {
            if self.rest.is_empty() {
                stamp(token).into_iter().for_each(&mut note);
            } else {
                self.rest.push_str(token);
                stamp(&self.rest).into_iter().for_each(&mut note);
                self.rest.clear();
            }
        }
        self.rest.push_str(rest);
    }
}

fn stamp(token: &str) -> Option<u64> {
    token.trim_start().strip_prefix(WRITTEN).and_then(time)
}

/// When the request of a whole answer came to the model.
pub fn arrival(answer: &str) -> Option<u64> {
    answer.split(';').next()?.trim_start().strip_prefix(ARRIVED).and_then(time)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_however_the_answer_is_cut() {
        let mut stamps = Stamps::default();
        let mut read = Vec::new();
        for piece in ["~bc; ~d", "e;", " ~f", ";", " ~g; ~h;"] {
            stamps.read(piece, |stamp| read.push(stamp));
        }
        assert_eq!(read, [12, 34, 5, 6, 7]);
        assert_eq!((arrival(">bc; ~bd;"), arrival("~bc; >bd;")), (Some(12), None));
    }

    #[tokio::test]
    async fn a_request_is_answered_with_a_stream_of_stamped_tokens() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move { converse(listener.accept().await.unwrap().0, Duration::ZERO, 3).await });
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(b"POST /v1/chat/completions HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}").await.unwrap();
        stream.shutdown().await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        assert_eq!(answer.matches("\"content\":\" >").count(), 1, "{answer}");
        assert_eq!(answer.matches("\"content\":\" ~").count(), 2, "{answer}");
        assert!(answer.contains("\"finish_reason\":\"stop\"") && answer.contains("data: [DONE]"), "{answer}");
        assert!(answer.ends_with("0\r\n\r\n"), "{answer}");
    }
}
