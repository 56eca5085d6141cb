use std::{collections::BTreeMap, sync::Arc, time::Duration};

use chrono::{DateTime, FixedOffset, TimeDelta};
use futures_util::{FutureExt, future::BoxFuture};
use kuzushi_domain::{Clock, PatientRecord};
use serde_json::{Map, Value, json};
use tokio::time::Instant;

use super::{Tool, ToolContext, ToolFailure, ToolOutput};
use crate::fhir::{Appointment, FhirFailure, FhirServer};

/// Appointments that a model is told of.
const MOST_APPOINTMENTS: usize = 20;
/// Free times that a model is told of.
const MOST_TIMES: usize = 20;
/// How far ahead free times are looked for.
const AHEAD: TimeDelta = TimeDelta::days(60);
/// How long a server may take to say what it can do.
const PATIENCE: Duration = Duration::from_secs(10);

/// The FHIR servers that an operator has set up, by name, and who the patient is in one of them.
#[derive(Clone)]
pub struct Records {
    servers: Arc<BTreeMap<String, FhirServer>>,
    clock: Arc<dyn Clock>,
}

impl Records {
    pub fn new(servers: BTreeMap<String, FhirServer>, clock: Arc<dyn Clock>) -> Self {
        Self { servers: Arc::new(servers), clock }
    }

    /// Logs which servers will not do: whoever set them up reads it.
    pub async fn check(&self) {
        for (name, server) in self.servers.iter() {
            match server.check(Instant::now() + PATIENCE).await {
                Ok(()) => tracing::info!(server = name, "the FHIR server can search appointments"),
                Err(failure) => tracing::warn!(server = name, %failure, "appointments may not be found"),
            }
        }
    }

    /// The server that has the record of whoever is signed in. Nobody else's is looked at, whatever a model asks for.
    fn of<'a>(&'a self, context: &'a ToolContext) -> Result<(&'a FhirServer, &'a PatientRecord), ToolFailure> {
        let record = context.record.as_ref().filter(|_| context.patient.is_some()).ok_or(ToolFailure::NotAllowed)?;
        let server = self.servers.get(&record.server).ok_or(ToolFailure::NotAllowed)?;
        Ok((server, record))
    }

    async fn appointments(&self, context: &ToolContext) -> Result<Vec<Appointment>, ToolFailure> {
        let (server, record) = self.of(context)?;
        server.appointments(&record.patient, self.clock.now(), context.deadline).await.map_err(failed)
    }
}

fn failed(failure: FhirFailure) -> ToolFailure {
    tracing::warn!(%failure, "appointments cannot be looked up");
    ToolFailure::Unavailable
}

/// What is written as a person reads it: the hospital's own time.
fn time(time: DateTime<FixedOffset>) -> String {
    time.format("%A, %Y-%m-%d %H:%M").to_string()
}

/// The appointments of the patient who has signed in.
pub struct Appointments(pub Records);

impl std::fmt::Debug for Appointments {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Appointments")
    }
}

impl Tool for Appointments {
    fn name(&self) -> &'static str {
        "appointments"
    }

    fn description(&self) -> &'static str {
        "Lists the coming appointments of the patient who is signed in, the next one first. It cannot make, move or cancel any."
    }

    fn parameters(&self) -> Value {
        json!({"type": "object", "properties": {}, "additionalProperties": false})
    }

    fn call<'a>(
        &'a self,
        _: &'a Map<String, Value>,
        context: &'a ToolContext,
    ) -> BoxFuture<'a, Result<ToolOutput, ToolFailure>> {
        self.list(context).boxed()
    }
}

impl Appointments {
    async fn list(&self, context: &ToolContext) -> Result<ToolOutput, ToolFailure> {
        let appointments = self.0.appointments(context).await?;
        let shown = appointments.iter().take(MOST_APPOINTMENTS).enumerate().map(|(position, appointment)| {
            json!({
                "number": position + 1,
                "status": appointment.status.as_str(),
                "from": time(appointment.start),
                "to": appointment.end.map(time),
                "for": appointment.what,
                "with": appointment.with,
            })
        });
        let is_cut = appointments.len() > MOST_APPOINTMENTS;
        Ok(json!({"appointments": shown.collect::<Vec<_>>(), "thereAreMore": is_cut}).into())
    }
}

/// When those are free with whom the patient has an appointment.
pub struct FreeTimes(pub Records);

impl std::fmt::Debug for FreeTimes {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("FreeTimes")
    }
}

impl Tool for FreeTimes {
    fn name(&self) -> &'static str {
        "freeTimes"
    }

    fn description(&self) -> &'static str {
        "Lists when those are free with whom the signed-in patient has an appointment, in case they want to move it. It cannot move \
         it: say how the patient can."
    }

    fn parameters(&self) -> Value {
        json!({
            "type": "object",
            "properties": {"appointment": {"type": "integer", "minimum": 1, "description": "The number of the appointment in the list of appointments."}},
            "required": ["appointment"],
            "additionalProperties": false,
        })
    }

    fn call<'a>(
        &'a self,
        arguments: &'a Map<String, Value>,
        context: &'a ToolContext,
    ) -> BoxFuture<'a, Result<ToolOutput, ToolFailure>> {
        self.list(arguments, context).boxed()
    }
}

impl FreeTimes {
    async fn list(&self, arguments: &Map<String, Value>, context: &ToolContext) -> Result<ToolOutput, ToolFailure> {
        let (server, _) = self.0.of(context)?;
        let number = arguments.get("appointment").and_then(Value::as_u64);
        let number = number.and_then(|number| usize::try_from(number).ok());
        let number =
            number.ok_or(ToolFailure::Arguments("appointment: wants a number from the list of appointments"))?;
        let appointments = self.0.appointments(context).await?;
        let appointment = number.checked_sub(1).and_then(|position| appointments.get(position));
        let appointment = appointment.ok_or(ToolFailure::Arguments("appointment: there is none of this number"))?;
        let now = self.0.clock.now();
        let times = server.free_times(&appointment.actors, (now, now + AHEAD), context.deadline);
        let times = times.await.map_err(failed)?;
        let shown: Vec<_> = times.iter().take(MOST_TIMES).copied().map(time).collect();
        Ok(json!({"with": appointment.with, "freeTimes": shown, "thereAreMore": times.len() > MOST_TIMES}).into())
    }
}
