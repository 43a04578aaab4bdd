//! Places: how many connections, requests, event streams and bodies there may be at once, in all and of one client.
//!
//! A connection that waits for a request can be closed to make room for a newer one, so that a new client always comes in. A
//! request that is answered holds a place until its answer has gone; the last places are for writers, and health needs none.

use super::problem::Problem;
use std::collections::HashMap;
use std::hash::Hash;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Instant;
use tokio::sync::Notify;
use warp::http::StatusCode;

/// Files that are open besides the sockets of connections.
const OTHER_FILES: usize = 192;
/// Fewest connections that are of any use.
const FEWEST: usize = 16;

/// What a place is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Reading something that ends.
    Read,
    /// Listening to the events of a job.
    Stream,
    /// Making or dismissing a job, or bringing a file.
    Write,
    /// A body that is on its way here.
    Body,
}

/// Whose place it is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Who {
    /// A key's hash, an address, or this machine.
    pub name: String,
    /// Whether it is someone without a key.
    pub is_stranger: bool,
}

/// How many there may be at once.
#[derive(Clone, Copy, Debug)]
pub struct Most {
    connections: usize,
    /// Connections of one address, and requests among them.
    of_address: usize,
    requests_of_address: usize,
    /// Requests that are answered, and readers and listeners among them.
    requests: usize,
    readers: usize,
    /// Bodies, and those of strangers among them.
    bodies: usize,
    bodies_of_strangers: usize,
}

impl Most {
    /// Shares of so many connections. Behind a proxy that is trusted everyone has the proxy's address.
    pub fn of(connections: usize, is_behind_proxy: bool) -> Most {
        // Every connection is a file, and so is what it reads.
        let room = open_files().map(|files| files.saturating_sub(OTHER_FILES) / 2);
        let connections = room.map_or(connections, |room| connections.min(room));
        let connections = connections.max(FEWEST);
        let of_address = if is_behind_proxy { connections } else { connections / 4 * 3 };
        let bodies = (connections / 16).clamp(16, 128);
        Most {
            connections,
            of_address,
            requests_of_address: of_address - connections / 16,
            requests: connections / 8 * 7,
            readers: connections / 16 * 13,
            bodies,
            bodies_of_strangers: bodies / 2,
        }
    }

    /// Places of a kind that one client may hold. Listeners count as readers, too.
    fn of_client(&self, kind: Kind, is_stranger: bool) -> usize {
        match (kind, is_stranger) {
            (Kind::Read | Kind::Stream, false) => self.connections / 2,
            (Kind::Read, true) => (self.connections / 8).min(128),
            (Kind::Stream, true) => (self.connections / 16).min(32),
            (Kind::Write, _) => self.connections / 4,
            (Kind::Body, false) => self.bodies / 2,
            (Kind::Body, true) => self.bodies / 8,
        }
    }
}

/// Lets this process have as many files open as the system allows it.
#[cfg(unix)]
pub fn raise_files() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let before = getrlimit(Resource::Nofile);
    if before.current != before.maximum
        && let Err(error) = setrlimit(Resource::Nofile, Rlimit { current: before.maximum, ..before })
    {
        tracing::debug!(%error, "the limit of open files stays as it is");
    }
}

/// Lets this process have as many files open as the system allows it.
#[cfg(not(unix))]
pub fn raise_files() {}

/// Files that this process may have open, where the system tells.
fn open_files() -> Option<usize> {
    let limits = std::fs::read_to_string("/proc/self/limits").ok()?;
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"))?;
    line.split_whitespace().next()?.parse().ok()
}

/// The address by which a client is known: of IPv6 it is the network, of which one household has all.
pub fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
        address => address,
    }
}

/// All places of a server.
pub struct Places {
    most: Most,
    began: Instant,
    connections: Mutex<Connections>,
    held: Mutex<Held>,
}

#[derive(Default)]
struct Connections {
    of: HashMap<IpAddr, Vec<Arc<Connection>>>,
    count: usize,
}

/// Places that are held.
#[derive(Default)]
struct Held {
    all: HashMap<Kind, usize>,
    of_client: HashMap<(Who, Kind), usize>,
    of_address: HashMap<IpAddr, usize>,
    bodies_of_strangers: usize,
}

/// A lock that a panic of another thread does not spoil: counts are whole between two calls.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

/// Takes one off a count, and the count away with the last.
fn less<K: Eq + Hash>(counts: &mut HashMap<K, usize>, key: &K) {
    if let Some(count) = counts.get_mut(key) {
        *count = count.saturating_sub(1);
        if *count == 0 {
            counts.remove(key);
        }
    }
}

impl Places {
    pub fn new(most: Most) -> Arc<Places> {
        Arc::new(Places { most, began: Instant::now(), connections: Mutex::default(), held: Mutex::default() })
    }

    fn milliseconds(&self) -> u64 {
        self.began.elapsed().as_millis() as u64
    }

    /// Lets a connection in, for which one that waits may have to go; `None` where all of its address are at work.
    pub fn enter(self: &Arc<Places>, address: IpAddr) -> Option<Entry> {
        let address = network(address);
        let mut connections = locked(&self.connections);
        let own = connections.of.get(&address).map_or(0, Vec::len);
        let has_room = if own >= self.most.of_address {
            connections.close_oldest_of(address)
        } else {
            connections.count < self.most.connections || connections.close_oldest()
        };
        if !has_room {
            return None;
        }
        let connection = Arc::new(Connection {
            requests: AtomicUsize::new(0),
            since: AtomicU64::new(self.milliseconds()),
            closed: Notify::new(),
        });
        connections.of.entry(address).or_default().push(connection.clone());
        connections.count += 1;
        Some(Entry { places: self.clone(), address, connection })
    }

    /// Closes a connection that waits, where the system has no file left for another.
    pub fn make_room(&self) {
        locked(&self.connections).close_oldest();
    }

    /// Takes a place.
    ///
    /// # Errors
    /// 429 where the client has its share, 503 where all are taken.
    pub fn take(self: &Arc<Places>, who: &Who, address: IpAddr, kind: Kind) -> Result<Place, Problem> {
        let address = network(address);
        let most = self.most.of_client(kind, who.is_stranger);
        let mut held = locked(&self.held);
        let count = |kind: Kind| held.all.get(&kind).copied().unwrap_or(0);
        let own = |kind: Kind| held.of_client.get(&(who.clone(), kind)).copied().unwrap_or(0);
        let readers = count(Kind::Read) + count(Kind::Stream);
        let of_address = held.of_address.get(&address).copied().unwrap_or(0);
        let (is_spent, is_full) = match kind {
            Kind::Read => (own(Kind::Read) + own(Kind::Stream) >= most, readers >= self.most.readers),
            Kind::Stream => {
                let of_readers = self.most.of_client(Kind::Read, who.is_stranger);
                let is_spent = own(Kind::Stream) >= most || own(Kind::Read) + own(Kind::Stream) >= of_readers;
                (is_spent, readers >= self.most.readers)
            }
            Kind::Write => (own(kind) >= most, readers + count(kind) >= self.most.requests),
            Kind::Body => {
                let is_spent = who.is_stranger && held.bodies_of_strangers >= self.most.bodies_of_strangers;
                (own(kind) >= most, is_spent || count(kind) >= self.most.bodies)
            }
        };
        let is_request = kind != Kind::Body;
        let what = match kind {
            Kind::Stream => "event streams",
            Kind::Body => "bodies on their way",
            _ => "requests",
        };
        let (whose, most) = match (is_spent, who.is_stranger) {
            (true, false) => ("client", most),
            (true, true) => ("address without a key", most),
            (false, _) => ("address", self.most.requests_of_address),
        };
        if is_spent || is_request && of_address >= self.most.requests_of_address {
            let detail = format!("one {whose} may have {most} {what} at once here; wait until some have ended");
            return Err(Problem::new(StatusCode::TOO_MANY_REQUESTS, detail).with("retry-after", "5"));
        }
        if is_full {
            let detail = "all places for requests of this kind are taken; try again in a moment";
            return Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE, detail).with("retry-after", "5"));
        }
        *held.all.entry(kind).or_default() += 1;
        *held.of_client.entry((who.clone(), kind)).or_default() += 1;
        if is_request {
            *held.of_address.entry(address).or_default() += 1;
        } else if who.is_stranger {
            held.bodies_of_strangers += 1;
        }
        Ok(Place { places: self.clone(), who: who.clone(), address, kind })
    }
}

impl Connections {
    /// Closes the connection of an address that has waited longest; false where none waits.
    fn close_oldest_of(&mut self, address: IpAddr) -> bool {
        let Some(list) = self.of.get_mut(&address) else { return false };
        let waiting = list.iter().enumerate().filter(|(_, connection)| connection.waits());
        let oldest = waiting.min_by_key(|(_, connection)| connection.since.load(Ordering::Relaxed));
        let Some((place, _)) = oldest else { return false };
        list.swap_remove(place).closed.notify_one();
        self.count -= 1;
        if list.is_empty() {
            self.of.remove(&address);
        }
        true
    }

    /// The same of the address with the most that wait.
    fn close_oldest(&mut self) -> bool {
        let waiting = |list: &Vec<Arc<Connection>>| list.iter().filter(|connection| connection.waits()).count();
        let most = self.of.iter().max_by_key(|(_, list)| waiting(list)).map(|(address, _)| *address);
        most.is_some_and(|address| self.close_oldest_of(address))
    }
}

/// A connection.
pub struct Connection {
    /// Requests that are being answered.
    requests: AtomicUsize,
    /// When the last of them had its answer, ms.
    since: AtomicU64,
    /// Told when the connection must go.
    closed: Notify,
}

impl Connection {
    /// Whether no request is being answered.
    pub fn waits(&self) -> bool {
        self.requests.load(Ordering::Relaxed) == 0
    }
}

/// A connection's entry, which goes with it.
pub struct Entry {
    places: Arc<Places>,
    address: IpAddr,
    connection: Arc<Connection>,
}

impl Entry {
    /// The connection.
    pub fn connection(&self) -> Arc<Connection> {
        self.connection.clone()
    }

    /// Begins a request of the connection.
    pub fn begin(&self) -> Request {
        self.connection.requests.fetch_add(1, Ordering::Relaxed);
        Request { places: self.places.clone(), connection: self.connection.clone() }
    }

    /// Waits until the connection must make room.
    pub async fn closed(&self) {
        self.connection.closed.notified().await;
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        let mut connections = locked(&self.places.connections);
        let Some(list) = connections.of.get_mut(&self.address) else { return };
        // One that was closed to make room is not in the list any more.
        let Some(place) = list.iter().position(|other| Arc::ptr_eq(other, &self.connection)) else { return };
        list.swap_remove(place);
        if list.is_empty() {
            connections.of.remove(&self.address);
        }
        connections.count -= 1;
    }
}

/// A request that is being answered, until its answer has gone.
pub struct Request {
    places: Arc<Places>,
    connection: Arc<Connection>,
}

impl Drop for Request {
    fn drop(&mut self) {
        self.connection.since.store(self.places.milliseconds(), Ordering::Relaxed);
        self.connection.requests.fetch_sub(1, Ordering::Relaxed);
    }
}

/// A place, until it is given back.
pub struct Place {
    places: Arc<Places>,
    who: Who,
    address: IpAddr,
    kind: Kind,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut held = locked(&self.places.held);
        less(&mut held.all, &self.kind);
        less(&mut held.of_client, &(self.who.clone(), self.kind));
        if self.kind != Kind::Body {
            less(&mut held.of_address, &self.address);
        } else if self.who.is_stranger {
            held.bodies_of_strangers = held.bodies_of_strangers.saturating_sub(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(connections: usize) -> Arc<Places> {
        Places::new(Most::of(connections, false))
    }

    fn someone(name: &str, is_stranger: bool) -> Who {
        Who { name: name.into(), is_stranger }
    }

    fn address(last: u8) -> IpAddr {
        IpAddr::from([192, 0, 2, last])
    }

    #[test]
    fn whoever_waits_longest_makes_room() {
        let places = places(64);
        let mut greedy: Vec<Entry> = (0..48).map(|_| places.enter(address(1)).unwrap()).collect();
        // One of them is at work, and stays.
        let at_work = greedy[0].begin();
        let newer = places.enter(address(1)).unwrap();
        let is_closed = |entry: &Entry| {
            let connections = locked(&places.connections);
            !connections.of[&entry.address].iter().any(|other| Arc::ptr_eq(other, &entry.connection))
        };
        assert!(!is_closed(&greedy[0]) && is_closed(&greedy[1]) && !is_closed(&newer));
        // Others come in whatever it does, also where all places are taken.
        let others: Vec<Entry> = (0..40).map(|k| places.enter(address(2 + k % 4)).unwrap()).collect();
        assert_eq!(locked(&places.connections).count, 64);
        assert!(others.iter().all(|entry| !is_closed(entry)));
        drop(at_work);
        greedy.clear();
        drop((newer, others));
        let connections = locked(&places.connections);
        assert_eq!((connections.count, connections.of.len()), (0, 0));
    }

    #[test]
    fn an_address_that_works_on_all_of_its_connections_gets_no_more() {
        let places = places(64);
        let entries: Vec<Entry> = (0..48).map(|_| places.enter(address(1)).unwrap()).collect();
        let requests: Vec<Request> = entries.iter().map(Entry::begin).collect();
        assert!(places.enter(address(1)).is_none());
        assert!(places.enter(address(2)).is_some());
        drop(requests);
        assert!(places.enter(address(1)).is_some());
    }

    #[test]
    fn readers_leave_places_for_writers_and_a_client_some_for_others() {
        let places = places(64);
        let take = |who: &Who, from: u8, kind: Kind| places.take(who, address(from), kind);
        let [stranger, key, other] = [("peer", true), ("key", false), ("other", false)].map(|(n, s)| someone(n, s));
        let count = |who: &Who, from: u8, kind: Kind| {
            let mut held = Vec::new();
            while let Ok(place) = take(who, from, kind) {
                held.push(place);
                assert!(held.len() < 1000, "no end to {kind:?}");
            }
            held
        };
        assert_eq!(count(&stranger, 1, Kind::Stream).len(), 4);
        assert_eq!(count(&stranger, 1, Kind::Read).len(), 8);
        assert_eq!(count(&stranger, 1, Kind::Body).len(), 2);
        let (listening, reading) = (count(&key, 1, Kind::Stream), count(&other, 2, Kind::Read));
        assert_eq!((listening.len(), reading.len()), (32, 20), "52 of 64 are for readers");
        assert!(take(&stranger, 3, Kind::Read).is_err());
        let writing = count(&other, 2, Kind::Write);
        assert_eq!(writing.len(), 4, "56 of 64 are for requests");
        drop((listening, reading, writing));
        let held = locked(&places.held);
        assert!(held.all.is_empty() && held.of_client.is_empty() && held.of_address.is_empty());
        assert_eq!(held.bodies_of_strangers, 0);
    }

    #[test]
    fn a_household_is_one_client() {
        let same = |one: &str, two: &str| network(one.parse().unwrap()) == network(two.parse().unwrap());
        assert!(same("2001:db8:1:2::3", "2001:db8:1:2:ffff::"));
        assert!(!same("2001:db8:1:2::3", "2001:db8:1:3::3"));
        assert!(same("::ffff:192.0.2.1", "192.0.2.1") && !same("192.0.2.1", "192.0.2.2"));
    }
}
