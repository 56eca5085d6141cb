//! Which patient of the hospital's FHIR server somebody is: sealed with the patient's own key.

use kuzushi_domain::{Id, PatientRecord, Phi, id};
use sea_orm::{ColumnTrait, DatabaseTransaction, EntityTrait, QueryFilter, sea_query::Expr};
use serde_json::{Value, json};

use crate::{StoreError, TenantScope, entities::user};

const COLUMN: &str = "record";

impl TenantScope {
    /// Which patient somebody is, where the hospital's site has said so. None also for those who are disabled or gone.
    pub async fn patient_record(&self, user: Id<id::User>) -> Result<Option<PatientRecord>, StoreError> {
        let row = self.users_with_id(user).one(self.reader()).await?;
        let Some(sealed) = row.filter(|row| row.disabled_at.is_none()).and_then(|row| row.record) else {
            return Ok(None);
        };
        let Some(key) = self.user_key(self.reader(), user).await? else { return Ok(None) };
        let text = self.open_column(&key, user, COLUMN, &sealed)?;
        let value: Value = serde_json::from_str(&text)
            .map_err(|_| StoreError::Other(String::from("a patient's record is not written as it should be")))?;
        let field = |name: &str| value[name].as_str().map(str::to_owned);
        let both = field("server").zip(field("patient"));
        Ok(both.map(|(server, patient)| PatientRecord { server, patient: Phi::new(patient) }))
    }

    /// Notes what the newest token says: also that it says nothing.
    pub(crate) async fn note_record(
        &self,
        transaction: &DatabaseTransaction,
        row: &user::Model,
        record: Option<&PatientRecord>,
    ) -> Result<(), StoreError> {
        if record.is_none() && row.record.is_none() {
            return Ok(());
        }
        let id = Id::from_uuid(row.id);
        let sealed = match record {
            Some(PatientRecord { server, patient }) => {
                // Whoever has no key of their own yet gets one when the server starts, and the record the time after.
                let Some(key) = self.user_key(transaction, id).await? else { return Ok(()) };
                let text = json!({"server": server, "patient": patient.expose()}).to_string();
                Some(self.seal_user(&key, id, COLUMN, &text)?)
            }
            None => None,
        };
        user::Entity::update_many()
            .col_expr(user::Column::Record, Expr::value(sealed))
            .filter(user::Column::TenantId.eq(self.id().uuid()))
            .filter(user::Column::Id.eq(row.id))
            .exec(transaction)
            .await?;
        Ok(())
    }
}
