//! What PostgreSQL itself enforces between tenants: two roles that own nothing, and on every table with a tenant's rows a
//! policy for each. `migrate` builds them anew from what tables there are, so a migration has nothing to remember.
//!
//! The tables' owner is under no policy. Forcing it under one would gain nothing, since it has to reach every tenant, and
//! would take backups from `pg_dump`, which refuses to read what a policy may hide.

use kuzushi_domain::{Id, id};
use sea_orm::{ConnectionTrait, DatabaseConnection, DbErr, FromQueryResult, RuntimeErr, Statement, TransactionTrait};

use crate::{StoreError, dialect::KEYS};

/// Reaches the rows of the tenant that the transaction names, and without one nothing.
const TENANT_ROLE: &str = "kuzushi_tenant";
/// Reaches every tenant's rows: for a server that connects as somebody who does not own the tables.
const INSTALLATION_ROLE: &str = "kuzushi_installation";
/// The setting that names the tenant. After a transaction that set it, it is empty, and not unset.
const TENANT_SETTING: &str = "kuzushi.tenant";

/// What membership has to be good for. Before 16 every member may take on its role.
const MAY_SET_ROLE: &str = "CASE WHEN current_setting('server_version_num')::int < 160000 THEN 'MEMBER' ELSE 'SET' END";

const INSUFFICIENT_PRIVILEGE: &str = "42501";

const EVERYTHING: &[&str] = &["SELECT", "INSERT", "UPDATE", "DELETE"];

/// Goes on as this tenant until the transaction ends.
pub(crate) fn become_tenant(tenant: Id<id::Tenant>) -> String {
    format!("SET LOCAL ROLE {TENANT_ROLE}; SET LOCAL {TENANT_SETTING} = '{}'", tenant.uuid())
}

/// A table as it is.
#[derive(Debug, FromQueryResult)]
struct Table {
    /// Its name, with its schema's unless that is the one where tables are looked for.
    name: String,
    /// The same, to stand in a statement.
    quoted: String,
    has_tenant_id: bool,
    is_secured: bool,
    policies: String,
    tenant_may: String,
    installation_may: String,
}

/// What a table should be like.
struct Wanted {
    /// The column that says whose row it is. None: the row is no tenant's.
    tenant: Option<&'static str>,
    tenant_may: &'static [&'static str],
    installation_may: &'static [&'static str],
}

impl Table {
    fn wanted(&self) -> Wanted {
        let (tenant, tenant_may, installation_may) = match self.name.as_str() {
            // A scope's key was opened before there was a scope; staff's keys are looked for before the tenant is known.
            "tenants" => (Some("id"), &[][..], EVERYTHING),
            "api_keys" => (Some("tenant_id"), &[][..], EVERYTHING),
            // A tenant's chain has the tenant's name. What is on record nobody changes or removes.
            "audit_chains" => (Some("chain_id"), &["SELECT", "INSERT", "UPDATE"][..], EVERYTHING),
            "audit_events" => (Some("chain_id"), &["SELECT", "INSERT"][..], &["SELECT", "INSERT"][..]),
            // Whether a turn's owner lives is asked in the tenant's transaction.
            "nodes" => (None, &["SELECT"][..], EVERYTHING),
            "seaql_migrations" => (None, &[][..], &["SELECT"][..]),
            "key_stores" | "kuzushi_keys.stores" => (None, &[][..], &["SELECT", "INSERT"][..]),
            _ if self.has_tenant_id => (Some("tenant_id"), EVERYTHING, EVERYTHING),
            _ => (None, &[][..], EVERYTHING),
        };
        Wanted { tenant, tenant_may, installation_may }
    }

    /// What has to be done so that it is as it should be; empty where it is.
    fn repairs(&self) -> Vec<String> {
        let (name, wanted) = (&self.quoted, self.wanted());
        let mut repairs = Vec::new();
        if let Some(column) = wanted.tenant {
            // The look-up in parentheses is done once for a statement, and not once a row.
            let own = format!("{column} = (SELECT nullif(current_setting('{TENANT_SETTING}', true), '')::uuid)");
            for (role, rows) in [(TENANT_ROLE, own.as_str()), (INSTALLATION_ROLE, "true")] {
                if !self.policies.split(' ').any(|policy| policy == role) {
                    repairs
                        .push(format!("CREATE POLICY {role} ON {name} TO {role} USING ({rows}) WITH CHECK ({rows})"));
                }
            }
            if !self.is_secured {
                repairs.push(format!("ALTER TABLE {name} ENABLE ROW LEVEL SECURITY"));
            }
        }
        for (role, may, wanted) in [
            (TENANT_ROLE, &self.tenant_may, wanted.tenant_may),
            (INSTALLATION_ROLE, &self.installation_may, wanted.installation_may),
        ] {
            if !may.split_whitespace().eq(wanted.iter().copied()) {
                repairs.push(format!("REVOKE ALL ON {name} FROM {role}"));
                if !wanted.is_empty() {
                    repairs.push(format!("GRANT {} ON {name} TO {role}", wanted.join(", ")));
                }
            }
        }
        repairs
    }
}

/// The tables that migrations made: those of the owner of their list.
async fn tables(connection: &impl ConnectionTrait) -> Result<Vec<Table>, DbErr> {
    let may = |role| {
        format!(
            "array_to_string(ARRAY(SELECT privilege_type FROM aclexplode(relacl) WHERE grantee = to_regrole('{role}') \
             ORDER BY array_position(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE'], privilege_type)), ' ')"
        )
    };
    let sql = format!(
        "SELECT CASE WHEN nspname = current_schema() THEN relname::text ELSE concat(nspname, '.', relname) END AS name, \
                format('%I.%I', nspname, relname) AS quoted, \
                relrowsecurity AS is_secured, \
                EXISTS (SELECT 1 FROM pg_attribute \
                        WHERE attrelid = pg_class.oid AND attname = 'tenant_id' AND NOT attisdropped) AS has_tenant_id, \
                array_to_string(ARRAY(SELECT polname::text FROM pg_policy WHERE polrelid = pg_class.oid), ' ') AS policies, \
                {} AS tenant_may, {} AS installation_may \
         FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace \
         WHERE relkind IN ('r', 'p') AND nspname IN (current_schema(), '{KEYS}') \
           AND relowner = (SELECT relowner FROM pg_class WHERE oid = to_regclass('seaql_migrations')) \
         ORDER BY name",
        may(TENANT_ROLE),
        may(INSTALLATION_ROLE)
    );
    Table::find_by_statement(Statement::from_string(connection.get_database_backend(), sql)).all(connection).await
}

/// The roles as they are, and who is connected.
#[derive(Debug, FromQueryResult)]
struct Roles {
    user: String,
    are_there: bool,
    /// Whether the connected user may go on as the tenant's role.
    can_become_tenant: bool,
    /// Whether policies would hide tenants from the connected user.
    sees_every_tenant: bool,
    /// Whether policies are nothing to the tenant's role.
    tenant_is_above_policies: bool,
    /// Where there are tables and one of the roles may not look yet, to stand in a statement.
    closed_schemas: String,
}

async fn roles(connection: &impl ConnectionTrait) -> Result<Roles, DbErr> {
    let sql = format!(
        "WITH roles AS (SELECT to_regrole('{TENANT_ROLE}')::oid AS tenant, to_regrole('{INSTALLATION_ROLE}')::oid AS installation) \
         SELECT current_user::text AS user, \
                tenant IS NOT NULL AND installation IS NOT NULL AS are_there, \
                coalesce(pg_has_role(tenant, {MAY_SET_ROLE}), false) AS can_become_tenant, \
                coalesce(NOT row_security_active(to_regclass('tenants')) OR pg_has_role(installation, 'USAGE'), true) \
                    AS sees_every_tenant, \
                coalesce((SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE oid = tenant), false) \
                    OR coalesce(pg_has_role(tenant, installation, 'MEMBER'), false) \
                    OR coalesce(pg_has_role(tenant, (SELECT relowner FROM pg_class WHERE oid = to_regclass('tenants')), 'MEMBER'), \
                                false) AS tenant_is_above_policies, \
                coalesce((SELECT string_agg(quote_ident(nspname), ', ') FROM pg_namespace \
                          WHERE nspname IN (current_schema(), '{KEYS}') \
                            AND NOT (has_schema_privilege(tenant, oid, 'USAGE') AND has_schema_privilege(installation, oid, 'USAGE'))), \
                         '') AS closed_schemas \
         FROM roles"
    );
    let statement = Statement::from_string(connection.get_database_backend(), sql);
    Roles::find_by_statement(statement).one(connection).await?.ok_or(DbErr::RecordNotFound(String::from("the roles")))
}

impl Roles {
    /// What an administrator of the database does where the connected user may not.
    fn remedy(&self) -> String {
        let make = if self.are_there {
            String::new()
        } else {
            format!("CREATE ROLE {TENANT_ROLE} NOLOGIN; CREATE ROLE {INSTALLATION_ROLE} NOLOGIN; ")
        };
        let user = &self.user;
        format!(
            "have an administrator of the database run once: {make}GRANT {TENANT_ROLE}, {INSTALLATION_ROLE} TO \"{user}\";"
        )
    }

    /// Refuses to go on where the wall would not stand, or hide from us what we need.
    fn check(&self) -> Result<(), StoreError> {
        if self.tenant_is_above_policies {
            return Err(StoreError::Other(format!(
                "the role {TENANT_ROLE} must be under row-level security: it may not be a superuser, have BYPASSRLS, or be a member of \
                 {INSTALLATION_ROLE} or of the tables' owner"
            )));
        }
        if !self.are_there || !self.can_become_tenant || !self.sees_every_tenant {
            return Err(StoreError::Other(format!(
                "the database's user {} is not a member of the roles {TENANT_ROLE} and {INSTALLATION_ROLE}: {}",
                self.user,
                self.remedy()
            )));
        }
        Ok(())
    }
}

/// Whether everything is as it should be, and the connected user can work with it.
pub(crate) async fn are_built(connection: &DatabaseConnection) -> Result<bool, StoreError> {
    let roles = roles(connection).await?;
    if roles.check().is_err() || !roles.closed_schemas.is_empty() {
        return Ok(false);
    }
    let tables = tables(connection).await?;
    // The tables of keys are in no migration.
    let has_keys = tables.iter().any(|table| table.name == format!("{KEYS}.keys"));
    Ok(has_keys && tables.iter().all(|table| table.repairs().is_empty()))
}

/// Makes the roles, where they are missing, and sees that they are of use.
pub(crate) async fn prepare(connection: &DatabaseConnection) -> Result<(), StoreError> {
    make_roles(connection, &roles(connection).await?).await?;
    roles(connection).await?.check()
}

/// Gives every table what it is missing. Whoever calls it has the lock under which the schema is changed.
pub(crate) async fn build(connection: &DatabaseConnection) -> Result<(), StoreError> {
    let roles = roles(connection).await?;
    let not_owner =
        || format!("the database's user {} does not own the tables: run `kuzushi migrate` as who does", roles.user);
    if !roles.closed_schemas.is_empty() {
        let grant = format!("GRANT USAGE ON SCHEMA {} TO {TENANT_ROLE}, {INSTALLATION_ROLE}", roles.closed_schemas);
        connection.execute_unprepared(&grant).await.map_err(|error| explain(error, not_owner))?;
    }
    for table in tables(connection).await? {
        let repairs = table.repairs();
        if repairs.is_empty() {
            continue;
        }
        // A table at a time, so that no running server waits for one while it holds another.
        let transaction = connection.begin().await?;
        for repair in repairs {
            transaction.execute_unprepared(&repair).await.map_err(|error| explain(error, not_owner))?;
        }
        transaction.commit().await?;
    }
    Ok(())
}

/// Roles belong to the whole cluster: another database's `migrate` may be making the same ones at this moment.
async fn make_roles(connection: &DatabaseConnection, roles: &Roles) -> Result<(), StoreError> {
    let mut missing = Vec::new();
    if !roles.are_there {
        for role in [TENANT_ROLE, INSTALLATION_ROLE] {
            missing.push(format!(
                "IF to_regrole('{role}') IS NULL THEN \
                     BEGIN CREATE ROLE {role} NOLOGIN; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END; \
                 END IF;"
            ));
        }
    }
    if !roles.are_there || !roles.can_become_tenant {
        missing.push(format!(
            "IF NOT pg_has_role('{TENANT_ROLE}', {MAY_SET_ROLE}) THEN \
                 BEGIN GRANT {TENANT_ROLE} TO CURRENT_USER; EXCEPTION WHEN unique_violation THEN NULL; END; \
             END IF;"
        ));
    }
    if missing.is_empty() {
        return Ok(());
    }
    let block = format!("DO $$ BEGIN {} END $$", missing.join(" "));
    connection.execute_unprepared(&block).await.map_err(|error| {
        explain(error, || {
            format!(
                "the database's user {} may not make the roles that keep tenants apart: {}",
                roles.user,
                roles.remedy()
            )
        })
    })?;
    Ok(())
}

/// Where the database refuses for want of a right, says what to do about it.
pub(crate) fn explain(error: DbErr, remedy: impl FnOnce() -> String) -> StoreError {
    let refusal = match &error {
        DbErr::Exec(RuntimeErr::SqlxError(cause)) => cause.as_database_error(),
        _ => None,
    };
    if refusal.is_some_and(|refusal| refusal.code().as_deref() == Some(INSUFFICIENT_PRIVILEGE)) {
        StoreError::Other(remedy())
    } else {
        error.into()
    }
}
