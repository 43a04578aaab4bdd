//! The models. Each takes a city and a scenario and gives frames; none knows another.

pub mod runoff;
