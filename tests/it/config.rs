//! The configuration that stands in the repository.

use std::path::Path;

use musubi::config::{Config, Severity};

#[test]
fn the_repository_s_own_configuration_has_no_fault() {
    let (config, faults) = Config::load(Path::new(env!("CARGO_MANIFEST_DIR")));
    let errors: Vec<_> = faults.iter().filter(|fault| fault.severity == Severity::Error).collect();
    assert!(errors.is_empty(), "{}", errors.iter().map(|fault| format!("{fault}\n")).collect::<String>());
    assert_eq!(config.unwrap().subscribers.len(), 3);
    let other: Vec<_> = faults.iter().filter(|fault| !fault.message.contains("does not exist")).collect();
    assert!(other.is_empty(), "{other:?}");
}
