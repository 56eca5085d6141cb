use kuzushi_domain::{AnswerOutcome, Rating};
use kuzushi_store::{
    Arm, ArmResult, Feedback, FinishedAnswer, MessageDetails, Replaces, Split, StoreError,
    entities::{app_config, config_split},
    on_both_engines,
};
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

    async fn a_new_version_waits_until_it_is_activated(engine: Engine) {
        let hospital = Hospital::open(engine).await;
        let (scope, app) = (&hospital.scope, hospital.app.id);
        let draft = scope.create_config(app, config("draft"), Some(1), at(1)).await.unwrap();
        assert_eq!((draft.version, draft.is_active), (2, false));
        assert_eq!(scope.active_config(app).await.unwrap().unwrap().version, 1);

        let active = scope.activate_config(app, 2, version(1), at(2)).await.unwrap();
        assert_eq!((active.version, active.is_active, active.note.as_str()), (2, true, "draft"));
        assert_eq!(scope.active_config(app).await.unwrap(), Some(active));
        let versions = scope.config_versions(app, None, 50).await.unwrap();
        assert_eq!(versions.iter().map(|row| (row.version, row.is_active)).collect::<Vec<_>>(), [(2, true), (1, false)]);
        assert_eq!(scope.config_versions(app, Some(2), 50).await.unwrap().len(), 1);
        assert!(matches!(scope.activate_config(app, 3, Replaces::default(), at(2)).await, Err(StoreError::NotFound)));
    }

    async fn who_did_not_see_the_newest_change_changes_nothing(engine: Engine) {
        let hospital = Hospital::open(engine).await;
        let (scope, app) = (&hospital.scope, hospital.app.id);
        scope.create_config(app, config("Ann's"), Some(1), at(1)).await.unwrap();
        let late = scope.create_config(app, config("Ben's"), Some(1), at(2)).await;
        assert!(matches!(late, Err(StoreError::Changed { newest: Some(2) })), "{late:?}");
        scope.create_config(app, config("Ben's again"), Some(2), at(3)).await.unwrap();

        scope.activate_config(app, 2, version(1), at(4)).await.unwrap();
        let late = scope.activate_config(app, 3, version(1), at(5)).await;
        assert!(matches!(late, Err(StoreError::Changed { newest: Some(2) })), "{late:?}");
        assert_eq!(scope.active_config(app).await.unwrap().unwrap().version, 2);
        // What is so already is no conflict: a request that is sent again finds its own work done.
        scope.activate_config(app, 2, version(1), at(6)).await.unwrap();
        assert_eq!(scope.activations(app, None, 50).await.unwrap().len(), 2);
    }

    async fn rolling_back_returns_to_what_was_active_before(engine: Engine) {
        let hospital = Hospital::open(engine).await;
        let (scope, app) = (&hospital.scope, hospital.app.id);
        assert!(matches!(scope.roll_back_config(app, Replaces::default(), at(1)).await, Err(StoreError::NotFound)));
        scope.publish_config(app, config("second"), at(1)).await.unwrap();
        scope.create_config(app, config("third, never active"), None, at(2)).await.unwrap();
        let back = scope.roll_back_config(app, Replaces::default(), at(3)).await.unwrap();
        assert_eq!((back.version, back.is_active), (1, true));
        assert_eq!(scope.active_config(app).await.unwrap().unwrap().version, 1);
        let history = scope.activations(app, None, 50).await.unwrap();
        assert_eq!(history.iter().map(|row| (row.number, row.version)).collect::<Vec<_>>(), [(3, 1), (2, 2), (1, 1)]);
        assert_eq!((history[0].activated_by.as_str(), history[0].activated_at), ("system", at(3)));
        let late = scope.roll_back_config(app, version(2), at(4)).await;
        assert!(matches!(late, Err(StoreError::Changed { newest: Some(1) })), "{late:?}");
        assert_eq!(scope.activations(app, Some(3), 1).await.unwrap()[0].number, 2);
    }

    async fn two_hundred_activations_at_once_leave_one_active_version_and_every_one_on_record(engine: Engine) {
        let hospital = Hospital::open(engine).await;
        let app = hospital.app.id;
        for _ in 0..3 {
            hospital.scope.create_config(app, config("draft"), None, at(1)).await.unwrap();
        }
        let tasks: Vec<_> = (0..200)
            .map(|number| {
                let scope = hospital.scope.clone();
                // Half of them say what they replace, and most of those are too late.
                let replaces = Replaces { version: (number % 2 == 0).then_some(number % 4 + 1), split: None };
                tokio::spawn(async move { scope.activate_config(app, number % 3 + 1, replaces, at(2)).await })
            })
            .collect();
        for task in tasks {
            match task.await.unwrap() {
                Ok(_) | Err(StoreError::Changed { .. }) => {}
                Err(error) => panic!("{error}"),
            }
        }
        let versions = hospital.scope.config_versions(app, None, 50).await.unwrap();
        let active: Vec<i32> = versions.iter().filter(|row| row.is_active).map(|row| row.version).collect();
        let history = hospital.scope.activations(app, None, 200).await.unwrap();
        assert_eq!(active, [history[0].version]);
        let numbers: Vec<i32> = history.iter().rev().map(|row| row.number).collect();
        assert!(numbers.iter().copied().eq(numbers[0]..=history[0].number), "{numbers:?}");
        assert!(history.windows(2).all(|pair| pair[0].version != pair[1].version), "each one changed something");
    }

    async fn a_split_runs_until_a_version_is_activated_or_it_is_rolled_back(engine: Engine) {
        let hospital = Hospital::open(engine).await;
        let (scope, app) = (&hospital.scope, hospital.app.id);
        for _ in 0..2 {
            scope.create_config(app, config("draft"), None, at(1)).await.unwrap();
        }
        let split = scope.split_configs(app, arms([(2, 30), (1, 70)]), version(1), at(2)).await.unwrap();
        assert_eq!((split.number, &split.arms), (1, &arms([(1, 70), (2, 30)])));
        assert_eq!(scope.running_split(app).await.unwrap(), Some(split.clone()));
        let published = hospital.store.installation().published_app("st-marys-portal").await.unwrap().unwrap();
        assert_eq!((published.config.unwrap().version, published.split), (1, Some(split.clone())));
        // The same once more is the same split, whatever its author has seen.
        assert_eq!(scope.split_configs(app, split.arms.clone(), version(1), at(3)).await.unwrap(), split);
        let late = scope.split_configs(app, arms([(1, 50), (3, 50)]), version(1), at(3)).await;
        assert!(matches!(late, Err(StoreError::Divided { number: 1 })), "{late:?}");
        let late = scope.activate_config(app, 3, version(1), at(3)).await;
        assert!(matches!(late, Err(StoreError::Divided { number: 1 })), "{late:?}");
        // Nor is a split ended unseen by whoever wants the active version for all.
        let late = scope.activate_config(app, 1, version(1), at(3)).await;
        assert!(matches!(late, Err(StoreError::Divided { number: 1 })), "{late:?}");
        let late = scope.split_configs(app, arms([(1, 50), (3, 50)]), seen(9), at(3)).await;
        assert!(matches!(late, Err(StoreError::Divided { number: 1 })), "{late:?}");
        let unknown = scope.split_configs(app, arms([(1, 50), (9, 50)]), Replaces::default(), at(3)).await;
        assert!(matches!(unknown, Err(StoreError::NotFound)));

        assert_eq!(scope.roll_back_config(app, Replaces::default(), at(4)).await.unwrap().version, 1);
        assert_eq!(scope.running_split(app).await.unwrap(), None);
        let late = scope.split_configs(app, arms([(1, 50), (3, 50)]), seen(1), at(4)).await;
        assert!(matches!(late, Err(StoreError::Changed { newest: Some(1) })), "{late:?}");
        for (number, version) in [(2, 1), (4, 2)] {
            let split = scope.split_configs(app, arms([(1, 50), (3, 50)]), Replaces::default(), at(5)).await.unwrap();
            assert_eq!(split.number, number);
            let split = scope.split_configs(app, arms([(1, 40), (3, 60)]), seen(number), at(5)).await.unwrap();
            scope.activate_config(app, version, seen(split.number), at(6)).await.unwrap();
            assert_eq!(scope.running_split(app).await.unwrap(), None);
            assert_eq!(scope.active_config(app).await.unwrap().unwrap().version, version);
        }
        assert_eq!(scope.newest_split(app).await.unwrap().unwrap().ended_at, Some(at(6)));
    }

    async fn two_hundred_activations_and_splits_at_once_leave_one_outcome(engine: Engine) {
        let hospital = Hospital::open(engine).await;
        let app = hospital.app.id;
        for _ in 0..3 {
            hospital.scope.create_config(app, config("draft"), None, at(1)).await.unwrap();
        }
        let tasks: Vec<_> = (0..200)
            .map(|number| {
                let scope = hospital.scope.clone();
                let replaces = match number % 5 {
                    0 => version(number % 4 + 1),
                    1 => seen(number / 5),
                    _ => Replaces::default(),
                };
                let version = number % 3 + 1;
                tokio::spawn(async move {
                    match number % 7 {
                        0..=2 => scope.activate_config(app, version, replaces, at(2)).await.map(drop),
                        3 => scope.roll_back_config(app, Replaces::default(), at(2)).await.map(drop),
                        _ => {
                            let arms = arms([(version, 40), (4, 60)]);
                            scope.split_configs(app, arms, replaces, at(2)).await.map(drop)
                        }
                    }
                })
            })
            .collect();
        for task in tasks {
            match task.await.unwrap() {
                // Not found: nothing to return to yet.
                Ok(()) | Err(StoreError::Changed { .. } | StoreError::Divided { .. } | StoreError::NotFound) => {}
                Err(error) => panic!("{error}"),
            }
        }
        let connection = Database::connect(&hospital.database.url).await.unwrap();
        let splits = config_split::Entity::find().all(&connection).await.unwrap();
        let newest = splits.iter().map(|split| split.number).max().unwrap();
        assert_eq!(splits.len(), newest as usize, "no number twice, no hole");
        let running: Vec<i32> = splits.iter().filter(|row| row.ended_at.is_none()).map(|row| row.number).collect();
        assert!(running.is_empty() || running == [newest], "{running:?} of {newest}");
        let published = hospital.store.installation().published_app("st-marys-portal").await.unwrap().unwrap();
        assert_eq!(published.split.is_some(), !running.is_empty());
        let history = hospital.scope.activations(app, None, 200).await.unwrap();
        assert_eq!(published.config.unwrap().version, history[0].version);
        assert!(history.windows(2).all(|pair| pair[0].version != pair[1].version), "each one changed something");
    }

    async fn a_splits_results_are_counted_by_arm(engine: Engine) {
        let hospital = Hospital::open(engine).await;
        let (scope, app) = (&hospital.scope, hospital.app.id);
        scope.create_config(app, config("draft"), None, at(0)).await.unwrap();
        hospital.session().await;
        let split = scope.split_configs(app, arms([(1, 50), (2, 50)]), Replaces::default(), at(-1)).await.unwrap();
        let session = hospital.session().await;
        hospital.say(&session, "m1", "Hello").await;
        hospital.say(&session, "m2", "Hello?").await;
        let turn = hospital.begin(&session, 2).await;
        scope.finish_turn(&session, &turn, FinishedAnswer::Failed { code: "AI_ERROR" }, at(3)).await.unwrap();
        hospital.say(&session, "m3", "And now?").await;
        let turn = hospital.begin(&session, 4).await;
        let answer = FinishedAnswer::Done { content: "From 2 to 8.".into(), details: MessageDetails::default(), outcome: AnswerOutcome::Answered };
        scope.finish_turn(&session, &turn, answer, at(5)).await.unwrap();
        let rated = |rating| Some(Feedback { rating, comment: None });
        scope.rate_answer(&session, &turn.answer_id, rated(Rating::Down)).await.unwrap();
        scope.rate_answer(&session, &turn.answer_id, rated(Rating::Up)).await.unwrap();
        for (number, outcome) in [(4, AnswerOutcome::Referred), (5, AnswerOutcome::Emergency), (6, AnswerOutcome::Referred)] {
            hospital.say(&session, &format!("m{number}"), "And now?").await;
            let turn = hospital.begin(&session, 6).await;
            let answer = FinishedAnswer::Done { content: "Call us.".into(), details: MessageDetails::default(), outcome };
            scope.finish_turn(&session, &turn, answer, at(7)).await.unwrap();
            scope.rate_answer(&session, &turn.answer_id, rated(Rating::Down).filter(|_| number == 4)).await.unwrap();
        }
        let none = ArmResult { version: 2, ..ArmResult::default() };
        let first = ArmResult {
            version: 1,
            conversations: 2,
            used: 1,
            questions: 6,
            answered: 1,
            handed_over: 3,
            emergencies: 1,
            failed: 1,
            rated_up: 1,
            rated_down: 1,
        };
        assert_eq!(scope.split_results(app, &split).await.unwrap(), [first, none]);
        let later = Split { started_at: at(1), ..split };
        let nothing = ArmResult { version: 1, ..none };
        assert_eq!(scope.split_results(app, &later).await.unwrap(), [nothing, none]);
    }
}

fn arms(arms: [(i32, u32); 2]) -> Vec<Arm> {
    arms.map(|(version, weight)| Arm { version, weight }).to_vec()
}

/// What somebody says who has seen a version for all.
fn version(version: i32) -> Replaces {
    Replaces { version: Some(version), split: None }
}

/// What somebody says who has seen a split.
fn seen(number: i32) -> Replaces {
    Replaces { version: None, split: Some(number) }
}
