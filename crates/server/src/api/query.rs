//! Query strings, read field by field so that mistakes are named.

use std::{collections::HashMap, num::NonZeroU64, str::FromStr};

use axum::{
    extract::{FromRequestParts, Query},
    http::request::Parts,
};

use utoipa::IntoParams;

use crate::{
    error::{ApiError, FieldError},
    state::AppState,
};

/// Items in a page, unless the request says otherwise.
const PAGE: u64 = 50;
/// Items in a page at most.
pub const LARGEST_PAGE: u64 = 200;

/// How a parameter that is a time is asked for.
pub const A_TIME: &str = "a time such as 2026-11-23T09:00:00Z";
const EARLIER_PAGE: &str = "a cursor from an earlier page";

/// The parameters of a request, as text.
pub struct Parameters(HashMap<String, String>);

impl FromRequestParts<AppState> for Parameters {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Self::Rejection> {
        match Query::from_request_parts(parts, state).await {
            Ok(Query(parameters)) => Ok(Self(parameters)),
            Err(_) => Err(wrong("", "the query cannot be read: it must be name=value pairs joined by &")),
        }
    }
}

impl Parameters {
    pub fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// A parameter of another type. Absent is None; one that cannot be read is an error that says what is wanted.
    pub fn parsed<T: FromStr>(&self, name: &str, wanted: &str) -> Result<Option<T>, ApiError> {
        self.text(name).map(|text| text.parse().map_err(|_| wrong(name, &format!("wants {wanted}")))).transpose()
    }

    /// A cursor from an earlier page: the `seq` of the item it ended with.
    pub fn cursor(&self, name: &str) -> Result<Option<i64>, ApiError> {
        Ok(self.parsed::<u32>(name, EARLIER_PAGE)?.map(i64::from))
    }

    /// The page of a list that goes back in time.
    pub fn page<Cursor: FromStr>(&self) -> Result<Page<Cursor>, ApiError> {
        Ok(Page { limit: self.limit()?, before: self.parsed("before", EARLIER_PAGE)? })
    }

    /// How many items a page shall have.
    pub fn limit(&self) -> Result<u64, ApiError> {
        let limit = self.parsed::<NonZeroU64>("limit", "a whole number, at least 1")?;
        Ok(limit.map_or(PAGE, |limit| limit.get().min(LARGEST_PAGE)))
    }
}

/// How the parameters that [`Parameters::page`] reads are described.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes parameters; `Parameters` reads them")]
pub struct PageParameters {
    /// A cursor from an earlier page
    before: Option<String>,
    /// Items in the page: 50 unless given, 200 for more than that
    #[param(minimum = 1)]
    limit: Option<u64>,
}

/// Which part of a list is asked for, newest first.
pub struct Page<Cursor> {
    /// Only what is older than this.
    pub before: Option<Cursor>,
    pub limit: u64,
}

impl<Cursor> Page<Cursor> {
    /// Where the next page begins, if this one is full and its oldest item is not known to be the first of all.
    pub fn next<Item>(&self, items: &[Item], cursor: impl FnOnce(&Item) -> Option<String>) -> Option<String> {
        items.last().filter(|_| items.len() as u64 == self.limit).and_then(cursor)
    }
}

pub fn wrong(field: &str, message: &str) -> ApiError {
    ApiError::InvalidQuery(vec![FieldError::new(field, message)])
}
