//! What PostgreSQL itself keeps apart, whatever a query forgets. On SQLite there is no such thing: there the scope's type and
//! the queries' conditions are all there is, and `isolation.rs` looks at those.

use std::{collections::BTreeMap, task::Poll};

use kuzushi_domain::{AnswerOutcome, AuditAction, Phi};
use kuzushi_store::{
    DatabaseOptions, Engine, FinishedAnswer, MessageDetails, NewAuditEvent, PageRequest, Store, StoreError,
    TenantScope,
    sealed::OperatorKey,
    testing::{
        OPERATOR_KEY, Postgres, TestDatabase, reads_of, reads_of_installation, reads_of_staff, rows_of, write_of,
    },
};
use sea_orm::{
    ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DbBackend, DbErr, FromQueryResult, Statement,
    TransactionTrait,
};

use crate::fixture::{Hospital, add_tenant, at, begun, message};

fn statement(sql: &str) -> Statement {
    Statement::from_string(DbBackend::Postgres, sql)
}

async fn texts(connection: &impl ConnectionTrait, sql: &str) -> Result<Vec<String>, DbErr> {
    let rows = connection.query_all_raw(statement(sql)).await?;
    rows.iter().map(|row| row.try_get_by_index(0)).collect()
}

async fn text(connection: &impl ConnectionTrait, sql: &str) -> String {
    texts(connection, sql).await.unwrap().pop().unwrap()
}

/// A column of a table.
#[derive(Debug, FromQueryResult)]
struct Column {
    table: String,
    column: String,
    kind: String,
}

/// Every table, and its columns that want a value.
async fn tables(connection: &impl ConnectionTrait) -> BTreeMap<String, Vec<Column>> {
    let sql = "SELECT pg_class.oid::regclass::text AS table, attname::text AS column, format_type(atttypid, NULL) AS kind \
               FROM pg_class JOIN pg_attribute ON attrelid = pg_class.oid \
               WHERE relnamespace IN (current_schema()::regnamespace, 'kuzushi_keys'::regnamespace) AND relkind IN ('r', 'p') \
                 AND attnum > 0 AND NOT attisdropped AND relname <> 'seaql_migrations' AND (attnotnull OR attname = 'tenant_id') \
               ORDER BY relname, attnum";
    let mut tables = BTreeMap::<_, Vec<_>>::new();
    for column in Column::find_by_statement(statement(sql)).all(connection).await.unwrap() {
        tables.entry(column.table.clone()).or_default().push(column);
    }
    tables
}

/// The column that says whose row it is.
fn tenant_column(table: &str, columns: &[Column]) -> Option<&'static str> {
    match table {
        "tenants" => Some("id"),
        "audit_chains" | "audit_events" => Some("chain_id"),
        _ => columns.iter().any(|column| column.column == "tenant_id").then_some("tenant_id"),
    }
}

/// A statement that puts a row of this tenant into the table, with values that are like no others.
fn insert(table: &str, columns: &[Column], tenant: &str) -> String {
    let own = tenant_column(table, columns);
    let names: Vec<_> = columns.iter().map(|column| format!("\"{}\"", column.column)).collect();
    let values: Vec<_> = columns
        .iter()
        .map(|column| match column.kind.as_str() {
            _ if Some(column.column.as_str()) == own => format!("'{tenant}'"),
            "uuid" => String::from("gen_random_uuid()"),
            "text" | "character varying" => String::from("gen_random_uuid()::text"),
            "bytea" => String::from("uuid_send(gen_random_uuid())"),
            "integer" | "bigint" => String::from("1 + (random() * 1e6)::integer"),
            "boolean" => String::from("true"),
            "jsonb" => String::from("'{}'"),
            "timestamp with time zone" => String::from("now()"),
            "date" => String::from("current_date"),
            other => panic!("{table}.{}: how does a value of type {other} look?", column.column),
        })
        .collect();
    format!("INSERT INTO {table} ({}) VALUES ({})", names.join(", "), values.join(", "))
}

/// What the database says when a policy or a missing right stops a statement.
fn assert_refused<T: std::fmt::Debug>(outcome: Result<T, DbErr>, table: &str) {
    let error = outcome.expect_err(table).to_string();
    let refusals = ["violates row-level security policy", "permission denied for table"];
    assert!(refusals.iter().any(|refusal| error.contains(refusal)), "{table}: {error}");
}

/// One connection, so that what a transaction leaves behind is there for the next.
async fn connect(url: &str) -> DatabaseConnection {
    Database::connect(ConnectOptions::new(url).max_connections(1).to_owned()).await.unwrap()
}

/// Two tenants with rows of each in every table, as an owner without any policy puts them there.
async fn two_tenants(hospital: &Hospital) -> (DatabaseConnection, TenantScope) {
    let (stranger, _) = add_tenant(&hospital.store, "elsewhere").await;
    let owner = connect(&hospital.database.url).await;
    let rules = "SELECT format('ALTER TABLE %s DROP CONSTRAINT %I', conrelid::regclass, conname) FROM pg_constraint \
                 WHERE connamespace = current_schema()::regnamespace AND contype IN ('c', 'f') ORDER BY 1";
    for rule in texts(&owner, rules).await.unwrap() {
        owner.execute_unprepared(&rule).await.unwrap();
    }
    for (table, columns) in tables(&owner).await {
        for scope in [&hospital.scope, &stranger] {
            if table != "tenants" && table != "audit_chains" {
                owner.execute_unprepared(&insert(&table, &columns, &scope.id().uuid().to_string())).await.unwrap();
            }
        }
    }
    (owner, stranger)
}

/// Everything that is not this tenant's, as text.
async fn foreign_rows(owner: &DatabaseConnection, own: &str) -> Vec<String> {
    let mut rows = Vec::new();
    for (table, columns) in tables(owner).await {
        if let Some(column) = tenant_column(&table, &columns) {
            let sql =
                format!("SELECT a_row::text FROM {table} AS a_row WHERE {column} IS DISTINCT FROM '{own}' ORDER BY 1");
            rows.extend(texts(owner, &sql).await.unwrap());
        }
    }
    rows
}

#[tokio::test]
async fn statements_without_a_condition_reach_the_scopes_own_rows_only() {
    let hospital = Hospital::open(Engine::Postgres).await;
    let (owner, stranger) = two_tenants(&hospital).await;
    let (own, other) = (hospital.scope.id().uuid().to_string(), stranger.id().uuid().to_string());
    let foreign = foreign_rows(&owner, &own).await;
    let unreachable = ["api_keys", "tenants"];
    let mut looked_at = 0;
    for (table, columns) in tables(&owner).await {
        let Some(column) = tenant_column(&table, &columns) else { continue };
        let select = format!("SELECT {column}::text FROM {table}");
        let keep = format!("UPDATE {table} SET {column} = {column}");
        let give_away = format!("UPDATE {table} SET {column} = '{other}'");
        let delete = format!("DELETE FROM {table}");
        // What is read through the scope, and what is read where it writes.
        let transaction = write_of(&hospital.scope).await.unwrap();
        let read_through = [
            texts(reads_of(&hospital.scope), &select).await,
            texts(reads_of_staff(&hospital.scope.staff()), &select).await,
            texts(&transaction, &select).await,
        ];
        for found in read_through {
            if unreachable.contains(&table.as_str()) {
                assert_refused(found, &table);
            } else {
                let found = found.unwrap();
                assert!(!found.is_empty() && found.iter().all(|tenant| *tenant == own), "{table}: {found:?}");
            }
        }
        drop(transaction);
        for statement in [give_away, insert(&table, &columns, &other)] {
            let transaction = write_of(&hospital.scope).await.unwrap();
            assert_refused(transaction.execute_unprepared(&statement).await, &table);
        }
        assert!(reads_of(&hospital.scope).execute_unprepared(&delete).await.is_err(), "{table}: reads only read");
        for statement in [keep, delete] {
            let transaction = write_of(&hospital.scope).await.unwrap();
            match transaction.execute_unprepared(&statement).await {
                Ok(changed) => {
                    let all = texts(&owner, &format!("{select} WHERE {column} = '{own}'")).await.unwrap().len();
                    assert_eq!(usize::try_from(changed.rows_affected()).unwrap(), all, "{table}: {statement}");
                    transaction.commit().await.unwrap();
                }
                refused => assert_refused(refused, &table),
            }
        }
        looked_at += 1;
    }
    assert!(looked_at > 15, "{looked_at} tables");
    assert_eq!(foreign_rows(&owner, &own).await, foreign);
}

#[tokio::test]
async fn a_tenants_staff_is_read_as_the_tenant_and_operators_are_not() {
    let hospital = Hospital::open(Engine::Postgres).await;
    two_tenants(&hospital).await;
    let who = "SELECT current_user::text";
    assert_eq!(text(reads_of_staff(&hospital.scope.staff()), who).await, "kuzushi_tenant");
    let operators = hospital.store.installation().staff().await.unwrap();
    assert_eq!(text(reads_of_staff(&operators), who).await, "kuzushi");
    // Operators have no tenant, so that the tenant's role does not find them, whatever it asks.
    let owner = connect(&hospital.database.url).await;
    let operator = "UPDATE staff_members SET tenant_id = NULL WHERE tenant_id <> ";
    owner.execute_unprepared(&format!("{operator}'{}'", hospital.scope.id().uuid())).await.unwrap();
    let all = "SELECT coalesce(tenant_id::text, 'an operator') FROM staff_members";
    assert_eq!(texts(&owner, all).await.unwrap().len(), 2);
    let found = texts(reads_of_staff(&hospital.scope.staff()), all).await.unwrap();
    assert_eq!(found, [hospital.scope.id().uuid().to_string()]);
}

#[tokio::test]
async fn an_erased_tenants_rows_go_from_every_table() {
    let hospital = Hospital::open(Engine::Postgres).await;
    let (owner, stranger) = two_tenants(&hospital).await;
    owner.execute_unprepared("UPDATE legal_holds SET lifted_at = now()").await.unwrap();
    let others = rows_of(&hospital.store, stranger.id()).await.unwrap();
    assert!(others.len() > 15 && others.values().all(|count| *count > 0), "{others:?}");
    let (id, installation) = (hospital.scope.id(), hospital.store.installation());
    installation.close_tenant(id, at(1)).await.unwrap();
    installation.erase_tenant(id, at(2)).await.unwrap();
    installation.empty_erased_tenants(at(3)).await.unwrap();
    let left = rows_of(&hospital.store, id).await.unwrap();
    assert!(left.values().all(|count| *count == 0), "{left:?}");
    assert_eq!(rows_of(&hospital.store, stranger.id()).await.unwrap(), others);
}

#[tokio::test]
async fn the_tenants_role_without_a_tenant_reaches_nothing() {
    let hospital = Hospital::open(Engine::Postgres).await;
    let (owner, _) = two_tenants(&hospital).await;
    // The second time the setting has been set before: then it is empty, and not unset.
    for _ in 0..2 {
        for (table, columns) in tables(&owner).await {
            if tenant_column(&table, &columns).is_none() {
                continue;
            }
            let transaction = owner.begin().await.unwrap();
            transaction.execute_unprepared("SET LOCAL ROLE kuzushi_tenant").await.unwrap();
            match texts(&transaction, &format!("SELECT 'a row' FROM {table}")).await {
                Ok(found) => assert!(found.is_empty(), "{table}: {found:?}"),
                refused => assert_refused(refused, &table),
            }
        }
        let transaction = owner.begin().await.unwrap();
        transaction
            .execute_unprepared("SET LOCAL kuzushi.tenant = '00000000-0000-0000-0000-000000000001'")
            .await
            .unwrap();
        transaction.commit().await.unwrap();
    }
}

#[tokio::test]
async fn every_table_says_what_the_tenants_role_may_do() {
    let database = TestDatabase::new(Engine::Postgres).await;
    let owner = connect(&database.url).await;
    let mut without_a_tenant = Vec::new();
    for (table, columns) in tables(&owner).await {
        if tenant_column(&table, &columns).is_none() {
            without_a_tenant.push(table);
            continue;
        }
        // For all commands, with a condition for what is read and one for what is written.
        let policies = format!(
            "SELECT polrelid::regclass::text FROM pg_policy \
             WHERE polrelid = '{table}'::regclass AND polcmd = '*' AND polroles = ARRAY['kuzushi_tenant'::regrole::oid] \
               AND pg_get_expr(polqual, polrelid) LIKE '%kuzushi.tenant%' \
               AND pg_get_expr(polwithcheck, polrelid) = pg_get_expr(polqual, polrelid)"
        );
        assert_eq!(texts(&owner, &policies).await.unwrap().len(), 1, "{table} has no policy for the tenant's role");
        let is_secured = format!("SELECT relrowsecurity::text FROM pg_class WHERE oid = '{table}'::regclass");
        assert_eq!(text(&owner, &is_secured).await, "true", "{table}");
    }
    // A table without a tenant is a decision: here, and in `policies.rs` what the tenant's role may read of it.
    let decided = ["installation_keys", "key_stores", "kuzushi_keys.stores", "nodes"];
    assert!(without_a_tenant.iter().all(|table| decided.contains(&table.as_str())), "{without_a_tenant:?}");
    let may = "SELECT table_name || ' ' || privilege_type FROM information_schema.role_table_grants \
               WHERE grantee = 'kuzushi_tenant' AND table_name IN ('nodes', 'seaql_migrations', 'key_stores', 'stores', 'tenants', 'api_keys', 'audit_events') \
               ORDER BY 1";
    assert_eq!(texts(&owner, may).await.unwrap(), ["audit_events INSERT", "audit_events SELECT", "nodes SELECT"]);
    // Both would run with their owner's rights, past every policy.
    let ways_around = "SELECT relname::text FROM pg_class \
                       WHERE relnamespace IN (current_schema()::regnamespace, 'kuzushi_keys'::regnamespace) \
                         AND relkind IN ('v', 'm') \
                       UNION ALL \
                       SELECT proname::text FROM pg_proc WHERE pronamespace = current_schema()::regnamespace AND prosecdef";
    assert_eq!(texts(&owner, ways_around).await.unwrap(), Vec::<String>::new());
    assert_eq!(
        text(
            &owner,
            "SELECT (rolsuper OR rolbypassrls OR rolcanlogin)::text FROM pg_roles WHERE rolname = 'kuzushi_tenant'"
        )
        .await,
        "false"
    );
}

#[tokio::test]
async fn a_database_of_an_earlier_release_gets_its_policies_in_place() {
    let hospital = Hospital::open(Engine::Postgres).await;
    let owner = connect(&hospital.database.url).await;
    let as_it_was = "SELECT format('DROP POLICY %I ON %s', polname, polrelid::regclass) FROM pg_policy \
                     UNION ALL \
                     SELECT format('ALTER TABLE %s DISABLE ROW LEVEL SECURITY', oid::regclass) FROM pg_class WHERE relrowsecurity \
                     UNION ALL SELECT 'DROP OWNED BY kuzushi_tenant, kuzushi_installation'";
    for undo in texts(&owner, as_it_was).await.unwrap() {
        owner.execute_unprepared(&undo).await.unwrap();
    }
    let lost = hospital.scope.app(hospital.app.id).await;
    assert!(matches!(lost, Err(StoreError::Other(ref text)) if text.contains("permission denied")), "{lost:?}");
    // A server of that release, still running, is not disturbed by what the new one does.
    let running = owner.begin().await.unwrap();
    assert_eq!(texts(&running, "SELECT name FROM apps").await.unwrap().len(), 1);
    running.commit().await.unwrap();
    let (one, two) = (hospital.database.open().await, hospital.database.open().await);
    let (first, second) = tokio::join!(one.migrate(), two.migrate());
    first.unwrap();
    second.unwrap();
    assert_eq!(hospital.scope.app(hospital.app.id).await.unwrap(), hospital.app);
    assert_eq!(texts(&owner, "SELECT name FROM apps").await.unwrap().len(), 1);
}

/// All that a hospital's day takes: a tenant, a conversation with an answer, what looks across tenants, the end of it.
async fn work(store: &Store, name: &str) {
    let (scope, app) = add_tenant(store, name).await;
    let new = kuzushi_store::NewSession {
        app: app.id,
        widget_instance_id: String::new(),
        owner: None,
        config_version: 1,
        metadata: kuzushi_store::SessionMetadata::default(),
    };
    let session = scope.create_session(new, at(0)).await.unwrap();
    scope.accept_user_message(&session, message("m1", "Hello"), at(1)).await.unwrap();
    let turn = begun(scope.begin_next_turn(session.id, at(1)).await.unwrap());
    let answer = FinishedAnswer::Done {
        content: Phi::from("Good day"),
        details: MessageDetails::default(),
        outcome: AnswerOutcome::Answered,
    };
    scope.finish_turn(&session, &turn, answer, at(2)).await.unwrap().unwrap();
    let page = PageRequest { before: None, after: None, limit: 50 };
    assert_eq!(scope.messages(&session, page).await.unwrap().messages.len(), 2);
    let installation = store.installation();
    let published = installation.published_app(&app.project_id).await.unwrap().unwrap();
    assert!(published.config.is_some());
    installation.renew_lease("here", at(2)).await.unwrap();
    installation.check_operator_key().await.unwrap();
    assert!(installation.check_audit(&[]).await.unwrap().iter().all(|chain| chain.fault.is_none()));
    assert!(installation.tenant_by_domain(&format!("{name}.example")).await.unwrap().is_some());
    scope.end_session(session.id, true, at(3)).await.unwrap();
    assert!(scope.session(session.id).await.unwrap().is_erased());
}

async fn open(url: String) -> Store {
    let options = DatabaseOptions { url, pool_min: 0, pool_max: 4, group_commit_max: 64, keys_file: None };
    Store::open(&options, OperatorKey::from_bytes(&OPERATOR_KEY).unwrap()).await.unwrap()
}

#[tokio::test]
async fn a_server_can_work_as_a_user_who_owns_nothing() {
    let database = TestDatabase::new(Engine::Postgres).await;
    database.execute("CREATE ROLE clinic LOGIN").await;
    let store = open(database.url_of("clinic")).await;
    let refused = store.migrate().await.unwrap_err().to_string();
    assert!(refused.contains(r#"GRANT kuzushi_tenant, kuzushi_installation TO "clinic""#), "{refused}");
    database.execute("GRANT kuzushi_tenant, kuzushi_installation TO clinic").await;
    store.migrate().await.unwrap();
    assert_eq!(store.pending_migrations().await.unwrap(), Vec::<String>::new());
    work(&store, "st-marys").await;
    // What only the owner can do is said, and left to the owner.
    database.execute("DROP POLICY kuzushi_tenant ON apps").await;
    let refused = store.migrate().await.unwrap_err().to_string();
    assert!(refused.contains("run `kuzushi migrate`"), "{refused}");
}

#[tokio::test]
async fn roles_are_made_by_whoever_may_and_asked_for_otherwise() {
    // Roles belong to the whole server, and the one that all tests share has them.
    let server = Postgres::unsynced().unwrap();
    let admin = connect(&server.url("postgres")).await;
    for role in ["CREATE ROLE clinic LOGIN", "CREATE ROLE practice LOGIN CREATEROLE"] {
        admin.execute_unprepared(role).await.unwrap();
    }
    let mut stores = Vec::new();
    for user in ["clinic", "practice"] {
        let url = server.create_database(user).await;
        admin.execute_unprepared(&format!("ALTER DATABASE {user} OWNER TO {user}")).await.unwrap();
        if user == "practice" {
            // A schema that only its user finds, unless who goes on as another role still looks there.
            let database = connect(&url).await;
            database.execute_unprepared("CREATE SCHEMA practice AUTHORIZATION practice").await.unwrap();
        }
        stores.push(open(url.replacen("kuzushi@", &format!("{user}@"), 1)).await);
    }
    let [clinic, practice] = &stores[..] else { panic!("two stores") };

    let refused = clinic.migrate().await.unwrap_err().to_string();
    let remedy = refused.split_once("run once: ").map(|(_, remedy)| remedy.to_owned());
    practice.migrate().await.unwrap();
    work(practice, "practice").await;
    // The roles are there now, but are not this user's.
    assert!(
        clinic
            .migrate()
            .await
            .unwrap_err()
            .to_string()
            .contains(r#"GRANT kuzushi_tenant, kuzushi_installation TO "clinic""#)
    );
    let remedy = remedy.unwrap();
    let grant = remedy.split(';').find(|statement| statement.contains("GRANT")).unwrap();
    assert_eq!(remedy.matches("CREATE ROLE").count(), 2, "{remedy}");
    admin.execute_unprepared(grant).await.unwrap();
    clinic.migrate().await.unwrap();
    work(clinic, "clinic").await;

    // A role that policies are nothing to would be no wall.
    admin.execute_unprepared("ALTER ROLE kuzushi_tenant BYPASSRLS").await.unwrap();
    let refused = clinic.migrate().await.unwrap_err().to_string();
    assert!(refused.contains("BYPASSRLS"), "{refused}");
}

/// Goes on for so many steps, and is dropped then, as by a client that goes away. Returns whether it was finished before.
async fn dropped_after(steps: usize, going_on: impl Future<Output = ()>) -> bool {
    let mut count = 0;
    let tired = std::future::poll_fn(|context| {
        count += 1;
        context.waker().wake_by_ref();
        if count > steps { Poll::Ready(()) } else { Poll::Pending }
    });
    tokio::select! { biased; () = going_on => true, () = tired => false }
}

/// What whoever had the one connection before has left on it: nothing, or what it was.
async fn left_behind(connection: &impl ConnectionTrait) -> Option<String> {
    let who = text(connection, "SELECT concat(current_user, ' ', current_setting('kuzushi.tenant', true))").await;
    if who != "kuzushi " {
        return Some(who);
    }
    // Refused in a transaction.
    connection.execute_unprepared("VACUUM nodes").await.err().map(|error| error.to_string())
}

#[tokio::test]
async fn what_is_dropped_on_its_way_leaves_neither_role_nor_transaction_behind() {
    let database = TestDatabase::new(Engine::Postgres).await;
    let options = DatabaseOptions { pool_max: 1, ..database.options() };
    let store = Store::open(&options, OperatorKey::from_bytes(&OPERATOR_KEY).unwrap()).await.unwrap();
    let (scope, app) = add_tenant(&store, "st-marys").await;
    let (mut rounds, mut finished) = (0, 0);
    while rounds < 150 || finished == 0 {
        let use_it = async {
            scope.app(app.id).await.unwrap();
            scope.record(NewAuditEvent::new(AuditAction::ConversationRead, "sess"), at(1)).await.unwrap();
            drop(write_of(&scope).await.unwrap());
        };
        finished += usize::from(dropped_after(rounds * rounds, use_it).await);
        assert_eq!(left_behind(reads_of_installation(&store)).await, None, "in round {rounds}");
        rounds += 1;
    }
    assert!(finished < rounds, "nothing was dropped on its way");
    // Whatever was written was written as a whole.
    let chains = store.installation().check_audit(&[]).await.unwrap();
    assert!(chains.iter().all(|chain| chain.fault.is_none()), "{chains:?}");
}

#[tokio::test]
async fn what_is_dropped_on_its_way_would_leave_a_transaction_behind_without_guards() {
    let database = TestDatabase::new(Engine::Postgres).await;
    let unguarded = connect(&database.url).await;
    for steps in 0..20_000 {
        let use_it = async {
            let transaction = unguarded.begin().await.unwrap();
            transaction.execute_unprepared("SET LOCAL ROLE kuzushi_tenant").await.unwrap();
        };
        dropped_after(steps, use_it).await;
        if left_behind(&unguarded).await.is_some() {
            return;
        }
    }
    panic!("what the test before this one looks for is never there");
}
