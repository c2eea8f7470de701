//! Beats: light ones name an instance, full ones carry it as JSON, and what that says counts.

use liveset::{Address, Command, Content, Error, InstanceBeat, Kind, Outcome, Registration, ServiceKey, Span};
use serde_json::{Value, json};

use crate::{Answer, Call, Dialect, Door, Response};

const OK: u32 = 10_200;
const RESOURCE_NOT_FOUND: u32 = 20_404;

impl<D: Door> Call<'_, D> {
    /// `PUT /instance/beat`.
    pub(crate) fn beat(&mut self) -> Answer {
        let service = self.service()?;
        let Some(text) = self.request.parameter("beat") else {
            if self.request.parameter("ip").is_none() || self.request.parameter("port").is_none() {
                return Ok(self.unknown());
            }
            let address = self.address()?;
            return self.beaten(&service, address, None);
        };
        let body: Value = serde_json::from_str(text).map_err(|_| self.unreadable(text))?;
        let cluster = body["cluster"].as_str().filter(|name| !name.is_empty()).unwrap_or(self.cluster());
        // Nacos 2 keeps an instance without an address as `null:0`.
        let port = match &body["port"] {
            Value::Null if self.dialect > Dialect::V1_4 => "0".to_owned(),
            port => port.to_string(),
        };
        let address = self.address_of(body["ip"].as_str(), &port, cluster)?;
        let content = self.content_of(&body)?;
        if body["ephemeral"] == Value::Bool(false) {
            return self.beat_of_persistent(&service, &address, &content);
        }
        self.beat_elsewhere(&service, &address, &body)?;
        self.beaten(&service, address, Some(content))
    }

    fn beaten(&mut self, service: &ServiceKey, address: Address, content: Option<Content>) -> Answer {
        if self.dialect == Dialect::V1_4 && self.is_persistent(service, &address) {
            // One list holds both kinds, and a beat for the other kind is taken for good and does nothing.
            return Ok(self.counted(self.registry().policy().expiry.interval));
        }
        let source = self.client(&address)?;
        let beat = InstanceBeat { service: service.clone(), address, source, incarnation: None, content };
        match self.apply(Command::BeatInstance(beat)) {
            Ok(Outcome::Beaten { interval, .. }) => Ok(self.counted(interval)),
            Err(Error::UnknownLease { .. }) => Ok(self.unknown()),
            Ok(_) => Ok(Response::ok()),
            Err(error) => Err(self.refused(service, &error)),
        }
    }

    /// Nacos 2 takes the sign of life to the service that the beat itself names, while the parameter decides the answer (R-HB-5). What
    /// stands under the parameter is then registered where it is not, and grows silent where it is.
    fn beat_elsewhere(&mut self, service: &ServiceKey, address: &Address, body: &Value) -> Result<(), Response> {
        let Some(named) = body["serviceName"].as_str().filter(|name| !name.is_empty()) else { return Ok(()) };
        let grouped = if named.contains("@@") { named.to_owned() } else { format!("DEFAULT_GROUP@@{named}") };
        let other = self.service_named(service.namespace.as_str(), &grouped)?;
        if other == *service || self.dialect == Dialect::V1_4 || !self.is_there(service, address, Kind::Ephemeral) {
            return Ok(());
        }
        let source = self.client(address)?;
        let beat = InstanceBeat { service: other, address: address.clone(), source, incarnation: None, content: None };
        let _unknown_there = self.apply(Command::BeatInstance(beat));
        Err(self.counted(self.registry().policy().expiry.interval))
    }

    /// A beat that says of itself that it is persistent registers the instance (R-HB-4). Before 2.1 a twin among the ephemeral takes it.
    fn beat_of_persistent(&mut self, service: &ServiceKey, address: &Address, content: &Content) -> Answer {
        let interval = self.registry().policy().expiry.interval;
        let known = self.is_persistent(service, address);
        if (self.dialect < Dialect::V2_1) && (known || self.is_there(service, address, Kind::Ephemeral)) {
            return Ok(self.counted(interval));
        }
        let mut registration = Registration::new(service.clone(), address.clone(), self.client(address)?);
        registration.kind = Kind::Persistent;
        registration.content = content.clone();
        match self.apply(Command::Register(registration)) {
            Ok(_) => Ok(self.counted(interval)),
            Err(error) => Err(self.refused(service, &error)),
        }
    }

    fn content_of(&self, body: &Value) -> Result<Content, Response> {
        let entries = serde_json::from_value(body["metadata"].clone()).unwrap_or_default();
        let mut content = Content { metadata: self.metadata_of(entries)?, ..Content::default() };
        // Recorded: a full beat without a weight registers weight 0.
        self.weigh_as(&mut content, body["weight"].as_f64().unwrap_or(0.0))?;
        Ok(content)
    }

    fn counted(&self, interval: Span) -> Response {
        Response::json(&json!({ "clientBeatInterval": interval.as_millis(), "code": OK, "lightBeatEnabled": true }))
    }

    fn unknown(&self) -> Response {
        let interval = self.registry().policy().expiry.interval.as_millis();
        let mut body = json!({ "clientBeatInterval": interval, "code": RESOURCE_NOT_FOUND });
        if self.dialect > Dialect::V1_4 {
            body["lightBeatEnabled"] = Value::Bool(true);
        }
        Response::json(&body)
    }

    fn unreadable(&self, text: &str) -> Response {
        let token = text.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default();
        // From 3.0 on the parser keeps to itself what it read.
        let source = match self.dialect {
            Dialect::V3_0 => "REDACTED (`StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION` disabled)".to_owned(),
            _ => format!("(String)\"{text}\""),
        };
        let problem = format!(
            "Unrecognized token '{token}': was expecting (JSON String, Number, Array, Object or token 'null', 'true' or 'false')\n at [Source: {source}; line: 1, column: {}]",
            token.len() + 1
        );
        let class = "Nacos deserialize for class [com.alibaba.nacos.naming.healthcheck.RsInfo] failed";
        if self.dialect < Dialect::V2_5 {
            let body = format!("caused: errCode: 101, errMsg: {class}.  ;caused: {problem};");
            return Response { status: 500, body };
        }
        let cause = format!("{class}, cause error[{problem}].  ;caused: {problem};");
        self.spring(500, "Internal Server Error", &format!("Server failed, caused: errCode: 101, errMsg: {cause}"))
    }
}
