//! What readers have: written to the timeline when it changes, and held against what a scenario expects.

use liveset::{
    Actor, Address, CopyReport, Error, InstanceQuery, InstanceView, Kind, Layer, Outcome, Reader, ServiceKey,
    ServiceView,
};

use super::World;
use super::calling::Call;
use crate::parties::Consumer;
use crate::report::{Explained, Held};
use crate::scenario::{Cluster, Expectation, Listed, Subject};

impl World<'_> {
    /// Notes every list that is not as it was.
    pub(super) fn look(&mut self) {
        let mut lists = Vec::new();
        for node in &self.nodes {
            for service in &self.services {
                let served = list_of(&node.view(service, Reader::Consumer), Reader::Consumer);
                lists.push((node.name.clone(), format!("{service} serves"), served));
            }
        }
        for (name, party) in &self.parties {
            if let Some(consumer) = party.consumer.as_ref().filter(|consumer| consumer.lists > 0) {
                lists.push((name.clone(), "calls".to_owned(), calls(consumer)));
            }
        }
        for (who, what, list) in lists {
            let before = self.seen.insert(format!("{who} {what}"), list.clone());
            if before.as_ref() != Some(&list) && !(before.is_none() && list == NOTHING) {
                self.tell(&who, format!("{what} {list}"), true);
            }
        }
    }

    /// Writes an answer to the timeline when it is more than "done".
    pub(super) fn tell_answer(&mut self, to: &str, call: &Call, result: Option<&Result<Outcome, Error>>) {
        let told = match (call, result) {
            (Call::Beat { .. } | Call::KeepAlive, Some(Ok(Outcome::Beaten { registered: Some(_), .. }))) => {
                "beats, and is registered by it".to_owned()
            }
            (Call::Beat { .. }, Some(Err(error))) => format!("beats, and is told: {error}"),
            (_, Some(Ok(Outcome::Registered(registered)))) if !registered.other_sources.is_empty() => {
                let others: Vec<&str> = registered.other_sources.iter().map(|other| other.as_str()).collect();
                format!("is told: also held by {}", others.join(", "))
            }
            (_, Some(Ok(Outcome::RegisteredBatch { withdrawn, .. }))) if *withdrawn > 0 => {
                format!("is told: {withdrawn} others withdrawn")
            }
            (_, Some(Ok(Outcome::Deregistered { withdrawn, remaining }))) => {
                let names: Vec<&str> = remaining.iter().map(|holder| holder.as_str()).collect();
                match (withdrawn, names.is_empty()) {
                    (0, false) => format!("is told: ok, but nothing was withdrawn; held by {}", names.join(", ")),
                    (_, false) => format!("is told: still held by {}", names.join(", ")),
                    _ => return,
                }
            }
            (Call::KeepAlive | Call::Close(_), _) => return,
            (_, Some(Err(error))) => format!("is told: {error}"),
            (Call::Beat { .. } | Call::Subscribe(_), None) => return,
            (_, None) => "gets no answer".to_owned(),
            _ => return,
        };
        let Some(party) = self.parties.get_mut(to) else { return };
        if party.told != told {
            party.told.clone_from(&told);
            self.tell(to, told, false);
        }
    }

    pub(super) fn expect(&mut self, line: usize, expectation: &Expectation) {
        let held = match expectation {
            Expectation::List { of, list, column } => {
                let (about, found) = self.listed(of);
                Held {
                    line,
                    at: self.now,
                    about,
                    expected: list.clone(),
                    held: *list == found,
                    found,
                    list_column: Some(*column),
                }
            }
            Expectation::Stopped { provider } => {
                let publisher = self.parties.get(provider).and_then(|party| party.publisher.as_ref());
                let stopped = publisher.is_some_and(|publisher| publisher.is_stopped());
                self.fact(line, provider.clone(), "stopped", if stopped { "stopped" } else { "going on" })
            }
            Expectation::Knows { node, service, known } => {
                let found = self.node_named(Some(node)).is_some_and(|node| self.nodes[node].knows(service));
                let word = |known: bool| if known { "known" } else { "unknown" };
                self.fact(line, format!("{service} at {node}"), word(*known), word(found))
            }
            Expectation::NodesAgree { service } => {
                let found = if self.nodes_agree(service) { "agrees" } else { "differs between nodes" };
                self.fact(line, service.to_string(), "agrees", found)
            }
        };
        self.report.expectations.push(held);
    }

    pub(super) fn explain(
        &mut self,
        line: usize,
        subject: &Subject,
        expected: &[String],
        node: Option<usize>,
        beside: &[String],
    ) {
        let (about, found) = match subject {
            Subject::Instance { service, address } => {
                let place = node.unwrap_or(0);
                let node = &self.nodes[place];
                let at = if self.nodes.len() > 1 { format!(" at {}", node.name) } else { String::new() };
                let copies: Vec<CopyReport> = beside.iter().flat_map(|reader| self.copies(reader, address)).collect();
                let mut sentences = node.explain(service, address, &copies).sentences;
                sentences.extend(self.behind(place));
                (format!("{service} {address}{at}"), sentences)
            }
            Subject::Consumer { consumer, address } => {
                let party = self.parties.get(consumer).and_then(|party| party.consumer.as_ref());
                let sentences = party.map(|consumer| consumer.machine.explain(address)).unwrap_or_default();
                (format!("{address} at {consumer}"), sentences)
            }
        };
        let held = found == expected;
        self.report.explanations.push(Explained {
            line,
            at: self.now,
            about,
            expected: expected.to_vec(),
            found,
            held,
        });
    }

    /// What the layers of a consumer hold of an instance, as their host would report it.
    fn copies(&self, reader: &str, address: &Address) -> Vec<CopyReport> {
        let consumer = self.parties.get(reader).and_then(|party| party.consumer.as_ref());
        let (Some(consumer), Ok(reader)) = (consumer, Actor::parse(reader)) else { return Vec::new() };
        let framework = consumer.copied.as_ref().map(|(taken, hosts)| {
            let found = hosts.iter().find(|host| host.address == *address);
            CopyReport {
                reader: reader.clone(),
                layer: Layer::Framework,
                taken: Some(*taken),
                listed: found.is_some(),
                healthy: found.is_some_and(|host| host.healthy),
                kept_since: None,
                kept_until: None,
            }
        });
        [consumer.machine.copy(&reader, address)].into_iter().chain(framework).collect()
    }

    pub(super) fn fact(&self, line: usize, about: String, expected: &str, found: &str) -> Held {
        Held {
            line,
            at: self.now,
            about,
            expected: expected.to_owned(),
            held: expected == found,
            found: found.to_owned(),
            list_column: None,
        }
    }

    fn listed(&self, of: &Listed) -> (String, String) {
        let at = |node: &Option<String>| node.as_ref().map(|node| format!(" at {node}")).unwrap_or_default();
        let node_at = |node: &Option<String>| &self.nodes[self.node_named(node.as_ref()).unwrap_or(0)];
        match of {
            Listed::Serves { service, healthy_only, cluster, node } => {
                let query = InstanceQuery {
                    healthy_only: *healthy_only,
                    clusters: cluster.iter().cloned().collect(),
                    ..InstanceQuery::new(service.clone(), Reader::Consumer)
                };
                let view = node_at(node).view_of(&query);
                let which = if *healthy_only { " healthy-only" } else { "" };
                let of = cluster.as_ref().map(|cluster| format!(" in {cluster}")).unwrap_or_default();
                (format!("{service} serves{which}{of}{}", at(node)), list_of(&view, Reader::Consumer))
            }
            Listed::Gives { service, address, node } => {
                let view = node_at(node).view(service, Reader::Consumer);
                let rows = view.instances.iter().filter(|row| row.address == *address);
                let rows: Vec<String> = rows.map(content_of).collect();
                let given = if rows.is_empty() { NOTHING.to_owned() } else { rows.join(", ") };
                (format!("{service} gives {address}{}", at(node)), given)
            }
            Listed::Counts { service, node } => {
                let view = node_at(node).view(service, Reader::Consumer);
                let healthy = view.instances.iter().filter(|row| row.healthy).count();
                (format!("{service} counts{}", at(node)), format!("{}, {healthy} healthy", view.instances.len()))
            }
            Listed::Shows { service, node } => {
                let view = node_at(node).view(service, Reader::Operator);
                (format!("{service} shows{}", at(node)), list_of(&view, Reader::Operator))
            }
            Listed::Calls { consumer } => {
                let party = self.parties.get(consumer).and_then(|party| party.consumer.as_ref());
                (format!("{consumer} calls"), party.map_or_else(|| NOTHING.to_owned(), calls))
            }
            Listed::Got { consumer } => {
                let party = self.parties.get(consumer).and_then(|party| party.consumer.as_ref());
                let lists = party.map_or(0, |consumer| consumer.lists);
                (format!("{consumer} got"), counted(lists, "list"))
            }
            Listed::Heard { consumer } => {
                let party = self.parties.get(consumer).and_then(|party| party.consumer.as_ref());
                (format!("{consumer} heard"), counted(party.map_or(0, |consumer| consumer.heard), "change"))
            }
            Listed::Holds { node } => {
                let held = self.nodes[self.node_named(Some(node)).unwrap_or(0)].registry().counters();
                let parts = [(held.instances, "instance"), (held.overrides, "override"), (held.fences, "fence")];
                let parts = parts.map(|(number, what)| counted(u64::from(number), what));
                (format!("{node} holds"), parts.join(", "))
            }
            Listed::Owes { node } => {
                let owed = self.nodes[self.node_named(Some(node)).unwrap_or(0)].registry().counters();
                let since = owed.oldest_notice.map(|since| format!(", the oldest since {since}"));
                let notices = counted(u64::from(owed.notices), "notice");
                (format!("{node} owes"), format!("{notices}{}", since.unwrap_or_default()))
            }
            Listed::Lags { node } => {
                let lag = self.node_named(Some(node)).map_or(0, |node| self.lag(node));
                (format!("{node} lags"), if lag == 1 { "1 entry".to_owned() } else { format!("{lag} entries") })
            }
            Listed::Sent { actor } => {
                let sent = self.parties.get(actor).and_then(|party| match &party.publisher {
                    Some(publisher) => publisher.last_sent(),
                    None => party.sent,
                });
                (format!("{actor} sent"), sent.map_or_else(|| NOTHING.to_owned(), |at| at.to_string()))
            }
            Listed::Told { actor } => {
                let told = self.parties.get(actor).map_or("", |party| party.told.as_str());
                let told = told.split_once("is told: ").map_or(told, |(_, told)| told);
                // Quotes hold words together in a scenario, and are not part of them.
                (format!("{actor} told"), told.replace('"', ""))
            }
        }
    }

    /// Whether all nodes give consumers the same; with one log, whether they are the same to the last bit.
    fn nodes_agree(&self, service: &ServiceKey) -> bool {
        let views: Vec<String> =
            self.nodes.iter().map(|node| list_of(&node.view(service, Reader::Consumer), Reader::Consumer)).collect();
        let same = views.windows(2).all(|pair| pair[0] == pair[1]);
        let digests: Vec<u64> = self.nodes.iter().map(|node| node.registry().digest()).collect();
        let one_log = matches!(self.scenario.cluster, Cluster::OneLog { .. });
        same && (!one_log || digests.windows(2).all(|pair| pair[0] == pair[1]))
    }
}

const NOTHING: &str = "nothing";

/// A view as a scenario writes it: `10.0.0.1:8080, 10.0.0.2:8080 unhealthy`, or `nothing`.
fn list_of(view: &ServiceView, reader: Reader) -> String {
    let rows: Vec<String> = (view.instances.iter())
        .map(|row| {
            let kind = if row.kind == Kind::Persistent { " persistent" } else { "" };
            let health = if row.healthy { "" } else { " unhealthy" };
            let enabled = if row.enabled { "" } else { " offline" };
            format!("{}{kind}{health}{enabled}", row.address)
        })
        .collect();
    let protection = match (view.kept_until, view.protected) {
        _ if reader == Reader::Operator => "",
        (Some(_), _) => " (kept)",
        (None, true) => " (protected)",
        (None, false) => "",
    };
    let warming = if view.warming_until.is_some() { " (warming)" } else { "" };
    let rows = if rows.is_empty() { NOTHING.to_owned() } else { format!("{}{protection}", rows.join(", ")) };
    format!("{rows}{warming}")
}

/// `weight 0 lane=gray`.
fn content_of(row: &InstanceView) -> String {
    let entries = row.metadata.entries().iter().map(|(key, value)| format!(" {key}={value}"));
    format!("weight {}{}", row.weight, entries.collect::<String>())
}

/// `1 list`, `2 lists`.
fn counted(number: u64, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}

fn calls(consumer: &Consumer) -> String {
    let hosts = consumer.machine.hosts();
    let rows: Vec<String> = (hosts.iter())
        .map(|host| format!("{}{}", host.address, if host.healthy { "" } else { " unhealthy" }))
        .collect();
    let kept = if consumer.machine.guard().is_some() { " (kept)" } else { "" };
    if rows.is_empty() { NOTHING.to_owned() } else { format!("{}{kept}", rows.join(", ")) }
}
