//! What nothing covers is known by where it was asked, and forgotten when that is.

use kuzushi_domain::{Id, Phi};
use kuzushi_store::{
    AuditFilter, GapState, GapTopic, Session, StoreError,
    entities::{gap, gap_question},
    on_both_engines,
};
use sea_orm::{Database, EntityTrait};

use crate::fixture::{Hospital, add_tenant, at};

fn words(words: &str) -> GapTopic {
    GapTopic::Words(Phi::from(words))
}

async fn gaps(hospital: &Hospital, state: Option<GapState>) -> Vec<kuzushi_store::Gap> {
    hospital.scope.gaps(hospital.app.id, state, None, 50, at(9)).await.unwrap()
}

async fn record(hospital: &Hospital, session: &Session, seq: i64, topic: GapTopic, seconds: i64) {
    hospital.scope.record_gap(session, seq, topic, at(seconds)).await.unwrap();
}

on_both_engines! {
    async fn questions_are_gathered_by_topic_and_counted_once(engine: Engine) {
        let hospital = Hospital::open(engine).await;
        let (one, two) = (hospital.session().await, hospital.session().await);
        let article = Id::generate();
        record(&hospital, &one, 1, words("acupunctur"), 1).await;
        record(&hospital, &one, 1, words("acupunctur"), 1).await;
        record(&hospital, &two, 3, words("acupunctur"), 2).await;
        record(&hospital, &two, 5, GapTopic::Near(article), 3).await;

        let found = gaps(&hospital, None).await;
        let told: Vec<_> = found.iter().map(|gap| (gap.questions, gap.article, gap.state)).collect();
        assert_eq!(told, [(1, Some(article), GapState::Open), (2, None, GapState::Open)]);
        assert_eq!((found[1].first_asked_at, found[1].last_asked_at), (at(1), at(2)));
        let asked = hospital.scope.gap_questions(hospital.app.id, found[1].id, 50).await.unwrap();
        assert_eq!(asked.iter().map(|question| (question.session, question.seq)).collect::<Vec<_>>(), [(two.id, 3), (one.id, 1)]);

        let older = hospital.scope.gaps(hospital.app.id, None, Some(found[0].id), 50, at(9)).await.unwrap();
        assert_eq!(older, found[1..]);
        let connection = Database::connect(&hospital.database.url).await.unwrap();
        for row in gap::Entity::find().all(&connection).await.unwrap() {
            assert_eq!(row.topic.len(), 32);
            assert!(!format!("{row:?}").contains("acupunctur"));
        }
    }

    async fn a_gap_is_resolved_and_open_again_when_it_is_asked_about_again(engine: Engine) {
        let hospital = Hospital::open(engine).await;
        let (scope, app) = (&hospital.scope, hospital.app.id);
        let session = hospital.session().await;
        record(&hospital, &session, 1, words("acupunctur"), 1).await;
        let id = gaps(&hospital, None).await[0].id;
        let resolved = scope.set_gap_state(app, id, GapState::Resolved, at(2)).await.unwrap();
        assert_eq!((resolved.state, resolved.resolved_at), (GapState::Resolved, Some(at(2))));
        assert_eq!(resolved.resolved_by.as_deref(), Some("system"));
        scope.set_gap_state(app, id, GapState::Resolved, at(3)).await.unwrap();
        assert!(gaps(&hospital, Some(GapState::Open)).await.is_empty());
        assert_eq!(gaps(&hospital, Some(GapState::Resolved)).await.len(), 1);
        record(&hospital, &session, 3, words("acupunctur"), 4).await;
        assert_eq!(gaps(&hospital, Some(GapState::Open)).await[0].questions, 2);
        scope.set_gap_state(app, id, GapState::Resolved, at(5)).await.unwrap();
        scope.set_gap_state(app, id, GapState::Open, at(6)).await.unwrap();
        for (action, times) in [("gap.resolved", 2), ("gap.reopened", 1)] {
            let filter = AuditFilter { action: Some(action.parse().unwrap()), ..AuditFilter::default() };
            assert_eq!(scope.audit_events(filter, 50).await.unwrap().len(), times, "{action}");
        }
    }

    async fn what_was_erased_is_in_no_gap(engine: Engine) {
        let hospital = Hospital::open(engine).await;
        let (one, two) = (hospital.session().await, hospital.session().await);
        record(&hospital, &one, 1, words("acupunctur"), 1).await;
        record(&hospital, &one, 3, words("karaoke"), 1).await;
        record(&hospital, &two, 1, words("acupunctur"), 1).await;
        hospital.scope.end_session(one.id, true, at(2)).await.unwrap();
        assert_eq!(gaps(&hospital, None).await.iter().map(|gap| gap.questions).collect::<Vec<_>>(), [1]);
        record(&hospital, &one, 5, words("karaoke"), 3).await;
        hospital.scope.end_session(two.id, true, at(4)).await.unwrap();
        assert!(gaps(&hospital, None).await.is_empty());
        let connection = Database::connect(&hospital.database.url).await.unwrap();
        assert!(gap::Entity::find().all(&connection).await.unwrap().is_empty());
        assert!(gap_question::Entity::find().all(&connection).await.unwrap().is_empty());
    }

    async fn gaps_of_another_tenant_are_out_of_reach(engine: Engine) {
        let hospital = Hospital::open(engine).await;
        let session = hospital.session().await;
        record(&hospital, &session, 1, words("acupunctur"), 1).await;
        let id = gaps(&hospital, None).await[0].id;
        let (stranger, theirs) = add_tenant(&hospital.store, "elsewhere").await;
        for app in [hospital.app.id, theirs.id] {
            assert!(stranger.gaps(app, None, None, 50, at(9)).await.unwrap().is_empty());
            assert!(matches!(stranger.gap(app, id).await, Err(StoreError::NotFound)));
            assert!(matches!(stranger.set_gap_state(app, id, GapState::Resolved, at(2)).await, Err(StoreError::NotFound)));
        }
        stranger.record_gap(&session, 3, words("acupunctur"), at(3)).await.unwrap();
        assert_eq!(gaps(&hospital, None).await[0].questions, 1);
    }
}
