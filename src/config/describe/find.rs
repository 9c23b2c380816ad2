//! From the path of a key, such as `source[1].settle`, to its description.

use super::key::{Key, Shape, Table};

/// The key at that path.
pub(super) fn find<'t>(tables: &'t [Table], path: &str) -> Option<&'t Key> {
    let names = path.split('.').map(|part| part.split('[').next().unwrap_or_default());
    let mut around: Vec<&Table> = tables.first().into_iter().collect();
    let mut found = None;
    let mut is_free = false;
    for name in names {
        if is_free {
            // A key of a table whose keys are free is described by the table.
            is_free = false;
            continue;
        }
        let key = around.iter().flat_map(|table| &table.keys).find(|key| key.name == name)?;
        is_free = is_map(&key.shape);
        let inner = inner(&key.shape);
        around = tables.iter().filter(|table| inner.contains(&table.id)).collect();
        found = Some(key);
    }
    found
}

/// Whether a value is a table whose keys are free.
fn is_map(shape: &Shape) -> bool {
    match shape {
        Shape::Map(_) => true,
        Shape::Either(_, other) => is_map(other),
        _ => false,
    }
}

/// The tables that a value may be or hold.
fn inner(shape: &Shape) -> &'static [&'static str] {
    match shape {
        Shape::Table(ids) => ids,
        Shape::Either(_, other) => inner(other),
        Shape::List(shape) | Shape::AnyList(shape) | Shape::OneOrMore(shape) | Shape::Map(shape) => {
            inner(shape)
        }
        _ => &[],
    }
}

#[cfg(test)]
mod tests {
    use super::super::files;

    #[track_caller]
    fn check(stem: &str, path: &str, expected: Option<&str>) {
        let files = files();
        let file = files.iter().find(|file| file.stem == stem).unwrap();
        assert_eq!(super::find(&file.tables, path).map(|key| key.example), expected, "{path}");
    }

    #[test]
    fn a_path_leads_to_the_description_of_its_key() {
        check("feed", "source[1].settle", Some("\"500ms\""));
        check("feed", "documents.L-X", Some("{ \"L-OBSERVATIONS\" = \"85353-1\" }"));
        check("hub", "broker.tls.ca", Some("\"/etc/musubi/ca.pem\""));
        check("routes", "route[2].where.all[1].not.field", Some("\"patient.sex\""));
        check("routes", "disclosure[1].only.results.any[2].is", Some("\"female\""));
        check("routes", "route[1].test[3].expect.to[1]", Some("[\"surveillance\"]"));
        check("routes", "route[1].nowhere", None);
        check("hub", "", None);
    }
}
