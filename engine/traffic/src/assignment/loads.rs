//! Flows on links while trips move, and what they make of the costs.

use super::super::network::Network;

/// Flow of each link, and what follows from it.
pub(super) struct Loads<'a> {
    network: &'a Network,
    /// Flow of each link.
    pub(super) flow: Vec<f64>,
    /// Cost of each link for all classes.
    pub(super) cost: Vec<f64>,
    /// How fast it rises with the flow.
    slope: Vec<f64>,
    /// Costs with what each class has of its own; empty where there is one class that has nothing.
    of_class: Vec<Vec<f64>>,
    /// Which links are on the paths between which trips move, by the number of the move.
    mark: Vec<u64>,
    stamp: u64,
    /// Moves so far.
    pub(super) moves: usize,
}

impl<'a> Loads<'a> {
    pub(super) fn new(network: &'a Network, flow: Vec<f64>) -> Loads<'a> {
        let each = || network.links.iter().zip(&flow);
        let cost: Vec<f64> = each().map(|(link, flow)| link.cost(*flow)).collect();
        let slope = each().map(|(link, flow)| link.slope(*flow)).collect();
        let of_class = (0..network.classes.len()).map(|class| network.costs_of(class, &cost)).collect();
        Loads { network, flow, cost, slope, of_class, mark: vec![0; network.links.len()], stamp: 0, moves: 0 }
    }

    /// Costs of all links for a class.
    pub(super) fn of(&self, class: u8) -> &[f64] {
        self.of_class.get(usize::from(class)).unwrap_or(&self.cost)
    }

    /// The network.
    pub(super) fn network(&self) -> &'a Network {
        self.network
    }

    /// Cost of some links, without what classes have of their own.
    pub(super) fn sum(&self, links: &[u32]) -> f64 {
        // Four sums beside each other: none waits for another.
        let (fours, rest) = links.as_chunks::<4>();
        let mut sums = [0.0; 4];
        for four in fours {
            for (sum, link) in sums.iter_mut().zip(four) {
                *sum += self.cost[*link as usize];
            }
        }
        let rest: f64 = rest.iter().map(|link| self.cost[*link as usize]).sum();
        (sums[0] + sums[1]) + (sums[2] + sums[3]) + rest
    }

    /// Cost of all that flows.
    pub(super) fn total(&self) -> f64 {
        self.cost.iter().zip(&self.flow).map(|(cost, flow)| cost * flow).sum()
    }

    /// Adds trips on paths.
    pub(super) fn add<'b>(&mut self, paths: impl Iterator<Item = (&'b [u32], f64)> + Clone) {
        for (links, flow) in paths.clone() {
            links.iter().for_each(|link| self.flow[*link as usize] += flow);
        }
        // Many paths share a link.
        self.stamp += 1;
        for link in paths.flat_map(|(links, _)| links) {
            if self.mark[*link as usize] != self.stamp {
                self.mark[*link as usize] = self.stamp;
                self.change(*link, 0.0);
            }
        }
    }

    /// Moves trips, up to a number, from some links to others that cost `over` less, so many that the difference would be gone if costs
    /// rose evenly (a step of Newton's method); how many.
    pub(super) fn shift(&mut self, from: &[u32], to: &[u32], over: f64, most: f64) -> f64 {
        self.stamp += 2;
        let (in_one, in_both) = (self.stamp - 1, self.stamp);
        to.iter().for_each(|link| self.mark[*link as usize] = in_one);
        let mut steep = 0.0;
        for &link in from {
            let mark = &mut self.mark[link as usize];
            if *mark == in_one {
                *mark = in_both;
            } else if *mark != in_both {
                steep += self.slope[link as usize];
            }
        }
        let is_alone = |mark: &[u64], link: u32| mark[link as usize] == in_one;
        steep +=
            to.iter().filter(|link| is_alone(&self.mark, **link)).map(|link| self.slope[*link as usize]).sum::<f64>();
        let moved = if steep > 0.0 { (over / steep).min(most) } else { most };
        for &link in from {
            if self.mark[link as usize] != in_both {
                self.change(link, -moved);
            }
        }
        for &link in to {
            if is_alone(&self.mark, link) {
                self.change(link, moved);
            }
        }
        self.moves += 1;
        moved
    }

    fn change(&mut self, link: u32, by: f64) {
        let (at, changed) = (link as usize, &self.network.links[link as usize]);
        self.flow[at] = (self.flow[at] + by).max(0.0);
        self.cost[at] = changed.cost(self.flow[at]);
        self.slope[at] = changed.slope(self.flow[at]);
        for (class, costs) in self.of_class.iter_mut().enumerate() {
            costs[at] = self.cost[at] + self.network.extra(class, link);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::network::Link;
    use super::*;

    #[test]
    fn trips_move_until_two_ways_cost_the_same_and_shared_links_keep_theirs() {
        let link = |from, to, free_time, power| Link {
            from,
            to,
            capacity: 10.0,
            free_time,
            factor: 1.0,
            power,
            length: 1.0,
            fixed: 0.0,
            delay: None,
        };
        // Costs that rise evenly: one step is enough.
        let links = vec![link(0, 1, 3.0, 1.0), link(1, 2, 1.0, 1.0), link(0, 1, 1.0, 1.0)];
        let mut network = Network::new(3, 0, 0, links).unwrap();
        network.classes = vec![vec![0.0; 3], vec![0.5, 0.0, 2.0]];
        let mut loads = Loads::new(&network, vec![20.0, 20.0, 0.0]);
        let over = loads.sum(&[1, 0]) - loads.sum(&[1, 2]);
        assert_eq!((over, loads.total()), (8.0, 240.0));
        // Link 1 is on both paths.
        let moved = loads.shift(&[1, 0], &[1, 2], over, 20.0);
        assert!((moved - 20.0).abs() < 1e-12 && loads.flow == [0.0, 20.0, 20.0], "{moved} {:?}", loads.flow);
        // Half as many, if the other path has what it can hold.
        let mut loads = Loads::new(&network, vec![20.0, 20.0, 20.0]);
        let over = loads.sum(&[1, 0]) - loads.sum(&[1, 2]);
        let moved = loads.shift(&[1, 0], &[1, 2], over, 20.0);
        assert!((moved - 15.0).abs() < 1e-12, "{moved}");
        assert!((loads.sum(&[0]) - loads.sum(&[2])).abs() < 1e-12 && loads.flow[1] == 20.0, "{:?}", loads.flow);
        // What a class has of its own follows.
        assert_eq!(loads.of(1)[2], loads.cost[2] + 2.0);
        assert_eq!(loads.of(0), &loads.cost[..]);
        assert_eq!(loads.moves, 1);
    }
}
