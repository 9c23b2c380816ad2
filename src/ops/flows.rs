//! Which way messages go: from the feeds over the topics to the subscribers, as the configuration in force says.

use serde::Serialize;

use crate::config::Config;
use crate::deliver::Kind;

/// The ways.
#[derive(Debug, Default, PartialEq, Eq, Serialize)]
pub struct Flows {
    /// Feeds, in the order of their files.
    pub feeds: Vec<Feed>,
    /// Topics, in the order of the routes.
    pub topics: Vec<Topic>,
    /// Subscribers, in the order of the file.
    pub subscribers: Vec<Subscriber>,
}

/// A feed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Feed {
    /// Name.
    pub name: String,
    /// Name for people.
    pub title: String,
    /// 10-digit code of its facility.
    pub facility: String,
}

/// A topic.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Topic {
    /// Name; its first part is the service.
    pub name: String,
    /// Feeds whose messages a route may put on it.
    pub feeds: Vec<String>,
    /// Subscribers that a route of it names.
    pub subscribers: Vec<String>,
}

/// A subscriber.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Subscriber {
    /// Name.
    pub name: String,
    /// 10-digit code of the facility whose it is.
    pub facility: Option<String>,
    /// How it gets its copies: `queue`, `folder`, `ssmix2`, `http`, `mllp`.
    pub by: &'static str,
}

impl Topic {
    /// The first part of its name.
    pub fn service(&self) -> &str {
        self.name.split('.').next().unwrap_or_default()
    }
}

impl Flows {
    /// The ways of a configuration.
    pub fn of(config: &Config) -> Self {
        let feeds: Vec<_> = config.feeds.iter().map(feed).collect();
        let mut topics: Vec<Topic> = Vec::new();
        for route in config.routes.iter() {
            let at = topics.iter().position(|topic| topic.name == route.topic).unwrap_or_else(|| {
                topics.push(Topic { name: route.topic.clone(), feeds: Vec::new(), subscribers: Vec::new() });
                topics.len() - 1
            });
            let Some(topic) = topics.get_mut(at) else { continue };
            let takes =
                |feed: &&Feed| route.facilities.as_ref().is_none_or(|codes| codes.contains(&feed.facility));
            add(&mut topic.feeds, feeds.iter().filter(takes).map(|feed| &feed.name));
            add(&mut topic.subscribers, route.to.iter().chain(&route.otherwise));
        }
        let subscribers = config.subscribers.iter().map(|subscriber| Subscriber {
            name: subscriber.name.clone(),
            facility: subscriber.facility.clone(),
            by: match &subscriber.deliver {
                Kind::Queue => "queue",
                Kind::Folder { .. } => "folder",
                Kind::Ssmix2 { .. } => "ssmix2",
                Kind::Http(_) => "http",
                Kind::Mllp(_) => "mllp",
            },
        });
        Self { feeds, topics, subscribers: subscribers.collect() }
    }

    /// What of it somebody sees who may see only some facilities. What belongs to no facility is the network's (`None`).
    #[must_use]
    pub fn seen_by(mut self, may: impl Fn(Option<&str>) -> bool) -> Self {
        self.feeds.retain(|feed| may(Some(&feed.facility)));
        self.subscribers.retain(|subscriber| may(subscriber.facility.as_deref()));
        for topic in &mut self.topics {
            topic.feeds.retain(|name| self.feeds.iter().any(|feed| feed.name == *name));
            topic.subscribers.retain(|name| self.subscribers.iter().any(|one| one.name == *name));
        }
        self.topics.retain(|topic| !topic.feeds.is_empty() || !topic.subscribers.is_empty());
        self
    }

    /// Services, in the order of their first topics.
    pub fn services(&self) -> Vec<&str> {
        let mut services = Vec::new();
        for topic in &self.topics {
            if !services.contains(&topic.service()) {
                services.push(topic.service());
            }
        }
        services
    }
}

fn feed(feed: &crate::config::Feed) -> Feed {
    Feed {
        name: feed.settings.name.clone(),
        title: feed.title.clone(),
        facility: feed.settings.facility.clone(),
    }
}

fn add<'n>(known: &mut Vec<String>, names: impl Iterator<Item = &'n String>) {
    for name in names {
        if !known.contains(name) {
            known.push(name.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flows() -> Flows {
        let feed = |name: &str, facility: &str| Feed {
            name: name.to_owned(),
            title: "架空".to_owned(),
            facility: facility.to_owned(),
        };
        let subscriber = |name: &str, facility: Option<&str>| Subscriber {
            name: name.to_owned(),
            facility: facility.map(str::to_owned),
            by: "folder",
        };
        let topic = |name: &str, feeds: &[&str], subscribers: &[&str]| Topic {
            name: name.to_owned(),
            feeds: feeds.iter().map(|&name| name.to_owned()).collect(),
            subscribers: subscribers.iter().map(|&name| name.to_owned()).collect(),
        };
        Flows {
            feeds: vec![feed("a", "1"), feed("b", "2")],
            topics: vec![
                topic("x.one", &["a", "b"], &["p"]),
                topic("y.one", &["b"], &["q"]),
                topic("x.two", &["a"], &["q"]),
            ],
            subscribers: vec![subscriber("p", Some("1")), subscriber("q", None)],
        }
    }

    #[test]
    fn who_may_see_one_facility_sees_its_feeds_and_subscribers_and_what_joins_them() {
        let seen = flows().seen_by(|facility| facility == Some("1"));
        let names: Vec<_> = seen.topics.iter().map(|topic| topic.name.as_str()).collect();
        assert_eq!(names, ["x.one", "x.two"]);
        assert_eq!((seen.feeds.len(), seen.subscribers.len()), (1, 1));
        assert_eq!(seen.topics[0].feeds, ["a"]);
        assert!(seen.topics[1].subscribers.is_empty());
    }

    #[test]
    fn services_are_the_first_parts_of_topics() {
        assert_eq!(flows().services(), ["x", "y"]);
    }
}
