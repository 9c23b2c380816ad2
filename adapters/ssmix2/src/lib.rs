//! ssmix2 adapter.
