//! A request to the server whose refusal is looked at before a test gets it.

use std::fmt::Display;

use axum::http::{HeaderName, HeaderValue, Response as HttpResponse};
use reqwest::{Body, RequestBuilder, Response, multipart::Form};
use serde::Serialize;

use crate::canary::assert_not_in_error;

pub struct Request(RequestBuilder);

impl From<RequestBuilder> for Request {
    fn from(request: RequestBuilder) -> Self {
        Self(request)
    }
}

impl Request {
    pub fn header<N, V>(self, name: N, value: V) -> Self
    where
        HeaderName: TryFrom<N, Error: Into<axum::http::Error>>,
        HeaderValue: TryFrom<V, Error: Into<axum::http::Error>>,
    {
        Self(self.0.header(name, value))
    }

    pub fn bearer_auth(self, token: impl Display) -> Self {
        Self(self.0.bearer_auth(token))
    }

    pub fn json(self, body: &impl Serialize) -> Self {
        Self(self.0.json(body))
    }

    pub fn body(self, body: impl Into<Body>) -> Self {
        Self(self.0.body(body))
    }

    pub fn multipart(self, form: Form) -> Self {
        Self(self.0.multipart(form))
    }

    pub async fn send(self) -> reqwest::Result<Response> {
        let response = self.0.send().await?;
        if response.headers().get("content-type").is_none_or(|kind| kind != "application/problem+json") {
            return Ok(response);
        }
        let (status, headers) = (response.status(), response.headers().clone());
        let problem = response.text().await?;
        assert_not_in_error(&problem);
        let mut same = HttpResponse::new(problem);
        (*same.status_mut(), *same.headers_mut()) = (status, headers);
        Ok(same.into())
    }
}
