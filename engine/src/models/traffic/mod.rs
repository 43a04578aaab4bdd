//! Traffic: a road network, trips between its zones, and the routes on which they meet (user equilibrium).
//!
//! So far from networks and trips in the format of TransportationNetworks (TNTP); scenarios do not reach it yet.

pub mod assignment;
pub mod demand;
pub mod network;
pub mod shortest;
pub mod tntp;
pub mod validate;
