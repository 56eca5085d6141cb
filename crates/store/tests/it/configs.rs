use kuzushi_store::{StoreError, entities::app_config, on_both_engines};
use sea_orm::{ActiveValue::Set, Database, EntityTrait};
use uuid::Uuid;

use crate::fixture::{Hospital, at, config};

on_both_engines! {
    async fn publishing_gives_the_next_version_and_makes_it_the_active_one(engine: Engine) {
        let hospital = Hospital::open(engine).await;
        let second = hospital.scope.publish_config(hospital.app.id, config("second"), at(1)).await.unwrap();
        assert_eq!(second.version, 2);
        let published = hospital.store.installation().published_app("st-marys-portal").await.unwrap().unwrap();
        assert_eq!(published.config.unwrap().version, 2);
        assert_eq!(hospital.scope.config_version(hospital.app.id, 1).await.unwrap().version, 1);
    }

    async fn publishing_at_once_leaves_one_active_version_and_no_hole(engine: Engine) {
        let hospital = Hospital::open(engine).await;
        let tasks: Vec<_> = (0..8)
            .map(|_| {
                let (scope, app) = (hospital.scope.clone(), hospital.app.id);
                tokio::spawn(async move { scope.publish_config(app, config("racing"), at(1)).await.unwrap().version })
            })
            .collect();
        let mut versions = Vec::new();
        for task in tasks {
            versions.push(task.await.unwrap());
        }
        versions.sort_unstable();
        assert_eq!(versions, (2..=9).collect::<Vec<_>>());
    }

    async fn the_database_itself_refuses_a_second_active_version(engine: Engine) {
        let hospital = Hospital::open(engine).await;
        let connection = Database::connect(&hospital.database.url).await.unwrap();
        let second_active = app_config::ActiveModel {
            id: Set(Uuid::now_v7()),
            tenant_id: Set(hospital.scope.id().uuid()),
            app_id: Set(hospital.app.id.uuid()),
            version: Set(2),
            is_active: Set(true),
            config_data: Set(serde_json::json!({})),
            created_by: Set("test".into()),
            note: Set(String::new()),
            created_at: Set(at(0)),
        };
        let refused = app_config::Entity::insert(second_active).exec_without_returning(&connection).await.unwrap_err();
        assert!(matches!(StoreError::from(refused), StoreError::Conflict(_)));
    }

    async fn an_unknown_project_is_none(engine: Engine) {
        let hospital = Hospital::open(engine).await;
        assert_eq!(hospital.store.installation().published_app("nobody").await.unwrap(), None);
    }
}
