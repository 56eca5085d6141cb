//! Which providers patients' words may go to.

use chrono::NaiveDate;
use kuzushi_domain::agreement::{AgreementKind, Endpoint, Modality};
use kuzushi_store::{AgreementTerms, AuditFilter, StoreError, on_both_engines};

use crate::fixture::{Hospital, add_tenant, at};

fn endpoint(text: &str) -> Endpoint {
    text.parse().unwrap()
}

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn terms(modalities: &[Modality]) -> AgreementTerms {
    AgreementTerms {
        endpoint: endpoint("https://api.openai.com/v1"),
        kind: AgreementKind::BusinessAssociate,
        modalities: modalities.to_vec(),
        signed_on: Some(day("2026-11-20")),
        valid_until: Some(day("2027-11-20")),
        reason: "Contract 118".into(),
    }
}

on_both_engines! {
    async fn an_agreement_holds_for_its_endpoint_its_days_and_what_it_covers(engine: Engine) {
        let hospital = Hospital::open(engine).await;
        let (scope, endpoint) = (&hospital.scope, endpoint("HTTPS://api.openai.com:443/v1/"));
        let (other, _) = add_tenant(&hospital.store, "elsewhere").await;
        let noted = scope.note_agreement(terms(&[Modality::Text]), at(1)).await.unwrap();
        assert_eq!(scope.agreement(noted.id).await.unwrap(), noted);
        assert_eq!(noted.terms, terms(&[Modality::Text]));
        for (today, modality, may) in [
            ("2026-11-19", Modality::Text, false),
            ("2026-11-20", Modality::Text, true),
            ("2027-11-20", Modality::Text, true),
            ("2027-11-21", Modality::Text, false),
            ("2026-11-20", Modality::Voice, false),
        ] {
            let today = day(today);
            assert_eq!(scope.may_send(&endpoint, modality, today).await.unwrap(), may, "{today} {modality:?}");
            assert_eq!(noted.stands(today), may || modality == Modality::Voice);
        }
        let today = day("2026-11-23");
        let elsewhere = "https://api.openai.com/v2".parse().unwrap();
        assert!(!scope.may_send(&elsewhere, Modality::Text, today).await.unwrap());
        assert!(!other.may_send(&endpoint, Modality::Text, today).await.unwrap(), "another tenant has agreed to nothing");
        assert!(matches!(other.agreement(noted.id).await, Err(StoreError::NotFound)));
    }

    async fn a_withdrawn_agreement_allows_nothing_and_stays_on_record(engine: Engine) {
        let hospital = Hospital::open(engine).await;
        let (scope, today) = (&hospital.scope, day("2026-11-23"));
        let own = AgreementTerms {
            kind: AgreementKind::OwnMachines,
            signed_on: None,
            valid_until: None,
            ..terms(&[Modality::Text, Modality::Voice])
        };
        let endpoint = own.endpoint.clone();
        let first = scope.note_agreement(terms(&[Modality::Text]), at(1)).await.unwrap();
        let second = scope.note_agreement(own, at(2)).await.unwrap();
        scope.withdraw_agreement(first.id, "It ended".into(), at(3)).await.unwrap();
        assert!(scope.may_send(&endpoint, Modality::Text, today).await.unwrap(), "the other one stands");
        let withdrawn = scope.withdraw_agreement(second.id, "It ended as well".into(), at(4)).await.unwrap();
        assert_eq!(withdrawn.withdrawn.as_ref().unwrap().reason, "It ended as well");
        assert!(!withdrawn.stands(today));
        assert!(!scope.may_send(&endpoint, Modality::Text, today).await.unwrap());
        let again = scope.withdraw_agreement(second.id, "Once more".into(), at(5)).await;
        assert!(matches!(again, Err(StoreError::Lifted)));
        let listed: Vec<_> = scope.agreements(None, 50).await.unwrap().into_iter().map(|one| one.id).collect();
        assert_eq!(listed, [second.id, first.id]);
        assert_eq!(scope.agreements(Some(second.id), 50).await.unwrap().len(), 1);
        for (action, times) in [("agreement.noted", 2), ("agreement.withdrawn", 2)] {
            let filter = AuditFilter { action: Some(action.parse().unwrap()), ..AuditFilter::default() };
            assert_eq!(scope.audit_events(filter, 50).await.unwrap().len(), times, "{action}");
        }
    }
}
