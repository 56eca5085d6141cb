//! What was erased opens from no backup of the data, whatever keys there are today; what was not erased does.

use kuzushi_domain::{EmailAddress, Phi};
use kuzushi_store::{
    AcceptedMessage, AuditFilter, NewSession, NewUser, PageRequest, Session, SessionMetadata, Store, StoreError,
    TenantScope, WithoutKeys, on_both_engines,
    testing::{TestDatabase, canary::typed},
};
use sea_orm::{ConnectionTrait, Database, Statement};

use crate::fixture::{Hospital, at, message};

const PAGE: PageRequest = PageRequest { before: None, after: None, limit: 50 };

fn jane() -> NewUser {
    let email: EmailAddress = "jane@example.org".parse().unwrap();
    NewUser { email, name: Phi::from("Jane"), password_hash: Some("a hash".into()) }
}

/// A conversation in which something was said.
async fn conversation(hospital: &Hospital) -> Session {
    let session = hospital.session().await;
    hospital.say(&session, "m1", "my left knee").await;
    session
}

async fn words(scope: &TenantScope, session: &Session) -> Vec<String> {
    let session = scope.session(session.id).await.unwrap();
    let page = scope.messages(&session, PAGE).await.unwrap();
    page.messages.into_iter().map(|message| message.content.expose().clone()).collect()
}

async fn count(database: &TestDatabase, table: &str) -> i64 {
    let connection = Database::connect(&database.url).await.unwrap();
    if let Some(folder) = database.folder() {
        let keys = folder.join("kuzushi-keys.db");
        connection.execute_unprepared(&format!("ATTACH DATABASE '{}' AS kuzushi_keys", keys.display())).await.unwrap();
    }
    let sql = format!("SELECT COUNT(*) FROM {table}");
    let row = connection.query_one_raw(Statement::from_string(connection.get_database_backend(), sql)).await.unwrap();
    row.unwrap().try_get_by_index(0).unwrap()
}

/// The scope of the same hospital in another database.
async fn scope_in(database: &TestDatabase, hospital: &Hospital) -> (Store, TenantScope) {
    let store = database.open().await;
    store.migrate().await.unwrap();
    let scope = store.tenant(hospital.scope.id()).await.unwrap();
    (store, scope)
}

/// Has the database refuse what would be done next, as if the process had been killed before it.
async fn stop_before(database: &TestDatabase, what: &str, schema: &str, table: &str) {
    let schema_of = if schema.is_empty() { String::new() } else { format!("{schema}.") };
    let sql = match database.folder() {
        Some(_) => {
            format!("CREATE TRIGGER {schema_of}stop BEFORE {what} ON {table} BEGIN SELECT RAISE(ABORT, 'stopped'); END")
        }
        None => format!(
            "CREATE FUNCTION stop() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'stopped'; END $$; \
             CREATE TRIGGER stop BEFORE {what} ON {schema_of}{table} FOR EACH ROW EXECUTE FUNCTION stop()"
        ),
    };
    database.execute(&sql).await;
}

async fn go_on(database: &TestDatabase, schema: &str, table: &str) {
    let schema_of = if schema.is_empty() { String::new() } else { format!("{schema}.") };
    let sql = match database.folder() {
        Some(_) => format!("DROP TRIGGER {schema_of}stop"),
        None => format!("DROP TRIGGER stop ON {schema_of}{table}; DROP FUNCTION stop()"),
    };
    database.execute(&sql).await;
}

on_both_engines! {
    async fn an_erased_conversation_opens_from_no_backup_and_the_others_do(engine: Engine) {
        let hospital = Hospital::open(engine).await;
        let (kept, erased, due) = (conversation(&hospital).await, conversation(&hospital).await, conversation(&hospital).await);
        hospital.scope.accept_user_message(&kept, message("m2", "and now?"), at(90_000)).await.unwrap();
        let backup = hospital.database.back_up();
        hospital.scope.end_session(erased.id, true, at(2)).await.unwrap();
        let by_age = hospital.scope.erase_older_than(hospital.app.id, 1, 10, at(86_462)).await.unwrap();
        assert_eq!(by_age, [due.id]);

        let restored = hospital.database.restore(&backup).await;
        assert_eq!(count(&restored, "messages").await, 4, "everything that was said is in the backup, sealed");
        let (store, scope) = scope_in(&restored, &hospital).await;
        assert_eq!(words(&scope, &kept).await, [typed("my left knee"), typed("and now?")]);
        for gone in [&erased, &due] {
            let session = scope.session(gone.id).await.unwrap();
            assert!(session.is_erased() && session.metadata == SessionMetadata::default());
            assert_eq!(scope.messages(&session, PAGE).await.unwrap().messages.len(), 0);
            assert!(scope.conversation(gone.id).await.unwrap().is_erased);
        }
        assert_eq!(store.installation().check_keys().await.unwrap().faults.len(), 2);
        assert_eq!(count(&restored, "kuzushi_keys.keys").await, 1, "no key is left that could open them");
    }

    async fn nothing_of_a_destroyed_key_is_left_in_the_files(engine: Engine) {
        let hospital = Hospital::open(engine).await;
        let session = conversation(&hospital).await;
        let Some(folder) = hospital.database.folder() else { return };
        let url = format!("sqlite://{}", folder.join("kuzushi-keys.db").display());
        let wrapped = {
            let connection = Database::connect(&url).await.unwrap();
            let sql = String::from("SELECT wrapped_key FROM keys");
            let row = connection.query_one_raw(Statement::from_string(connection.get_database_backend(), sql)).await;
            let wrapped: Vec<u8> = row.unwrap().unwrap().try_get_by_index(0).unwrap();
            connection.close().await.unwrap();
            wrapped
        };
        let files_with_it = || {
            let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
            files.filter(|path| std::fs::read(path).unwrap().windows(wrapped.len()).any(|window| window == wrapped)).count()
        };
        assert!(files_with_it() > 0, "this test can see it");
        hospital.scope.end_session(session.id, true, at(2)).await.unwrap();
        assert_eq!(files_with_it(), 0);
    }

    async fn what_a_deleted_patient_was_called_opens_from_no_backup(engine: Engine) {
        let hospital = Hospital::open(engine).await;
        let deleted = hospital.scope.create_user(jane(), at(0)).await.unwrap();
        let john = NewUser { email: "john@example.org".parse().unwrap(), ..jane() };
        let kept = hospital.scope.create_user(john, at(0)).await.unwrap();
        let backup = hospital.database.back_up();
        hospital.scope.delete_user(deleted.id, None, at(1)).await.unwrap();

        let restored = hospital.database.restore(&backup).await;
        assert_eq!(count(&restored, "users").await, 2, "the row is in the backup");
        let (_, scope) = scope_in(&restored, &hospital).await;
        assert_eq!(scope.users(None, 10).await.unwrap(), [kept]);
        assert!(matches!(scope.user(deleted.id).await, Err(StoreError::NotFound)));
        assert!(scope.credentials(&jane().email).await.unwrap().is_none());
    }

    async fn rows_follow_their_keys_after_a_restore(engine: Engine) {
        let hospital = Hospital::open(engine).await;
        let (kept, erased) = (conversation(&hospital).await, conversation(&hospital).await);
        let patient = hospital.scope.create_user(jane(), at(0)).await.unwrap();
        let backup = hospital.database.back_up();
        hospital.scope.end_session(erased.id, true, at(2)).await.unwrap();
        hospital.scope.delete_user(patient.id, None, at(2)).await.unwrap();
        assert_eq!(hospital.store.installation().without_keys().await.unwrap(), WithoutKeys::default());

        let restored = hospital.database.restore(&backup).await;
        let (store, scope) = scope_in(&restored, &hospital).await;
        let expected = WithoutKeys { conversations: 1, patients: 1 };
        assert_eq!(store.installation().without_keys().await.unwrap(), expected);
        assert_eq!(store.installation().erase_what_has_no_key(at(9)).await.unwrap(), expected);
        assert_eq!(store.installation().without_keys().await.unwrap(), WithoutKeys::default());
        assert_eq!((count(&restored, "messages").await, count(&restored, "users").await), (1, 0));
        assert_eq!(words(&scope, &kept).await, [typed("my left knee")]);
        let checked = store.installation().check_keys().await.unwrap();
        assert_eq!((checked.conversations, checked.patients, checked.faults.len()), (1, 0, 0));
        let filter = AuditFilter { action: Some("conversation.erased".parse().unwrap()), ..AuditFilter::default() };
        let events = scope.audit_events(filter, 10).await.unwrap();
        assert_eq!(events[0].details["because"], "erased before a restore");
        scope.create_user(jane(), at(10)).await.unwrap();
    }

    async fn a_database_does_not_start_without_its_keys_or_with_others(engine: Engine) {
        let (hospital, other) = (Hospital::open(engine).await, Hospital::open(engine).await);
        hospital.session().await;
        let backup = hospital.database.back_up();
        // Test databases are copies of one, and so are their keys.
        other.database.execute("UPDATE kuzushi_keys.stores SET id = (SELECT id FROM tenants)").await;
        let restored = other.database.restore(&backup).await;
        let refused = restored.open().await.migrate().await;
        assert!(matches!(&refused, Err(StoreError::OtherKeys(reason)) if reason.contains("another")), "{refused:?}");
        hospital.database.execute("DELETE FROM kuzushi_keys.stores").await;
        let refused = hospital.database.open().await.migrate().await;
        assert!(matches!(&refused, Err(StoreError::OtherKeys(reason)) if reason.contains("missing")), "{refused:?}");
    }

    async fn an_erasure_that_was_interrupted_is_finished(engine: Engine) {
        let hospital = Hospital::open(engine).await;
        let session = conversation(&hospital).await;
        stop_before(&hospital.database, "DELETE", "kuzushi_keys", "keys").await;
        assert!(hospital.scope.end_session(session.id, true, at(2)).await.is_err(), "nobody is told that it is erased");
        let filter = || AuditFilter { action: Some("conversation.erased".parse().unwrap()), ..AuditFilter::default() };
        let is_on_record = hospital.scope.audit_events(filter(), 10).await.unwrap().len() == 1;
        let is_erased = hospital.scope.session(session.id).await.unwrap().is_erased();
        let is_both_or_none = (is_on_record, is_erased);
        // One transaction on PostgreSQL; on SQLite the record comes first, and nothing shows what is recorded as erased.
        assert_eq!(is_both_or_none, if hospital.database.folder().is_some() { (true, true) } else { (false, false) });
        assert_eq!(count(&hospital.database, "kuzushi_keys.keys").await, 1);
        go_on(&hospital.database, "kuzushi_keys", "keys").await;

        if is_erased {
            // The next start, before it serves anybody.
            hospital.database.open().await.installation().finish_erasures().await.unwrap();
        }
        // Or the same request once more.
        hospital.scope.end_session(session.id, true, at(3)).await.unwrap();
        assert_eq!(count(&hospital.database, "kuzushi_keys.keys").await, 0);
        assert_eq!(count(&hospital.database, "keys_to_destroy").await, 0);
        assert_eq!(hospital.scope.audit_events(filter(), 10).await.unwrap().len(), 1, "it was erased once");
    }

    async fn what_was_interrupted_while_it_was_made_leaves_nothing_without_its_key(engine: Engine) {
        let hospital = Hospital::open(engine).await;
        stop_before(&hospital.database, "INSERT", "", "sessions").await;
        let new = NewSession {
            app: hospital.app.id,
            widget_instance_id: "widget-1".into(),
            owner: None,
            config_version: 1,
            metadata: SessionMetadata::default(),
        };
        assert!(hospital.scope.create_session(new, at(0)).await.is_err());
        go_on(&hospital.database, "", "sessions").await;
        stop_before(&hospital.database, "INSERT", "", "users").await;
        assert!(hospital.scope.create_user(jane(), at(0)).await.is_err());
        go_on(&hospital.database, "", "users").await;
        assert_eq!((count(&hospital.database, "sessions").await, count(&hospital.database, "users").await), (0, 0));
        let session = conversation(&hospital).await;
        hospital.scope.create_user(jane(), at(1)).await.unwrap();
        assert_eq!(words(&hospital.scope, &session).await, [typed("my left knee")]);
        let checked = hospital.store.installation().check_keys().await.unwrap();
        assert_eq!((checked.conversations, checked.patients, checked.faults.len()), (1, 1, 0));
    }

    async fn two_patients_with_one_address_leave_one_key(engine: Engine) {
        let hospital = Hospital::open(engine).await;
        hospital.scope.create_user(jane(), at(0)).await.unwrap();
        assert!(matches!(hospital.scope.create_user(jane(), at(0)).await, Err(StoreError::Conflict(_))));
        assert_eq!(count(&hospital.database, "kuzushi_keys.keys").await, 1);
    }

    async fn another_node_that_still_holds_the_key_serves_and_adds_nothing(engine: Engine) {
        let hospital = Hospital::open(engine).await;
        let session = conversation(&hospital).await;
        let elsewhere = hospital.database.open().await.tenant(hospital.scope.id()).await.unwrap();
        let held = elsewhere.session(session.id).await.unwrap();
        assert!(!held.is_erased());
        hospital.scope.end_session(session.id, true, at(2)).await.unwrap();
        assert_eq!(elsewhere.messages(&held, PAGE).await.unwrap().messages.len(), 0);
        let said = elsewhere.accept_user_message(&held, message("m2", "still there?"), at(3)).await.unwrap();
        assert!(matches!(said, AcceptedMessage::Ended), "{said:?}");
        assert!(elsewhere.session(session.id).await.unwrap().is_erased());
    }
}
