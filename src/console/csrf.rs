//! Nothing is done because another site's page asked for it: what changes something comes from a page of this one.

use std::sync::Arc;

use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::Response;

use super::access::Login;
use super::view::View;
use super::{Console, FORM_MAX, frame};
use crate::ops::access::secret;

/// Name of the hidden field.
pub(super) const FIELD: &str = "csrf";
/// Header in which scripts send it.
const HEADER: &str = "x-csrf-token";

/// Refuses what changes something and comes from another site, as browsers tell it (Origin, Fetch Metadata).
pub(super) async fn own(request: Request, next: Next) -> Response {
    if !is_safe(request.method()) && !is_from_here(request.headers()) {
        return refuse(request).await;
    }
    next.run(request).await
}

/// Refuses what changes something in a session and has not the session's secret, as every form of it has.
pub(super) async fn token(State(_): State<Arc<Console>>, request: Request, next: Next) -> Response {
    let Some(login) = request.extensions().get::<Login>().cloned() else { return next.run(request).await };
    if is_safe(request.method()) {
        return next.run(request).await;
    }
    let in_header = request.headers().get(HEADER).and_then(|value| value.to_str().ok());
    if let Some(given) = in_header {
        return if secret::same(given, &login.csrf) {
            next.run(request).await
        } else {
            refuse(request).await
        };
    }
    let (parts, body) = request.into_parts();
    let Ok(bytes) = to_bytes(body, FORM_MAX).await else {
        return refuse(Request::from_parts(parts, Body::empty())).await;
    };
    let fields = serde_urlencoded::from_bytes::<Vec<(String, String)>>(&bytes).unwrap_or_default();
    let given = fields.iter().find(|(name, _)| name == FIELD).map_or("", |(_, value)| value.as_str());
    let request = Request::from_parts(parts, Body::from(bytes));
    if secret::same(given, &login.csrf) { next.run(request).await } else { refuse(request).await }
}

fn is_safe(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD)
}

fn is_from_here(headers: &HeaderMap) -> bool {
    let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
    let site = text("sec-fetch-site").is_none_or(|site| matches!(site, "same-origin" | "none"));
    let host = text(header::HOST.as_str()).unwrap_or_default();
    // `null` is a page whose origin the browser keeps to itself.
    let origin = text(header::ORIGIN.as_str())
        .is_none_or(|origin| origin.split_once("://").is_some_and(|(_, authority)| authority == host));
    site && origin
}

async fn refuse(request: Request) -> Response {
    let (mut parts, _) = request.into_parts();
    let Ok(view) = <View as axum::extract::FromRequestParts<()>>::from_request_parts(&mut parts, &()).await;
    let why = view.pick(
        "This form is too old or comes from elsewhere: go back and load the page anew",
        "このフォームは古いか、別のサイトから送られています。ページを読み直してください",
    );
    frame::refusal(&view, StatusCode::FORBIDDEN, why)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn browsers_tell_where_a_request_comes_from() {
        let from = |headers: &[(&'static str, &str)]| {
            let headers = headers
                .iter()
                .map(|(name, value)| (axum::http::HeaderName::from_static(name), value.parse().unwrap()));
            is_from_here(&headers.collect())
        };
        assert!(from(&[("host", "a:1")]), "a program");
        assert!(from(&[("host", "a:1"), ("origin", "http://a:1"), ("sec-fetch-site", "same-origin")]));
        assert!(!from(&[("host", "a:1"), ("origin", "http://b:1")]));
        assert!(!from(&[("host", "a:1"), ("origin", "null")]));
        assert!(!from(&[("host", "a:1"), ("sec-fetch-site", "cross-site")]));
        assert!(!from(&[("host", "a:1"), ("sec-fetch-site", "same-site")]));
    }
}
