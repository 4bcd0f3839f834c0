//! The sessions that are open, whose they are, and when they end.
//!
//! The library that serves them ends a session after some time without messages, even in the
//! middle of a call. So its clock is off, and this one counts: a session lives while a call of
//! it runs or a stream of it is open, and for some time after.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// All sessions of one server. Cheap to clone.
#[derive(Clone, Debug)]
pub(super) struct Sessions(Arc<SessionTable>);

#[derive(Debug)]
struct SessionTable {
    most: usize,
    open: Mutex<OpenSessions>,
}

#[derive(Debug, Default)]
struct OpenSessions {
    sessions: HashMap<Arc<str>, Session>,
    /// Places taken by sessions that have no id yet.
    beginning: usize,
}

#[derive(Debug)]
struct Session {
    owner: Arc<str>,
    /// Calls running and streams open.
    busy: usize,
    last: Instant,
}

/// A place among the sessions, until it is given an id or dropped.
#[derive(Debug)]
pub(super) struct SessionSlot(Sessions);

/// Something under way in a session, for as long as it is held.
#[derive(Debug)]
pub(super) struct SessionUse {
    sessions: Sessions,
    id: Arc<str>,
}

impl Sessions {
    pub(super) fn new(most: usize) -> Self {
        Self(Arc::new(SessionTable { most, open: Mutex::default() }))
    }

    /// Takes a place for a new one, if there is one left.
    pub(super) fn place(&self) -> Option<SessionSlot> {
        let mut open = self.lock();
        if open.sessions.len() + open.beginning >= self.0.most {
            return None;
        }
        open.beginning += 1;
        Some(SessionSlot(self.clone()))
    }

    /// Begins something in this owner's session of this id.
    pub(super) fn visit(&self, id: &str, owner: &str) -> Option<SessionUse> {
        let mut open = self.lock();
        let (id, session) = open.sessions.get_key_value(id)?;
        let id = Arc::clone(id);
        if *session.owner != *owner {
            return None;
        }
        open.sessions.get_mut(&id)?.busy += 1;
        Some(SessionUse { sessions: self.clone(), id })
    }

    pub(super) fn end(&self, id: &str) {
        self.lock().sessions.remove(id);
    }

    pub(super) fn count(&self) -> usize {
        self.lock().sessions.len()
    }

    /// The ids of all. They have shaken hands.
    pub(super) fn ids(&self) -> Vec<Arc<str>> {
        self.lock().sessions.keys().cloned().collect()
    }

    /// Ends those that nobody used for so long, and names them.
    pub(super) fn end_idle(&self, idle: Duration, now: Instant) -> Vec<Arc<str>> {
        let is_idle =
            |session: &Session| session.busy == 0 && now.saturating_duration_since(session.last) >= idle;
        let mut open = self.lock();
        let idle = open.sessions.iter().filter(|(_, session)| is_idle(session));
        let idle: Vec<_> = idle.map(|(id, _)| Arc::clone(id)).collect();
        for id in &idle {
            open.sessions.remove(id);
        }
        idle
    }

    fn lock(&self) -> MutexGuard<'_, OpenSessions> {
        self.0.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl SessionSlot {
    /// The session is there, and is this owner's.
    pub(super) fn take(self, id: &str, owner: &str) {
        let session = Session { owner: owner.into(), busy: 0, last: Instant::now() };
        self.0.lock().sessions.insert(id.into(), session);
    }
}

impl Drop for SessionSlot {
    fn drop(&mut self) {
        let mut open = self.0.lock();
        open.beginning = open.beginning.saturating_sub(1);
    }
}

impl Drop for SessionUse {
    fn drop(&mut self) {
        if let Some(session) = self.sessions.lock().sessions.get_mut(&self.id) {
            session.busy = session.busy.saturating_sub(1);
            session.last = Instant::now();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_is_its_owners_and_counts_from_its_beginning() {
        let sessions = Sessions::new(2);
        sessions.place().unwrap().take("one", "alice");
        let second = sessions.place().unwrap();
        assert!(sessions.place().is_none());
        drop(second);
        assert!(sessions.place().is_some());
        assert!(sessions.visit("one", "alice").is_some());
        assert!(sessions.visit("one", "bob").is_none());
        assert!(sessions.visit("two", "alice").is_none());
    }

    #[test]
    fn a_session_with_something_under_way_is_never_idle() {
        let sessions = Sessions::new(2);
        sessions.place().unwrap().take("one", "alice");
        let hour = Duration::from_hours(1);
        let later = Instant::now() + 2 * hour;
        let visit = sessions.visit("one", "alice").unwrap();
        assert!(sessions.end_idle(hour, later).is_empty());
        drop(visit);
        assert!(sessions.end_idle(hour, Instant::now()).is_empty());
        assert_eq!(sessions.end_idle(hour, later), ["one".into()]);
        assert!(sessions.visit("one", "alice").is_none());
    }
}
