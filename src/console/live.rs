//! Parts of pages that change by themselves: sent as server-sent events while somebody looks.

use std::convert::Infallible;
use std::time::Duration;

use axum::response::Sse;
use axum::response::sse::{Event, KeepAlive};
use futures_util::Stream;
use futures_util::stream::unfold;
use maud::Markup;
use tokio::time::{MissedTickBehavior, interval};

use super::frame;

/// Makes the part anew as often as that, and sends it where it differs from the one before. It ends with the connection.
pub(super) fn part<F, M>(every: Duration, mut make: M) -> Sse<impl Stream<Item = Result<Event, Infallible>>>
where
    M: FnMut() -> F + Send + 'static,
    F: Future<Output = Markup> + Send + 'static,
{
    let mut ticks = interval(every);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let stream = unfold((ticks, String::new()), move |(mut ticks, last)| {
        let next = make();
        async move {
            ticks.tick().await;
            let made = frame::harmless(next.await).into_string();
            // Nothing new: a comment, by which a connection that is gone is noticed.
            let event = if made == last {
                Event::default().comment("")
            } else {
                Event::default().event("part").data(made.replace(['\r', '\n'], " "))
            };
            Some((Ok(event), (ticks, made)))
        }
    });
    Sse::new(stream).keep_alive(KeepAlive::default())
}
