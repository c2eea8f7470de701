//! A request, and its parameters by name.

use std::collections::BTreeMap;

use liveset::{Actor, Address, Content, Error, Group, Kind, Namespace, ServiceKey, ServiceName, Threshold};

use crate::{Call, Dialect, Door, Response, wire};

/// The agent of requests that come from a server's own console: from 3.0 on they go another way, and are answered in another shape.
pub const CONSOLE: &str = "Nacos-Console";

/// A request below `/nacos/v1/ns`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    method: String,
    path: String,
    agent: String,
    parameters: BTreeMap<String, String>,
}

impl Request {
    /// A request with its query and form parameters, decoded, of no particular agent.
    pub fn new<'a>(method: &str, path: &str, parameters: impl IntoIterator<Item = (&'a str, &'a str)>) -> Request {
        let parameters = parameters.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        Request { method: method.to_owned(), path: path.to_owned(), agent: String::new(), parameters }
    }

    /// The same with its `User-Agent`, as in `Nacos-Java-Client:v1.4.1`.
    #[must_use]
    pub fn of_agent(self, agent: &str) -> Request {
        Request { agent: agent.to_owned(), ..self }
    }

    /// `GET`, `POST`, `PUT`, `PATCH` or `DELETE`.
    pub fn method(&self) -> &str {
        &self.method
    }

    /// Path below `/nacos/v1/ns`.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// A parameter that is there and not blank.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters.get(name).map(String::as_str).filter(|value| !value.trim().is_empty())
    }

    /// `group@@name` as the filter of service names makes it: the group of the name, else of the parameter, else the default.
    fn grouped_name(&self) -> Option<String> {
        let full = self.parameter("serviceName")?.trim();
        let group = self.parameter("groupName").unwrap_or("DEFAULT_GROUP").trim();
        Some(if full.contains("@@") { full.to_owned() } else { format!("{group}@@{full}") })
    }

    fn namespace(&self) -> &str {
        self.parameter("namespaceId").unwrap_or("public").trim()
    }

    /// The service it names, where it names one.
    pub(crate) fn service_key(&self) -> Option<ServiceKey> {
        key_of(self.namespace(), &self.grouped_name()?).ok()
    }

    pub(crate) fn is_of_sdk(&self) -> bool {
        self.agent.starts_with("Nacos-Java-Client")
    }

    pub(crate) fn is_of_console(&self) -> bool {
        self.agent == CONSOLE
    }

    /// A parameter that counts as true: `true`, `yes`, `on`, `y` or `t`. Anything else that is there is false.
    pub fn flag(&self, name: &str) -> Option<bool> {
        let value = self.parameter(name)?.trim().to_lowercase();
        Some(["y", "yes", "on", "true", "t"].contains(&value.as_str()))
    }
}

impl<D: Door> Call<'_, D> {
    pub(crate) fn required(&self, name: &str) -> Result<&str, Response> {
        self.request.parameter(name).ok_or_else(|| self.bad_parameter(&format!("Param '{name}' is required.")))
    }

    pub(crate) fn grouped_name(&self) -> Result<String, Response> {
        self.required("serviceName")?;
        Ok(self.request.grouped_name().unwrap_or_default())
    }

    pub(crate) fn service(&self) -> Result<ServiceKey, Response> {
        self.service_named(self.request.namespace(), &self.grouped_name()?)
    }

    pub(crate) fn service_named(&self, namespace: &str, grouped: &str) -> Result<ServiceKey, Response> {
        key_of(namespace, grouped).map_err(|error| self.bad_parameter(&error.to_string()))
    }

    pub(crate) fn address(&self) -> Result<Address, Response> {
        let host = self.required("ip")?.trim();
        let port = self.required("port")?;
        self.address_of(Some(host), port, self.cluster())
    }

    pub(crate) fn address_of(&self, host: Option<&str>, port: &str, cluster: &str) -> Result<Address, Response> {
        let number: i32 =
            port.trim().parse().map_err(|_| self.bad_parameter(&format!("For input string: \"{port}\"")))?;
        wire::address(host, number, cluster).map_err(|error| self.bad_parameter(&error.to_string()))
    }

    pub(crate) fn cluster(&self) -> &str {
        self.request.parameter("clusterName").or(self.request.parameter("cluster")).unwrap_or("DEFAULT")
    }

    pub(crate) fn kind(&self) -> Kind {
        match self.request.flag("ephemeral") {
            Some(false) => Kind::Persistent,
            _ => Kind::Ephemeral,
        }
    }

    /// Gives an instance the weight that the parameters name, if they do.
    pub(crate) fn weigh(&self, content: &mut Content) -> Result<(), Response> {
        let Some(text) = self.request.parameter("weight") else { return Ok(()) };
        self.weigh_as(content, self.number(text)?)
    }

    pub(crate) fn weigh_as(&self, content: &mut Content, number: f64) -> Result<(), Response> {
        // Recorded: 1.4 shows small weights as 0.01; 3.0 takes what is not a number for 1.
        let number = match self.dialect {
            Dialect::V1_4 if 0.0 < number && number < 0.01 => 0.01,
            Dialect::V3_0 if number.is_nan() => 1.0,
            _ => number,
        };
        let text = "instance format invalid: The weights range from 0.0 to 10000.0";
        wire::weigh(content, number).map_err(|_| self.refusal(400, text))
    }

    /// A threshold as written. What lies outside of 0 to 1 is answered as done and means the same as the nearer bound.
    pub(crate) fn threshold(&self) -> Result<Option<Threshold>, Response> {
        let Some(text) = self.request.parameter("protectThreshold") else { return Ok(None) };
        let number: f64 = text.trim().parse().map_err(|_| self.no_float(text))?;
        Threshold::new(number.clamp(0.0, 1.0)).map(Some).map_err(|error| self.bad_parameter(&error.to_string()))
    }

    /// Over HTTP a client is its `ip:port`, whoever sends the request.
    pub(crate) fn client(&self, address: &Address) -> Result<Actor, Response> {
        let (host, port) = wire::host_and_port(address);
        Actor::parse(&format!("{host}:{port}")).map_err(|error| self.bad_parameter(&error.to_string()))
    }

    pub(crate) fn operator(&self) -> Result<Actor, Response> {
        Actor::parse("operator").map_err(|error| self.bad_parameter(&error.to_string()))
    }

    fn number(&self, text: &str) -> Result<f64, Response> {
        let number = text.trim().parse().map_err(|_| self.bad_parameter(&format!("For input string: \"{text}\"")));
        number.or_else(|refusal| if text == "Infinity" { Ok(f64::INFINITY) } else { Err(refusal) })
    }

    fn no_float(&self, text: &str) -> Response {
        let input = format!("For input string: \"{text}\"");
        let conversion = "Failed to convert value of type 'java.lang.String' to required type 'float';";
        let body = match self.dialect {
            Dialect::V3_0 => {
                format!("caused: Method parameter 'protectThreshold': {conversion} {input};caused: {input};")
            }
            _ => {
                let nested = "nested exception is java.lang.NumberFormatException:";
                format!("caused: {conversion} {nested} {input};caused: {input};")
            }
        };
        Response { status: 500, body }
    }
}

/// The service of a grouped name: what follows a second `@@` is ignored.
fn key_of(namespace: &str, grouped: &str) -> Result<ServiceKey, Error> {
    let mut parts = grouped.split("@@");
    let (group, name) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    Ok(ServiceKey {
        namespace: Namespace::parse(&wire::name(namespace))?,
        group: Group::parse(&wire::name(group))?,
        name: ServiceName::parse(&wire::name(name))?,
    })
}
