//! What belongs to one tenant does not exist for another.

use kuzushi_store::{
    AppChange, Arm, NewArticle, NextTurn, PageRequest, Replaces, StoreError, on_both_engines, testing::write_of,
};
use sea_orm::{ConnectionTrait, SqlErr, sea_query::Query};
use uuid::Uuid;

use crate::fixture::{Hospital, add_tenant, at, config, message};

fn assert_not_found<T>(result: Result<T, StoreError>) {
    assert!(matches!(result, Err(StoreError::NotFound)), "another tenant's record must not exist");
}

on_both_engines! {
    async fn another_tenants_scope_finds_and_changes_nothing(engine: Engine) {
        let hospital = Hospital::open(engine).await;
        let session = hospital.session().await;
        hospital.say(&session, "m1", "Hello").await;
        let article = NewArticle {
            slug: "visiting".into(),
            title: "Visiting".into(),
            summary: String::new(),
            url: None,
            questions: vec![],
            body: "Daily".into(),
            locale: "en-US".into(),
            ..NewArticle::default()
        };
        hospital.scope.replace_articles(hospital.app.id, vec![article.clone()], at(1)).await.unwrap();
        let (stranger, _) = add_tenant(&hospital.store, "elsewhere").await;

        assert_not_found(stranger.session(session.id).await.map(drop));
        assert_not_found(stranger.end_session(session.id, true, at(2)).await);
        assert_not_found(stranger.accept_user_message(&session, message("m2", "Hi"), at(2)).await);
        assert_not_found(stranger.app(hospital.app.id).await);
        assert_not_found(stranger.config_version(hospital.app.id, 1).await);
        assert_not_found(stranger.publish_config(hospital.app.id, config("theirs"), at(2)).await);
        assert_not_found(stranger.create_config(hospital.app.id, config("theirs"), None, at(2)).await);
        assert_not_found(stranger.activate_config(hospital.app.id, 1, Replaces::default(), at(2)).await);
        let arms = vec![Arm { version: 1, weight: 100 }];
        assert_not_found(stranger.split_configs(hospital.app.id, arms, Replaces::default(), at(2)).await);
        assert_eq!(stranger.newest_split(hospital.app.id).await.unwrap(), None);
        assert_not_found(stranger.roll_back_config(hospital.app.id, Replaces::default(), at(2)).await);
        assert_eq!(stranger.config_versions(hospital.app.id, None, 50).await.unwrap(), []);
        assert_eq!(stranger.activations(hospital.app.id, None, 50).await.unwrap(), []);
        assert!(!stranger.apps(None, 50).await.unwrap().contains(&hospital.app));
        let renamed = AppChange { name: Some("x".into()), ..AppChange::default() };
        assert_not_found(stranger.change_app(hospital.app.id, renamed, None, at(2)).await);
        assert_eq!(stranger.app_by_project("st-marys-portal").await.unwrap(), None);
        assert_eq!(stranger.articles(hospital.app.id).await.unwrap(), []);
        assert_eq!(stranger.article(hospital.app.id, "visiting").await.unwrap(), None);
        hospital.scope.keep_article_meanings(hospital.app.id, vec![1]).await.unwrap();
        assert_not_found(stranger.keep_article_meanings(hospital.app.id, vec![2]).await);
        assert_eq!(stranger.article_meanings(hospital.app.id).await.unwrap(), None);
        let page = PageRequest { before: None, after: None, limit: 50 };
        assert!(stranger.messages(&session, page).await.unwrap().messages.is_empty());
        assert_eq!(stranger.begin_next_turn(session.id, at(2)).await.unwrap(), NextTurn::Nothing);
        assert!(!stranger.withdraw_turn(session.id, "m1", at(2)).await.unwrap());
        assert_not_found(stranger.replace_articles(hospital.app.id, vec![article], at(2)).await);
        // The database refuses a record whose parent belongs to another tenant.
        let transaction = write_of(&stranger).await.unwrap();
        let planted = Query::insert()
            .into_table("emergencies")
            .columns(["id", "tenant_id", "app_id", "kind", "is_certain", "created_at"])
            .values_panic([
                Uuid::now_v7().into(),
                stranger.id().uuid().into(),
                hospital.app.id.uuid().into(),
                "stroke".into(),
                true.into(),
                at(2).into(),
            ])
            .to_owned();
        let refused = transaction.execute(&planted).await.unwrap_err();
        assert!(matches!(refused.sql_err(), Some(SqlErr::ForeignKeyConstraintViolation(_))), "{refused}");

        assert_eq!(hospital.scope.messages(&session, page).await.unwrap().messages.len(), 1);
        assert_eq!(hospital.scope.articles(hospital.app.id).await.unwrap().len(), 1);
        assert_eq!(hospital.scope.article_meanings(hospital.app.id).await.unwrap(), Some(vec![1]));
    }
}
