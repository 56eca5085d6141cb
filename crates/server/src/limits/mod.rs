//! How much anybody may ask for: sockets open at the same time, and requests in a minute.

mod connections;
mod rate;
mod rates;

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::{IntoResponse, Response},
};

use utoipa::openapi::OpenApi;

use crate::{api::problems::problem, auth::ClientAddress, error::ApiError, state::AppState};

pub use connections::{ConnectionLimits, ConnectionSlot};
pub use rates::RateLimits;

/// What is limited as a whole, whoever asks. Whether the server lives may be asked at any time.
const API: &str = "/v1/";

/// Says so in the description of every route that it concerns.
pub fn describe(description: &mut OpenApi) {
    for (_, item) in description.paths.paths.iter_mut().filter(|(path, _)| path.starts_with(API)) {
        let methods = [&mut item.get, &mut item.post, &mut item.put, &mut item.patch, &mut item.delete];
        for route in methods.into_iter().flatten() {
            let too_many = problem("Too many requests or attempts; Retry-After says when to try again");
            route.responses.responses.insert(String::from("429"), too_many);
        }
    }
}

/// The layer that counts an address's requests to the API.
pub async fn take_request(State(state): State<AppState>, request: Request, next: Next) -> Response {
    if request.uri().path().starts_with(API) {
        let address = ClientAddress::of_request(request.extensions(), request.headers(), &state);
        if let Err(retry_after) = state.rates.take_request_from(address) {
            return ApiError::RateLimited { retry_after }.into_response();
        }
    }
    next.run(request).await
}
