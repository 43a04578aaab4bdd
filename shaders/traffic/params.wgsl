// What the host tells the stages. Twin: `engine/traffic/src/params.rs`.

// A cost of a link that nobody may take, and of a node that is not reached.
const NEVER: u32 = 4294967295u;

// A search from several origins at once.
struct Search {
    // Nodes of the network.
    nodes: u32,
    // Origins of this search.
    origins: u32,
    // Nodes below this one carry no through traffic.
    first_through: u32,
}

// A link as the node knows it that it leaves.
struct Arc {
    // Node where it ends.
    to: u32,
    // Its cost.
    cost: u32,
    // Its number in the network.
    link: u32,
}
