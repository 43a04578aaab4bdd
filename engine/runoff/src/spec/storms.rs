//! Design storms by name.
//!
//! `bui01`–`bui10`: Leidraad riolering, module C2100 (Stichting RIONED), mm in steps of five minutes. `stresstest-…`: the
//! standardised stress test for pluvial flooding (Kennisportaal Klimaatadaptatie, 2018). `kea-140`: the storm of the Klimaateffectatlas.
//! `waterboard-…`: amounts of 2 and 48 hours as water boards test with (STOWA 2019). All but the first are blocks.

/// A storm: its name, the length of a step (minutes) and the depth of each step (mm).
pub(super) struct Storm {
    /// Name in scenarios.
    pub name: &'static str,
    /// Minutes of a step.
    pub step_minutes: f64,
    /// Depth of each step, mm.
    pub steps_mm: &'static [f64],
}

const fn storm(name: &'static str, step_minutes: f64, steps_mm: &'static [f64]) -> Storm {
    Storm { name, step_minutes, steps_mm }
}

/// All of them.
pub(super) const STORMS: &[Storm] = &[
    storm("bui01", 5.0, &[0.3, 0.6, 0.9, 1.2, 1.5, 1.5, 1.05, 0.9, 0.75, 0.6, 0.45, 0.3, 0.15, 0.15, 0.15]),
    storm("bui02", 5.0, &[0.15, 0.15, 0.15, 0.3, 0.45, 0.6, 0.75, 0.9, 1.05, 1.5, 1.5, 1.2, 0.9, 0.6, 0.3]),
    storm("bui03", 5.0, &[0.3, 0.6, 0.9, 1.5, 2.1, 2.1, 1.5, 1.2, 1.05, 0.9, 0.75, 0.6, 0.45, 0.3, 0.15]),
    storm("bui04", 5.0, &[0.15, 0.3, 0.45, 0.6, 0.75, 0.9, 1.05, 1.2, 1.5, 2.1, 2.1, 1.5, 0.9, 0.6, 0.3]),
    storm("bui05", 5.0, &[0.3, 0.6, 1.5, 2.7, 2.7, 2.1, 1.5, 1.2, 1.05, 0.9, 0.75, 0.6, 0.45, 0.3, 0.15]),
    storm("bui06", 5.0, &[0.15, 0.3, 0.45, 0.6, 0.75, 0.9, 1.05, 1.2, 1.5, 2.1, 2.7, 2.7, 1.5, 0.6, 0.3]),
    storm("bui07", 5.0, &[0.6, 1.2, 2.1, 3.3, 3.3, 2.7, 2.1, 1.5, 1.2, 0.9, 0.6, 0.3]),
    storm("bui08", 5.0, &[0.3, 0.6, 0.9, 1.2, 1.5, 2.1, 2.7, 3.3, 3.3, 2.1, 1.2, 0.6]),
    storm("bui09", 5.0, &[1.5, 2.7, 4.8, 4.8, 4.2, 3.3, 2.7, 2.1, 1.5, 0.9, 0.6, 0.3]),
    storm("bui10", 5.0, &[1.8, 3.6, 6.3, 6.3, 5.7, 4.8, 3.6, 2.4, 1.2]),
    storm("stresstest-t100", 60.0, &[70.0]),
    storm("stresstest-t250", 60.0, &[90.0]),
    storm("stresstest-t1000", 120.0, &[160.0]),
    storm("kea-140", 120.0, &[140.0]),
    storm("waterboard-t10-2h", 120.0, &[45.4]),
    storm("waterboard-t100-2h", 120.0, &[84.5]),
    storm("waterboard-t1000-2h", 120.0, &[157.5]),
    storm("waterboard-t10-48h", 2880.0, &[88.0]),
    storm("waterboard-t100-48h", 2880.0, &[130.8]),
    storm("waterboard-t1000-48h", 2880.0, &[184.9]),
];

/// The steps of a storm, spread within its time as a pattern of equal steps says; a storm with a shape of its own has none.
pub(super) fn shaped(storm: &Storm, pattern: &[f64]) -> Option<(f64, Vec<f64>)> {
    let ([total], sum) = (storm.steps_mm, pattern.iter().sum::<f64>()) else { return None };
    let is_pattern = sum > 0.0 && sum.is_finite() && pattern.iter().all(|share| *share >= 0.0);
    let steps = || pattern.iter().map(|share| total * share / sum).collect();
    is_pattern.then(|| (storm.step_minutes / pattern.len() as f64, steps()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_storms_of_the_sewer_have_their_depths() {
        // Depths of the Leidraad riolering, mm.
        let depths = [10.5, 10.5, 14.4, 14.4, 16.8, 16.8, 19.8, 19.8, 29.4, 35.7];
        for (storm, depth) in STORMS.iter().zip(depths) {
            let sum: f64 = storm.steps_mm.iter().sum();
            assert!((sum - depth).abs() < 0.01, "{}: {sum} instead of {depth}", storm.name);
        }
    }

    #[test]
    fn they_are_those_of_the_table() {
        let Some(data) = hanze_base::testing::reference_data("the storms") else {
            return;
        };
        let text = std::fs::read_to_string(data.join("design_storms/design_storms_mm_per_5min.csv")).expect("a table");
        let mut seen = 0;
        for line in text.lines().skip(1) {
            let fields: Vec<&str> = line.split(',').collect();
            let Some(storm) = STORMS.iter().find(|storm| storm.name == fields[0].to_lowercase()) else { continue };
            let steps: Vec<f64> = fields[2..].iter().map(|field| field.parse().expect("a number")).collect();
            let all = storm.steps_mm.iter().copied().chain(std::iter::repeat(0.0));
            assert!(steps.iter().zip(all).all(|(a, b)| (a - b).abs() < 1e-9), "{}", storm.name);
            seen += 1;
        }
        assert_eq!(seen, 10);
    }

    #[test]
    fn a_block_can_be_given_a_shape() {
        let find = |name: &str| STORMS.iter().find(|storm| storm.name == name).expect("known");
        let (minutes, steps) = shaped(find("stresstest-t100"), &[1.0, 3.0, 1.0]).expect("a block");
        assert!(minutes == 20.0 && (steps[1] - 42.0).abs() < 1e-12 && (steps.iter().sum::<f64>() - 70.0).abs() < 1e-12);
        assert!(shaped(find("bui08"), &[1.0]).is_none());
        for bad in [&[0.0, 0.0][..], &[-1.0, 2.0], &[f64::NAN], &[]] {
            assert!(shaped(find("kea-140"), bad).is_none());
        }
    }
}
