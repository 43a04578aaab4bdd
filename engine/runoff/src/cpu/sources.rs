//! Point inflows. Twin: `shaders/runoff/sources.wgsl`.

use super::super::params::{Clock, Source};
use super::super::solver::State;

/// Adds the water of the step to the cells of the point inflows. It brings no momentum.
pub fn sources(clock: &Clock, sources: &[Source], state: &mut State) {
    for source in sources {
        let i = source.index as usize;
        let change = clock.dt * (source.rate + source.slope * clock.middle) + state.low[i];
        let sum = state.depth[i] + change;
        state.low[i] = change - (sum - state.depth[i]);
        state.depth[i] = sum;
    }
}
