//! What each kind of edit changes, and that it leaves all else.

use super::*;
use crate::roads::{CAR, CYCLE, Change, Place as Road, TRUCK};

/// Layers that an edit of a square changes, in the order of [`layers`], and the objects that it touches.
struct Case {
    name: &'static str,
    what: What,
    layers: &'static [&'static str],
    objects: &'static [(&'static str, Turn, usize)],
}

#[test]
fn each_kind_changes_its_layers_in_its_shape_and_nothing_else() {
    let city = town();
    let square = free_square(&city, 5, Cover::Grass);
    let [low, high] = square;
    let area = rectangle(square);
    let middle = 0.5 * (low + high);
    let (col, row) = city.grid.cell_at(middle.x, middle.y).expect("inside");
    let ground = city.terrain.at(col, row);
    let line = vec![DVec2::new(low.x + 0.5, middle.y), DVec2::new(high.x - 0.5, middle.y)];
    let green = |albedo| {
        let What::Building(new) = house(area.clone(), 9.0) else { unreachable!("a house") };
        What::Building(NewBuilding { green_roof: 0.02, albedo, ..new })
    };
    let barrier = |kind| What::Barrier(Barrier { line: line.clone(), kind, height: 0.8, width: 1.0, slope: 0.0 });
    const BUILT: &[&str] = &["buildings", "manning", "infiltration", "cover", "albedo"];
    let cases = [
        Case {
            name: "house",
            what: house(area.clone(), 12.0),
            layers: BUILT,
            objects: &[("building", Turn::Added, 1)],
        },
        Case {
            name: "green roof",
            what: green(None),
            layers: &["buildings", "manning", "infiltration", "interception", "cover", "albedo"],
            objects: &[("building", Turn::Added, 1)],
        },
        Case {
            name: "white green roof",
            what: green(Some(0.7)),
            layers: &["buildings", "manning", "infiltration", "interception", "cover", "albedo"],
            objects: &[("building", Turn::Added, 1)],
        },
        Case {
            name: "trees",
            what: What::Trees(Planting {
                place: Shape::Points(vec![middle]),
                amount: None,
                height: 8.0,
                crown: 5.0,
                species: Species::Broadleaf,
            }),
            layers: &["canopy"],
            objects: &[("tree", Turn::Added, 1)],
        },
        Case {
            name: "asphalt",
            what: What::Cover { area: area.clone(), becomes: Surface::of(Cover::Asphalt) },
            layers: &["manning", "infiltration", "cover", "albedo", "sewered"],
            objects: &[],
        },
        Case {
            name: "pond",
            what: What::Water { area: area.clone(), bed: ground - 2.0, level: ground - 1.0 },
            layers: &["terrain", "manning", "infiltration", "water", "cover", "albedo"],
            objects: &[],
        },
        Case {
            name: "raise",
            what: What::Ground { area: area.clone(), action: Earth::Raise(0.5) },
            layers: &["terrain"],
            objects: &[],
        },
        Case {
            name: "flatten",
            what: What::Ground { area: area.clone(), action: Earth::Flatten(ground + 3.0) },
            layers: &["terrain"],
            objects: &[],
        },
        Case {
            name: "wadi",
            what: What::Ground { area: area.clone(), action: Earth::Wadi { depth: 0.4, slope: 3.0 } },
            layers: &["terrain"],
            objects: &[],
        },
        Case { name: "wall", what: barrier(BarrierKind::Wall), layers: &["terrain"], objects: &[] },
        Case { name: "kerb", what: barrier(BarrierKind::Kerb), layers: &["terrain"], objects: &[] },
        Case { name: "dike", what: barrier(BarrierKind::Dike), layers: &["terrain"], objects: &[] },
        Case {
            name: "structure",
            what: What::Structure { name: "pump".into(), ends: vec![vec![middle]] },
            layers: &[],
            objects: &[("structure", Turn::Added, 1)],
        },
    ];
    let within: std::collections::HashSet<usize> = area.indices(&city.grid).collect();
    assert_eq!(within.len(), 25);
    for Case { name, what, layers: wanted, objects } in cases {
        let (after, touched) = edited(&city, &[Edit::new(what)]);
        let found: Vec<&str> = touched.layers.iter().map(|layer| layer.name).collect();
        assert_eq!(found, wanted, "{name}");
        let count = objects.iter().map(|(_, _, count)| count).sum::<usize>();
        assert_eq!(touched.objects.len(), count, "{name}: {:?}", touched.objects);
        for (kind, turn, count) in objects {
            assert_eq!(touched.count(kind, *turn), *count, "{name}: {kind}");
        }
        // Independently of what `Touched` looks at: no cell beside the square is another one, in any layer.
        for ((layer, old), (_, new)) in layers(&city).into_iter().zip(layers(&after)) {
            let (Some(old), Some(new)) = (old, new) else { continue };
            let changed: Vec<usize> =
                (0..city.grid.len()).filter(|k| old.values[*k].to_bits() != new.values[*k].to_bits()).collect();
            assert!(changed.iter().all(|cell| within.contains(cell)), "{name}: {layer} beside the square");
            if layer != "albedo" && layer != "interception" {
                let told = touched.layer(layer).map_or(0, |own| own.cells);
                assert_eq!(changed.len(), told, "{name}: {layer}");
            }
            if let Some(own) = touched.layer(layer).filter(|_| !changed.is_empty()) {
                let (rows, cols) =
                    (changed.iter().map(|k| k / city.grid.cols), changed.iter().map(|k| k % city.grid.cols));
                let range =
                    |(low, high): (Option<usize>, Option<usize>)| low.unwrap_or(0)..high.map_or(0, |high| high + 1);
                assert_eq!(own.window.rows, range((rows.clone().min(), rows.max())), "{name}: {layer}");
                assert_eq!(own.window.cols, range((cols.clone().min(), cols.max())), "{name}: {layer}");
            }
        }
        assert!(after.terrain.datum.to_bits() == city.terrain.datum.to_bits(), "{name}");
    }
}

fn value(layer: &Option<Raster>, grid: &hanze_base::grid::Grid, at: DVec2) -> f32 {
    let (col, row) = grid.cell_at(at.x, at.y).expect("inside");
    layer.as_ref().expect("there").values[row * grid.cols + col]
}

#[test]
fn a_house_has_its_height_roof_and_people() {
    let city = town();
    let square = free_square(&city, 5, Cover::Grass);
    let middle = 0.5 * (square[0] + square[1]);
    let What::Building(new) = house(rectangle(square), 10.0) else { unreachable!("a house") };
    for (roof, edge) in [(Roof::Flat, 10.0..=10.0), (Roof::Gable, 5.0..=8.0), (Roof::Hip, 5.0..=8.0)] {
        let what = What::Building(NewBuilding { roof, albedo: Some(0.6), ..new.clone() });
        let (after, _) = edited(&city, &[Edit { name: "School".into(), ..Edit::new(what) }]);
        let corner = value(&after.buildings, &city.grid, square[0] + 1.0);
        assert!(edge.contains(&f64::from(corner)), "{roof:?}: {corner}");
        assert!((value(&after.buildings, &city.grid, middle) - 10.0).abs() < 0.01 || roof != Roof::Flat);
        assert_eq!(value(&after.albedo, &city.grid, middle), 0.6);
        // The rest keeps what is usual for its cover.
        let beside = square[0] - 1.0;
        assert_eq!(value(&after.albedo, &city.grid, beside), Cover::Grass.albedo());
        let new = after.objects.buildings.last().expect("one");
        assert_eq!(
            (new.id.as_deref(), new.people.map(|own| own[0]), new.ridge),
            (Some("School"), Some(40.0), Some(10.0))
        );
        assert_eq!(after.places.buildings.last().map(|place| place.name.as_str()), Some("School"));
    }
}

#[test]
fn trees_go_where_a_house_comes_and_crowns_of_others_stay() {
    let city = town();
    let square = free_square(&city, 7, Cover::Grass);
    let middle = 0.5 * (square[0] + square[1]);
    let beside = DVec2::new(square[0].x + 1.0, middle.y);
    let planted = Edit::new(trees(Shape::Points(vec![middle, beside]), None));
    let small = rectangle([middle - 1.5, middle + 1.5]);
    let (with_trees, _) = edited(&city, std::slice::from_ref(&planted));
    let (after, touched) = edited(&city, &[planted.clone(), Edit::new(house(small.clone(), 6.0))]);
    assert_eq!(
        value(&with_trees.canopy, &city.grid, middle),
        (10.0 * (0.55 + 0.45 * crown_share(&city, middle))) as f32
    );
    assert_eq!(value(&after.canopy, &city.grid, middle), 0.0);
    let kept = [&with_trees, &after].map(|city| value(&city.canopy, &city.grid, beside));
    assert!(kept[0] == kept[1] && kept[0] > 0.0, "{kept:?}");
    assert_eq!(touched.count("tree", Turn::Added), 1);
    // Planted and felled again is as before, to the last bit.
    for place in [Shape::Area(small), Shape::Points(vec![middle])] {
        let alone = Edit::new(trees(Shape::Points(vec![middle]), None));
        let (back, touched) = edited(&city, &[alone, Edit::new(What::Fell { place })]);
        assert_eq!(difference(&city, &back), None);
        assert!(touched.layers.is_empty() && touched.objects.is_empty(), "{touched:?}");
    }
}

/// The square root in a crown's height above the cell that holds a point.
fn crown_share(city: &City, at: DVec2) -> f64 {
    let (col, row) = city.grid.cell_at(at.x, at.y).expect("inside");
    let away = DVec2::from(city.grid.centre(col, row)).distance(at) / 3.0;
    (1.0 - away * away).sqrt()
}

#[test]
fn areas_are_planted_with_as_many_trees_as_asked_on_free_ground() {
    let city = town();
    let whole =
        rectangle([DVec2::new(city.grid.west, city.grid.south()), DVec2::new(city.grid.east(), city.grid.north)]);
    for amount in [Amount::Count(200), Amount::Spacing(20.0)] {
        let (after, touched) = edited(&city, &[Edit::new(trees(Shape::Area(whole.clone()), Some(amount)))]);
        let new = &after.objects.trees[city.objects.trees.len()..];
        match amount {
            Amount::Count(count) => assert_eq!(new.len(), count),
            // A square of 20 m each, less those in houses, water and on roads.
            Amount::Spacing(_) => assert!((60..600).contains(&new.len()), "{}", new.len()),
        }
        assert_eq!(touched.layers.iter().map(|own| own.name).collect::<Vec<_>>(), ["canopy"]);
        for tree in new {
            assert_eq!(value(&city.buildings, &city.grid, tree.at), 0.0);
            assert_eq!(value(&city.water, &city.grid, tree.at), 0.0);
            assert!(city.places.roads.iter().all(|road| !road.outline.holds(DVec2::from(centre(&city, tree.at)))));
        }
    }
    let [low, high] = free_square(&city, 7, Cover::Grass);
    let line = Shape::Line(vec![low + 1.0, DVec2::new(low.x + 1.0, high.y - 1.0)]);
    let (after, touched) = edited(&city, &[Edit::new(trees(line, Some(Amount::Spacing(3.0))))]);
    assert_eq!((after.objects.trees.len() - city.objects.trees.len(), touched.remarks.len()), (5, 0));
    // Points in a house are left out and counted.
    let in_house = city.places.buildings[0].outline.middle().expect("an area");
    let place = Shape::Points(vec![low + 1.0, in_house]);
    let (_, touched) = edited(&city, &[Edit::new(trees(place, None))]);
    assert_eq!(touched.count("tree", Turn::Added), 1);
    assert!(
        touched.remarks[0].contains("1 of 2 trees are left out: 1 would stand in a house"),
        "{:?}",
        touched.remarks
    );
}

fn centre(city: &City, at: DVec2) -> (f64, f64) {
    let (col, row) = city.grid.cell_at(at.x, at.y).expect("inside");
    city.grid.centre(col, row)
}

#[test]
fn demolition_clears_the_building_and_leaves_its_neighbours() {
    let city = town();
    let (k, place) = city
        .places
        .buildings
        .iter()
        .enumerate()
        .find(|(_, place)| place.outline.indices(&city.grid).count() > 10)
        .expect("a large one");
    let middle = place.outline.middle().expect("an area");
    let becomes = Surface::of(Cover::Grass);
    let (after, touched) = edited(&city, &[Edit::new(What::Demolish { place: Shape::Points(vec![middle]), becomes })]);
    assert_eq!(touched.count("building", Turn::Removed), 1);
    assert_eq!(touched.objects[0].name, place.name);
    assert_eq!(after.objects.buildings.len() + 1, city.objects.buildings.len());
    let within: Vec<usize> = place.outline.indices(&city.grid).collect();
    let heights = [&city, &after].map(|city| city.buildings.as_ref().expect("there"));
    for cell in 0..city.grid.len() {
        let wanted = if within.contains(&cell) { 0.0 } else { heights[0].values[cell] };
        assert_eq!(heights[1].values[cell], wanted);
    }
    assert!(after.objects.buildings.get(k) != city.objects.buildings.get(k));
    assert_eq!(value(&after.cover, &city.grid, middle), f32::from(Cover::Grass as u8));
    // A house may then stand there.
    let small = rectangle([middle - 1.1, middle + 1.1]);
    let clear = Edit::new(What::Demolish { place: Shape::Points(vec![middle]), becomes });
    let new = Edit::new(house(small, 30.0));
    assert!(city.edited(std::slice::from_ref(&new)).is_err());
    let (both, _) = edited(&city, &[clear, new]);
    assert_eq!(value(&both.buildings, &city.grid, middle), 30.0);
}

#[test]
fn cover_leaves_houses_and_water_and_force_fills_water_up() {
    let city = town();
    let whole =
        rectangle([DVec2::new(city.grid.west, city.grid.south()), DVec2::new(city.grid.east(), city.grid.north)]);
    let mut edit = Edit::new(What::Cover { area: whole, becomes: Surface::of(Cover::Grass) });
    let (after, touched) = edited(&city, std::slice::from_ref(&edit));
    for layer in ["terrain", "water", "buildings"] {
        assert!(touched.layer(layer).is_none(), "{layer}");
    }
    let said = |words: &str| touched.remarks.iter().any(|remark| remark.contains(words));
    assert!(said("a building stands there") && said("water stands there"), "{:?}", touched.remarks);
    let (heights, depths) = (city.buildings.as_ref().expect("there"), city.water.as_ref().expect("there"));
    for cell in 0..city.grid.len() {
        let cover = |city: &City| city.cover.as_ref().expect("there").values[cell];
        let stays =
            heights.values[cell] > 0.0 || depths.values[cell] > 0.0 || cover(&city) == f32::from(Cover::Water as u8);
        let wanted = if stays { cover(&city) } else { f32::from(Cover::Grass as u8) };
        assert_eq!(cover(&after), wanted);
    }
    edit.force = true;
    let (filled, _) = edited(&city, &[edit]);
    for cell in (0..city.grid.len()).filter(|cell| heights.values[*cell] == 0.0) {
        assert_eq!(filled.water.as_ref().expect("there").values[cell], 0.0);
        let stage = city.terrain.values[cell] + depths.values[cell];
        assert_eq!(
            filled.terrain.values[cell],
            if depths.values[cell] > 0.0 { stage } else { city.terrain.values[cell] }
        );
    }
}

#[test]
fn ponds_hold_water_to_their_level_and_walls_have_no_gap() {
    let city = town();
    let square = free_square(&city, 5, Cover::Grass);
    let middle = 0.5 * (square[0] + square[1]);
    let (col, row) = city.grid.cell_at(middle.x, middle.y).expect("inside");
    let ground = city.terrain.at(col, row);
    let what = What::Water { area: rectangle(square), bed: ground - 2.0, level: ground - 0.5 };
    let (after, _) = edited(&city, &[Edit::new(what)]);
    assert!((after.terrain.at(col, row) - (ground - 2.0)).abs() < 1e-4);
    assert!((value(&after.water, &city.grid, middle) - 1.5).abs() < 1e-4);
    // Too much water is told.
    let what = What::Water { area: rectangle(square), bed: ground - 2.0, level: ground + 5.0 };
    let (_, touched) = edited(&city, &[Edit::new(what)]);
    assert!(touched.remarks.iter().any(|remark| remark.contains("water runs out")));
    // A thin slanting wall: each of its cells touches the next one, or shares a corner with it.
    let line = vec![square[0] + 0.3, square[1] - DVec2::new(0.4, 1.7)];
    let wall = Barrier { line, kind: BarrierKind::Wall, height: 1.0, width: 0.1, slope: 0.0 };
    let (after, touched) = edited(&city, &[Edit::new(What::Barrier(wall))]);
    let rows = touched.layer("terrain").expect("a wall").window.rows.clone();
    assert_eq!(rows.len(), 5);
    let raised = |row: usize| {
        let cols = 0..city.grid.cols;
        let cell = |col: &usize| row * city.grid.cols + col;
        cols.filter(|col| after.terrain.values[cell(col)] != city.terrain.values[cell(col)]).collect::<Vec<usize>>()
    };
    for row in rows.start..rows.end - 1 {
        let (above, below) = (raised(row), raised(row + 1));
        assert!(above.iter().any(|a| below.iter().any(|b| a.abs_diff(*b) <= 1)), "row {row}");
    }
    // A wadi is deepest in its middle.
    let wadi = What::Ground { area: rectangle(square), action: Earth::Wadi { depth: 1.0, slope: 3.0 } };
    let (after, _) = edited(&city, &[Edit::new(wadi)]);
    let fall = |at: DVec2| {
        let (col, row) = city.grid.cell_at(at.x, at.y).expect("inside");
        city.terrain.at(col, row) - after.terrain.at(col, row)
    };
    assert!(
        (fall(middle) - 1.0).abs() < 1e-4 && (fall(square[0] + 1.0) - 1.0 / 3.0).abs() < 1e-4,
        "{}",
        fall(square[0] + 1.0)
    );
}

#[test]
fn soil_that_is_paved_takes_nothing_and_a_class_brings_its_numbers() {
    let mut city = town();
    let grid = city.grid;
    city.soil.horton = Some((Raster::uniform(grid, "initial", "m/s", 1e-5), 1e-3));
    city.soil.interception = Some(Raster::uniform(grid, "interception_m", "m", 0.003));
    let square = free_square(&city, 5, Cover::Grass);
    let middle = 0.5 * (square[0] + square[1]);
    let area = rectangle(square);
    let pave = Edit::new(What::Cover { area: area.clone(), becomes: Surface::of(Cover::Asphalt) });
    let (paved, touched) = edited(&city, std::slice::from_ref(&pave));
    let initial = |city: &City| value(&city.soil.horton.as_ref().map(|(initial, _)| initial.clone()), &grid, middle);
    assert_eq!((initial(&paved), value(&paved.soil.interception, &grid, middle)), (0.0, 0.0));
    assert!(touched.layer("initial_infiltration").is_some() && touched.layer("interception").is_some());
    let codes = crate::codes::Codes::parse(std::path::Path::new("bgt"), crate::codes::SHIPPED[1].1).expect("shipped");
    let shrubs = codes.classes.iter().find(|class| class.title == "shrubs and trees").expect("there");
    let becomes = Surface::of_class(shrubs);
    let (green, _) = edited(&city, &[pave, Edit::new(What::Cover { area, becomes })]);
    assert_eq!(value(&Some(green.manning.clone()), &grid, middle), 0.05);
    assert_eq!(value(&Some(green.infiltration.clone()), &grid, middle), becomes.infiltration);
    assert_eq!(initial(&green), becomes.infiltration);
}

#[test]
fn roads_change_in_the_network_alone() {
    let city = town_with_roads();
    let roads = city.network.as_ref().expect("there");
    let fast = roads.links.iter().filter(|link| link.speed > 10.0);
    let link = fast.max_by(|a, b| a.length.total_cmp(&b.length)).expect("a fast one").clone();
    let road = |place, change| Edit::new(What::Road(RoadEdit::Change { place, change }));
    let one = Road::Links(vec![link.id.clone()]);
    let of =
        |city: &City, id: &str| city.network.as_ref().expect("there").links.iter().find(|own| own.id == id).cloned();
    let (closed, touched) = edited(&city, &[road(one.clone(), Change::Close(CAR | TRUCK))]);
    assert_eq!(of(&closed, &link.id).map_or(0, |own| own.modes), link.modes & CYCLE);
    assert_eq!((touched.layers.len(), touched.objects.len()), (0, 1), "{:?}", touched.objects);
    assert_eq!(touched.objects[0].name, link.id);
    // At hours the link stays as it is.
    let hours = [7.0, 9.5];
    let at_hours = Edit {
        name: "School street".into(),
        ..Edit::new(What::Road(RoadEdit::AtHours { place: one.clone(), modes: CAR, hours }))
    };
    let (timed, touched) = edited(&city, std::slice::from_ref(&at_hours));
    let closure = &timed.network.as_ref().expect("there").closures[0];
    assert_eq!(
        (closure.name.as_str(), &closure.links, closure.hours),
        ("School street", &vec![link.id.clone()], hours)
    );
    assert_eq!((touched.count("closure", Turn::Added), touched.objects.len()), (1, 1));
    // Closed for good, there is nothing left to close at hours, and that edit is told.
    let error = city
        .edited(&[road(one.clone(), Change::Close(CAR | TRUCK | CYCLE)), at_hours])
        .expect_err("closed")
        .to_string();
    assert!(error.contains("road: "), "{error}");
    // A limit in an area slows fast roads within it and no other.
    let whole = rectangle([
        DVec2::new(city.grid.west, city.grid.south()) - 1e4,
        DVec2::new(city.grid.east(), city.grid.north) + 1e4,
    ]);
    let limit = 30.0 / 3.6;
    let (slow, touched) = edited(&city, &[road(Road::Within(whole), Change::Limit(limit))]);
    let slow = &slow.network.as_ref().expect("there").links;
    assert!(
        slow.iter()
            .zip(&roads.links)
            .all(|(new, old)| new.speed == if old.modes & CAR != 0 { old.speed.min(limit) } else { old.speed })
    );
    let faster = roads.links.iter().filter(|own| own.speed > limit && own.modes & (CAR | TRUCK) != 0).count();
    assert_eq!((touched.count("link", Turn::Changed), touched.objects.len()), (faster, faster));
    let (cycles, _) = edited(&city, &[road(one, Change::CycleStreet(limit))]);
    let own = of(&cycles, &link.id).expect("there");
    assert_eq!((own.speed, own.modes), (limit.min(link.speed), link.modes | CYCLE));
    // A new road tells of its links, and of those that it cuts in two.
    let [low, high] = [link.line[0], link.line[link.line.len() - 1]];
    let across = (high - low).perp().normalize() * 25.0;
    let line = vec![0.5 * (low + high), 0.5 * (low + high) + across, high + across, high];
    let kind = "residential".to_string();
    let add = Change::Add { kind, lanes: None, speed: None, one_way: false, modes: None };
    let (_, touched) = edited(&city, &[road(Road::Along(line), add)]);
    assert!(touched.count("link", Turn::Added) >= 2, "{:?}", touched.objects);
    assert!(
        touched.origins.iter().all(|(own, other)| own != other && roads.links.iter().any(|link| link.id == *other))
    );
}
