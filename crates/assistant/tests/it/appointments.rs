//! The tools that open a patient's record: for whom, and with what in it.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use chrono::{DateTime, Utc};
use kuzushi_assistant::{
    fhir::{
        FhirServer,
        fake::{FakeFhir, Misbehaviour, appointment, schedule, slot},
    },
    tools::{Appointments, FreeTimes, Patient, Records, Tool, ToolContext, ToolFailure},
};
use kuzushi_domain::{Clock, Id, PatientRecord, Phi};
use serde_json::{Map, Value, json};
use tokio::time::Instant;

use crate::demo_hospital::{DemoHospital, PATIENTS};

pub struct Fixed(DateTime<Utc>);

impl Clock for Fixed {
    fn now(&self) -> DateTime<Utc> {
        self.0
    }
}

async fn hospital() -> FakeFhir {
    let resources = vec![
        appointment("a1", "ann", "2026-12-01T09:30:00-05:00", "2026-12-01T10:00:00-05:00"),
        appointment("b1", "ben", "2026-12-02T09:30:00-05:00", "2026-12-02T10:00:00-05:00"),
        schedule("s1", "grey"),
        slot("f1", "s1", "free", "2026-12-03T11:00:00-05:00"),
    ];
    FakeFhir::start(resources, 2, None).await.expect("a server")
}

pub fn records(fake: &FakeFhir) -> Records {
    let servers =
        BTreeMap::from([(String::from("main"), FhirServer::new(&fake.base_url(), None).expect("an address"))]);
    Records::new(servers, Arc::new(Fixed("2026-11-29T12:00:00Z".parse().expect("a time"))))
}

fn of(patient: &str) -> ToolContext {
    let request = DemoHospital::open().request(PATIENTS, &[], "");
    ToolContext {
        patient: Some(Patient { user: Id::generate() }),
        record: Some(PatientRecord { server: "main".into(), patient: Phi::from(patient) }),
        knowledge: request.knowledge,
        contact: request.contact,
        locale: "en-US".into(),
        deadline: Instant::now() + Duration::from_secs(5),
    }
}

fn arguments(value: Value) -> Map<String, Value> {
    value.as_object().expect("an object").clone()
}

#[tokio::test]
async fn the_patient_who_is_signed_in_hears_of_their_own_and_nobody_of_anything_else() {
    let fake = hospital().await;
    let tool = Appointments(records(&fake));
    let asks_for_another = arguments(json!({"patient": "Patient/ben", "user": "ben", "record": {"patient": "ben"}}));
    let own = json!({
        "appointments": [{
            "number": 1, "status": "booked", "from": "Tuesday, 2026-12-01 09:30", "to": "Tuesday, 2026-12-01 10:00",
            "for": "Cardiology", "with": ["Dr. Ada Grey", "Heart Center, 3rd floor"],
        }],
        "thereAreMore": false,
    });
    assert_eq!(tool.call(&asks_for_another, &of("ann")).await.unwrap().data, own);
    fake.misbehave(Misbehaviour::IgnoresPatient);
    assert_eq!(tool.call(&asks_for_another, &of("ann")).await.unwrap().data, own, "Ben's came and is not shown");
    fake.misbehave(Misbehaviour::None);
    let before = fake.asked().len();
    for context in [
        ToolContext { patient: None, ..of("ann") },
        ToolContext { record: None, ..of("ann") },
        ToolContext { record: Some(PatientRecord { server: "other".into(), patient: Phi::from("ann") }), ..of("ann") },
    ] {
        assert_eq!(tool.call(&Map::new(), &context).await, Err(ToolFailure::NotAllowed));
        let free = FreeTimes(records(&fake)).call(&arguments(json!({"appointment": 1})), &context).await;
        assert_eq!(free, Err(ToolFailure::NotAllowed));
    }
    assert_eq!(fake.asked().len(), before, "nothing was asked for");
    fake.misbehave(Misbehaviour::BadGateway);
    assert_eq!(tool.call(&Map::new(), &of("ann")).await, Err(ToolFailure::Unavailable));
}

#[tokio::test]
async fn free_times_are_asked_for_by_the_number_of_an_appointment() {
    let fake = hospital().await;
    let tool = FreeTimes(records(&fake));
    let found = tool.call(&arguments(json!({"appointment": 1})), &of("ann")).await.unwrap().data;
    let expected = json!({
        "with": ["Dr. Ada Grey", "Heart Center, 3rd floor"],
        "freeTimes": ["Thursday, 2026-12-03 11:00"],
        "thereAreMore": false,
    });
    assert_eq!(found, expected, "and nothing of what a slot says of others");
    for wrong in [json!(0), json!(2), json!("1"), json!(-1), Value::Null] {
        let refused = tool.call(&arguments(json!({"appointment": wrong})), &of("ann")).await;
        assert!(matches!(refused, Err(ToolFailure::Arguments(_))), "{refused:?}");
    }
}
