//! Who can give an answer. One module for each provider a config may name.

pub mod builtin;
