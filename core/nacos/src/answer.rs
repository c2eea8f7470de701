//! From outcomes to answers.

use liveset::{Error, Outcome, Registry, Reply, ServiceView};
use serde_json::{Value, json};

use crate::Dialect;

/// Codes in the answer to a beat.
const OK: u32 = 10_200;
const RESOURCE_NOT_FOUND: u32 = 20_404;

/// An HTTP answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    /// Status.
    pub status: u16,
    /// Body: text or JSON.
    pub body: String,
}

impl Response {
    pub(crate) fn refusal(dialect: &Dialect, text: &str) -> Response {
        let body = if dialect.refusal_wrapped { format!("caused: {text};") } else { text.to_owned() };
        Response { status: dialect.refusal_status, body }
    }

    fn ok(body: impl Into<String>) -> Response {
        Response { status: 200, body: body.into() }
    }
}

pub(crate) fn refused(dialect: &Dialect, error: &Error) -> Response {
    Response::refusal(dialect, &error.to_string())
}

pub(crate) fn done(dialect: &Dialect, result: Result<Outcome, Error>, registry: &Registry) -> Response {
    match result {
        Ok(Outcome::Beaten { interval, .. }) => {
            let body = json!({ "clientBeatInterval": interval.as_millis(), "code": OK, "lightBeatEnabled": true });
            Response::ok(body.to_string())
        }
        Ok(_) => Response::ok("ok"),
        Err(Error::UnknownLease { .. }) => {
            let interval = registry.policy().expiry.interval.as_millis();
            let mut body = json!({ "clientBeatInterval": interval, "code": RESOURCE_NOT_FOUND });
            if dialect.light_beats_in_refusals {
                body["lightBeatEnabled"] = Value::Bool(true);
            }
            Response::ok(body.to_string())
        }
        Err(error) => refused(dialect, &error),
    }
}

pub(crate) fn read(dialect: &Dialect, result: Result<Reply, Error>) -> Response {
    match result {
        Ok(Reply::Service(view)) => Response::ok(list(&view).to_string()),
        Ok(_) => Response::ok("ok"),
        Err(error) => refused(dialect, &error),
    }
}

/// `GET /instance/list`.
fn list(view: &ServiceView) -> Value {
    let grouped = format!("{}@@{}", view.service.group, view.service.name);
    let hosts: Vec<Value> = (view.instances.iter())
        .map(|row| {
            let address = &row.address;
            json!({
                "instanceId": format!("{}#{}#{}#{grouped}", address.host, address.port, address.cluster),
                "ip": address.host,
                "port": address.port,
                "weight": row.weight,
                "healthy": row.healthy,
                "enabled": row.enabled,
                "ephemeral": true,
                "clusterName": address.cluster,
                "serviceName": grouped,
                "metadata": row.metadata,
            })
        })
        .collect();
    json!({
        "name": grouped,
        "groupName": view.service.group,
        "clusters": "",
        "cacheMillis": 10_000,
        "hosts": hosts,
        "checksum": "",
        "allIPs": false,
        "reachProtectionThreshold": view.protected,
        "valid": true,
    })
}
