//! What an operator or an interface engineer can do: the one door for the command line and the console.

pub mod inspect;
pub mod queues;
pub mod topology;
