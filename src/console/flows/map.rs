//! The picture: feeds on the left, the hub, services, subscribers on the right.

use std::collections::BTreeMap;

use maud::{Markup, html};

use super::super::Console;
use super::super::html::{Tone, number, rate};
use super::super::view::View;
use super::overview::judged;
use super::subscriber;
use crate::ops::flows::{Flows, Subscriber};
use crate::ops::overview::{Overview, Subject};

/// Subscribers from which on those of one facility are drawn as one.
const MANY: usize = 24;
/// Height of a row, and of the box in it.
const ROW: usize = 34;
const BOX: usize = 26;
/// Above the first row.
const HEAD: usize = 34;
/// Left edges and widths of the columns.
const FEEDS: (usize, usize) = (10, 250);
const HUB: (usize, usize) = (350, 16);
const SERVICES: (usize, usize) = (460, 240);
const SUBSCRIBERS: (usize, usize) = (830, 260);
const WIDTH: usize = 1100;
/// Room for a name, in letters; characters of Japanese are twice as wide.
const LETTERS: usize = 27;

/// What is drawn.
pub(super) struct Map<'m> {
    pub(super) console: &'m Console,
    pub(super) view: &'m View,
    pub(super) flows: &'m Flows,
    pub(super) overview: &'m Overview,
    /// Whether many subscribers are drawn by their facilities.
    pub(super) grouped: bool,
}

/// A box.
struct Node {
    name: String,
    href: String,
    says: String,
    rate: Option<f64>,
    tone: Tone,
}

impl Map<'_> {
    pub(super) fn draw(&self) -> Markup {
        let feeds = self.feeds();
        let services = self.services();
        let (subscribers, place) = self.subscribers();
        let rows = feeds.len().max(services.len()).max(subscribers.len()).max(1);
        let height = HEAD + rows * ROW + 8;
        let top = |count: usize, at: usize| HEAD + (rows - count) * ROW / 2 + at * ROW;
        let middle = |count: usize, at: usize| top(count, at) + BOX / 2;
        let title =
            self.view.pick("Map of flows; the table below says the same", "流れの図（下の表と同じ内容）");
        let bus = HUB.0 + HUB.1 / 2;
        html! {
            svg viewBox={ "0 0 " (WIDTH) " " (height) } role="group" aria-label=(title) {
                (heading(FEEDS.0, self.view.pick("Feeds", "フィード")))
                (heading(HUB.0 - 14, self.view.pick("Hub", "ハブ")))
                (heading(SERVICES.0, self.view.pick("Services", "サービス")))
                (heading(SUBSCRIBERS.0, self.view.pick("Subscribers", "配信先")))
                @for (at, node) in feeds.iter().enumerate() {
                    (curve(FEEDS.0 + FEEDS.1, middle(feeds.len(), at), bus, middle(feeds.len(), at), is_busy(node.rate)))
                }
                @for (at, node) in services.iter().enumerate() {
                    (curve(bus, middle(services.len(), at), SERVICES.0, middle(services.len(), at), is_busy(node.rate)))
                }
                @for (service, to, busy) in self.ways(&services, &subscribers, &place) {
                    (curve(SERVICES.0 + SERVICES.1, middle(services.len(), service), SUBSCRIBERS.0, middle(subscribers.len(), to), busy))
                }
                rect.hub x=(HUB.0) y=(HEAD - 4) width=(HUB.1) height=(rows * ROW) rx="6" {}
                @for (at, node) in feeds.iter().enumerate() { (self.node(node, FEEDS, top(feeds.len(), at))) }
                @for (at, node) in services.iter().enumerate() { (self.node(node, SERVICES, top(services.len(), at))) }
                @for (at, node) in subscribers.iter().enumerate() {
                    (self.node(node, SUBSCRIBERS, top(subscribers.len(), at)))
                }
            }
        }
    }

    fn node(&self, node: &Node, (left, width): (usize, usize), top: usize) -> Markup {
        let sign = match node.tone {
            Tone::Bad => "×",
            Tone::Warn => "▲",
            _ => "",
        };
        let moved = rate(self.view, node.rate);
        html! {
            a href=(node.href) class=(node.tone.class()) {
                title { (node.says) " " (moved) }
                rect.box x=(left) y=(top) width=(width) height=(BOX) rx="5" {}
                text.sign x=(left + 8) y=(top + 18) { (sign) }
                text x=(left + if sign.is_empty() { 10 } else { 24 }) y=(top + 18) { (short(&node.name)) }
                text.rate x=(left + width - 10) y=(top + 18) { (moved) }
            }
        }
    }

    fn feeds(&self) -> Vec<Node> {
        let node = |feed: &crate::ops::flows::Feed| Node {
            name: feed.name.clone(),
            href: format!("/flows?feed={}", feed.name),
            says: format!("{} {}", feed.name, feed.title),
            rate: self.console.series.rate(&format!("feed/{}/accepted", feed.name)),
            tone: judged(self.view, self.overview, Subject::Feed, &feed.name).0,
        };
        self.flows.feeds.iter().map(node).collect()
    }

    fn services(&self) -> Vec<Node> {
        let node = |service: &str| {
            let topics = self.flows.topics.iter().filter(|topic| topic.service() == service);
            let rates =
                topics.filter_map(|topic| self.console.series.rate(&format!("topic/{}/copies", topic.name)));
            Node {
                name: service.to_owned(),
                href: format!("/flows?service={service}"),
                says: service.to_owned(),
                rate: rates.reduce(|sum, rate| sum + rate),
                tone: Tone::Ok,
            }
        };
        self.flows.services().into_iter().map(node).collect()
    }

    /// The boxes on the right, in an order in which few lines cross, and in which of them each subscriber is.
    fn subscribers(&self) -> (Vec<Node>, BTreeMap<&str, usize>) {
        let grouped = self.grouped && self.flows.subscribers.len() > MANY;
        let services = self.flows.services();
        let first = |one: &Subscriber| {
            let topics = self.flows.topics.iter().filter(|topic| topic.subscribers.contains(&one.name));
            let places: Vec<_> = topics
                .filter_map(|topic| services.iter().position(|name| *name == topic.service()))
                .collect();
            places.iter().sum::<usize>() * 100 / places.len().max(1)
        };
        let mut ordered: Vec<_> = self.flows.subscribers.iter().collect();
        ordered.sort_by_key(|one| first(one));
        let mut groups: Vec<(Option<&str>, Vec<&Subscriber>)> = Vec::new();
        for one in ordered {
            let facility = one.facility.as_deref().filter(|_| grouped);
            match groups.iter_mut().find(|(known, _)| known.is_some() && *known == facility) {
                Some((_, members)) => members.push(one),
                None => groups.push((facility, vec![one])),
            }
        }
        let places = groups.iter().enumerate();
        let place =
            places.flat_map(|(at, (_, members))| members.iter().map(move |one| (one.name.as_str(), at)));
        let place = place.collect();
        (groups.iter().map(|(facility, members)| self.group(*facility, members)).collect(), place)
    }

    fn group(&self, facility: Option<&str>, members: &[&Subscriber]) -> Node {
        let (mut worst, mut waiting, mut sum) = ((Tone::Ok, self.view.pick("fine", "正常")), 0, None);
        for one in members {
            let (tone, word, waits) = subscriber(self, &one.name);
            waiting += waits;
            if tone > worst.0 {
                worst = (tone, word);
            }
            let rate = self.console.series.rate(&format!("subscriber/{}/delivered", one.name));
            sum = [sum, rate].into_iter().flatten().reduce(|sum, rate| sum + rate);
        }
        let (name, href) = match (facility, members) {
            (Some(code), [_, _, ..]) => {
                let feed = self.flows.feeds.iter().find(|feed| feed.facility == code);
                let name = feed.map_or(code, |feed| feed.title.as_str());
                (format!("{name} ({})", members.len()), format!("/flows?facility={code}"))
            }
            (_, [one, ..]) => (one.name.clone(), format!("/queues/to.{}", one.name)),
            _ => (String::new(), "/flows".to_owned()),
        };
        let names: Vec<_> = members.iter().map(|one| one.name.as_str()).collect();
        let waits = match waiting {
            0 => String::new(),
            count => format!(" {} {}", number(count), self.view.pick("waiting", "件待ち")),
        };
        let says = format!("{}: {}{waits}", names.join(", "), worst.1);
        Node { name, href, says, rate: sum, tone: worst.0 }
    }

    /// Lines from services to boxes on the right, each once, and whether something moves on them.
    fn ways(
        &self,
        services: &[Node],
        subscribers: &[Node],
        place: &BTreeMap<&str, usize>,
    ) -> Vec<(usize, usize, bool)> {
        let mut ways = BTreeMap::new();
        for topic in &self.flows.topics {
            let Some(service) = services.iter().position(|node| node.name == topic.service()) else {
                continue;
            };
            let moves = is_busy(self.console.series.rate(&format!("topic/{}/copies", topic.name)));
            for to in topic.subscribers.iter().filter_map(|name| place.get(name.as_str())) {
                let busy = moves && subscribers.get(*to).is_some_and(|node| is_busy(node.rate));
                *ways.entry((service, *to)).or_insert(false) |= busy;
            }
        }
        ways.into_iter().map(|((service, to), busy)| (service, to, busy)).collect()
    }
}

fn is_busy(rate: Option<f64>) -> bool {
    rate.is_some_and(|rate| rate > 0.0)
}

fn heading(left: usize, text: &str) -> Markup {
    html! { text.heading x=(left) y="18" { (text) } }
}

fn curve(from: usize, above: usize, to: usize, below: usize, busy: bool) -> Markup {
    let bend = (from + to) / 2;
    html! {
        path class=[busy.then_some("busy")] d={ "M" (from) "," (above) " C" (bend) "," (above) " " (bend) "," (below) " " (to) "," (below) } {}
    }
}

fn short(name: &str) -> String {
    let wide = |letter: char| if letter.is_ascii() { 1 } else { 2 };
    if name.chars().map(wide).sum::<usize>() <= LETTERS {
        return name.to_owned();
    }
    let mut room = LETTERS - 2;
    let fitting = name.chars().take_while(|letter| {
        let fits = wide(*letter) <= room;
        room = room.saturating_sub(wide(*letter));
        fits
    });
    fitting.chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_has_no_room_is_cut() {
        assert_eq!(short("izumo-chuo"), "izumo-chuo");
        assert_eq!(short("出雲中央病院 (架空) (6)"), "出雲中央病院 (架空) (6)");
        assert_eq!(short("国立研究開発法人出雲中央病院"), "国立研究開発法人出雲中央…");
    }
}
