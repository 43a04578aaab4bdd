//! A list without an edit is as if that edit had never been.

use super::*;
use crate::roads::{CAR, Change, Place as Road, TRUCK};

/// An edit at a place that chance chooses; many of them cannot be made.
fn random(dice: &mut Dice, city: &City) -> Edit {
    let grid = city.grid;
    let at = DVec2::new(dice.between(grid.west, grid.east()), dice.between(grid.south(), grid.north));
    let size = DVec2::new(dice.between(4.0, 40.0), dice.between(4.0, 40.0));
    let area = rectangle([at, at + size]);
    let along = vec![at, at + size, at + DVec2::new(2.0 * size.x, 0.0)];
    let covers = Cover::ALL[dice.below(Cover::ALL.len())];
    let becomes = Surface { albedo: (dice.below(2) == 0).then_some(0.5), ..Surface::of(covers) };
    let links = &city.network.as_ref().expect("there").links;
    let link = Road::Links(vec![links[dice.below(links.len())].id.clone()]);
    let road = |place, change| What::Road(RoadEdit::Change { place, change });
    let what = match dice.below(13) {
        0 | 1 => house(area, dice.between(3.0, 40.0)),
        2 => What::Demolish { place: Shape::Area(area), becomes },
        3 => trees(Shape::Area(area), Some(Amount::Count(1 + dice.below(9)))),
        4 => trees(Shape::Line(along), Some(Amount::Spacing(dice.between(3.0, 20.0)))),
        5 => What::Fell { place: Shape::Area(area) },
        6 => What::Cover { area, becomes },
        7 => What::Water { area, bed: dice.between(-4.0, 0.0), level: dice.between(0.0, 2.0) },
        8 => What::Ground { area, action: Earth::Raise(dice.between(-1.0, 1.0)) },
        9 => What::Ground { area, action: Earth::Wadi { depth: dice.between(0.1, 1.0), slope: 3.0 } },
        10 => {
            let kind = [BarrierKind::Wall, BarrierKind::Kerb, BarrierKind::Dike][dice.below(3)];
            What::Barrier(Barrier { line: along, kind, height: dice.between(0.1, 2.0), width: 1.0, slope: 2.0 })
        }
        11 => road(link, Change::Close(CAR | TRUCK)),
        _ => {
            let hours = [dice.between(0.0, 12.0), dice.between(12.5, 24.0)];
            What::Road(RoadEdit::AtHours { place: link, modes: CAR, hours })
        }
    };
    Edit { force: dice.below(3) == 0, ..Edit::new(what) }
}

/// What came of a list: the city, or the words of its refusal.
fn outcome(city: &City, edits: &[Edit]) -> std::result::Result<City, String> {
    city.edited(edits).map(|(city, _)| city).map_err(|error| error.to_string())
}

#[test]
fn undone_in_any_order_a_list_is_as_fresh_to_the_last_bit() {
    let city = town_with_roads();
    let untouched = city.clone();
    let mut dice = Dice(0x9E37_79B9_7F4A_7C15);
    let (mut made, mut undone) = (0, 0);
    for _ in 0..8 {
        let mut edits: Vec<Edit> = Vec::new();
        for _ in 0..20 {
            edits.push(random(&mut dice, &city));
            if outcome(&city, &edits).is_err() {
                edits.pop();
            }
        }
        made += edits.len();
        assert!(edits.len() > 4, "few of the edits can be made");
        let whole = outcome(&city, &edits).expect("each was made");
        assert_eq!(difference(&whole, &outcome(&city, &edits).expect("made")), None, "the same list twice");
        // Undo one after another, in an order of chance, until none is left.
        while !edits.iter().all(|edit| edit.disabled) {
            let left: Vec<usize> = (0..edits.len()).filter(|k| !edits[*k].disabled).collect();
            edits[left[dice.below(left.len())]].disabled = true;
            let fresh: Vec<Edit> = edits.iter().filter(|edit| !edit.disabled).cloned().collect();
            // An edit that stood on one that is gone is refused in both.
            match (outcome(&city, &edits), outcome(&city, &fresh)) {
                (Ok(one), Ok(other)) => assert_eq!(difference(&one, &other), None),
                (Err(one), Err(other)) => assert_eq!(one, other),
                (one, other) => panic!("{:?} and {:?}", one.err(), other.err()),
            }
            undone += 1;
        }
        let none = outcome(&city, &edits).expect("nothing to do");
        assert_eq!(difference(&city, &none), None, "all undone is today's city");
        assert_eq!(difference(&city, &untouched), None, "edits leave the city that they start from");
    }
    assert!(made > 40 && undone == made, "{made} made, {undone} undone");
}

#[test]
fn each_edit_of_a_list_can_be_undone_where_edits_lie_apart() {
    let city = town();
    let grid = city.grid;
    // Raised squares of other heights: none needs another one, and their order does not matter.
    let square = |k: usize| {
        let low = DVec2::new(grid.west + 20.0 * (k % 8) as f64, grid.south() + 20.0 * (k / 8) as f64);
        let action = Earth::Raise(0.1 + 0.05 * k as f64);
        Edit::new(What::Ground { area: rectangle([low, low + 18.0]), action })
    };
    let edits: Vec<Edit> = (0..24).map(square).filter(|edit| city.edited(std::slice::from_ref(edit)).is_ok()).collect();
    assert!(edits.len() > 10);
    let (whole, all) = edited(&city, &edits);
    let mut dice = Dice(7);
    for _ in 0..8 {
        let mut shuffled = edits.clone();
        (1..shuffled.len()).rev().for_each(|k| shuffled.swap(k, dice.below(k + 1)));
        assert_eq!(difference(&whole, &edited(&city, &shuffled).0), None);
    }
    for k in 0..edits.len() {
        let mut without = edits.clone();
        without.remove(k);
        let (after, touched) = edited(&city, &without);
        let cells = |touched: &Touched| touched.layer("terrain").map_or(0, |layer| layer.cells);
        assert!(cells(&touched) < cells(&all));
        assert!(difference(&city, &after).is_some());
    }
}
