//! What the wire can say and a registry cannot: names with spaces, no host, a port that is none, a weight that is no number, metadata that
//! is null.
//!
//! Servers took these for good and gave them back (recorded; most of it until 2.3 checked parameters). A registry keeps them in words of
//! its own that nobody else uses, and rows read them as what they are.

use liveset::{Address, Cluster, Content, Error, Host, Metadata, Port, Weight};
use serde_json::{Value, json};

/// The host of an instance that a beat named none for.
const NO_HOST: &str = "null";

/// Stands for a space in a name.
const SPACE: &str = "\u{2423}";

/// Stands between a host and what was named as its port, where that is none.
const PORT_MARK: char = '\u{2042}';

/// The value of a key of metadata that is null.
const NULL: &str = "\0null";

/// The key in the metadata of who has none at all.
const NO_METADATA: &str = "\0none";

/// The key in the metadata of who weighs what is no number.
const NO_NUMBER: &str = "\0weighs";

/// Entries of metadata as they are written: a value may be null.
pub(crate) type Entries = std::collections::BTreeMap<String, Option<String>>;

/// A name as a registry keeps it.
pub(crate) fn name(written: &str) -> String {
    written.replace(' ', SPACE)
}

/// A name as it was written.
pub(crate) fn written_name(kept: &str) -> String {
    kept.replace(SPACE, " ")
}

/// The address of a host, or of none, and a port that may be none.
pub(crate) fn address(host: Option<&str>, port: i32, cluster: &str) -> Result<Address, Error> {
    let cluster = Cluster::parse(&name(cluster))?;
    let host = host.unwrap_or(NO_HOST);
    match u16::try_from(port) {
        Ok(port) => Ok(Address { host: Host::parse(host)?, port: Port::new(port), cluster }),
        Err(_) => Ok(Address { host: Host::parse(&format!("{host}{PORT_MARK}{port}"))?, port: Port::new(0), cluster }),
    }
}

/// The host and the port of an address, as they were written.
pub(crate) fn host_and_port(address: &Address) -> (&str, i32) {
    let marked = address.host.as_str().rsplit_once(PORT_MARK);
    let none = marked.and_then(|(host, port)| Some((host, port.parse().ok()?)));
    none.unwrap_or((address.host.as_str(), i32::from(address.port.get())))
}

/// The host of a row: null where none was named.
pub(crate) fn host(address: &Address) -> Option<&str> {
    Some(host_and_port(address).0).filter(|&host| host != NO_HOST)
}

/// The cluster of a row.
pub(crate) fn cluster(address: &Address) -> String {
    written_name(address.cluster.as_str())
}

/// Metadata of those entries; none of an instance that has no metadata.
pub(crate) fn kept(entries: Option<Entries>) -> Result<Metadata, Error> {
    let none = || [(NO_METADATA.to_owned(), Some(String::new()))].into();
    let entries = entries.unwrap_or_else(none).into_iter();
    Metadata::new(entries.map(|(key, value)| (key, value.unwrap_or_else(|| NULL.to_owned()))).collect())
}

/// Metadata as a row has it.
pub(crate) fn written(metadata: &Metadata) -> Value {
    if metadata.value(NO_METADATA).is_some() {
        return Value::Null;
    }
    let entries = metadata.entries().iter().filter(|(key, _)| *key != NO_NUMBER);
    entries.map(|(key, value)| (key.clone(), if value == NULL { Value::Null } else { json!(value) })).collect()
}

/// Gives an instance a weight of 0 to 10000, or one that is no number. Refuses any other.
pub(crate) fn weigh(content: &mut Content, weight: f64) -> Result<(), Error> {
    let mut entries = content.metadata.entries().clone();
    entries.remove(NO_NUMBER);
    if weight.is_nan() {
        entries.insert(NO_NUMBER.to_owned(), weight.to_string());
    }
    content.weight = if weight.is_nan() { Weight::default() } else { Weight::new(weight)? };
    content.metadata = Metadata::new(entries)?;
    Ok(())
}

/// A weight as a row has it.
pub(crate) fn weight(weight: Weight, metadata: &Metadata) -> Value {
    metadata.value(NO_NUMBER).map_or(json!(weight), |text| json!(text))
}

#[cfg(test)]
mod tests {
    use liveset::{Instant, Registry};

    use crate::{Dialect, Request, Response, serve};

    fn send(registry: &mut Registry, dialect: Dialect, method: &str, path: &str, more: &[(&str, &str)]) -> Response {
        let own = [("serviceName", "orders"), ("ip", "10.0.0.1"), ("port", "80")];
        let own = own.into_iter().filter(|(name, _)| more.iter().all(|(other, _)| other != name));
        serve(registry, dialect, Instant::ZERO, &Request::new(method, path, own.chain(more.iter().copied())))
    }

    /// What a list shows of an instance that was registered so.
    fn row_of(dialect: Dialect, more: &[(&str, &str)]) -> serde_json::Value {
        let mut registry = Registry::new(dialect.policy()).expect("a policy");
        let answer = send(&mut registry, dialect, "POST", "/instance", more);
        assert_eq!((answer.status, answer.body.as_str()), (200, "ok"), "{more:?}");
        let list = send(&mut registry, dialect, "GET", "/instance/list", &more[..0]);
        let list: serde_json::Value = serde_json::from_str(&list.body).expect("JSON");
        list["hosts"][0].clone()
    }

    #[test]
    fn what_no_registry_has_a_word_for_comes_back_as_it_was_written() {
        for dialect in [Dialect::V1_4, Dialect::V2_0, Dialect::V2_1] {
            for port in ["-1", "65536", "99999"] {
                assert_eq!(row_of(dialect, &[("port", port)])["port"].to_string(), port);
            }
            assert_eq!(row_of(dialect, &[("weight", "NaN")])["weight"], "NaN");
        }
        assert_eq!(row_of(Dialect::V2_0, &[("clusterName", "a b")])["clusterName"], "a b");
        assert_eq!(row_of(Dialect::V2_5, &[("weight", "NaN")])["weight"], "NaN");
        assert_eq!(row_of(Dialect::V3_0, &[("weight", "NaN")])["weight"], 1.0);
        let [first, later] =
            [Dialect::V1_4, Dialect::V2_0].map(|dialect| row_of(dialect, &[("metadata", "{\"a\":null}")]));
        assert_eq!(first["metadata"].to_string(), "{}");
        assert_eq!(later["metadata"].to_string(), "{\"a\":null}");
    }

    #[test]
    fn a_number_takes_the_place_of_a_weight_that_is_none() {
        let dialect = Dialect::V2_0;
        let mut registry = Registry::new(dialect.policy()).expect("a policy");
        send(&mut registry, dialect, "POST", "/instance", &[("weight", "NaN")]);
        send(&mut registry, dialect, "POST", "/instance", &[("weight", "3")]);
        let row = send(&mut registry, dialect, "GET", "/instance", &[]);
        assert!(row.body.contains("\"weight\":3.0"), "{}", row.body);
    }

    #[test]
    fn an_instance_whose_port_is_none_is_deregistered_by_it() {
        let (dialect, port) = (Dialect::V1_4, [("port", "99999")]);
        let mut registry = Registry::new(dialect.policy()).expect("a policy");
        send(&mut registry, dialect, "POST", "/instance", &port);
        assert_eq!(send(&mut registry, dialect, "GET", "/instance", &port).status, 200);
        send(&mut registry, dialect, "DELETE", "/instance", &port);
        assert_ne!(send(&mut registry, dialect, "GET", "/instance", &port).status, 200);
    }
}
