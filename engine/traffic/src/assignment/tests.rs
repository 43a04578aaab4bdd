use super::super::bench::Load;
use super::super::shortest::Tree;
use super::*;

/// A square of crowded streets with cars, and trucks that may not go everywhere and pay more where they may.
fn streets(side: usize) -> (Network, Vec<Demand>) {
    let Load { mut network, demand: [mut cars] } = Load::streets(side).unwrap();
    cars.trips.iter_mut().flatten().for_each(|(_, trips)| *trips *= 5.0);
    let extra = |k: usize| match k % 7 {
        3 if network.links[k].capacity < 1000.0 => f64::INFINITY,
        5 => 2.5,
        _ => 0.0,
    };
    let extra = (0..network.links.len()).map(extra).collect();
    network.classes = vec![vec![0.0; network.links.len()], extra];
    let mut trucks = cars.clone();
    trucks.trips.iter_mut().flatten().for_each(|(_, trips)| *trips *= 0.2);
    (network, vec![cars, trucks])
}

/// The network without one of its links, and what became of each of the others.
fn without(network: &Network, gone: usize) -> (Network, impl Fn(u32, &mut Vec<u32>) -> bool) {
    let Network { nodes, zones, first_through, .. } = *network;
    let mut links = network.links.clone();
    links.remove(gone);
    let mut closed = Network::new(nodes, zones, first_through, links).unwrap();
    closed.classes = network.classes.clone();
    closed.classes.iter_mut().for_each(|extras| {
        extras.remove(gone);
    });
    let became = move |link: u32, found: &mut Vec<u32>| {
        found.push(link - u32::from(link as usize > gone));
        link as usize != gone
    };
    (closed, became)
}

/// The busiest link between junctions.
fn busiest(all: &Assignment, network: &Network) -> usize {
    let is_street = |k: &usize| network.links[*k].from.min(network.links[*k].to) as usize >= network.zones;
    let streets = (0..network.links.len()).filter(is_street);
    streets.max_by(|a, b| all.flow[*a].total_cmp(&all.flow[*b])).unwrap()
}

/// The gap by new searches from all zones, at the flows of all paths.
fn audit(all: &Assignment, network: &Network) -> f64 {
    let mut flow = vec![0.0; network.links.len()];
    for class in 0..network.classes.len() {
        flow.iter_mut().zip(all.flow_of(class, network.links.len())).for_each(|(sum, part)| *sum += part);
    }
    let costs: Vec<f64> = network.links.iter().zip(&flow).map(|(link, flow)| link.cost(*flow)).collect();
    let extra: f64 = all.each().map(|(_, _, path)| path.extra * path.flow).sum();
    let total = extra + costs.iter().zip(&flow).map(|(cost, flow)| cost * flow).sum::<f64>();
    let (mut tree, mut least) = (Tree::new(network), 0.0);
    for group in &all.groups {
        let class = usize::from(group.class);
        tree.search(network, &network.costs_of(class, &costs), group.from as usize, &[]);
        least += group.pairs.iter().map(|pair| pair.trips * tree.cost(pair.to as usize)).sum::<f64>();
    }
    (total - least) / total
}

/// Paths lead from zone to zone, hold all trips, and lie in memory without gaps.
fn check_paths(all: &Assignment, network: &Network) {
    for group in &all.groups {
        let (mut paths, mut links, mut several) = (0, 0, Vec::new());
        for (number, pair) in group.pairs.iter().enumerate() {
            let used: Vec<&Route> = group.paths_of(pair).collect();
            let sum: f64 = used.iter().map(|path| path.flow).sum();
            assert!((sum - pair.trips).abs() <= 1e-9 * pair.trips, "{sum} of {}", pair.trips);
            if used.len() > 1 {
                several.push(number as u32);
            }
            for path in used {
                let nodes: Vec<[u32; 2]> =
                    path.of(&group.links).iter().rev().map(|link| network.ends()[*link as usize]).collect();
                assert_eq!((nodes[0][0], nodes[nodes.len() - 1][1]), (group.from, pair.to));
                assert!(nodes.windows(2).all(|step| step[0][1] == step[1][0]), "{nodes:?}");
                (paths, links) = (paths + 1, links + path.count as usize);
            }
        }
        assert_eq!((paths, links, several), (group.paths.len(), group.links.len(), group.several.clone()));
    }
}

#[test]
fn the_gap_that_is_told_is_that_of_new_searches_from_all_zones() {
    let (network, demand) = streets(20);
    let mut all = Assignment::start(&network, &demand);
    all.run(&network, 1e-8, |_| true);
    let (closed, became) = without(&network, busiest(&all, &network));
    let mut warm = all.moved(&closed, &demand, became);
    warm.run(&closed, 1e-8, |_| true);
    for (assignment, network) in [(&all, &network), (&warm, &closed)] {
        let (told, found) = (assignment.progress.gap, audit(assignment, network));
        assert!(told <= 1e-8 && (told - found).abs() < 1e-13, "{told:e} is told, and it is {found:e}");
        assert!(assignment.progress.round < 40, "{:?}", assignment.progress);
        assert!(assignment.imbalance(network, &demand) < 1e-9);
        check_paths(assignment, network);
    }
    // The same flows from nothing: they are unique.
    let mut cold = Assignment::start(&closed, &demand);
    cold.run(&closed, 1e-8, |_| true);
    let off = (cold.objective(&closed) - warm.objective(&closed)).abs() / cold.objective(&closed);
    assert!(off < 1e-8, "{off:e}");
}

#[test]
fn kept_trees_change_nothing_and_stops_neither() {
    let (network, demand) = streets(16);
    let bits = |all: &Assignment| -> Vec<u64> { all.flow.iter().map(|flow| flow.to_bits()).collect() };
    let again = |all: &Assignment, network: &Network| {
        let mut left = Vec::new();
        all.save(&mut left).unwrap();
        Assignment::load(&mut left.as_slice(), network).unwrap()
    };
    // Searched anew each time, kept, and read from a checkpoint before each round.
    let check = |mut anew: Assignment, mut kept: Assignment, network: &Network| {
        let (mut stopped, mut is_done, mut rounds) = (again(&kept, network), false, 0);
        while !is_done {
            is_done = kept.step(network, 1e-9);
            assert_eq!(anew.step(network, 1e-9), is_done);
            stopped = again(&stopped, network);
            stopped.step(network, 1e-9);
            for (other, words) in [(&anew, "anew"), (&stopped, "stopped")] {
                assert!(bits(other) == bits(&kept) && other.progress == kept.progress, "{words}: {:?}", other.progress);
                check_paths(other, network);
            }
            rounds += 1;
        }
        assert!(rounds > 1 && kept.groups.iter().all(|group| group.tree.is_some()));
        assert!(anew.groups.iter().all(|group| group.tree.is_none()));
        [anew, kept]
    };
    let start = |most_kept: usize| {
        let mut all = Assignment { most_kept, ..Assignment::of(&network, &demand) };
        all.fill(&network, 1);
        all
    };
    let [anew, kept] = check(start(0), start(MOST_KEPT), &network);
    // Their trees move with the paths, or are not there.
    let (closed, became) = without(&network, busiest(&kept, &network));
    let moved = [&anew, &kept].map(|all| all.moved(&closed, &demand, &became));
    assert!(bits(&moved[0]) == bits(&moved[1]));
    let [anew, kept] = moved;
    check(anew, kept, &closed);
}

#[test]
fn a_way_that_was_cut_off_leaves_the_pairs_of_its_zone_in_order() {
    let (network, mut demand) = streets(8);
    // Nobody reaches the last zone any more.
    let last = network.zones as u32 - 1;
    let into = network.links.iter().position(|link| link.to == last).unwrap();
    let mut before = Assignment::start(&network, &demand);
    before.run(&network, 1e-6, |_| true);
    let (closed, became) = without(&network, into);
    let mut all = before.moved(&closed, &demand, became);
    assert_eq!(all.cut_off.len(), 2 * last as usize);
    assert!(all.cut_off.iter().all(|cut| cut.to == last));
    all.run(&closed, 1e-6, |_| true);
    assert!(all.progress.gap <= 1e-6 && all.imbalance(&closed, &demand) < 1e-9);
    check_paths(&all, &closed);
    // With them goes what they drove.
    demand.iter_mut().flat_map(|demand| &mut demand.trips).for_each(|row| row.retain(|(to, _)| *to != last));
    let wanted: f64 = demand.iter().map(Demand::total).sum();
    assert!((all.trips() / wanted - 1.0).abs() < 1e-12, "{} of {wanted}", all.trips());
}
