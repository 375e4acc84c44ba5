use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

use super::{Status, Upstream};

/// The set of upstreams and the counts, under one lock.
pub(crate) struct Upstreams {
    state: Mutex<State>,
    /// The generation of the set, for those who wait for a change.
    generation: watch::Sender<u64>,
    listen: SocketAddr,
}

#[derive(Default)]
struct State {
    set: Vec<Upstream>,
    next: usize,
    in_flight: BTreeMap<String, u64>,
    totals: BTreeMap<String, u64>,
    failed: u64,
}

/// The upstreams that a request could not be connected to, in the set of one generation.
#[derive(Default)]
pub(crate) struct Tried {
    generation: u64,
    names: Vec<String>,
}

/// Where a request is to go.
pub(crate) enum Pick {
    /// There.
    There(Ticket),
    /// All upstreams of the set have been tried.
    Exhausted,
    /// The set is empty.
    Empty,
}

/// A request's place at an upstream. It counts as open there until this is dropped.
pub(crate) struct Ticket {
    pub(crate) address: SocketAddr,
    name: String,
    upstreams: Arc<Upstreams>,
}

impl Upstreams {
    pub(crate) fn new(listen: SocketAddr, set: Vec<Upstream>) -> Self {
        Self { state: Mutex::new(State { set, ..State::default() }), generation: watch::Sender::new(0), listen }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Replaces the set. When this returns, no request is given to an upstream outside the new one.
    pub(crate) fn set(&self, set: Vec<Upstream>) {
        let mut state = self.lock();
        state.set = set;
        self.generation.send_modify(|g| *g += 1);
    }

    /// Chooses among the upstreams that `tried` has not named yet, in turn, and counts the request there. A new set
    /// is a new chance.
    pub(crate) fn pick(self: &Arc<Self>, tried: &mut Tried) -> Pick {
        let mut state = self.lock();
        let generation = *self.generation.borrow();
        if tried.generation != generation {
            *tried = Tried { generation, names: Vec::new() };
        }
        let count = state.set.len();
        if count == 0 {
            return Pick::Empty;
        }
        let turn = (0..count).map(|i| (state.next + i) % count);
        let Some(at) = turn.into_iter().find(|i| !tried.names.contains(&state.set[*i].name)) else {
            return Pick::Exhausted;
        };
        let Upstream { name, address } = state.set[at].clone();
        state.next = (at + 1) % count;
        tried.names.push(name.clone());
        *state.in_flight.entry(name.clone()).or_default() += 1;
        *state.totals.entry(name.clone()).or_default() += 1;
        Pick::There(Ticket { address, name, upstreams: Arc::clone(self) })
    }

    /// To be told of each new set from now on.
    pub(crate) fn changes(&self) -> watch::Receiver<u64> {
        self.generation.subscribe()
    }

    /// Counts a request that got no upstream's answer.
    pub(crate) fn count_failed(&self) {
        self.lock().failed += 1;
    }

    pub(crate) fn status(&self) -> Status {
        let state = self.lock();
        Status {
            pid: std::process::id().cast_signed(),
            listen: self.listen,
            upstreams: state.set.clone(),
            in_flight: state.in_flight.clone(),
            totals: state.totals.clone(),
            failed: state.failed,
        }
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        let mut state = self.upstreams.lock();
        if let Some(count) = state.in_flight.get_mut(&self.name) {
            *count -= 1;
            if *count == 0 {
                state.in_flight.remove(&self.name);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn upstream(name: &str) -> Upstream {
        Upstream { name: name.into(), address: ([127, 0, 0, 1], 1).into() }
    }

    fn name(pick: Pick) -> String {
        match pick {
            Pick::There(ticket) => ticket.name.clone(),
            Pick::Exhausted => "exhausted".into(),
            Pick::Empty => "empty".into(),
        }
    }

    #[test]
    fn each_is_tried_once_and_a_new_set_is_a_new_chance() {
        let all = Arc::new(Upstreams::new(([127, 0, 0, 1], 1).into(), vec![upstream("a"), upstream("b")]));
        let mut tried = Tried::default();
        assert_eq!([name(all.pick(&mut tried)), name(all.pick(&mut tried))], ["a", "b"]);
        assert_eq!(name(all.pick(&mut tried)), "exhausted");
        all.set(vec![upstream("b")]);
        assert_eq!(name(all.pick(&mut tried)), "b");
        all.set(Vec::new());
        assert_eq!(name(all.pick(&mut tried)), "empty");
    }

    #[test]
    fn a_request_is_counted_where_it_is_until_it_ends() {
        let all = Arc::new(Upstreams::new(([127, 0, 0, 1], 1).into(), vec![upstream("a")]));
        let pick = all.pick(&mut Tried::default());
        all.set(vec![upstream("b")]);
        assert_eq!(all.status().open_at("a"), 1);
        drop(pick);
        assert_eq!(all.status().open_at("a"), 0);
        assert_eq!(all.status().totals["a"], 1);
    }
}
