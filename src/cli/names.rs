//! Names of feeds and subscribers on the command line.

use crate::config::suggest;

/// The names that are meant: those given, each of which must be known, or all.
pub(super) fn chosen(what: &str, given: &[String], known: &[&str]) -> Result<Vec<String>, String> {
    if given.is_empty() {
        return match known {
            [] => Err(format!("there is no {what} to serve")),
            known => Ok(known.iter().map(|name| (*name).to_owned()).collect()),
        };
    }
    match given.iter().find(|name| !known.contains(&name.as_str())) {
        Some(name) => Err(format!("no {what} \"{name}\": {}", suggest(name, known))),
        None => Ok(given.to_vec()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_checked_with_the_nearest_one() {
        let known = ["izumo-chuo", "matsue-kita"];
        let chosen = |given: &[&str]| {
            let given: Vec<_> = given.iter().map(|name| (*name).to_owned()).collect();
            chosen("feed", &given, &known)
        };
        assert_eq!(chosen(&[]).unwrap(), known);
        assert_eq!(chosen(&["matsue-kita"]).unwrap(), ["matsue-kita"]);
        assert_eq!(
            chosen(&["izumo-cho"]).unwrap_err(),
            "no feed \"izumo-cho\": did you mean \"izumo-chuo\"?"
        );
        assert_eq!(chosen(&["x"]).unwrap_err(), "no feed \"x\": known: izumo-chuo, matsue-kita");
        assert_eq!(super::chosen("feed", &[], &[]).unwrap_err(), "there is no feed to serve");
    }
}
