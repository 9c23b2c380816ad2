//! Catalogue: the files, their columns, and the facts that a row is.

use super::super::{
    Area, Contract, ContractKind, EmergencyAccess, Facility, FacilityRole, Fact, Link, Member, Membership,
    Merge, Purpose, Removal, SensitiveConsent, Sensitivity, ViewConsent,
};
use super::Cells;

/// One file.
pub(super) struct Table {
    /// Its name without `.csv`.
    pub(super) name: &'static str,
    /// Columns that it must have, beside `who` and `why`.
    must: &'static [&'static str],
    /// Columns that it may have.
    may: &'static [&'static str],
    /// A row's facts; nothing if there is a fault.
    pub(super) read: fn(&mut Cells<'_>) -> Option<Vec<Fact>>,
}

impl Table {
    /// All columns.
    pub(super) fn columns(&self) -> impl Iterator<Item = &'static str> {
        self.required().chain(self.may.iter().copied()).chain(["history"])
    }

    /// The columns that must be there.
    pub(super) fn required(&self) -> impl Iterator<Item = &'static str> {
        self.must.iter().copied().chain(["who", "why"])
    }

    /// A header for it.
    pub(super) fn header(&self) -> String {
        let columns: Vec<_> = self.must.iter().chain(self.may).chain(&["who", "why"]).copied().collect();
        columns.join(",")
    }
}

/// All files, in the order in which they are read.
pub(super) const TABLES: &[Table] = &[
    Table {
        name: "facilities",
        must: &["code", "name", "area", "roles", "from"],
        may: &["name_en", "until"],
        read: facility,
    },
    Table { name: "members", must: &["network_id", "from"], may: &["until"], read: member },
    Table {
        name: "links",
        must: &["facility", "local_id", "network_id", "from"],
        may: &["until"],
        read: link,
    },
    Table {
        name: "consents",
        must: &["network_id", "facility", "purposes", "from"],
        may: &["until"],
        read: consents,
    },
    Table {
        name: "sensitive",
        must: &["network_id", "facility", "categories", "from"],
        may: &["until"],
        read: sensitive,
    },
    Table {
        name: "contracts",
        must: &["kind", "facility", "from"],
        may: &["with", "rank", "until"],
        read: contract,
    },
    Table {
        name: "care_team",
        must: &["network_id", "facility", "from"],
        may: &["profession", "until"],
        read: |cells| membership(cells, Fact::CareTeam),
    },
    Table {
        name: "perinatal",
        must: &["network_id", "facility", "from"],
        may: &["profession", "until"],
        read: |cells| membership(cells, Fact::Perinatal),
    },
    Table {
        name: "emergency",
        must: &["network_id", "facility", "from", "until"],
        may: &[],
        read: emergency,
    },
    Table {
        name: "merges",
        must: &["facility", "former", "into", "at"],
        may: &[],
        read: |cells| merge(cells, Fact::Merge),
    },
    Table {
        name: "unmerges",
        must: &["facility", "former", "into", "at"],
        may: &[],
        read: |cells| merge(cells, Fact::Unmerge),
    },
    Table { name: "removals", must: &["facility", "local_id", "at"], may: &[], read: removal },
];

// Every cell is read before the first `?`, so that all faults of a row are told.

fn facility(cells: &mut Cells<'_>) -> Option<Vec<Fact>> {
    let (code, name) = (cells.code("code"), cells.text("name"));
    let area = cells.word("area", &Area::ALL, Area::as_str);
    let roles = cells.words("roles", &FacilityRole::ALL, FacilityRole::as_str);
    let (name_en, period) = (cells.optional("name_en").map(str::to_owned), cells.period());
    let (code, name, area, roles, period) = (code?, name?.to_owned(), area?, roles?, period?);
    Some(vec![Fact::Facility(Facility { code, name, name_en, area, roles, period })])
}

fn member(cells: &mut Cells<'_>) -> Option<Vec<Fact>> {
    let (network_id, period) = (cells.id("network_id"), cells.period());
    Some(vec![Fact::Member(Member { network_id: network_id?, period: period? })])
}

fn link(cells: &mut Cells<'_>) -> Option<Vec<Fact>> {
    let (facility, local_id) = (cells.code("facility"), cells.id("local_id"));
    let (network_id, period) = (cells.id("network_id"), cells.period());
    let (facility, local_id, network_id, period) = (facility?, local_id?, network_id?, period?);
    Some(vec![Fact::Link(Link { facility, local_id, network_id, period })])
}

fn consents(cells: &mut Cells<'_>) -> Option<Vec<Fact>> {
    let (network_id, facility) = (cells.id("network_id"), cells.code("facility"));
    let (purposes, period) = (cells.words("purposes", &Purpose::ALL, Purpose::as_str), cells.period());
    let (network_id, facility, purposes, period) = (network_id?, facility?, purposes?, period?);
    let consent = |purpose| {
        let (network_id, facility) = (network_id.clone(), facility.clone());
        Fact::ViewConsent(ViewConsent { network_id, facility, purpose, period })
    };
    Some(purposes.into_iter().map(consent).collect())
}

fn sensitive(cells: &mut Cells<'_>) -> Option<Vec<Fact>> {
    let (network_id, facility) = (cells.id("network_id"), cells.code("facility"));
    let categories = cells.words("categories", &Sensitivity::ALL, Sensitivity::as_str);
    let period = cells.period();
    let (network_id, facility, categories, period) = (network_id?, facility?, categories?, period?);
    let consent = |category| {
        let (network_id, facility) = (network_id.clone(), facility.clone());
        Fact::SensitiveConsent(SensitiveConsent { network_id, facility, category, period })
    };
    Some(categories.into_iter().map(consent).collect())
}

fn contract(cells: &mut Cells<'_>) -> Option<Vec<Fact>> {
    let kind = cells.word("kind", &ContractKind::ALL, ContractKind::as_str);
    let facility = cells.code("facility");
    let with = cells.optional("with").map(|_| cells.code("with"));
    let (rank, period) = (cells.rank("rank"), cells.period());
    let with = with.map_or(Some(None), |code| code.map(Some));
    let (kind, facility, with, rank, period) = (kind?, facility?, with?, rank?, period?);
    Some(vec![Fact::Contract(Contract { kind, facility, with, rank, period })])
}

fn membership(cells: &mut Cells<'_>, fact: fn(Membership) -> Fact) -> Option<Vec<Fact>> {
    let (network_id, facility) = (cells.id("network_id"), cells.code("facility"));
    let (profession, period) = (cells.optional("profession").map(str::to_owned), cells.period());
    let (network_id, facility, period) = (network_id?, facility?, period?);
    Some(vec![fact(Membership { network_id, facility, profession, period })])
}

fn emergency(cells: &mut Cells<'_>) -> Option<Vec<Fact>> {
    let (network_id, facility) = (cells.id("network_id"), cells.code("facility"));
    let (ends, period) = (cells.text("until"), cells.period());
    let (network_id, facility, _, period) = (network_id?, facility?, ends?, period?);
    Some(vec![Fact::Emergency(EmergencyAccess { network_id, facility, period })])
}

fn merge(cells: &mut Cells<'_>, fact: fn(Merge) -> Fact) -> Option<Vec<Fact>> {
    let (facility, former) = (cells.code("facility"), cells.id("former"));
    let (into, at) = (cells.id("into"), cells.instant("at"));
    let (facility, former, into, at) = (facility?, former?, into?, at?);
    Some(vec![fact(Merge { facility, former, into, at })])
}

fn removal(cells: &mut Cells<'_>) -> Option<Vec<Fact>> {
    let (facility, local_id, at) = (cells.code("facility"), cells.id("local_id"), cells.instant("at"));
    let (facility, local_id, at) = (facility?, local_id?, at?);
    Some(vec![Fact::Removal(Removal { facility, local_id, at })])
}
