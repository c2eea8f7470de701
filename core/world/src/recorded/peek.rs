//! What would readers see now? A registry is read again only where it says what it has not said before: in a search for phases the same
//! is said thousands of times.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use liveset::{Error, InstanceQuery, InstanceView, Instant, Kind, Reader, Registry, ServiceKey};
use liveset_nacos::Dialect;

use super::door::{Quiet, View, is_computed, is_settled};
use super::track::State;

/// How many different things said are kept with what they show.
const KNOWN_MAX: usize = 10_000;

/// The views that all replays of a recording look at, and what was read so far.
pub(crate) struct Views {
    pub(crate) list: Vec<View>,
    /// The services that they are of.
    services: Vec<ServiceKey>,
    /// What there is to see where nobody answers.
    nobody: State,
    /// How the recorder would have noted a state.
    as_recorded: Box<dyn Fn(State) -> State>,
    /// What each thing said shows, view by view.
    known: RefCell<BTreeMap<Vec<u8>, Vec<Rc<State>>>>,
}

/// What a registry said when it was last peeked at; nothing before, and where that does not say all that views show.
#[derive(Debug, Default)]
pub(crate) struct Said(Option<Vec<u8>>);

impl Views {
    pub(crate) fn new(list: Vec<View>, nobody: State, as_recorded: impl Fn(State) -> State + 'static) -> Views {
        let mut names: Vec<&str> = list.iter().map(View::service).collect();
        names.sort_unstable();
        names.dedup();
        let services = names.into_iter().filter_map(|name| ServiceKey::named(name).ok()).collect();
        Views { list, services, nobody, as_recorded: Box::new(as_recorded), known: RefCell::default() }
    }

    /// What looks at this moment would show, without any effect; none where that is what it was the last time. There is no registry where
    /// nobody answers.
    pub(crate) fn peek(
        &self,
        registry: Option<&Registry>,
        dialect: Dialect,
        now: Instant,
        last: &mut Said,
    ) -> Result<Option<Vec<Rc<State>>>, Error> {
        let Some(said) = self.say(registry, dialect) else {
            *last = Said(None);
            return self.read(registry, dialect, now).map(Some);
        };
        if last.0.as_ref() == Some(&said) {
            return Ok(None);
        }
        let found = self.known.borrow().get(&said).cloned();
        let states = match found {
            Some(states) => states,
            None => {
                let states = self.read(registry, dialect, now)?;
                let mut known = self.known.borrow_mut();
                if known.len() < KNOWN_MAX {
                    known.insert(said.clone(), states.clone());
                }
                states
            }
        };
        *last = Said(Some(said));
        Ok(Some(states))
    }

    /// All that a registry says of the services that are looked at, to each kind of reader; none where a first look would compute more.
    fn say(&self, registry: Option<&Registry>, dialect: Dialect) -> Option<Vec<u8>> {
        let mut said = vec![dialect as u8];
        let Some(registry) = registry else { return Some(said) };
        for key in &self.services {
            let record = registry.service(key);
            if !is_settled(record.as_ref()) {
                return None;
            }
            // Writing to memory does not fail.
            let _written = serde_json::to_writer(&mut said, &record);
            said.push(u8::from(registry.is_as_looked_up(key)));
            for reader in [Reader::Operator, Reader::Consumer] {
                let view = registry.instances(&InstanceQuery::new(key.clone(), reader));
                said.push(u8::from(view.protected));
                said.extend((view.instances.len() as u32).to_le_bytes());
                view.instances.iter().for_each(|row| write(&mut said, row));
            }
        }
        Some(said)
    }

    fn read(&self, registry: Option<&Registry>, dialect: Dialect, now: Instant) -> Result<Vec<Rc<State>>, Error> {
        let states = match registry {
            Some(registry) => read(registry, dialect, now, &self.list)?,
            None => vec![self.nobody.clone(); self.list.len()],
        };
        Ok(states.into_iter().map(|state| Rc::new((self.as_recorded)(state))).collect())
    }
}

/// All that a row says: each text behind its length.
fn write(said: &mut Vec<u8>, row: &InstanceView) {
    let InstanceView { address, kind, healthy, enabled, weight, metadata, .. } = row;
    said.extend([u8::from(*kind == Kind::Persistent), u8::from(*healthy), u8::from(*enabled)]);
    said.extend(address.port.get().to_le_bytes());
    said.extend(weight.get().to_bits().to_le_bytes());
    let entries = metadata.entries().iter().flat_map(|(key, value)| [key.as_str(), value.as_str()]);
    let count = metadata.entries().len() as u32;
    said.extend(count.to_le_bytes());
    for text in [address.host.as_str(), address.cluster.as_str()].into_iter().chain(entries) {
        said.extend((text.len() as u32).to_le_bytes());
        said.extend(text.as_bytes());
    }
}

/// What looks at this moment would show of a registry, without any effect.
fn read(registry: &Registry, dialect: Dialect, now: Instant, views: &[View]) -> Result<Vec<State>, Error> {
    if views.iter().all(|view| is_computed(registry, view)) {
        let mut quiet = Quiet(registry);
        return Ok(views.iter().map(|view| view.read(&mut quiet, dialect, now)).collect());
    }
    let mut copy = Registry::restore(&registry.snapshot(), (0, 0))?;
    // The operator's page comes first: it computes nothing, and what lists compute would show on it.
    let mut states: Vec<Option<State>> =
        views.iter().map(|view| view.see.starts_with("console").then(|| view.read(&mut copy, dialect, now))).collect();
    for (view, state) in views.iter().zip(&mut states) {
        if state.is_none() {
            *state = Some(view.read(&mut copy, dialect, now));
        }
    }
    Ok(states.into_iter().flatten().collect())
}

#[cfg(test)]
mod tests {
    use liveset::{Actor, Address, Policy, Registration};

    use super::*;

    #[test]
    fn what_is_said_anew_is_read_and_what_is_said_again_is_known() {
        let view = View { see: "list".to_owned(), node: None, of: None };
        let views = Views::new(vec![view], State::of_error(0, "nobody".to_owned()), |state| state);
        let mut registry = Registry::new(Policy::strict()).expect("good");
        let mut last = Said::default();
        let mut peek = |registry: Option<&Registry>| {
            let states = views.peek(registry, Dialect::V2_5, Instant::ZERO, &mut last).expect("good");
            states.map(|states| states[0].to_string())
        };
        assert_eq!(peek(Some(&registry)).as_deref(), Some("nobody"));
        assert_eq!(peek(Some(&registry)), None, "as the last time");
        let service = ServiceKey::named(super::super::SERVICE).expect("good");
        let address = Address::new("10.0.0.1", 80).expect("good");
        let claim = Registration::new(service, address, Actor::parse("a").expect("good"));
        registry.register(Instant::ZERO, &claim).expect("good");
        assert_eq!(peek(Some(&registry)).as_deref(), Some("10.0.0.1:80 w1.0"));
        assert_eq!(peek(None).as_deref(), Some("0 nobody"), "nobody answers");
        assert_eq!(peek(Some(&registry)).as_deref(), Some("10.0.0.1:80 w1.0"), "it is known");
        assert_eq!(views.known.borrow().len(), 3);
    }
}
