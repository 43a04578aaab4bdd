//! What is refused, and in which words.

use super::*;
use crate::roads::{CAR, Change, Place as Road};

#[test]
fn what_cannot_be_is_refused_with_its_name_and_a_mend() {
    let city = town();
    let square = free_square(&city, 5, Cover::Grass);
    let [low, high] = square;
    let good = rectangle(square);
    let crossed = Outline::of(vec![low, high, DVec2::new(high.x, low.y), DVec2::new(low.x, high.y)]);
    let point = |x: f64, y: f64| low + DVec2::new(x, y);
    let circle = |count: usize| {
        let at = |k: usize| low + 4.0 * DVec2::from_angle(std::f64::consts::TAU * k as f64 / count as f64);
        Outline::of((0..count).map(at).collect())
    };
    let of_cell = |is: &dyn Fn(usize) -> bool| {
        let cell = (0..city.grid.len()).find(|cell| is(*cell)).expect("there");
        let at = DVec2::from(city.grid.centre(cell % city.grid.cols, cell / city.grid.cols));
        rectangle([at - 0.9, at + 0.9])
    };
    let mut is_road = vec![false; city.grid.len()];
    city.places.roads.iter().for_each(|place| place.outline.fill(&city.grid, &mut is_road, true));
    let depth = |cell: usize| city.water.as_ref().expect("there").values[cell];
    let built = |cell: usize| city.buildings.as_ref().expect("there").values[cell];
    let canal = of_cell(&|cell| depth(cell) > 0.0 && !is_road[cell]);
    let street = of_cell(&|cell| is_road[cell] && depth(cell) <= 0.0);
    let home = of_cell(&|cell| built(cell) > 0.0);
    let in_house = home.middle().expect("an area");
    let far = rectangle([low + 1e5, low + 1e5 + 10.0]);
    let planting = |place, amount, height| {
        What::Trees(Planting { place, amount, height, crown: 5.0, species: Species::Broadleaf })
    };
    let points = |all: &[DVec2]| Shape::Points(all.to_vec());
    let grass = Surface::of(Cover::Grass);
    let cases: Vec<(What, &str, &str)> = vec![
        (house(crossed.clone(), 9.0), "area", "crosses itself at ("),
        (house(far, 9.0), "area", "lies outside the city"),
        (house(canal.clone(), 9.0), "area", "stands in water"),
        (house(street.clone(), 9.0), "area", "stands on a road"),
        (house(home.clone(), 9.0), "area", "stands in another building"),
        (house(good.clone(), -5.0), "height_m", "height_m = -5 is not allowed"),
        (house(good.clone(), 1e9), "height_m", "from 2 to 1000 m"),
        (house(good.clone(), f64::NAN), "height_m", "height_m = NaN"),
        (house(circle(1_000_000), 9.0), "area", "more than 100000 corners"),
        (house(Outline::default(), 9.0), "area", "is empty"),
        (house(Outline::of(vec![low, high]), 9.0), "area", "has no area"),
        (house(Outline::of(vec![low, point(1.0, 1.0), point(2.0, 2.0)]), 9.0), "area", "has no area"),
        (house(Outline::of(vec![low, point(f64::NAN, 1.0), high]), 9.0), "area", "which is no place"),
        (house(Outline::of(vec![low, point(f64::INFINITY, 1.0), high]), 9.0), "area", "which is no place"),
        (house(rectangle([point(0.2, 0.2), point(0.4, 0.4)]), 9.0), "area", "the centre of no cell"),
        (planting(points(&[in_house]), None, 9.0), "", "1 would stand in a house"),
        (planting(points(&[low]), None, 1e3), "height_m", "from 1 to 60 m"),
        (planting(points(&[]), None, 9.0), "points", "has no point"),
        (planting(points(&[low + 1e6]), None, 9.0), "points", "lies outside the city"),
        (planting(Shape::Area(good.clone()), None, 9.0), "", "how many trees"),
        (
            planting(Shape::Area(good.clone()), Some(Amount::Count(1_000_000_000)), 9.0),
            "count",
            "1000000000 is not allowed",
        ),
        (
            planting(Shape::Area(good.clone()), Some(Amount::Count(100_000)), 9.0),
            "count",
            "has no free ground for 100000",
        ),
        (planting(Shape::Area(good.clone()), Some(Amount::Spacing(1e-6)), 9.0), "spacing_m", "from 1 to 1000 m"),
        (planting(points(&[low]), Some(Amount::Count(3)), 9.0), "points", "where each tree stands already"),
        (What::Fell { place: Shape::Area(good.clone()) }, "area", "has no tree in it"),
        (What::Fell { place: points(&[0.5 * (low + high)]) }, "points", "meets no tree"),
        (What::Demolish { place: Shape::Area(good.clone()), becomes: grass }, "area", "has no building in it"),
        (What::Demolish { place: points(&[low + 1.0]), becomes: grass }, "points", "has no building at any"),
        (What::Cover { area: home.clone(), becomes: grass }, "area", "buildings, water or ground"),
        (What::Cover { area: canal.clone(), becomes: grass }, "area", "buildings, water or ground"),
        (
            What::Cover { area: good.clone(), becomes: Surface { manning: f32::NAN, ..grass } },
            "becomes",
            "manning = NaN",
        ),
        (What::Water { area: good.clone(), bed: 3.0, level: 2.0 }, "level_m", "not above its bed"),
        (What::Water { area: good.clone(), bed: f64::NAN, level: 2.0 }, "bed_m", "bed_m = NaN"),
        (What::Water { area: home.clone(), bed: -3.0, level: 2.0 }, "area", "lies in a building"),
        (What::Water { area: street.clone(), bed: -3.0, level: 2.0 }, "area", "lies on a road"),
        (What::Ground { area: good.clone(), action: Earth::Raise(1e9) }, "by_m", "from -100 to 100 m"),
        (What::Ground { area: good.clone(), action: Earth::Raise(0.0) }, "by_m", "changes nothing"),
        (
            What::Ground { area: good.clone(), action: Earth::Wadi { depth: -1.0, slope: 3.0 } },
            "depth_m",
            "-1 is not allowed",
        ),
        (What::Ground { area: home.clone(), action: Earth::Raise(1.0) }, "area", "lies in buildings"),
        (
            What::Barrier(Barrier {
                line: vec![low, low],
                kind: BarrierKind::Wall,
                height: 1.0,
                width: 0.3,
                slope: 0.0,
            }),
            "line",
            "has no length",
        ),
        (
            What::Barrier(Barrier {
                line: vec![low, high],
                kind: BarrierKind::Dike,
                height: 1e9,
                width: 0.3,
                slope: 3.0,
            }),
            "height_m",
            "is not allowed",
        ),
        (What::Structure { name: "pump".into(), ends: Vec::new() }, "structure", "has no end"),
        (What::Structure { name: "pump".into(), ends: vec![vec![low, low + 1e5]] }, "structure", "outside the city"),
        (
            What::Road(RoadEdit::Change { place: Road::Street("A".into()), change: Change::Close(CAR) }),
            "",
            "has no network of roads",
        ),
    ];
    for (what, key, words) in cases {
        let edit = Edit {
            at: "variant[1].edit[2]".into(),
            label: format!("variant \"Green\", edit 3 ({})", what.name()),
            ..Edit::new(what)
        };
        let error = city.edited(std::slice::from_ref(&edit)).expect_err(words);
        let Error::Scenario { at, problem, mend, .. } = &error else { panic!("{error}") };
        let wanted = if key.is_empty() { edit.at.clone() } else { format!("{}.{key}", edit.at) };
        assert_eq!(*at, wanted, "{error}");
        assert!(problem.starts_with(&edit.label) && !mend.is_empty(), "{error}");
        assert!(error.to_string().contains(words), "{error}: {words}");
        // What is left out harms nobody.
        let disabled = Edit { disabled: true, ..edit };
        assert_eq!(difference(&city, &edited(&city, &[disabled]).0), None);
    }
    // What is forced is done, but not what no force can do.
    for outline in [canal, street, home] {
        let forced = Edit { force: true, ..Edit::new(house(outline.clone(), 9.0)) };
        let (after, _) = edited(&city, std::slice::from_ref(&forced));
        let cell = outline.indices(&city.grid).next().expect("one");
        assert_eq!(after.buildings.as_ref().expect("there").values[cell], 9.0);
        assert_eq!(after.water.as_ref().expect("there").values[cell], 0.0);
    }
    assert!(city.edited(&[Edit { force: true, ..Edit::new(house(crossed, 9.0)) }]).is_err());
}

#[test]
fn areas_with_too_many_trees_are_counted_before_they_are_planted() {
    let city = hanze_base::grid::Grid::local(40_000, 40_000, 1.0);
    let whole = rectangle([DVec2::splat(-1e7), DVec2::splat(1e7)]);
    // 1.6e9 places, which are not even looked at; 1.8e6, which are too many; and a few.
    for (spacing, wanted) in [(1.0, 40_001.0 * 40_001.0), (30.0, 1333.0 * 1333.0)] {
        let count = trees::lattice(&whole, spacing, &city).expect_err("too many");
        assert!((count / wanted - 1.0).abs() < 0.01, "{spacing}: {count}");
    }
    // A row and a column of them stand on the edge, and find no ground there.
    assert_eq!(trees::lattice(&whole, 1000.0, &city).map(|places| places.len()), Ok(41 * 41));
}

#[test]
fn roads_that_cannot_be_edited_are_told_of_their_own_edit() {
    let city = town_with_roads();
    let first = city.network.as_ref().expect("there").links[0].id.clone();
    let road = |k: usize, place, change| Edit {
        at: format!("variant[0].edit[{k}]"),
        label: format!("edit {}", k + 1),
        ..Edit::new(What::Road(RoadEdit::Change { place, change }))
    };
    let link = |name: &str| Road::Links(vec![name.into()]);
    for (place, change, words) in [
        (link("nowhere"), Change::Close(CAR), "names the link \"nowhere\""),
        (link(&first), Change::Speed(f64::NAN), "speed_kmh = NaN"),
        (link(&first), Change::Lanes(1e9), "from 0.5 to 12"),
        (link(&first), Change::Limit(150.0 / 3.6), "no road there is faster"),
        (Road::Along(vec![DVec2::NAN, DVec2::ZERO]), Change::Close(CAR), "has a point at (NaN, NaN)"),
        (Road::Along(vec![DVec2::ZERO]), Change::Close(CAR), "fewer than two points"),
    ] {
        let edits = [road(0, link(&first), Change::Capacity(0.5)), road(1, place, change)];
        let error = city.edited(&edits).expect_err(words).to_string();
        assert!(error.contains(words) && error.contains("edit[1]") && error.contains("edit 2: "), "{error}");
    }
    // A house on a link of the network, where no carriageway is known.
    let mut bare = city.clone();
    bare.places.roads.clear();
    let is_free = |at: &DVec2| {
        let cell = bare.grid.cell_at(at.x, at.y).map(|(col, row)| row * bare.grid.cols + col);
        let layer = |layer: &Option<Raster>, cell: usize| layer.as_ref().expect("there").values[cell];
        cell.is_some_and(|cell| layer(&bare.buildings, cell) <= 0.0 && layer(&bare.water, cell) <= 0.0)
    };
    let links = &bare.network.as_ref().expect("there").links;
    let on = links.iter().map(|link| crate::roads::point_at(&link.line, 0.5)).find(|at| {
        [-1.0, 0.0, 1.0].iter().all(|x| [-1.0, 0.0, 1.0].iter().all(|y| is_free(&(*at + DVec2::new(*x, *y)))))
    });
    let on = on.expect("a dry stretch");
    let error = bare.edited(&[Edit::new(house(rectangle([on - 1.5, on + 1.5]), 9.0))]).expect_err("a road").to_string();
    assert!(error.contains("runs through it"), "{error}");
}

#[test]
fn what_reaches_beyond_the_city_counts_within_it_and_is_said() {
    let city = town();
    let corner = DVec2::new(city.grid.west, city.grid.south());
    let area = rectangle([corner - 50.0, corner + 30.0]);
    let (_, touched) = edited(&city, &[Edit::new(What::Ground { area, action: Earth::Raise(0.5) })]);
    let layer = touched.layer("terrain").expect("raised");
    assert!(layer.cells <= 15 * 15 && layer.window.cols.end <= 15, "{layer:?}");
    assert!(touched.remarks.iter().any(|remark| remark.contains("reaches beyond the city")));
}
