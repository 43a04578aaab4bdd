//! What the host tells the stages. Twin: `shaders/traffic/params.wgsl`.

use hanze_device::shared_struct;

/// A cost of a link that nobody may take, and of a node that is not reached.
pub const NEVER: u32 = u32::MAX;

shared_struct! {
    /// A search from several origins at once.
    pub struct Search {
        /// Nodes of the network.
        pub nodes: u32,
        /// Origins of this search.
        pub origins: u32,
        /// Nodes below this one carry no through traffic.
        pub first_through: u32,
    }
}

shared_struct! {
    /// A link as the node knows it that it leaves.
    pub struct Arc {
        /// Node where it ends.
        pub to: u32,
        /// Its cost.
        pub cost: u32,
        /// Its number in the network.
        pub link: u32,
    }
}
