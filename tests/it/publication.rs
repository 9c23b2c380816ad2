//! What is published: the AsyncAPI document says what subscribers get, the schemas keep their promises, FHIR bodies are
//! by their profiles, and the pages of the kinds and the table of what is covered are those of the code and the cases.
//!
//! `BLESS=1 cargo test --test it publication` writes the pages and the table.

mod asyncapi;
mod cases;
mod coverage;
mod explained;
mod fhir;
mod fields;
mod frozen;
mod pages;
mod rules;
mod samples;
