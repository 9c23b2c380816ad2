//! Addresses by municipality, and the areas that the municipalities lie in.

use std::sync::Arc;

use super::table::Table;

/// The municipalities of a table with their areas.
#[derive(Debug, Clone)]
pub struct Areas {
    pub(super) table: Arc<Table>,
    columns: [usize; 4],
}

/// Where an address lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Found<'t> {
    pub(super) municipality: &'t str,
    pub(super) area: &'t str,
}

impl Areas {
    /// The columns that the table must have. A city has no county.
    pub const COLUMNS: [&'static str; 4] = ["prefecture", "county", "municipality", "area"];

    /// Reads a table; nothing where it lacks a column.
    pub fn new(table: Arc<Table>) -> Option<Self> {
        let [prefecture, county, municipality, area] = Self::COLUMNS.map(|name| table.column(name));
        Some(Self { columns: [prefecture?, county?, municipality?, area?], table })
    }

    fn rows(&self) -> impl Iterator<Item = [&str; 4]> {
        self.table
            .rows
            .iter()
            .map(|row| self.columns.map(|column| row.get(column).map_or("", String::as_str)))
    }

    /// The areas, each once.
    pub(super) fn areas(&self) -> Vec<&str> {
        once(self.rows().map(|[_, _, _, area]| area))
    }

    /// The municipalities, each once.
    pub(super) fn municipalities(&self) -> Vec<&str> {
        once(self.rows().map(|[_, _, municipality, _]| municipality))
    }

    /// Where an address lies that begins with its municipality, with or without prefecture and county. A town or village
    /// needs one of the two: others in Japan have the same name.
    pub(super) fn find(&self, address: &str) -> Option<Found<'_>> {
        let address: String = address.chars().filter(|c| !c.is_whitespace()).collect();
        self.rows().find_map(|[prefecture, county, municipality, area]| {
            let within = after(&address, prefecture);
            let local = after(within, county);
            let is_told = local.len() < address.len() || county.is_empty();
            let is_here = is_told && !municipality.is_empty() && local.starts_with(municipality);
            is_here.then_some(Found { municipality, area })
        })
    }
}

/// What comes after that beginning; all of it where it does not begin so.
fn after<'a>(address: &'a str, begin: &str) -> &'a str {
    address.strip_prefix(begin).unwrap_or(address)
}

fn once<'t>(names: impl Iterator<Item = &'t str>) -> Vec<&'t str> {
    let mut found = Vec::new();
    names.filter(|name| !name.is_empty()).for_each(|name| {
        if !found.contains(&name) {
            found.push(name);
        }
    });
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn areas() -> Areas {
        let rows = [
            ["島根県", "", "松江市", "松江"],
            ["島根県", "", "安来市", "松江"],
            ["島根県", "邑智郡", "美郷町", "大田"],
        ];
        let table = Table {
            name: "areas".into(),
            version: "1".into(),
            columns: Areas::COLUMNS.map(str::to_owned).into(),
            rows: rows.map(|row| row.map(str::to_owned).into()).into(),
        };
        Areas::new(Arc::new(table)).unwrap()
    }

    #[test]
    fn an_address_lies_in_the_area_of_its_municipality() {
        for (address, expected) in [
            ("島根県松江市架空町1-1", Some(("松江市", "松江"))),
            ("島根県　安来市 架空町", Some(("安来市", "松江"))),
            ("松江市", Some(("松江市", "松江"))),
            ("島根県邑智郡美郷町架空", Some(("美郷町", "大田"))),
            ("島根県美郷町架空", Some(("美郷町", "大田"))),
            ("邑智郡美郷町", Some(("美郷町", "大田"))),
            ("美郷町架空", None),
            ("秋田県仙北郡美郷町", None),
            ("宮崎県東臼杵郡美郷町", None),
            ("鳥取県米子市", None),
            ("架空町松江市", None),
            ("", None),
        ] {
            let found =
                areas().find(address).map(|found| (found.municipality.to_owned(), found.area.to_owned()));
            assert_eq!(found.as_ref().map(|(m, a)| (m.as_str(), a.as_str())), expected, "{address}");
        }
        assert_eq!(areas().areas(), ["松江", "大田"]);
    }
}
