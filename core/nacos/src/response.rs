//! Answers, refusals, and the refusals of the core in a server's words.

use liveset::{Address, Error, ServiceKey};
use serde_json::{Value, json};

use crate::{Call, Dialect, Door, wire};

/// An HTTP answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    /// Status.
    pub status: u16,
    /// Body: text or JSON.
    pub body: String,
}

impl Response {
    pub(crate) fn ok() -> Response {
        Response { status: 200, body: "ok".to_owned() }
    }

    pub(crate) fn json(value: &Value) -> Response {
        Response { status: 200, body: value.to_string() }
    }
}

impl<D: Door> Call<'_, D> {
    /// A server's refusal for a reason of its own. Recorded: 500 and wrapped up to 2.1, the code and the bare text from 2.5 on.
    pub(crate) fn refusal(&self, code: u16, text: &str) -> Response {
        if self.dialect < Dialect::V2_5 {
            Response { status: 500, body: format!("caused: {text};") }
        } else {
            Response { status: code, body: text.to_owned() }
        }
    }

    /// A parameter that is missing or cannot be read.
    pub(crate) fn bad_parameter(&self, text: &str) -> Response {
        let wrapped = self.dialect < Dialect::V2_5;
        Response { status: 400, body: if wrapped { format!("caused: {text};") } else { text.to_owned() } }
    }

    /// What the framework under a server says by itself.
    pub(crate) fn spring(&self, status: u16, error: &str, message: &str) -> Response {
        let path = format!("/nacos/v1/ns{}", self.request.path());
        let body = json!({ "status": status, "error": error, "message": message, "path": path });
        Response { status, body: body.to_string() }
    }

    /// The core's refusal of a registration, in this version's words.
    pub(crate) fn refused(&self, service: &ServiceKey, error: &Error) -> Response {
        match error {
            Error::OtherKind { persistent, .. } => {
                let (of_service, given) =
                    if *persistent { ("persistent", "ephemeral") } else { ("ephemeral", "persistent") };
                let name = grouped(service);
                self.refusal(400, &format!(
                    "errCode: 400, errMsg: Current service {name} is {of_service} service, can't register {given} instance. "
                ))
            }
            Error::Invalid { field, .. } if field.contains("metadata.preserved.") => self.refusal(
                400,
                "Instance 'heart beat interval' must less than 'heart beat timeout' and 'ip delete timeout'.",
            ),
            other => self.refusal(400, &other.to_string()),
        }
    }
}

/// `group@@name`.
pub(crate) fn grouped(service: &ServiceKey) -> String {
    wire::written_name(&format!("{}@@{}", service.group, service.name))
}

/// The id that servers make up for an instance by default.
pub(crate) fn instance_id(service: &ServiceKey, address: &Address) -> String {
    let (host, port) = wire::host_and_port(address);
    format!("{host}#{port}#{}#{}", wire::cluster(address), grouped(service))
}
