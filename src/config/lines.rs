//! Where each route, and each clause of it, stands in `routes.toml`: to point a person there.

use std::collections::BTreeMap;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// The lines of a routing table, from 1.
#[derive(Debug, Clone, Default)]
pub struct Lines(BTreeMap<String, Place>);

/// A value, and what lies in it.
#[derive(Debug, Clone, Default)]
struct Place {
    line: usize,
    keys: BTreeMap<String, Place>,
    elements: Vec<Place>,
}

impl Lines {
    /// Reads the lines of a file. What can't be parsed has none.
    pub(super) fn read(text: &str) -> Self {
        let starts: Vec<_> = text.match_indices('\n').map(|(at, _)| at + 1).collect();
        let (tree, _) = DeTable::parse_recoverable(text);
        let Some(routes) = tree.get_ref().get("route").and_then(|routes| routes.get_ref().as_array()) else {
            return Self::default();
        };
        let named = routes.iter().filter_map(|route| {
            let name = route.get_ref().as_table()?.get("name")?;
            let place = Place { line: line(&starts, name), ..place(&starts, route) };
            Some((name.get_ref().as_str()?.to_owned(), place))
        });
        Self(named.collect())
    }

    /// The line of a route's name.
    pub fn route(&self, route: &str) -> Option<usize> {
        self.0.get(route).map(|place| place.line)
    }

    /// The line of a clause of a route, by its place as an explanation names it, such as
    /// `where.any(results)[3].all[1]`; of the innermost part of it that is written down.
    pub fn clause(&self, route: &str, clause: &str) -> Option<usize> {
        let route = self.0.get(route)?;
        let (mut at, mut line) = (route, None);
        for step in steps(clause) {
            let (name, number) = match step.split_once('[') {
                Some((name, number)) => (name, number.trim_end_matches(']').parse::<usize>().ok()),
                None => (step, None),
            };
            // The number of an element of a list of the event: the clause is the one for all of them.
            if name.contains('(') {
                continue;
            }
            let Some(found) = at.keys.get(name) else { break };
            let element = number.and_then(|number| found.elements.get(number.checked_sub(1)?));
            at = element.unwrap_or(found);
            line = Some(at.line);
        }
        line.or(Some(route.line))
    }
}

/// The steps of a place: dots within brackets belong to the name of a list.
fn steps(place: &str) -> impl Iterator<Item = &str> {
    let mut inside = false;
    place.split(move |character| {
        inside = match character {
            '(' => true,
            ')' => false,
            _ => inside,
        };
        character == '.' && !inside
    })
}

fn line<T>(starts: &[usize], value: &Spanned<T>) -> usize {
    starts.partition_point(|start| *start <= value.span().start) + 1
}

fn place(starts: &[usize], value: &Spanned<DeValue<'_>>) -> Place {
    let (keys, elements) = match value.get_ref() {
        DeValue::Table(table) => {
            let keys = table.iter().map(|(key, value)| {
                (key.get_ref().to_string(), Place { line: line(starts, key), ..place(starts, value) })
            });
            (keys.collect(), Vec::new())
        }
        DeValue::Array(list) => {
            (BTreeMap::new(), list.iter().map(|element| place(starts, element)).collect())
        }
        _ => (BTreeMap::new(), Vec::new()),
    };
    Place { line: line(starts, value), keys, elements }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ROUTES: &str = r#"version = 1
[[subscriber]]
name = "a"

[[route]]
name = "first"
kinds = ["lab-result"]

[[route]]
topic = "x"
name = "second"
kinds = ["lab-result"]
where = { all = [
  { field = "a.b", is = "1" },
  { any = "results.parts", all = [
    { field = "c", is = "2" },
    { not = { field = "d",
              is = "3" } },
  ] },
] }
"#;

    #[test]
    fn a_clause_is_found_by_its_place() {
        let lines = Lines::read(ROUTES);
        assert_eq!(
            (lines.route("first"), lines.route("second"), lines.route("third")),
            (Some(6), Some(11), None)
        );
        let clause = |place| lines.clause("second", place);
        assert_eq!(clause("kinds"), Some(12));
        assert_eq!(clause("where.all[1]"), Some(14));
        assert_eq!(clause("where.all[2]"), Some(15));
        assert_eq!(clause("where.all[2].any(results.parts)[7].all[1]"), Some(16));
        assert_eq!(clause("where.all[2].any(results.parts)[1].all[2].not"), Some(17));
        assert_eq!(clause("address"), Some(11), "what is not written down is the route's");
        assert_eq!(clause("where.all[9]"), Some(13));
    }

    #[test]
    fn any_text_has_lines_or_none() {
        assert_eq!(Lines::read("route = 3").route("x"), None);
        assert_eq!(Lines::read("[[route]\nname = ").route("x"), None);
        assert_eq!(Lines::read("").clause("x", "where"), None);
    }
}
