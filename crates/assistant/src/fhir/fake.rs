//! A FHIR server for tests: R4 over HTTP as the standard has it, with resources that a test gives it, and misbehaviour on demand.

use std::{
    io,
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use reqwest::Url;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};

/// What lies before the resources' names.
const BASE: &str = "/r4";

/// How the server is not as the standard has it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Misbehaviour {
    #[default]
    None,
    /// It leaves out by whom it was asked to search: everybody's come.
    IgnoresPatient,
    /// A body of so many bytes.
    Huge(usize),
    /// It takes the request and says nothing.
    Hangs,
    /// Its next page is at another address.
    NextElsewhere(String),
    /// Every page has a next one.
    EndlessPages,
    /// What a proxy in front of it says: HTML.
    BadGateway,
    /// JSON that is no bundle.
    NoBundle,
}

/// A request as it came in.
#[derive(Debug, Clone)]
pub struct Asked {
    pub method: String,
    /// With its query.
    pub path: String,
    pub authorization: Option<String>,
    pub prefer: Option<String>,
    /// Parameters of the query and of the form.
    pub parameters: Vec<(String, String)>,
}

#[derive(Default)]
struct Shared {
    resources: Mutex<Vec<Value>>,
    misbehaviour: Mutex<Misbehaviour>,
    asked: Mutex<Vec<Asked>>,
    token: Option<String>,
    page: usize,
}

/// The server. It ends when this is dropped.
pub struct FakeFhir {
    address: SocketAddr,
    shared: Arc<Shared>,
    serving: JoinHandle<()>,
}

impl Drop for FakeFhir {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl FakeFhir {
    /// With these resources, which it returns so many in a page, and whoever does not bring this token is refused.
    pub async fn start(resources: Vec<Value>, page: usize, token: Option<&str>) -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared {
            resources: Mutex::new(resources),
            token: token.map(str::to_owned),
            page: page.max(1),
            ..Shared::default()
        });
        let serving = tokio::spawn({
            let shared = Arc::clone(&shared);
            async move {
                while let Ok((stream, _)) = listener.accept().await {
                    tokio::spawn(serve(stream, address, Arc::clone(&shared)));
                }
            }
        });
        Ok(Self { address, shared, serving })
    }

    pub fn base_url(&self) -> String {
        format!("http://{}{BASE}", self.address)
    }

    /// One resource more.
    pub fn keep(&self, resource: Value) {
        lock(&self.shared.resources).push(resource);
    }

    pub fn misbehave(&self, misbehaviour: Misbehaviour) {
        *lock(&self.shared.misbehaviour) = misbehaviour;
    }

    /// What was asked, in order.
    pub fn asked(&self) -> Vec<Asked> {
        lock(&self.shared.asked).clone()
    }
}

async fn serve(stream: TcpStream, address: SocketAddr, shared: Arc<Shared>) -> Option<()> {
    let mut stream = BufReader::new(stream);
    let asked = read(&mut stream).await?;
    lock(&shared.asked).push(asked.clone());
    let misbehaviour = lock(&shared.misbehaviour).clone();
    let (status, kind, body) = match misbehaviour {
        Misbehaviour::Hangs => {
            // Until the other side leaves.
            let mut rest = [0; 64];
            while stream.read(&mut rest).await.is_ok_and(|length| length > 0) {}
            return None;
        }
        Misbehaviour::Huge(bytes) => {
            let head =
                format!("HTTP/1.1 200 OK\r\ncontent-type: application/fhir+json\r\ncontent-length: {bytes}\r\n\r\n");
            stream.write_all(head.as_bytes()).await.ok()?;
            let chunk = vec![b' '; 64 * 1024];
            let mut left = bytes;
            while left > 0 {
                let length = left.min(chunk.len());
                stream.write_all(&chunk[..length]).await.ok()?;
                left -= length;
            }
            return Some(());
        }
        Misbehaviour::BadGateway => (502, "text/html", String::from("<h1>Bad gateway</h1>")),
        Misbehaviour::NoBundle => {
            (200, "application/fhir+json", json!({"resourceType": "Patient", "id": "1"}).to_string())
        }
        misbehaviour => {
            let (status, body) = answer(&shared, address, &asked, &misbehaviour);
            (status, "application/fhir+json; charset=utf-8", body.to_string())
        }
    };
    let head = format!(
        "HTTP/1.1 {status} X\r\ncontent-type: {kind}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).await.ok()?;
    stream.write_all(body.as_bytes()).await.ok()?;
    stream.shutdown().await.ok()
}

async fn read(stream: &mut BufReader<TcpStream>) -> Option<Asked> {
    let mut line = String::new();
    stream.read_line(&mut line).await.ok()?;
    let (mut parts, mut length) = (line.split_whitespace(), 0);
    let (method, path) = (parts.next()?.to_owned(), parts.next()?.to_owned());
    let (mut authorization, mut prefer) = (None, None);
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).await.ok()?;
        let Some((name, value)) = line.trim().split_once(':') else { break };
        match name.to_ascii_lowercase().as_str() {
            "content-length" => length = value.trim().parse().ok()?,
            "authorization" => authorization = Some(value.trim().to_owned()),
            "prefer" => prefer = Some(value.trim().to_owned()),
            _ => {}
        }
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.ok()?;
    let mut url = Url::parse("http://fake").ok()?.join(&path).ok()?;
    let mut parameters: Vec<(String, String)> = url.query_pairs().into_owned().collect();
    url.set_query(Some(&String::from_utf8(body).ok()?));
    parameters.extend(url.query_pairs().into_owned());
    Some(Asked { method, path, authorization, prefer, parameters })
}

fn outcome(code: &str, diagnostics: &str) -> Value {
    json!({"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": code, "diagnostics": diagnostics}]})
}

/// What can be searched for, and by what.
const SEARCHES: [(&str, &[&str]); 3] = [
    ("Appointment", &["patient", "date", "status", "_sort", "_count"]),
    ("Schedule", &["actor", "_sort", "_count"]),
    ("Slot", &["schedule", "status", "start", "_sort", "_count"]),
];

fn answer(shared: &Shared, address: SocketAddr, asked: &Asked, misbehaviour: &Misbehaviour) -> (u16, Value) {
    let path = asked.path.split('?').next().unwrap_or_default();
    let base = format!("http://{address}{BASE}");
    if path == format!("{BASE}/metadata") {
        return (200, capabilities());
    }
    let wanted = shared.token.as_ref().map(|token| format!("Bearer {token}"));
    if wanted.is_some() && asked.authorization != wanted {
        return (401, outcome("login", "who asks is not known"));
    }
    let Some(kind) = path.strip_prefix(BASE).and_then(|rest| rest.trim_matches('/').split('/').next()) else {
        return (404, outcome("not-found", "nothing is here"));
    };
    let Some((kind, known)) = SEARCHES.into_iter().find(|(name, _)| *name == kind) else {
        return (404, outcome("not-supported", &format!("{kind} is not known here")));
    };
    let own = ["_page"];
    if let Some((unknown, value)) =
        asked.parameters.iter().find(|(name, _)| !known.contains(&name.as_str()) && !own.contains(&name.as_str()))
    {
        return (400, outcome("not-supported", &format!("there is no parameter {unknown}, {value}")));
    }
    let resources = lock(&shared.resources);
    let matches: Vec<&Value> = resources
        .iter()
        .filter(|resource| resource["resourceType"] == kind)
        .filter(|resource| {
            asked.parameters.iter().all(|(name, value)| {
                (name == "patient" && *misbehaviour == Misbehaviour::IgnoresPatient) || is_match(resource, name, value)
            })
        })
        .collect();
    let number: usize = parameter(asked, "_page").and_then(|page| page.parse().ok()).unwrap_or(0);
    let page = matches.iter().skip(number * shared.page).take(shared.page);
    let entries: Vec<Value> = page
        .map(|resource| {
            let full = format!("{base}/{kind}/{}", resource["id"].as_str().unwrap_or_default());
            json!({"fullUrl": full, "resource": resource, "search": {"mode": "match"}})
        })
        .collect();
    let mut links = vec![json!({"relation": "self", "url": format!("{base}/{kind}")})];
    let has_more = matches.len() > (number + 1) * shared.page || *misbehaviour == Misbehaviour::EndlessPages;
    if let Misbehaviour::NextElsewhere(url) = misbehaviour {
        links.push(json!({"relation": "next", "url": url}));
    } else if has_more {
        let mut next =
            Url::parse(&format!("{base}/{kind}")).unwrap_or_else(|_| unreachable!("the address of a socket"));
        let kept = asked.parameters.iter().filter(|(name, _)| name != "_page");
        next.query_pairs_mut().extend_pairs(kept).append_pair("_page", &(number + 1).to_string());
        links.push(json!({"relation": "next", "url": next.as_str()}));
    }
    let bundle =
        json!({"resourceType": "Bundle", "type": "searchset", "total": matches.len(), "link": links, "entry": entries});
    (200, bundle)
}

fn parameter<'a>(asked: &'a Asked, name: &str) -> Option<&'a str> {
    asked.parameters.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
}

/// Whether a resource matches one parameter; of several values, one suffices.
fn is_match(resource: &Value, name: &str, value: &str) -> bool {
    let refers = |found: &Value| value.split(',').any(|wanted| found["reference"].as_str() == Some(wanted));
    let all = |list: &Value| list.as_array().cloned().unwrap_or_default();
    match name {
        "patient" => all(&resource["participant"]).iter().any(|participant| refers(&participant["actor"])),
        "actor" => all(&resource["actor"]).iter().any(refers),
        "schedule" => refers(&resource["schedule"]),
        "status" => value.split(',').any(|wanted| resource["status"] == wanted),
        "date" | "start" => {
            let (comparison, wanted) = value.split_at(2);
            let start = resource["start"].as_str().unwrap_or_default();
            // Of one time zone, instants are in the order of their letters.
            match comparison {
                "ge" => start >= wanted,
                "lt" => start < wanted,
                _ => false,
            }
        }
        _ => true,
    }
}

fn capabilities() -> Value {
    let resource = |(kind, parameters): (&str, &[&str])| {
        let parameters: Vec<_> = parameters
            .iter()
            .filter(|name| !name.starts_with('_'))
            .map(|name| json!({"name": name, "type": if matches!(*name, "date" | "start") { "date" } else { "reference" }}))
            .collect();
        json!({"type": kind, "interaction": [{"code": "search-type"}], "searchParam": parameters})
    };
    json!({
        "resourceType": "CapabilityStatement", "status": "active", "date": "2026-11-23", "kind": "instance",
        "fhirVersion": "4.0.1", "format": ["application/fhir+json"],
        "rest": [{"mode": "server", "resource": SEARCHES.map(resource)}],
    })
}

/// An appointment of a patient's with a practitioner, as a server keeps it.
pub fn appointment(id: &str, patient: &str, start: &str, end: &str) -> Value {
    json!({
        "resourceType": "Appointment", "id": id, "status": "booked",
        "serviceType": [{"coding": [{"system": "http://terminology.hl7.org/CodeSystem/service-type", "code": "165", "display": "Cardiology"}]}],
        "start": start, "end": end, "minutesDuration": 30,
        "participant": [
            {"actor": {"reference": format!("Patient/{patient}"), "display": format!("Name of {patient}")}, "status": "accepted"},
            {"actor": {"reference": "Practitioner/grey", "display": "Dr. Ada Grey"}, "status": "accepted"},
            {"actor": {"reference": "Location/heart", "display": "Heart Center, 3rd floor"}, "status": "accepted"},
        ],
    })
}

/// A practitioner's schedule.
pub fn schedule(id: &str, practitioner: &str) -> Value {
    json!({"resourceType": "Schedule", "id": id, "active": true, "actor": [{"reference": format!("Practitioner/{practitioner}")}]})
}

pub fn slot(id: &str, schedule: &str, status: &str, start: &str) -> Value {
    json!({
        "resourceType": "Slot", "id": id, "schedule": {"reference": format!("Schedule/{schedule}")}, "status": status,
        "start": start, "end": start, "comment": "patient Doe may want this one",
    })
}
