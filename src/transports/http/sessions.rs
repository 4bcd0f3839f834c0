//! The open sessions, their owners, and their idle timeout.
//!
//! The timeout of rmcp counts messages and would end a session during a call, so it is off. Here, a
//! session is in use while one of its calls runs or one of its streams is open.

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
    /// Sessions that are starting and have no id yet.
    beginning: usize,
}

#[derive(Debug)]
struct Session {
    owner: Arc<str>,
    /// Calls running and streams open.
    busy: usize,
    last: Instant,
}

/// Reserves room for a session until it has an id or is dropped.
#[derive(Debug)]
pub(super) struct SessionSlot(Sessions);

/// Marks a session as in use while it is held.
#[derive(Debug)]
pub(super) struct SessionUse {
    sessions: Sessions,
    id: Arc<str>,
}

impl Sessions {
    pub(super) fn new(most: usize) -> Self {
        Self(Arc::new(SessionTable { most, open: Mutex::default() }))
    }

    /// Reserves room for a new session; `None` at the limit.
    pub(super) fn place(&self) -> Option<SessionSlot> {
        let mut open = self.lock();
        if open.sessions.len() + open.beginning >= self.0.most {
            return None;
        }
        open.beginning += 1;
        Some(SessionSlot(self.clone()))
    }

    /// Marks this owner's session as in use; `None` if the owner has no such session.
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

    /// The ids of all sessions that have completed the handshake.
    pub(super) fn ids(&self) -> Vec<Arc<str>> {
        self.lock().sessions.keys().cloned().collect()
    }

    /// Ends the sessions that were idle for this long, and returns their ids.
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
    /// Opens the session with this id for this owner.
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
