//! A tenant's patients who can sign in.

use axum::{
    Json,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::Response,
};
use chrono::{DateTime, Utc};
use kuzushi_domain::{EmailAddress, Id, Permission, Phi, id};
use kuzushi_store::{NewUser, StoreError, TenantScope, User, UserChange};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{apps::Added, fields::Mistakes, new_password::NewPassword};
use crate::{
    api::{
        body::JsonBody,
        entity_tags::{IfMatch, if_match, tagged},
        problems::{ConflictProblems, QueryProblems, ReadProblems, WriteProblems},
        query::{PageParameters, Parameters, wrong},
        wire::Timestamp,
    },
    auth::{
        Staff,
        passwords::{Passwords, Verdict},
    },
    conversation::close_for_the_signed_out,
    error::{ApiError, FieldError},
    segment::Segment,
    state::AppState,
};

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = User)]
pub struct WireUser {
    user_id: String,
    /// Missing where only the hospital's own site knows them.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, nullable = false)]
    email: Option<String>,
    /// What the hospital's own site calls them, where it is the one that says who they are.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, nullable = false)]
    subject: Option<String>,
    name: String,
    /// Whether there is a password to sign in with.
    has_password: bool,
    /// 1, 2, 3…: rises with every change. Also the answer's `ETag`.
    version: i32,
    created_at: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, nullable = false)]
    disabled_at: Option<Timestamp>,
}

impl From<User> for WireUser {
    fn from(user: User) -> Self {
        Self {
            user_id: user.id.to_string(),
            email: user.email.map(Phi::into_inner),
            subject: user.subject.map(Phi::into_inner),
            name: user.name.into_inner(),
            has_password: user.has_password,
            version: user.version,
            created_at: Timestamp(user.created_at),
            disabled_at: user.disabled_at.map(Timestamp),
        }
    }
}

#[derive(Serialize, ToSchema)]
pub struct UserList {
    users: Vec<WireUser>,
    /// The cursor of the next page, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, nullable = false)]
    before: Option<String>,
}

#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct UserToCreate {
    /// Unique in the tenant; capitals do not count.
    #[schema(example = "jane@example.org")]
    pub email: String,
    pub name: String,
    /// At least 12 characters. Without a password nobody can sign in with one.
    #[schema(nullable = false)]
    pub password: Option<String>,
    /// Instead of a password, its Argon2id or bcrypt hash from elsewhere.
    #[schema(nullable = false)]
    pub password_hash: Option<String>,
}

/// What is left out stays as it is.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct UserChangeRequest {
    #[schema(nullable = false)]
    pub name: Option<String>,
    /// Signs the user out everywhere.
    #[schema(nullable = false)]
    pub password: Option<String>,
    /// Instead of a password, its Argon2id or bcrypt hash from elsewhere.
    #[schema(nullable = false)]
    pub password_hash: Option<String>,
    /// True signs the user out everywhere and lets them in no more; false lets them in again.
    #[schema(nullable = false)]
    pub disabled: Option<bool>,
    /// The version that the caller has seen: where it is no longer the newest, nothing is changed. `If-Match` says the same.
    #[schema(nullable = false)]
    pub if_version: Option<i32>,
}

/// A user with their version as the entity tag.
fn answer(status: StatusCode, user: User) -> Response {
    tagged(status, user.version, WireUser::from(user))
}

/// The user of this id, who has to be the tenant's own.
async fn user(scope: &TenantScope, id: &str) -> Result<User, ApiError> {
    Ok(scope.user(user_id(id)?).await?)
}

pub(super) fn user_id(id: &str) -> Result<Id<id::User>, ApiError> {
    id.parse().map_err(|_| ApiError::NotFound)
}

#[utoipa::path(
    get,
    path = "/v1/admin/tenants/{tenantId}/users",
    tag = "administration",
    summary = "A tenant's patients who can sign in, newest first",
    params(("tenantId" = String, Path), PageParameters),
    security(("apiKey" = [])),
    responses((status = 200, body = UserList), QueryProblems)
)]
pub async fn list_users(
    State(state): State<AppState>,
    staff: Staff,
    Segment(tenant): Segment,
    parameters: Parameters,
) -> Result<Json<UserList>, ApiError> {
    let page = parameters.page()?;
    if parameters.text("email").is_some() {
        return Err(wrong("email", "addresses are looked for with POST …/users/search, because URLs are written down"));
    }
    let scope = staff.scope(&state, &tenant, Permission::ReadUsers).await?;
    let users = scope.users(page.before, page.limit).await?;
    let before = page.next(&users, |last| Some(last.id.to_string()));
    Ok(Json(UserList { users: users.into_iter().map(WireUser::from).collect(), before }))
}

#[derive(Deserialize, ToSchema)]
pub struct UserSearch {
    /// The whole address; capitals do not count.
    #[schema(example = "jane@example.org")]
    email: String,
}

#[utoipa::path(
    post,
    path = "/v1/admin/tenants/{tenantId}/users/search",
    tag = "administration",
    summary = "Find a patient who can sign in by their e-mail address",
    description = "In a body, because an address in a URL would be written down by what stands in between.",
    params(("tenantId" = String, Path)),
    request_body = UserSearch,
    security(("apiKey" = [])),
    responses((status = 200, body = UserList, description = "The one with this address, or nobody"), WriteProblems)
)]
pub async fn search_users(
    State(state): State<AppState>,
    staff: Staff,
    Segment(tenant): Segment,
    JsonBody(UserSearch { email }): JsonBody<UserSearch>,
) -> Result<Json<UserList>, ApiError> {
    let scope = staff.scope(&state, &tenant, Permission::ReadUsers).await?;
    let email: EmailAddress =
        email.parse().map_err(|error| ApiError::InvalidBody(vec![FieldError::new("email", format!("{error}"))]))?;
    let users = scope.user_by_email(&email).await?.into_iter().map(WireUser::from).collect();
    Ok(Json(UserList { users, before: None }))
}

#[utoipa::path(
    post,
    path = "/v1/admin/tenants/{tenantId}/users",
    tag = "administration",
    summary = "Add a patient who can sign in",
    description = "The same request again answers with the user that it made.",
    params(("tenantId" = String, Path)),
    request_body = UserToCreate,
    security(("apiKey" = [])),
    responses(
        (status = 201, body = WireUser),
        (status = 200, body = WireUser, description = "They were there already"),
        WriteProblems,
        ConflictProblems,
    )
)]
pub async fn create_user(
    State(state): State<AppState>,
    staff: Staff,
    Segment(tenant): Segment,
    JsonBody(new): JsonBody<UserToCreate>,
) -> Result<Response, ApiError> {
    let scope = staff.scope(&state, &tenant, Permission::ManageUsers).await?;
    Ok(match add(&state.passwords, &scope, new, state.clock.now()).await? {
        Added::Now(user) => answer(StatusCode::CREATED, user),
        Added::Before(user) => answer(StatusCode::OK, user),
    })
}

/// Adds a user, unless they are there already.
pub async fn add(
    passwords: &Passwords,
    scope: &TenantScope,
    new: UserToCreate,
    now: DateTime<Utc>,
) -> Result<Added<User>, ApiError> {
    let UserToCreate { email, name, password, password_hash } = new;
    let mut mistakes = Mistakes::default();
    mistakes.name("name", &name);
    let password = NewPassword::checked(password, password_hash, &mut mistakes);
    let email: Option<EmailAddress> = email.parse().map_err(|error| mistakes.note("email", format!("{error}"))).ok();
    mistakes.into_result()?;
    let Some(email) = email else { return Err(ApiError::Internal) };
    if scope.user_by_email(&email).await?.is_some() {
        return same_user(passwords, scope, &email, &name, password).await;
    }
    let hash = match &password {
        Some(password) => Some(password.hash(passwords).await?),
        None => None,
    };
    let new = NewUser { email: email.clone(), name: Phi::new(name.clone()), password_hash: hash };
    match scope.create_user(new, now).await {
        Ok(user) => Ok(Added::Now(user)),
        // Somebody was faster.
        Err(StoreError::Conflict(_)) => same_user(passwords, scope, &email, &name, password).await,
        Err(error) => Err(error.into()),
    }
}

/// The user who is there already, if they are as they are to be.
async fn same_user(
    passwords: &Passwords,
    scope: &TenantScope,
    email: &EmailAddress,
    name: &str,
    password: Option<NewPassword>,
) -> Result<Added<User>, ApiError> {
    let taken = ApiError::AlreadyExists { field: "email" };
    let Some(known) = scope.credentials(email).await? else { return Err(taken) };
    let has_password = match (password, known.password_hash) {
        (Some(NewPassword::Plain(password)), hash) => passwords.check(password, hash).await? != Verdict::Wrong,
        (Some(NewPassword::Hashed(hash)), known) => known == Some(hash),
        (None, known) => known.is_none(),
    };
    if has_password && known.user.name.expose() == name { Ok(Added::Before(known.user)) } else { Err(taken) }
}

#[utoipa::path(
    get,
    path = "/v1/admin/tenants/{tenantId}/users/{userId}",
    tag = "administration",
    summary = "A patient who can sign in",
    params(("tenantId" = String, Path), ("userId" = String, Path)),
    security(("apiKey" = [])),
    responses((status = 200, body = WireUser), ReadProblems)
)]
pub async fn read_user(
    State(state): State<AppState>,
    staff: Staff,
    Segment((tenant, id)): Segment<(String, String)>,
) -> Result<Response, ApiError> {
    let scope = staff.scope(&state, &tenant, Permission::ReadUsers).await?;
    Ok(answer(StatusCode::OK, user(&scope, &id).await?))
}

#[utoipa::path(
    patch,
    path = "/v1/admin/tenants/{tenantId}/users/{userId}",
    tag = "administration",
    summary = "Change a patient's name or password, or disable them",
    description = "A new password and being disabled sign the user out everywhere, on every node within a second.",
    params(("tenantId" = String, Path), ("userId" = String, Path), IfMatch),
    request_body = UserChangeRequest,
    security(("apiKey" = [])),
    responses((status = 200, body = WireUser), WriteProblems, ConflictProblems)
)]
pub async fn change_user(
    State(state): State<AppState>,
    staff: Staff,
    Segment((tenant, id)): Segment<(String, String)>,
    headers: HeaderMap,
    JsonBody(change): JsonBody<UserChangeRequest>,
) -> Result<Response, ApiError> {
    let scope = staff.scope(&state, &tenant, Permission::ManageUsers).await?;
    let if_version = change.if_version.or(if_match(&headers)?);
    let id = user(&scope, &id).await?.id;
    let changed =
        self::change(&state.passwords, &scope, id, UserChangeRequest { if_version, ..change }, state.clock.now());
    let changed = changed.await?;
    close_for_the_signed_out(&state).await;
    Ok(answer(StatusCode::OK, changed))
}

/// Changes what is not left out.
pub async fn change(
    passwords: &Passwords,
    scope: &TenantScope,
    id: Id<id::User>,
    change: UserChangeRequest,
    now: DateTime<Utc>,
) -> Result<User, ApiError> {
    let UserChangeRequest { name, password, password_hash, disabled, if_version } = change;
    let mut mistakes = Mistakes::default();
    if let Some(name) = &name {
        mistakes.name("name", name);
    }
    let password = NewPassword::checked(password, password_hash, &mut mistakes);
    mistakes.into_result()?;
    let password_hash = match password {
        Some(password) => Some(password.hash(passwords).await?),
        None => None,
    };
    let change = UserChange { name: name.map(Phi::new), password_hash, disabled };
    Ok(scope.change_user(id, change, if_version, now).await?)
}
