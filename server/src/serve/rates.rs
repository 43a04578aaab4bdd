//! How often someone may ask: a bucket for each key or address, which fills at a rate and holds five seconds of it.

use super::problem::Problem;
use std::collections::HashMap;
use std::sync::Mutex;
use std::time::Instant;
use warp::http::StatusCode;

/// Seconds of a rate that may be used at once: a map asks for all of its tiles together.
const BURST_S: f64 = 5.0;
/// Buckets that are remembered; then full ones are forgotten.
const MOST_BUCKETS: usize = 10_000;

/// The buckets.
#[derive(Default)]
pub struct Rates {
    /// Those of keys, and those of strangers, who are many.
    buckets: [Mutex<HashMap<String, Bucket>>; 2],
}

struct Bucket {
    left: f64,
    at: Instant,
}

impl Rates {
    /// Takes one request out of someone's bucket.
    ///
    /// # Errors
    /// 429 with the time after which there is one again.
    pub fn take(&self, who: &str, per_second: f64) -> Result<(), Problem> {
        self.take_at(who, per_second, Instant::now()).map_err(|seconds| {
            let detail = format!("more than {per_second} requests a second; try again in {seconds} s");
            Problem::new(StatusCode::TOO_MANY_REQUESTS, detail).with("retry-after", seconds.to_string())
        })
    }

    /// [`Rates::take`] at a time; else whole seconds until there is one.
    fn take_at(&self, who: &str, per_second: f64, now: Instant) -> Result<(), u64> {
        let room = (per_second * BURST_S).max(1.0);
        let is_stranger = who.starts_with("peer ");
        let mut buckets =
            self.buckets[usize::from(is_stranger)].lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        if is_stranger && buckets.len() >= MOST_BUCKETS && !buckets.contains_key(who) {
            buckets.retain(|_, bucket| now.duration_since(bucket.at).as_secs_f64() < BURST_S);
            if buckets.len() >= MOST_BUCKETS {
                return Err(1);
            }
        }
        let bucket = buckets.entry(who.into()).or_insert(Bucket { left: room, at: now });
        bucket.left = (bucket.left + now.duration_since(bucket.at).as_secs_f64() * per_second).min(room);
        bucket.at = now;
        if bucket.left >= 1.0 {
            bucket.left -= 1.0;
            Ok(())
        } else {
            Err((((1.0 - bucket.left) / per_second.max(1e-9)).ceil().min(3600.0) as u64).max(1))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn a_bucket_empties_and_fills_again() {
        let (rates, start) = (Rates::default(), Instant::now());
        for _ in 0..10 {
            assert_eq!(rates.take_at("a", 2.0, start), Ok(()));
        }
        assert_eq!(rates.take_at("a", 2.0, start), Err(1));
        assert_eq!(rates.take_at("b", 2.0, start), Ok(()), "another one has a bucket of its own");
        let later = start + Duration::from_millis(1600);
        for _ in 0..3 {
            assert_eq!(rates.take_at("a", 2.0, later), Ok(()));
        }
        assert_eq!(rates.take_at("a", 2.0, later), Err(1));
        assert_eq!(rates.take_at("c", 0.01, later), Ok(()));
        assert_eq!(rates.take_at("c", 0.01, later), Err(100));
    }

    #[test]
    fn many_strangers_take_no_more_memory() {
        let (rates, start) = (Rates::default(), Instant::now());
        for k in 0..MOST_BUCKETS {
            assert_eq!(rates.take_at(&format!("peer {k}"), 10.0, start), Ok(()));
        }
        assert_eq!(rates.take_at("peer one more", 10.0, start), Err(1));
        assert_eq!(rates.take_at("peer one more", 10.0, start + Duration::from_secs(6)), Ok(()));
        assert_eq!(rates.buckets[1].lock().unwrap().len(), 1);
        assert_eq!(rates.take_at("a key", 10.0, start), Ok(()), "strangers keep no key out");
    }
}
