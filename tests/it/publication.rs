//! What is published: the AsyncAPI document says what subscribers get, and the schemas keep their promises.

mod asyncapi;
mod cases;
mod frozen;
mod rules;
