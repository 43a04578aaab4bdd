// A wall as the stages have it. Twin: engine/heat/src/island/params.rs.

struct Wall {
    // Over that of a cell.
    area: f32,
    // View factors of sky and crowns.
    sky: f32,
    crowns: f32,
    // The cell that it stands beside.
    cell: u32,
}
