//! Routes that no feed ever gives anything to.

use super::fault::Part;
use super::feed::Feeds;
use super::node::Node;
use super::said::Said;
use crate::canonical::Kind;
use crate::envelope::Change;
use crate::ingest::{FeedSettings, Source};
use crate::normalise::kind_of_data_type;
use crate::route::Route;

/// Reports a route whose kinds and changes no feed can give. Nothing is told while a feed has faults, or there is none.
pub(super) fn check(route: &Route, feeds: &Feeds, place: &Node<'_>) {
    if feeds.feeds.is_empty() || feeds.feeds.len() != feeds.facilities.len() {
        return;
    }
    let taken =
        |feed: &&FeedSettings| route.facilities.as_ref().is_none_or(|codes| codes.contains(&feed.facility));
    let mut feeds = feeds.feeds.iter().map(|feed| &feed.settings).filter(taken);
    if feeds.any(|feed| gives(feed, route)) {
        return;
    }
    let kinds: Vec<_> = route.kinds.iter().map(|kind| kind.as_str()).collect();
    let (name, kinds) = (&route.name, kinds.join(", "));
    let whose = if route.facilities.is_some() { "of its facilities " } else { "" };
    place.warn(
        Said::new(
            format!("route \"{name}\" never gets anything: no feed {whose}gives {kinds} with such a change"),
            format!("経路「{name}」には何も届きません。{kinds} をそのような変更で送るフィードがありません"),
        )
        .of(Part::Topology)
        .help(
            "letters and appointments come by hl7-files or mllp, check-ups by checkup, superseded versions by ssmix2: add \
             such a [[source]] to a feed, or take the route out",
            "紹介状・予約は hl7-files か mllp、健診は checkup、旧版は ssmix2 から来ます。フィードにその [[source]] を加えるか、\
             経路を消してください",
        ),
    );
}

fn gives(feed: &FeedSettings, route: &Route) -> bool {
    let by_connection = !feed.listeners.is_empty() && is_sent(route);
    by_connection || feed.sources.iter().any(|source| source_gives(source, route))
}

/// Whether messages outside of a storage can be of the route's kinds and changes.
fn is_sent(route: &Route) -> bool {
    let changes = route.changes.iter().any(|change| *change != Change::Superseded);
    changes && (route.invalid || route.kinds.iter().any(|kind| *kind != Kind::Checkup))
}

fn source_gives(source: &Source, route: &Route) -> bool {
    let takes = |kind: Kind| route.invalid || route.kinds.contains(&kind);
    match source {
        Source::Hl7Files { .. } => is_sent(route),
        Source::Checkup { .. } => takes(Kind::Checkup),
        Source::Ssmix2 { extension, .. } => {
            let mut of_storage = ssmix2::data_type::ALL.iter().map(|known| kind_of_data_type(known.code));
            // What is about several patients, or nobody, is carried whole; other data types are documents.
            of_storage.any(takes)
                || takes(Kind::Message)
                || takes(Kind::Document)
                || (extension.is_some() && takes(Kind::Referral))
        }
    }
}
