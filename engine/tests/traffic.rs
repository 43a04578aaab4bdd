//! Networks, trips and the routes on which they meet.

use hanze_engine::models::traffic::assignment::{Assignment, CutOff};
use hanze_engine::models::traffic::demand::Demand;
use hanze_engine::models::traffic::network::{Link, Network};
use hanze_engine::models::traffic::shortest::Tree;
use hanze_engine::models::traffic::tntp::{Weights, network, trips};

fn link(from: u32, to: u32, free_time: f64) -> Link {
    Link { from, to, capacity: 100.0, free_time, factor: 0.15, power: 4.0, length: 1.0, fixed: 0.0, delay: None }
}

const HEAD: &str = "<NUMBER OF ZONES> 2\n<NUMBER OF NODES> 3\n<FIRST THRU NODE> 3\n<NUMBER OF LINKS> 2\n<END OF METADATA>\n~ comment\n";

#[test]
fn files_that_are_wrong_are_told_with_their_line() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.tntp");
    let read = |text: &str| {
        std::fs::write(&path, text).unwrap();
        network(&path, Weights::default()).err().map_or("no error".into(), |error| error.to_string())
    };
    let net = |second: &str| format!("{HEAD}1 3 100 1 5 0.15 4 50 0 1 ;\n{second}\n");
    assert_eq!(read(&net("3 2 100 1 5 0.15 4 50 0 1 ;")), "no error");
    for (second, words) in [
        ("3 2 -100 1 5 0.15 4 50 0 1 ;", "link 2 from node 3 to 2"),
        ("3 2 nan 1 5 0.15 4 50 0 1 ;", "line 8: \"nan\" is no number"),
        ("3 9 100 1 5 0.15 4 50 0 1 ;", "line 8: \"9\" is no node"),
        ("3 2 100 1 ;", "line 8: has 4 of 10 values"),
        ("3 2 0 1 5 0.15 4 50 0 1 ;", "no capacity"),
        ("", "has 1 links, and says that there are 2"),
    ] {
        let found = read(&net(second));
        assert!(found.contains(words), "{second}: {found}");
    }
    assert!(read("1 3 100\n").contains("<NUMBER OF ZONES>"));
    assert!(read(&HEAD.replace("ZONES> 2", "ZONES> 99999999999")).contains("line 1"));
    let table = |text: &str| {
        std::fs::write(&path, text).unwrap();
        trips(&path, 2, 1.0).err().map_or("no error".into(), |error| error.to_string())
    };
    let head = "<NUMBER OF ZONES> 2\n<END OF METADATA>\n";
    assert_eq!(table(&format!("{head}Origin 1\n 2 : 5.0; 1 : 3;\n")), "no error");
    for (text, words) in [
        (head.replace('2', "3"), "has 3 zones, and the network has 2"),
        (format!("{head}Origin 7\n"), "line 3: names no zone"),
        (format!("{head} 2 : 5.0;\n"), "line 3: stands before"),
        (format!("{head}Origin 1\n 2 : five;\n"), "line 4: \"2 : five\""),
        (format!("{head}Origin 1\n 2 : -5;\n"), "-5 trips to zone 2"),
        (format!("{head}Origin 1\n 2 : NaN;\n"), "NaN trips"),
        (format!("{head}Origin 1\n 5 : 1;\n"), "zone 5, and there are 2"),
    ] {
        let found = table(&text);
        assert!(found.contains(words), "{text}: {found}");
    }
}

#[test]
fn ties_are_broken_by_links_and_then_by_order_and_zones_carry_no_through_traffic() {
    // Two zones, two ways of the same cost: over one node and over two, and one through a third zone that costs nothing.
    let mut links =
        vec![link(0, 3, 1.0), link(3, 4, 0.0), link(4, 1, 1.0), link(3, 1, 1.0), link(0, 2, 0.0), link(2, 1, 0.0)];
    links.push(link(3, 1, 1.0));
    let network = Network::new(5, 3, 3, links).unwrap();
    let costs: Vec<f64> = network.links.iter().map(|link| link.cost(0.0)).collect();
    let mut tree = Tree::new(&network);
    for _ in 0..2 {
        tree.search(&network, &costs, 0, &[(1, 1.0)]);
        assert_eq!((tree.cost(1), tree.way(&network, 1)), (2.0, vec![3, 0]));
    }
    // From the third zone itself one may leave.
    tree.search(&network, &costs, 2, &[(1, 1.0), (0, 1.0)]);
    assert_eq!((tree.cost(1), tree.cost(0)), (0.0, f64::INFINITY));
}

#[test]
fn a_closure_that_cuts_a_zone_off_is_told_with_its_trips() {
    let links = vec![link(0, 2, 1.0), link(2, 1, 2.0), link(0, 1, 5.0), link(1, 0, 1.0)];
    let network = Network::new(3, 2, 2, links.clone()).unwrap();
    let mut demand = Demand::none(2);
    demand.add(0, 1, 80.0).unwrap();
    demand.add(1, 0, 7.0).unwrap();
    let demand = [demand];
    let mut all = Assignment::start(&network, &demand);
    all.run(&network, 1e-12, |_| true);
    assert!(all.cut_off.is_empty() && all.progress.gap <= 1e-12 && all.imbalance(&network, &demand) < 1e-12);
    assert_eq!(all.users(&[1]), [(0, 0, 1, all.flow[1])]);
    let closed = Network::new(3, 2, 2, links[..3].to_vec()).unwrap();
    let became = |link: u32, links: &mut Vec<u32>| {
        links.push(link);
        link < 3
    };
    for mut edited in [Assignment::start(&closed, &demand), all.moved(&closed, &demand, became)] {
        edited.run(&closed, 1e-12, |_| true);
        assert_eq!(edited.cut_off, [CutOff { class: 0, from: 1, to: 0, trips: 7.0 }]);
        assert!((edited.flow[0] + edited.flow[2] - 80.0).abs() < 1e-9 && edited.imbalance(&closed, &demand) < 1e-12);
    }
    // Half of the way to the river, a second road opens: trips move to it.
    let mut more = links;
    more.push(link(0, 2, 1.0));
    let wider = Network::new(3, 2, 2, more).unwrap();
    let mut warm = all.moved(&wider, &demand, |link, links| {
        links.push(link);
        true
    });
    warm.run(&wider, 1e-12, |_| true);
    assert!((warm.flow[0] - warm.flow[4]).abs() < 1e-3 && warm.flow[4] > 20.0, "{:?}", warm.flow);
}
