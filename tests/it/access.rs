//! Who is let into the console and the API, what he may do there, and what is written down of it. All people are
//! invented (架空).

mod audit;
mod browser;
mod link;
mod login;
mod matrix;
mod oidc;
mod openapi;
mod sessions;
pub(crate) mod tls;
mod tokens;
