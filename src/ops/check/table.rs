//! Tables that nobody looks into.

use crate::config::{Config, Fault, Need, Part, Said, Severity, Thing};
use crate::services::surveillance::Tables;

/// Tables that the hub itself reads, by name.
const OWN: [&str; 2] = ["areas", "sensitive"];

/// Tables that no route and no disclosure reads, nor a service.
pub(super) fn unused(config: &Config, needs: &[Need]) -> Vec<Fault> {
    let read: Vec<_> = config.routes.iter().flat_map(|route| route.tables().into_keys()).collect();
    let tables = needs.iter().filter_map(|need| match &need.thing {
        Thing::Table(name) => Some((need, name.as_str())),
        _ => None,
    });
    let unused = tables
        .filter(|(_, name)| !read.contains(name) && !OWN.contains(name) && !Tables::NAMES.contains(name));
    unused
        .map(|(need, name)| {
            let said = Said::new(
                format!("no route and no service looks into table \"{name}\""),
                format!("表「{name}」は、どの経路もサービスも使っていません"),
            )
            .help(
                format!("use it: {{ field = \"…\", in_table = \"{name}\" }}, or take tables/{name}.tsv out"),
                format!(
                    "{{ field = \"…\", in_table = \"{name}\" }} で使うか、tables/{name}.tsv を消してください"
                ),
            );
            need.fault(Severity::Warning, said.of(Part::Topology))
        })
        .collect()
}
