//! What an app's articles mean. Only the assistant can read it; losing it costs time and nothing else.

use kuzushi_domain::{Id, id};
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, sea_query::OnConflict};

use crate::{StoreError, TenantScope, entities::article_meanings};

impl TenantScope {
    /// What was kept last, by this node or another. None: nothing yet.
    pub async fn article_meanings(&self, app: Id<id::App>) -> Result<Option<Vec<u8>>, StoreError> {
        let row = article_meanings::Entity::find_by_id(app.uuid())
            .filter(article_meanings::Column::TenantId.eq(self.id().uuid()))
            .one(self.reader())
            .await?;
        Ok(row.map(|row| row.known))
    }

    /// Keeps this in place of what was kept before.
    pub async fn keep_article_meanings(&self, app: Id<id::App>, known: Vec<u8>) -> Result<(), StoreError> {
        let row = article_meanings::ActiveModel {
            app_id: Set(app.uuid()),
            tenant_id: Set(self.id().uuid()),
            known: Set(known),
        };
        let replace = OnConflict::column(article_meanings::Column::AppId)
            .update_column(article_meanings::Column::Known)
            // Never in place of another tenant's.
            .action_and_where(article_meanings::Column::TenantId.eq(self.id().uuid()))
            .to_owned();
        let transaction = self.write().await?;
        let written =
            article_meanings::Entity::insert(row).on_conflict(replace).exec_without_returning(&transaction).await?;
        transaction.commit().await?;
        if written == 0 { Err(StoreError::NotFound) } else { Ok(()) }
    }
}
