//! The server, and the scripts it follows.

use std::{
    collections::{HashMap, VecDeque},
    io,
    net::SocketAddr,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use serde_json::Value;
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
    task::{JoinHandle, JoinSet},
    time::sleep,
};

use super::protocol::{finish, piece};

/// What is done next about a request.
#[derive(Debug, Clone)]
pub enum Step {
    /// The status and further headers; the body that follows is chunked.
    Head(u16, Vec<(&'static str, String)>),
    /// Bytes of the body.
    Bytes(Vec<u8>),
    Pause(Duration),
    /// The proper end of the body.
    End,
    /// Says nothing more until the client leaves.
    Hang,
    /// Resets the connection.
    Reset,
}

/// What is done about one request.
#[derive(Debug, Clone, Default)]
pub struct Script(Vec<Step>);

impl Script {
    /// An answer as it should be, `gap` between two pieces.
    pub fn answer(pieces: &[&str], gap: Duration) -> Self {
        Self::begin().pieces(pieces, gap).event(&finish("stop")).event("[DONE]").end()
    }

    /// The head of a stream.
    pub fn begin() -> Self {
        Self(vec![Step::Head(200, vec![("content-type", String::from("text/event-stream"))])])
    }

    /// A refusal with a JSON body.
    pub fn refuse(status: u16, headers: Vec<(&'static str, String)>, body: &Value) -> Self {
        Self(vec![Step::Head(status, headers)]).bytes(body.to_string()).end()
    }

    /// A page for a person, as proxies send it.
    pub fn page(status: u16) -> Self {
        let head = Step::Head(status, vec![("content-type", String::from("text/html"))]);
        Self(vec![head]).bytes("<html><body><h1>Bad Gateway</h1></body></html>\n").end()
    }

    pub fn hang() -> Self {
        Self(vec![Step::Hang])
    }

    pub fn pieces(mut self, pieces: &[&str], gap: Duration) -> Self {
        for (position, text) in pieces.iter().enumerate() {
            if position > 0 && !gap.is_zero() {
                self = self.then(Step::Pause(gap));
            }
            self = self.event(&piece(text));
        }
        self
    }

    /// One event with this data.
    pub fn event(self, data: &str) -> Self {
        self.bytes(format!("data: {data}\n\n"))
    }

    pub fn bytes(self, bytes: impl Into<Vec<u8>>) -> Self {
        self.then(Step::Bytes(bytes.into()))
    }

    pub fn end(self) -> Self {
        self.then(Step::End)
    }

    pub fn then(mut self, step: Step) -> Self {
        self.0.push(step);
        self
    }
}

/// A request as it came in.
#[derive(Debug, Clone)]
pub struct Received {
    /// With its query.
    pub path: String,
    /// By their names in small letters.
    pub headers: HashMap<String, String>,
    pub body: Value,
}

/// What is done about a request.
type Respond = Box<dyn Fn(&Received) -> Script + Send + Sync>;

struct Shared {
    respond: Respond,
    received: Mutex<Vec<Received>>,
    connections: AtomicUsize,
    left: AtomicUsize,
}

/// The server. It ends when this is dropped.
pub struct FakeModel {
    address: SocketAddr,
    shared: Arc<Shared>,
    serving: JoinHandle<()>,
}

impl Drop for FakeModel {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

impl FakeModel {
    /// Follows one script a request, in this order, and the last one again and again.
    pub async fn start(scripts: impl IntoIterator<Item = Script>) -> io::Result<Self> {
        let scripts: Mutex<VecDeque<_>> = Mutex::new(scripts.into_iter().collect());
        let next = move || {
            let mut scripts = lock(&scripts);
            if scripts.len() > 1 { scripts.pop_front() } else { scripts.front().cloned() }
        };
        Self::start_with(move |_| next().unwrap_or_default()).await
    }

    /// Follows the script that is made for each request.
    pub async fn start_with(respond: impl Fn(&Received) -> Script + Send + Sync + 'static) -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared {
            respond: Box::new(respond),
            received: Mutex::default(),
            connections: AtomicUsize::default(),
            left: AtomicUsize::default(),
        });
        let serving = tokio::spawn({
            let shared = Arc::clone(&shared);
            async move {
                // They end with the server: one that is gone answers nobody, on a connection that is kept either.
                let mut conversations = JoinSet::new();
                while let Ok((stream, _)) = listener.accept().await {
                    shared.connections.fetch_add(1, Ordering::Relaxed);
                    let shared = Arc::clone(&shared);
                    conversations.spawn(async move { converse(stream, &shared).await });
                    while conversations.try_join_next().is_some() {}
                }
            }
        });
        Ok(Self { address, shared, serving })
    }

    /// Where it speaks chat completions.
    pub fn base_url(&self) -> String {
        format!("http://{}/v1", self.address)
    }

    /// Where it speaks Anthropic's protocol.
    pub fn anthropic_url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub fn received(&self) -> Vec<Received> {
        lock(&self.shared.received).clone()
    }

    /// Connections that were made so far.
    pub fn connections(&self) -> usize {
        self.shared.connections.load(Ordering::Relaxed)
    }

    /// Clients that left before their answer was complete.
    pub fn left(&self) -> usize {
        self.shared.left.load(Ordering::Relaxed)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Answers one request after the other on a connection.
async fn converse(stream: TcpStream, shared: &Shared) {
    let _ = stream.set_nodelay(true);
    let mut stream = BufReader::new(stream);
    while let Ok(Some(received)) = read_request(&mut stream).await {
        let script = (shared.respond)(&received);
        lock(&shared.received).push(received);
        for step in script.0 {
            let is_our_doing = matches!(step, Step::Reset);
            if follow(step, &mut stream).await.is_err() {
                shared.left.fetch_add(usize::from(!is_our_doing), Ordering::Relaxed);
                return;
            }
        }
    }
}

/// Follows one step. An error: the client is gone.
async fn follow(step: Step, stream: &mut BufReader<TcpStream>) -> io::Result<()> {
    match step {
        Step::Head(status, headers) => {
            let mut head = format!("HTTP/1.1 {status} Status\r\nTransfer-Encoding: chunked\r\n");
            for (name, value) in headers {
                head.push_str(&format!("{name}: {value}\r\n"));
            }
            head.push_str("\r\n");
            stream.write_all(head.as_bytes()).await
        }
        Step::Bytes(bytes) => {
            let mut chunk = format!("{:x}\r\n", bytes.len()).into_bytes();
            chunk.extend_from_slice(&bytes);
            chunk.extend_from_slice(b"\r\n");
            stream.write_all(&chunk).await
        }
        Step::Pause(pause) => tokio::select! {
            () = sleep(pause) => Ok(()),
            gone = departure(stream) => Err(gone),
        },
        Step::End => stream.write_all(b"0\r\n\r\n").await,
        Step::Hang => Err(departure(stream).await),
        Step::Reset => {
            stream.get_ref().set_zero_linger()?;
            Err(io::ErrorKind::ConnectionReset.into())
        }
    }
}

/// Waits until the client leaves. While it is answered it says nothing.
async fn departure(stream: &mut BufReader<TcpStream>) -> io::Error {
    match stream.fill_buf().await {
        Ok(_) => io::ErrorKind::ConnectionAborted.into(),
        Err(error) => error,
    }
}

/// Reads a request to its end. None: the client is done.
async fn read_request(stream: &mut BufReader<TcpStream>) -> io::Result<Option<Received>> {
    let mut first = String::new();
    if stream.read_line(&mut first).await? == 0 {
        return Ok(None);
    }
    let path = first.split(' ').nth(1).unwrap_or_default().to_owned();
    let mut headers = HashMap::new();
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).await?;
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
    }
    let length = headers.get("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await?;
    Ok(Some(Received { path, headers, body: serde_json::from_slice(&body)? }))
}
