//! What lies in the database is not what patients wrote.

use kuzushi_domain::{AnswerOutcome, Rating};
use kuzushi_store::{
    Feedback, FinishedAnswer, MessageDetails, Store, StoreError,
    entities::{message, session},
    on_both_engines,
    sealed::OperatorKey,
};
use sea_orm::{ActiveValue::Set, Database, EntityTrait, IntoActiveModel};

use crate::fixture::{Hospital, at};

const CANARY: &str = "my-left-knee-canary-7231";

on_both_engines! {
    async fn no_column_holds_a_patients_words(engine: Engine) {
        let hospital = Hospital::open(engine).await;
        let session = hospital.session().await;
        hospital.say(&session, "m1", CANARY).await;
        let turn = hospital.begin(&session, 2).await;
        let outcome = FinishedAnswer::Done { content: CANARY.into(), details: MessageDetails::default(), outcome: AnswerOutcome::Answered };
        hospital.scope.finish_turn(&session, &turn, outcome, at(3)).await.unwrap();
        let feedback = Feedback { rating: Rating::Down, comment: Some(CANARY.into()) };
        hospital.scope.rate_answer(&session, &turn.answer_id, Some(feedback)).await.unwrap();

        let connection = Database::connect(&hospital.database.url).await.unwrap();
        let rows = message::Entity::find().all(&connection).await.unwrap();
        assert_eq!(rows.len(), 2);
        for row in rows {
            assert!(!contains(&row.content, CANARY), "message {}", row.seq);
            assert_eq!(row.rating_comment.is_some(), row.seq == 2);
            assert!(row.rating_comment.is_none_or(|comment| !contains(&comment, CANARY)));
        }
        let row = session::Entity::find().one(&connection).await.unwrap().unwrap();
        assert!(!contains(&row.metadata.unwrap(), "Mozilla"));
        // On SQLite, not in the file, its log or its index either.
        for entry in hospital.database.folder().into_iter().flat_map(|folder| std::fs::read_dir(folder).unwrap()) {
            let path = entry.unwrap().path();
            assert!(!contains(&std::fs::read(&path).unwrap(), CANARY), "{}", path.display());
        }
    }

    async fn a_ciphertext_moved_to_another_row_does_not_open(engine: Engine) {
        let hospital = Hospital::open(engine).await;
        let session = hospital.session().await;
        hospital.say(&session, "m1", "First").await;
        hospital.say(&session, "m2", "Second").await;
        let connection = Database::connect(&hospital.database.url).await.unwrap();
        let rows = message::Entity::find().all(&connection).await.unwrap();
        let mut swapped = rows[0].clone().into_active_model();
        swapped.content = Set(rows[1].content.clone());
        message::Entity::update(swapped).exec(&connection).await.unwrap();
        let page = kuzushi_store::PageRequest { before: None, after: None, limit: 50 };
        assert!(matches!(hospital.scope.messages(&session, page).await, Err(StoreError::Sealed(_))));
    }

    async fn another_operator_key_is_noticed(engine: Engine) {
        let hospital = Hospital::open(engine).await;
        hospital.store.installation().check_operator_key().await.unwrap();
        let other = OperatorKey::from_bytes(&[1; 32]).unwrap();
        let store = Store::open(&hospital.database.options(), other).await.unwrap();
        assert!(matches!(store.installation().check_operator_key().await, Err(StoreError::Sealed(_))));
        assert!(matches!(store.tenant(hospital.scope.id()).await.map(drop), Err(StoreError::Sealed(_))));
    }
}

fn contains(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}
