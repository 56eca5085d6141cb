//! Searching a FHIR server, within limits of time and size.

use std::{fmt, time::Duration};

use chrono::{DateTime, FixedOffset, Utc};
use kuzushi_domain::{Phi, is_logical_id};
use reqwest::{
    Client, RequestBuilder, Response, StatusCode, Url,
    header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, InvalidHeaderValue},
    redirect,
};
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::time::{Instant, timeout_at};

use super::resources::{self, Bundle, CapabilityStatement, CodeableConcept, OperationOutcome, Reference};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
/// Bytes of a page at most.
const LARGEST_PAGE: usize = 1024 * 1024;
/// Pages of one search at most.
const MOST_PAGES: usize = 5;
/// Resources asked for in a page.
const PAGE: &str = "50";
/// Characters of what a server calls something.
const LONGEST_DISPLAY: usize = 80;
/// Schedules that are looked through for free times.
const MOST_SCHEDULES: usize = 10;

/// One server with our account. Cheap to share: connections are kept and used again.
pub struct FhirServer {
    client: Client,
    /// Without the slash at its end.
    base: Url,
}

impl fmt::Debug for FhirServer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("FhirServer").field("host", &self.base.host_str()).finish_non_exhaustive()
    }
}

/// Why a server cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum FhirSetupError {
    #[error("the base URL wants https://, or http:// on this machine, such as https://fhir.example.org/r4")]
    BaseUrl,
    #[error("the token holds characters that cannot be sent")]
    Token(#[from] InvalidHeaderValue),
    #[error("the HTTP client cannot be made: {0}")]
    Client(#[from] reqwest::Error),
}

/// Why nothing was found out. Holds nothing of a record and nothing that was asked: it may be logged.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FhirFailure {
    #[error("the FHIR server cannot be reached")]
    Unreachable,
    #[error("the FHIR server took too long")]
    TimedOut,
    /// With the code of its `OperationOutcome`, where it gave one of the standard's form.
    #[error("the FHIR server refused (HTTP {0}{1})")]
    Refused(u16, IssueCode),
    #[error("the FHIR server sent more than a mebibyte at once")]
    TooLarge,
    #[error("the FHIR server's answer is not what the standard says")]
    Malformed,
    #[error("the FHIR server does not speak R4, or cannot search appointments by patient")]
    NotSuited,
}

/// The code of an issue: a word of the standard's, or nothing.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct IssueCode(Option<String>);

impl fmt::Display for IssueCode {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.as_ref().map_or(Ok(()), |code| write!(formatter, ", {code}"))
    }
}

/// An appointment of the patient's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Appointment {
    pub status: AppointmentStatus,
    pub start: DateTime<FixedOffset>,
    pub end: Option<DateTime<FixedOffset>>,
    /// What it is for, as the server calls it.
    pub what: Option<String>,
    /// Whom the patient sees, and where. Never another patient.
    pub with: Vec<String>,
    /// References to those who have schedules, such as `Practitioner/1`.
    pub actors: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AppointmentStatus {
    Booked,
    /// Asked for, and not settled yet.
    Pending,
    Waitlisted,
    Arrived,
    Cancelled,
}

impl AppointmentStatus {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Booked => "booked",
            Self::Pending => "not confirmed yet",
            Self::Waitlisted => "on the waiting list",
            Self::Arrived => "arrived",
            Self::Cancelled => "cancelled",
        }
    }

    /// None for what is over, or was never meant.
    fn read(code: &str) -> Option<Self> {
        match code {
            "booked" => Some(Self::Booked),
            "proposed" | "pending" => Some(Self::Pending),
            "waitlist" => Some(Self::Waitlisted),
            "arrived" | "checked-in" => Some(Self::Arrived),
            "cancelled" => Some(Self::Cancelled),
            _ => None,
        }
    }
}

impl FhirServer {
    /// `base_url` is what comes before `/Appointment`. The token is sent as a bearer's.
    pub fn new(base_url: &str, token: Option<&str>) -> Result<Self, FhirSetupError> {
        let mut base = Url::parse(base_url.trim()).map_err(|_| FhirSetupError::BaseUrl)?;
        let is_here = matches!(base.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
        if !(base.scheme() == "https" || base.scheme() == "http" && is_here) {
            return Err(FhirSetupError::BaseUrl);
        }
        base.path_segments_mut().map_err(|()| FhirSetupError::BaseUrl)?.pop_if_empty();
        base.set_query(None);
        base.set_fragment(None);
        let mut headers = HeaderMap::from_iter([
            (ACCEPT, HeaderValue::from_static("application/fhir+json")),
            // A server that does not know how to search by patient must say so, and not return everybody's.
            (HeaderName::from_static("prefer"), HeaderValue::from_static("handling=strict")),
        ]);
        if let Some(token) = token {
            let mut bearer = HeaderValue::try_from(format!("Bearer {token}"))?;
            bearer.set_sensitive(true);
            headers.insert(AUTHORIZATION, bearer);
        }
        let client = Client::builder()
            .default_headers(headers)
            .user_agent(concat!("kuzushi/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(CONNECT_TIMEOUT)
            // Whom we ask about goes to the address that the operator named, and nowhere else.
            .redirect(redirect::Policy::none())
            .build()?;
        Ok(Self { client, base })
    }

    /// Whether the server speaks R4 and searches appointments by patient.
    pub async fn check(&self, by: Instant) -> Result<(), FhirFailure> {
        let request = self.client.get(self.address(&["metadata"])?);
        let statement: CapabilityStatement = within(by, self.read(request)).await?;
        let mut resources = statement.rest.iter().flat_map(|rest| &rest.resource);
        let searches = resources.any(|resource| {
            resource.kind == "Appointment" && resource.search_param.iter().any(|parameter| parameter.name == "patient")
        });
        let is_suited =
            statement.resource_type == "CapabilityStatement" && statement.fhir_version.starts_with("4.0") && searches;
        if is_suited { Ok(()) } else { Err(FhirFailure::NotSuited) }
    }

    /// The patient's appointments from now on, the next one first.
    pub async fn appointments(
        &self,
        patient: &Phi<String>,
        now: DateTime<Utc>,
        by: Instant,
    ) -> Result<Vec<Appointment>, FhirFailure> {
        let own = format!("Patient/{}", patient.expose());
        // A day earlier, since a date is of the server's time zone.
        let from = format!("ge{}", (now - chrono::TimeDelta::days(1)).format("%Y-%m-%d"));
        let wanted = [("patient", own.as_str()), ("date", from.as_str()), ("_sort", "date"), ("_count", PAGE)];
        let found: Vec<resources::Appointment> = within(by, self.search("Appointment", &wanted)).await?;
        let count = found.len();
        let own: Vec<_> = found.into_iter().filter(|found| self.is_of(found, &own)).collect();
        if own.len() < count {
            let others = count - own.len();
            tracing::warn!(others, "a FHIR server returned appointments that are not the patient's; they are not used");
        }
        let mut appointments: Vec<_> = own.into_iter().filter_map(|found| self.appointment(found)).collect();
        appointments.retain(|appointment| appointment.end.unwrap_or(appointment.start) >= now);
        appointments.sort_by_key(|appointment| appointment.start);
        Ok(appointments)
    }

    /// When those are free with whom somebody has an appointment, the earliest first.
    pub async fn free_times(
        &self,
        actors: &[String],
        (from, to): (DateTime<Utc>, DateTime<Utc>),
        by: Instant,
    ) -> Result<Vec<DateTime<FixedOffset>>, FhirFailure> {
        if actors.is_empty() {
            return Ok(Vec::new());
        }
        let actor = actors.join(",");
        let schedules: Vec<resources::Schedule> =
            within(by, self.search("Schedule", &[("actor", actor.as_str()), ("_count", PAGE)])).await?;
        let is_theirs = |reference: &Reference| self.local(reference).is_some_and(|local| actors.contains(&local));
        let theirs = schedules.into_iter().filter(|schedule| schedule.actor.iter().any(is_theirs));
        let ids = theirs.filter_map(|schedule| schedule.id.filter(|id| is_logical_id(id))).take(MOST_SCHEDULES);
        let schedules: Vec<String> = ids.map(|id| format!("Schedule/{id}")).collect();
        if schedules.is_empty() {
            return Ok(Vec::new());
        }
        let instant = |time: DateTime<Utc>| time.format("%Y-%m-%dT%H:%M:%SZ").to_string();
        let (joined, from_text, to_text) =
            (schedules.join(","), format!("ge{}", instant(from)), format!("lt{}", instant(to)));
        let wanted = [
            ("schedule", joined.as_str()),
            ("status", "free"),
            ("start", from_text.as_str()),
            ("start", to_text.as_str()),
            ("_sort", "start"),
            ("_count", PAGE),
        ];
        let slots: Vec<resources::Slot> = within(by, self.search("Slot", &wanted)).await?;
        let is_asked_for =
            |reference: &Reference| self.local(reference).is_some_and(|local| schedules.contains(&local));
        let free =
            slots.into_iter().filter(|slot| slot.status == "free" && slot.schedule.as_ref().is_some_and(is_asked_for));
        let times = free.filter_map(|slot| DateTime::parse_from_rfc3339(&slot.start?).ok());
        let mut times: Vec<_> = times.filter(|time| (from..to).contains(&time.to_utc())).collect();
        times.sort_unstable();
        times.dedup();
        Ok(times)
    }

    fn address(&self, segments: &[&str]) -> Result<Url, FhirFailure> {
        let mut url = self.base.clone();
        url.path_segments_mut().map_err(|()| FhirFailure::Malformed)?.extend(segments);
        Ok(url)
    }

    /// All pages of a search, as far as they are of use.
    async fn search<T: DeserializeOwned>(
        &self,
        kind: &str,
        parameters: &[(&str, &str)],
    ) -> Result<Vec<T>, FhirFailure> {
        // In the body: addresses are what proxies and servers keep in their logs.
        let mut form = self.base.clone();
        form.query_pairs_mut().clear().extend_pairs(parameters);
        let request = self
            .client
            .post(self.address(&[kind, "_search"])?)
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(form.query().unwrap_or_default().to_owned());
        let mut found = Vec::new();
        let mut page: Bundle = self.read(request).await?;
        for number in 1.. {
            if page.resource_type != "Bundle" || page.kind != "searchset" {
                return Err(FhirFailure::Malformed);
            }
            for entry in std::mem::take(&mut page.entry) {
                let is_match = entry.search.is_none_or(|search| search.mode.is_empty() || search.mode == "match");
                if is_match && entry.resource["resourceType"] == kind {
                    // One that cannot be read is no reason to lose the others.
                    found.extend(serde_json::from_value::<T>(entry.resource).ok());
                }
            }
            let next = page.link.iter().find(|link| link.relation == "next");
            let Some(next) = next.filter(|_| number < MOST_PAGES) else { break };
            page = self.read(self.client.get(self.own(&next.url)?)).await?;
        }
        Ok(found)
    }

    /// An address that a server names, if it is one of its own: our token goes nowhere else.
    fn own(&self, address: &str) -> Result<Url, FhirFailure> {
        let mut folder = self.base.clone();
        folder.set_path(&format!("{}/", self.base.path().trim_end_matches('/')));
        let url = folder.join(address).map_err(|_| FhirFailure::Malformed)?;
        let is_inside = url.path() == self.base.path() || url.path().starts_with(folder.path());
        if url.origin() == self.base.origin() && is_inside { Ok(url) } else { Err(FhirFailure::Malformed) }
    }

    async fn read<T: DeserializeOwned>(&self, request: RequestBuilder) -> Result<T, FhirFailure> {
        let response = request.send().await.map_err(|_| FhirFailure::Unreachable)?;
        let status = response.status();
        let body = body(response).await?;
        if status != StatusCode::OK {
            return Err(FhirFailure::Refused(status.as_u16(), issue_code(&body)));
        }
        serde_json::from_slice(&body).map_err(|_| FhirFailure::Malformed)
    }

    /// A reference as `Practitioner/1`, if it is to something of this server.
    fn local(&self, reference: &Reference) -> Option<String> {
        let text = reference.reference.as_deref()?;
        let base = self.base.as_str().trim_end_matches('/');
        let relative = match text.strip_prefix(base) {
            Some(rest) => rest.strip_prefix('/')?,
            None if text.contains(':') => return None,
            None => text,
        };
        let mut parts = relative.split('/');
        let (kind, id) = (parts.next()?, parts.next()?);
        let rest = (parts.next(), parts.next(), parts.next());
        let is_whole = matches!(rest, (None, ..) | (Some("_history"), Some(_), None));
        let is_kind = !kind.is_empty() && kind.bytes().all(|byte| byte.is_ascii_alphabetic());
        (is_whole && is_kind && is_logical_id(id)).then(|| format!("{kind}/{id}"))
    }

    fn is_of(&self, appointment: &resources::Appointment, own: &str) -> bool {
        let mut actors = appointment.participant.iter().filter_map(|participant| participant.actor.as_ref());
        actors.any(|actor| self.local(actor).is_some_and(|local| local == own))
    }

    fn appointment(&self, found: resources::Appointment) -> Option<Appointment> {
        let status = AppointmentStatus::read(&found.status)?;
        let time = |text: &Option<String>| DateTime::parse_from_rfc3339(text.as_deref()?).ok();
        let start = time(&found.start)?;
        let what = found.service_type.iter().chain(&found.specialty).chain(&found.appointment_type).find_map(named);
        let (mut with, mut actors) = (Vec::new(), Vec::new());
        for actor in found.participant.iter().filter_map(|participant| participant.actor.as_ref()) {
            let Some(local) = self.local(actor) else { continue };
            match local.split_once('/').map(|(kind, _)| kind) {
                Some("Practitioner" | "PractitionerRole" | "HealthcareService") => {
                    with.extend(actor.display.as_deref().and_then(shown));
                    actors.push(local);
                }
                Some("Location") => with.extend(actor.display.as_deref().and_then(shown)),
                // Other patients, relatives, devices.
                _ => {}
            }
        }
        Some(Appointment { status, start, end: time(&found.end), what, with, actors })
    }
}

fn named(concept: &CodeableConcept) -> Option<String> {
    let coded = concept.coding.iter().find_map(|coding| coding.display.as_deref());
    concept.text.as_deref().or(coded).and_then(shown)
}

/// What a server calls something, as far as that can be shown: one short line.
fn shown(text: &str) -> Option<String> {
    let line: String = text.chars().map(|character| if character.is_control() { ' ' } else { character }).collect();
    let line: String = line.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(LONGEST_DISPLAY).collect();
    Some(line).filter(|line| !line.is_empty())
}

async fn within<T>(by: Instant, work: impl Future<Output = Result<T, FhirFailure>>) -> Result<T, FhirFailure> {
    timeout_at(by, work).await.unwrap_or(Err(FhirFailure::TimedOut))
}

async fn body(mut response: Response) -> Result<Vec<u8>, FhirFailure> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|_| FhirFailure::Unreachable)? {
        if body.len() + chunk.len() > LARGEST_PAGE {
            return Err(FhirFailure::TooLarge);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// The standard's word for what went wrong. Anything else that a server says is not repeated.
fn issue_code(body: &[u8]) -> IssueCode {
    let outcome: Option<OperationOutcome> = serde_json::from_slice::<Value>(body)
        .ok()
        .filter(|value| value["resourceType"] == "OperationOutcome")
        .and_then(|value| serde_json::from_value(value).ok());
    let code = outcome.and_then(|outcome| outcome.issue.into_iter().next()).map(|issue| issue.code);
    let is_word = |code: &String| {
        (1..=24).contains(&code.len()) && code.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-')
    };
    IssueCode(code.filter(is_word))
}
