//! How often someone may ask: by the generic cell rate algorithm, with five seconds' worth that may be used at once.

use super::problem::Problem;
use governor::clock::{Clock, DefaultClock};
use governor::middleware::NoOpMiddleware;
use governor::state::keyed::HashMapStateStore;
use governor::{Quota, RateLimiter};
use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use warp::http::StatusCode;

/// Seconds of a rate that may be used at once: a map asks for all of its tiles together.
const BURST_S: f64 = 5.0;
/// Strangers that are remembered; then those who have not asked lately are forgotten.
const MOST_STRANGERS: usize = 10_000;

type Limiter<C> = RateLimiter<String, HashMapStateStore<String>, C, NoOpMiddleware<<C as Clock>::Instant>>;

/// Who has asked how often.
pub struct Rates<C: Clock = DefaultClock> {
    clock: C,
    /// Requests a second of whoever has no rate of their own.
    per_second: f64,
    /// By rate, of which keys have few.
    keys: Mutex<HashMap<u64, Arc<Limiter<C>>>>,
    /// Apart from keys: they are many.
    strangers: Limiter<C>,
}

impl Rates {
    /// Rates with that of whoever has none of their own.
    pub fn new(per_second: f64) -> Rates {
        Rates::with_clock(per_second, DefaultClock::default())
    }
}

impl<C: Clock + Clone> Rates<C> {
    fn with_clock(per_second: f64, clock: C) -> Rates<C> {
        let strangers = RateLimiter::hashmap_with_clock(quota(per_second), clock.clone());
        Rates { clock, per_second, keys: Mutex::default(), strangers }
    }

    /// Counts a request of a key, which may have a rate of its own.
    ///
    /// # Errors
    /// 429 with the time after which there is one again.
    pub fn of_key(&self, name: &str, per_second: Option<f64>) -> Result<(), Problem> {
        let per_second = per_second.unwrap_or(self.per_second);
        let limiter = {
            let mut keys = self.keys.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
            let made = || Arc::new(RateLimiter::hashmap_with_clock(quota(per_second), self.clock.clone()));
            keys.entry(per_second.to_bits()).or_insert_with(made).clone()
        };
        self.check(&limiter, name, per_second)
    }

    /// Counts a request of an address without a key.
    ///
    /// # Errors
    /// As [`Rates::of_key`].
    pub fn of_stranger(&self, address: &str) -> Result<(), Problem> {
        if self.strangers.len() >= MOST_STRANGERS {
            self.strangers.retain_recent();
            if self.strangers.len() >= MOST_STRANGERS {
                let detail = "too many requests without a key; try again in a moment";
                return Err(Problem::new(StatusCode::TOO_MANY_REQUESTS, detail).with("retry-after", "1"));
            }
        }
        self.check(&self.strangers, address, self.per_second)
    }

    fn check(&self, limiter: &Limiter<C>, who: &str, per_second: f64) -> Result<(), Problem> {
        limiter.check_key(&who.to_string()).map_err(|until| {
            let wait = until.wait_time_from(self.clock.now()).as_secs_f64();
            let seconds = wait.ceil().clamp(1.0, 3600.0);
            let detail = format!("more than {per_second} requests a second; try again in {seconds} s");
            Problem::new(StatusCode::TOO_MANY_REQUESTS, detail).with("retry-after", seconds.to_string())
        })
    }
}

/// So many requests a second on the average.
fn quota(per_second: f64) -> Quota {
    // What is no rate is a very low one.
    let per_second = if per_second.is_finite() { per_second.clamp(1e-6, 1e6) } else { 1e-6 };
    let at_once = NonZeroU32::new((per_second * BURST_S) as u32).unwrap_or(NonZeroU32::MIN);
    let each = Duration::from_secs_f64(1.0 / per_second);
    Quota::with_period(each).unwrap_or(Quota::per_second(NonZeroU32::MIN)).allow_burst(at_once)
}

#[cfg(test)]
mod tests {
    use super::*;
    use governor::clock::FakeRelativeClock;

    /// The seconds after which to try again, where a request was refused.
    fn refused(answer: Result<(), Problem>) -> Option<String> {
        let response = answer.err()?.into_response();
        assert_eq!(response.status(), StatusCode::TOO_MANY_REQUESTS);
        Some(response.headers()["retry-after"].to_str().unwrap().to_string())
    }

    #[test]
    fn what_may_be_used_at_once_is_used_up_and_comes_again() {
        let clock = FakeRelativeClock::default();
        let rates = Rates::with_clock(200.0, clock.clone());
        let ask = |who: &str, per_second: f64| refused(rates.of_key(who, Some(per_second)));
        for _ in 0..10 {
            assert_eq!(ask("a", 2.0), None);
        }
        assert_eq!(ask("a", 2.0), Some("1".into()));
        assert_eq!(ask("b", 2.0), None, "another one has requests of its own");
        clock.advance(Duration::from_millis(1600));
        for _ in 0..3 {
            assert_eq!(ask("a", 2.0), None);
        }
        assert_eq!(ask("a", 2.0), Some("1".into()));
        assert_eq!(ask("c", 0.01), None);
        assert_eq!(ask("c", 0.01), Some("100".into()));
        // Rates that are none do no harm.
        for rate in [0.0, -1.0, f64::NAN, f64::INFINITY, 1e300] {
            assert_eq!(ask("d", rate), None, "{rate}");
        }
        assert_eq!(refused(rates.of_key("e", None)), None);
    }

    #[test]
    fn many_strangers_take_no_more_memory() {
        let clock = FakeRelativeClock::default();
        let rates = Rates::with_clock(10.0, clock.clone());
        for k in 0..MOST_STRANGERS {
            assert_eq!(refused(rates.of_stranger(&k.to_string())), None);
        }
        assert_eq!(refused(rates.of_stranger("one more")), Some("1".into()));
        assert_eq!(refused(rates.of_key("a key", None)), None, "strangers keep no key out");
        clock.advance(Duration::from_secs(6));
        assert_eq!(refused(rates.of_stranger("one more")), None);
        assert_eq!(rates.strangers.len(), 1);
    }
}
