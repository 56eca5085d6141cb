//! Files that visitors send: sealed with their conversation's key, and gone with it.

use chrono::{DateTime, Utc};
use kuzushi_domain::{Attachment, Id, Phi, id};
use sea_orm::{
    ActiveValue::Set,
    ColumnTrait, ConnectionTrait, EntityTrait, FromQueryResult, QueryFilter, QuerySelect, Select,
    sea_query::{Alias, Expr, ExprTrait},
};
use uuid::Uuid;

use super::session_locks::lock_sessions;
use crate::{
    Session, StoreError, TenantScope,
    entities::file,
    sealed::{Place, SealError},
};

/// A file as it is to be kept.
#[derive(Debug, Clone)]
pub struct NewFile {
    pub name: Phi<String>,
    pub media_type: String,
    pub content: Phi<Vec<u8>>,
}

/// How many files there may be, and how many bytes in all of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FileLimits {
    pub files_per_session: u64,
    pub bytes_per_session: u64,
    pub bytes_per_app: u64,
}

/// What came of a file that a visitor sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AddedFile {
    /// It waits for the message that it comes with.
    Kept(Attachment),
    /// The conversation has as many files as it may have, or as many bytes in them.
    SessionFull,
    /// So have the app's conversations together.
    AppFull,
    /// The conversation has ended.
    Ended,
}

/// What files there are.
#[derive(Debug, FromQueryResult)]
struct Kept {
    files: i64,
    bytes: Option<i64>,
}

/// A file without what is in it.
#[derive(Debug, FromQueryResult)]
struct Described {
    id: Uuid,
    media_type: String,
    size: i64,
    name: Vec<u8>,
}

impl TenantScope {
    /// Keeps a file, unless that would be too much.
    pub async fn add_file(
        &self,
        session: &Session,
        new: NewFile,
        limits: FileLimits,
        now: DateTime<Utc>,
    ) -> Result<AddedFile, StoreError> {
        let NewFile { name, media_type, content } = new;
        let id = Id::<id::File>::generate();
        let key = session.key.as_deref().ok_or(StoreError::NotFound)?;
        let size = i64::try_from(content.expose().len()).map_err(|_| StoreError::Other("a file's size".into()))?;
        let row = file::ActiveModel {
            id: Set(id.uuid()),
            tenant_id: Set(self.id().uuid()),
            app_id: Set(session.app.uuid()),
            session_id: Set(session.id.uuid()),
            media_type: Set(media_type.clone()),
            size: Set(size),
            name: Set(key.seal(name.expose().as_bytes(), self.file_place(id.uuid(), "name"))?),
            content: Set(key.seal(content.expose(), self.file_place(id.uuid(), "content"))?),
            created_at: Set(now),
            attached_at: Set(None),
        };
        let transaction = self.write().await?;
        // Under the conversation's lock: two at once may not be one too many, and none comes after the end.
        let sessions = lock_sessions(&transaction, self.id(), std::iter::once(session.id.uuid())).await?;
        if sessions.get(&session.id.uuid()).is_none_or(|locked| locked.has_ended) {
            return Ok(AddedFile::Ended);
        }
        let bytes = |kept: &Kept| u64::try_from(kept.bytes.unwrap_or(0) + size).unwrap_or(u64::MAX);
        let in_session = kept(&transaction, self.files_of(file::Column::SessionId, session.id.uuid())).await?;
        let files = u64::try_from(in_session.files).unwrap_or(u64::MAX);
        if files >= limits.files_per_session || bytes(&in_session) > limits.bytes_per_session {
            return Ok(AddedFile::SessionFull);
        }
        let in_app = kept(&transaction, self.files_of(file::Column::AppId, session.app.uuid())).await?;
        if bytes(&in_app) > limits.bytes_per_app {
            return Ok(AddedFile::AppFull);
        }
        file::Entity::insert(row).exec_without_returning(&transaction).await?;
        transaction.commit().await?;
        Ok(AddedFile::Kept(Attachment { id: id.to_string(), name, media_type, size }))
    }

    /// A file of this conversation.
    pub async fn file(&self, session: &Session, id: Id<id::File>) -> Result<(Attachment, Phi<Vec<u8>>), StoreError> {
        let key = session.key.as_deref().ok_or(StoreError::NotFound)?;
        let row = self
            .files_of(file::Column::SessionId, session.id.uuid())
            .filter(file::Column::Id.eq(id.uuid()))
            .one(self.reader())
            .await?
            .ok_or(StoreError::NotFound)?;
        let content = key.open(&row.content, self.file_place(row.id, "content"))?;
        let described = Described { id: row.id, media_type: row.media_type, size: row.size, name: row.name };
        Ok((self.open_file(session, described)?, Phi::new(content)))
    }

    /// Files that a message takes along, in the order they are named in. None: one of them is no file of this conversation.
    pub async fn attach_files(
        &self,
        session: &Session,
        ids: &[Id<id::File>],
        now: DateTime<Utc>,
    ) -> Result<Option<Vec<Attachment>>, StoreError> {
        let wanted = || {
            self.files_of(file::Column::SessionId, session.id.uuid())
                .filter(file::Column::Id.is_in(ids.iter().map(|id| id.uuid())))
        };
        let transaction = self.write().await?;
        file::Entity::update_many()
            .col_expr(file::Column::AttachedAt, Expr::value(now))
            .filter(file::Column::TenantId.eq(self.id().uuid()))
            .filter(file::Column::SessionId.eq(session.id.uuid()))
            .filter(file::Column::Id.is_in(ids.iter().map(|id| id.uuid())))
            .filter(file::Column::AttachedAt.is_null())
            .exec(&transaction)
            .await?;
        let rows: Vec<Described> = wanted()
            .select_only()
            .columns([file::Column::Id, file::Column::MediaType, file::Column::Size, file::Column::Name])
            .into_model()
            .all(&transaction)
            .await?;
        let mut found = rows
            .into_iter()
            .map(|row| Ok((row.id, self.open_file(session, row)?)))
            .collect::<Result<std::collections::HashMap<_, _>, StoreError>>()?;
        let attachments: Option<Vec<_>> = ids.iter().map(|id| found.remove(&id.uuid())).collect();
        if attachments.is_some() {
            transaction.commit().await?;
        }
        Ok(attachments)
    }

    /// Removes a file that no message took along.
    pub async fn remove_file(&self, session: &Session, id: Id<id::File>) -> Result<(), StoreError> {
        let removed = file::Entity::delete_many()
            .filter(file::Column::TenantId.eq(self.id().uuid()))
            .filter(file::Column::SessionId.eq(session.id.uuid()))
            .filter(file::Column::Id.eq(id.uuid()))
            .filter(file::Column::AttachedAt.is_null())
            .exec(&self.writer())
            .await?;
        if removed.rows_affected == 0 { Err(StoreError::NotFound) } else { Ok(()) }
    }

    /// Removes files that came before this time and that no message took along. Returns how many.
    pub async fn forget_waiting_files(&self, before: DateTime<Utc>) -> Result<u64, StoreError> {
        let removed = file::Entity::delete_many()
            .filter(file::Column::TenantId.eq(self.id().uuid()))
            .filter(file::Column::AttachedAt.is_null())
            .filter(file::Column::CreatedAt.lt(before))
            .exec(&self.writer())
            .await?;
        Ok(removed.rows_affected)
    }

    fn files_of(&self, column: file::Column, of: Uuid) -> Select<file::Entity> {
        file::Entity::find().filter(file::Column::TenantId.eq(self.id().uuid())).filter(column.eq(of))
    }

    fn file_place(&self, row: Uuid, column: &'static str) -> Place {
        Place::new(self.id(), "files", row, column)
    }

    fn open_file(&self, session: &Session, row: Described) -> Result<Attachment, StoreError> {
        let key = session.key.as_deref().ok_or(StoreError::NotFound)?;
        let name = key.open(&row.name, self.file_place(row.id, "name"))?;
        let name = String::from_utf8(name).map_err(|_| SealError::Malformed)?;
        let id = Id::<id::File>::from_uuid(row.id).to_string();
        Ok(Attachment { id, name: Phi::new(name), media_type: row.media_type, size: row.size })
    }
}

/// How many there are, and how large they are together.
async fn kept(connection: &impl ConnectionTrait, files: Select<file::Entity>) -> Result<Kept, StoreError> {
    let bytes = Expr::col(file::Column::Size).sum().cast_as(Alias::new("bigint"));
    files
        .select_only()
        .column_as(file::Column::Id.count(), "files")
        .column_as(bytes, "bytes")
        .into_model::<Kept>()
        .one(connection)
        .await?
        .ok_or(StoreError::NotFound)
}
