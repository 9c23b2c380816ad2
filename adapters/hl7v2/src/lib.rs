//! hl7v2 adapter.
