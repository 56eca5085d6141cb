//! Appointments of whoever has signed in, looked up by a model on the hospital's FHIR server.

use std::time::Duration;

use kuzushi_assistant::{
    fake::{FakeModel, Protocol, Script},
    fhir::fake::{FakeFhir, appointment},
};
use kuzushi_domain::{Clock, StaffRole};
use kuzushi_store::{Engine, on_both_engines};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{
    app::TestApp,
    identity::{Site, identify},
    server::{StartedSession, problem},
    socket::Socket,
};

struct Hospital {
    app: TestApp,
    fhir: FakeFhir,
    model: FakeModel,
    site: Site,
    _folder: TempDir,
}

/// An answer for which the appointments were asked for first.
fn looks_up() -> [Script; 2] {
    let protocol = Protocol::OpenAi;
    let call = protocol.head(1) + &protocol.call(1, "call_1", "appointments", &["{\"patient\": \"ben\"}"]);
    let call = call + &protocol.finish("calls", 1) + &protocol.usage(1, 1) + &protocol.end();
    [Script::begin().bytes(call).end(), protocol.answer(&["On Tuesday."], Duration::ZERO)]
}

impl Hospital {
    async fn open(engine: Engine, questions: usize) -> Self {
        let next = |days: i64| (kuzushi_domain::SystemClock.now() + chrono::TimeDelta::days(days)).to_rfc3339();
        let of = |id: &str, patient: &str, days: i64| appointment(id, patient, &next(days), &next(days));
        let fhir = FakeFhir::start(vec![of("a", "ann", 3), of("b", "ben", 5)], 10, Some("secret")).await.unwrap();
        let model = FakeModel::start((0..questions).flat_map(|_| looks_up())).await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("fhir.toml");
        let server = format!(
            "[[server]]\nname = \"main\"\nbase_url = \"{}\"\napps = [\"portal\"]\ntoken = \"secret\"\n",
            fhir.base_url()
        );
        std::fs::write(&file, server).unwrap();
        let base_url = model.base_url();
        let app = TestApp::start_with(engine, |config| {
            config.providers.openai_base_url = Some(base_url);
            config.fhir.servers_file = Some(file);
        })
        .await;
        let key = app.key(StaffRole::Owner, app.tenant().await).await;
        app.configure(&key, json!({"assistant": {"provider": "openai", "model": "m", "tools": ["appointments"]}}))
            .await;
        let site = Site::with_key(&app, "2026-11").await;
        Self { app, fhir, model, site, _folder: folder }
    }

    async fn known_as(&self, session: &StartedSession, jti: &str, more: Value) {
        let token = self.site.says_more(&self.app, "patient-7", jti, more);
        let known = identify(&self.app, session, &token).await;
        assert_eq!(known.status(), 200);
    }

    /// What the model is told of the appointments.
    async fn told(&self, socket: &mut Socket, message: &str) -> String {
        socket.say(message, "When is my next appointment?").await;
        assert_eq!(socket.next_of("message").await["content"], "On Tuesday.");
        let asked = self.model.received().pop().unwrap();
        let messages = asked.body["messages"].as_array().unwrap().clone();
        let result = messages.iter().rfind(|message| message["role"] == "tool").unwrap();
        result["content"].as_str().unwrap().to_owned()
    }
}

on_both_engines! {
    async fn a_patient_hears_of_their_own_appointments_while_they_are_signed_in(engine: Engine) {
        let hospital = Hospital::open(engine, 4).await;
        let session = hospital.app.init("portal").await;
        let mut socket = hospital.app.connect(&session).await;
        let unknown = hospital.told(&mut socket, "m1").await;
        assert!(unknown.contains("only for patients who have signed in") && hospital.fhir.asked().is_empty(), "{unknown}");

        hospital.known_as(&session, "1", json!({"fhirPatient": "ann"})).await;
        let told = hospital.told(&mut socket, "m2").await;
        // Names and dates leave redacted, like all that is a patient's.
        assert!(told.contains("Cardiology"), "{told}");
        assert!(!told.contains("Name of") && !told.contains("ben"), "{told}");
        assert_eq!(hospital.fhir.asked().len(), 1);
        let sent = hospital.model.received().iter().map(|asked| asked.body.to_string()).collect::<String>();
        assert!(!sent.contains("Patient/ann"), "nor does the model hear who they are there");

        // The newest word of the hospital's site counts.
        hospital.known_as(&session, "2", json!({})).await;
        assert!(hospital.told(&mut socket, "m3").await.contains("only for patients"));
        hospital.known_as(&session, "3", json!({"fhirPatient": "ann"})).await;
        assert!(hospital.told(&mut socket, "m4").await.contains("Cardiology"));
    }

    async fn a_record_is_closed_when_its_patient_is_signed_in_no_more(engine: Engine) {
        let hospital = Hospital::open(engine, 1).await;
        let app = &hospital.app;
        let session = app.init("portal").await;
        hospital.known_as(&session, "1", json!({"fhirPatient": "ann"})).await;
        let scope = app.state.store.tenant(app.tenant().await).await.unwrap();
        let stored = scope.session(session.id.parse().unwrap()).await.unwrap();
        let owner = stored.owner.unwrap();
        let record = scope.patient_record(owner.user).await.unwrap().unwrap();
        assert_eq!((record.server.as_str(), record.patient.expose().as_str()), ("main", "ann"));
        let config = scope.config_version(stored.app, stored.config_version).await.unwrap().config;
        let open = async || kuzushi_server::conversation::record_of(&app.state, &scope, &stored, &config).await.unwrap();
        assert_eq!(open().await, Some(record));
        let mut without = config.clone();
        without.assistant.tools.clear();
        assert_eq!(kuzushi_server::conversation::record_of(&app.state, &scope, &stored, &without).await.unwrap(), None);
        app.clock.advance(31 * 60);
        assert_eq!(open().await, None, "nobody is signed in any more");
    }

    async fn what_a_site_says_of_a_record_has_to_be_an_id(engine: Engine) {
        let hospital = Hospital::open(engine, 1).await;
        let session = hospital.app.init("portal").await;
        for wrong in ["ann/../ben", "", "a b", "Patient/ann"] {
            let token = hospital.site.says_more(&hospital.app, "patient-7", wrong, json!({"fhirPatient": wrong, "jti": format!("j{wrong}")}));
            assert_eq!(problem(identify(&hospital.app, &session, &token).await).await.1, "IDENTITY_REFUSED", "{wrong}");
        }
    }
}
