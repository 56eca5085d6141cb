//! The store of keys as a whole: made where it is missing, held to its database, and filled from before there was one.

use kuzushi_domain::{Id, id};
use sea_orm::{
    ColumnTrait, ConnectionTrait, DbErr, EntityTrait, IntoActiveModel, QueryFilter, QuerySelect, sea_query::Table,
};
use sea_orm_migration::schema::{blob, uuid};
use uuid::Uuid;

use crate::{
    Store, StoreError,
    dialect::{Connections, KEYS},
    entities::{key_store, user},
};

/// Patients sealed anew in one go.
const BATCH: u64 = 500;

/// Makes the tables of keys where they are missing. They are in no migration: what is restored of the database must not say of
/// the keys' file or schema, which is restored by itself, that it is there.
pub(crate) async fn make(connections: &Connections) -> Result<(), DbErr> {
    let writer = connections.writer();
    connections.make_schema_of_keys().await?;
    let keys = Table::create()
        .table((KEYS, "keys"))
        .if_not_exists()
        .col(uuid("id").primary_key())
        .col(uuid("tenant_id"))
        .col(blob("wrapped_key"))
        .to_owned();
    let stores = Table::create().table((KEYS, "stores")).if_not_exists().col(uuid("id").primary_key()).to_owned();
    for table in [keys, stores] {
        writer.execute(&table).await?;
    }
    Ok(())
}

/// Sees to it that these are the keys of this database: without them, and with others, every conversation would look erased.
pub(crate) async fn hold_to_database(connections: &Connections) -> Result<(), StoreError> {
    let writer = connections.writer();
    let of_database = key_store::Entity::find().one(writer).await?.map(|row| row.id);
    let of_keys = key_store::of_keys::Entity::find().one(writer).await?.map(|row| row.id);
    match (of_database, of_keys) {
        (Some(database), Some(keys)) if database == keys => Ok(()),
        (Some(_), None) => Err(StoreError::OtherKeys("the keys of conversations and patients are missing")),
        (Some(_), Some(_)) => {
            Err(StoreError::OtherKeys("the keys of conversations and patients belong to another database"))
        }
        // A new database; or one from before there were keys apart, whose first start broke off here or was restored.
        (None, keys) => {
            let id = keys.unwrap_or_else(Uuid::now_v7);
            if keys.is_none() {
                let row = key_store::of_keys::Model { id };
                key_store::of_keys::Entity::insert(row.into_active_model()).exec_without_returning(writer).await?;
            }
            let row = key_store::Model { id };
            key_store::Entity::insert(row.into_active_model()).exec_without_returning(writer).await?;
            Ok(())
        }
    }
}

impl Store {
    /// Moves the keys that lie beside what they open, in its row, and gives patients without one a key of their own. Each step
    /// can be broken off, and be made on several nodes at once.
    pub(crate) async fn set_keys_apart(&self) -> Result<(), StoreError> {
        let moved = move_keys_out_of_rows(self.connections()).await?;
        let sealed = self.seal_patients_anew().await?;
        if moved > 0 || sealed > 0 {
            self.connections().forget_what_was_freed().await?;
            tracing::info!(conversations = moved, patients = sealed, "set the keys apart from what they seal");
        }
        Ok(())
    }

    async fn seal_patients_anew(&self) -> Result<u64, StoreError> {
        let mut sealed = 0;
        loop {
            let rows: Vec<(Uuid, Uuid)> = user::Entity::find()
                .select_only()
                .columns([user::Column::Id, user::Column::TenantId])
                .filter(user::Column::OwnKey.eq(false))
                .limit(BATCH)
                .into_tuple()
                .all(&self.connections().reader)
                .await?;
            if rows.is_empty() {
                return Ok(sealed);
            }
            for (id, tenant) in rows {
                let scope = self.tenant(Id::from_uuid(tenant)).await?;
                sealed += u64::from(scope.give_user_a_key(Id::<id::User>::from_uuid(id)).await?);
            }
        }
    }
}

/// Copies first, and removes only what is there twice. Returns how many were removed.
async fn move_keys_out_of_rows(connections: &Connections) -> Result<u64, StoreError> {
    let writer = connections.writer();
    // Where there are none, one look into an index that has no entries.
    let left = writer.query_one_raw(statement(writer, "SELECT 1 FROM sessions WHERE wrapped_key IS NOT NULL LIMIT 1"));
    if left.await?.is_none() {
        return Ok(0);
    }
    writer
        .execute_unprepared(&format!(
            "INSERT INTO {KEYS}.keys (id, tenant_id, wrapped_key) \
             SELECT id, tenant_id, wrapped_key FROM sessions WHERE wrapped_key IS NOT NULL AND erased_at IS NULL \
             ON CONFLICT (id) DO NOTHING"
        ))
        .await?;
    let removed = writer
        .execute_unprepared(&format!(
            "UPDATE sessions SET wrapped_key = NULL WHERE wrapped_key IS NOT NULL AND (erased_at IS NOT NULL OR EXISTS \
             (SELECT 1 FROM {KEYS}.keys WHERE keys.id = sessions.id AND keys.wrapped_key = sessions.wrapped_key))"
        ))
        .await?;
    Ok(removed.rows_affected())
}

fn statement(connection: &impl ConnectionTrait, sql: &str) -> sea_orm::Statement {
    sea_orm::Statement::from_string(connection.get_database_backend(), sql)
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, Utc};
    use kuzushi_domain::{EmailAddress, Phi};
    use sea_orm::{ActiveModelTrait, PaginatorTrait};

    use super::*;
    use crate::{
        NewApp, NewSession, NewTenant, NewUser, SessionMetadata, TenantScope, entities::key, on_both_engines,
        sealed::Place, testing::TestDatabase,
    };

    const NOW: DateTime<Utc> = DateTime::UNIX_EPOCH;

    async fn hospital(store: &Store) -> TenantScope {
        let tenant = NewTenant { name: "St. Mary's".into(), domain: "st-marys.example".into() };
        let tenant = store.installation().create_tenant(tenant, NOW).await.unwrap();
        store.tenant(tenant.id).await.unwrap()
    }

    /// Puts everything where it was before keys were kept apart.
    async fn undo(database: &TestDatabase, store: &Store, scope: &TenantScope, patient: Id<id::User>) {
        let row = user::Entity::find_by_id(patient.uuid()).one(scope.reader()).await.unwrap().unwrap();
        let own = scope.user_key(scope.reader(), patient).await.unwrap().unwrap();
        let place = |column| Place::new(scope.id(), "users", patient.uuid(), column);
        let anew = |column, sealed: Vec<u8>| {
            scope.key().seal(&own.open(&sealed, place(column)).unwrap(), place(column)).unwrap()
        };
        let mut old = row.clone().into_active_model();
        old.name = sea_orm::Set(anew("name", row.name));
        old.email = sea_orm::Set(row.email.map(|sealed| anew("email", sealed)));
        old.own_key = sea_orm::Set(false);
        old.update(store.connections().writer()).await.unwrap();
        for statement in [
            "UPDATE sessions SET wrapped_key = (SELECT wrapped_key FROM kuzushi_keys.keys WHERE keys.id = sessions.id)",
            "DELETE FROM kuzushi_keys.keys",
            "DELETE FROM kuzushi_keys.stores",
            "DELETE FROM key_stores",
        ] {
            database.execute(statement).await;
        }
    }

    on_both_engines! {
        async fn keys_that_lay_in_the_rows_are_set_apart(engine: Engine) {
            let database = TestDatabase::new(engine).await;
            let store = database.open().await;
            let scope = hospital(&store).await;
            let app = NewApp {
                project_id: "portal".into(),
                name: "Portal".into(),
                description: String::new(),
                allowed_origins: Vec::new(),
            };
            let app = scope.create_app(app, NOW).await.unwrap();
            let new = NewSession {
                app: app.id,
                widget_instance_id: "widget-1".into(),
                owner: None,
                config_version: 1,
                metadata: SessionMetadata { locale: Some("fr-CA".into()), ..SessionMetadata::default() },
            };
            let session = scope.create_session(new, NOW).await.unwrap();
            let email: EmailAddress = "jane@example.org".parse().unwrap();
            let new = NewUser { email, name: Phi::from("Jane"), password_hash: None };
            let patient = scope.create_user(new, NOW).await.unwrap();
            let wrapped = key::Entity::find_by_id(session.id.uuid()).one(scope.reader()).await.unwrap().unwrap().wrapped_key;
            undo(&database, &store, &scope, patient.id).await;

            // The step that would remove what is copied is stopped.
            let (stop, go_on) = match database.folder() {
                Some(_) => (
                    "CREATE TRIGGER stop BEFORE UPDATE ON sessions BEGIN SELECT RAISE(ABORT, 'stopped'); END",
                    "DROP TRIGGER stop",
                ),
                None => ("ALTER TABLE sessions ADD CONSTRAINT stop CHECK (wrapped_key IS NOT NULL)", "ALTER TABLE sessions DROP CONSTRAINT stop"),
            };
            database.execute(stop).await;
            assert!(store.migrate().await.is_err());
            database.execute(go_on).await;
            assert_eq!(key::Entity::find().count(scope.reader()).await.unwrap(), 1, "it lies on either side");

            store.migrate().await.unwrap();
            store.migrate().await.unwrap();
            let opened = scope.session(session.id).await.unwrap();
            assert_eq!(opened.metadata.locale.as_deref(), Some("fr-CA"));
            assert_eq!(scope.user(patient.id).await.unwrap(), patient);
            let row = user::Entity::find().one(scope.reader()).await.unwrap().unwrap();
            assert!(row.own_key && scope.key().open(&row.name, Place::new(scope.id(), "users", row.id, "name")).is_err());
            let left = sea_orm::Statement::from_string(
                scope.reader().get_database_backend(),
                "SELECT 1 FROM sessions WHERE wrapped_key IS NOT NULL",
            );
            assert!(scope.reader().query_one_raw(left).await.unwrap().is_none());
            for file in database.folder().into_iter().flat_map(|folder| std::fs::read_dir(folder).unwrap()) {
                let path = file.unwrap().path();
                let has_it = std::fs::read(&path).unwrap().windows(wrapped.len()).any(|window| window == wrapped);
                assert!(!has_it || path.to_string_lossy().contains("-keys"), "{}", path.display());
            }
        }
    }
}
