//! What stands in a feed's way: what `musubi feed doctor` does. It changes nothing, and works while the hub runs.

pub mod mount;
