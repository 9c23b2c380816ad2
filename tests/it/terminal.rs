//! What operators see in a terminal: the overview by trouble, the way to a hub that runs, the wire tap.

mod client;
mod overview;
mod tap;
