//! What operators write: updates of a whole instance, patches, metadata in batches.

use std::collections::BTreeMap;

use liveset::{Address, Command, Content, InstanceQuery, InstanceView, Metadata, OverrideChange, Reader, ServiceKey};
use serde_json::{Value, json};

use crate::response::grouped;
use crate::{Answer, Call, Dialect, Door, Response, wire};

impl<D: Door> Call<'_, D> {
    /// `PUT /instance`: the console's button. The whole row is written as the operator's word.
    pub(crate) fn update(&mut self) -> Answer {
        let (service, address) = (self.service()?, self.address()?);
        self.checked_instance(address.host.as_str())?;
        let content = self.content()?;
        if self.dialect == Dialect::V1_4 {
            return self.update_record(&service, &address, content);
        }
        if !self.is_known(&service) {
            let ServiceKey { namespace, group, name } = &service;
            let dump = format!(
                "Service{{namespace='{namespace}', group='{group}', name='{name}', ephemeral=true, revision=0}}"
            );
            return Err(self.refusal(400, &format!("service not found, namespace: {namespace}, service: {dump}")));
        }
        self.decide(&service, &address, content)
    }

    /// 1.4: the SDK may only change what is there; anybody else registers it (recorded).
    fn update_record(&mut self, service: &ServiceKey, address: &Address, content: Content) -> Answer {
        if self.is_there(service, address, self.kind()) {
            return self.decide(service, address, content);
        }
        if !self.request.is_of_sdk() {
            return self.register();
        }
        if !self.is_known(service) {
            let name = grouped(service);
            return Err(
                self.refusal(400, &format!("service not found, namespace: {}, service: {name}", service.namespace))
            );
        }
        let (cluster, weight) = (wire::cluster(address), content.weight.get());
        let id = key(address);
        Err(self.refusal(400, &format!("instance not exist: {id}_{weight:?}_true_false_{cluster}")))
    }

    /// `PATCH /instance`: the fields that are named. 2.0 and later write them over an earlier decision, or over defaults (R-MD-7).
    pub(crate) fn patch(&mut self) -> Answer {
        let (service, address) = (self.service()?, self.address()?);
        let row = self.shown(&service, &address)?;
        let mut content = self.decided(&service, &row);
        content.enabled = self.enabled().unwrap_or(content.enabled);
        content.metadata = self.metadata()?.unwrap_or(content.metadata);
        self.weigh(&mut content)?;
        self.decide(&service, &address, content)
    }

    /// `PUT` and `DELETE /instance/metadata/batch`: of all instances, or of those named.
    pub(crate) fn batch_metadata(&mut self, removes: bool) -> Answer {
        let service = self.service()?;
        let given = self.metadata()?.unwrap_or_default();
        let named: Vec<Value> =
            self.request.parameter("instances").and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
        let is_named = |row: &InstanceView| {
            let (host, port) = wire::host_and_port(&row.address);
            named.is_empty() || named.iter().any(|one| one["ip"] == host && one["port"] == port)
        };
        let view = self.look(&InstanceQuery::new(service.clone(), Reader::Operator));
        let mut updated = Vec::new();
        for row in view.instances.iter().filter(|row| is_named(row)) {
            let mut content = self.decided(&service, row);
            content.metadata = changed(&content.metadata, &given, removes);
            self.decide(&service, &row.address, content)?;
            updated.push(format!("{}:ephemeral", key(&row.address)));
        }
        Ok(Response::json(&json!({ "updated": updated })))
    }

    /// `PUT /health/instance`: while a server checks health itself, nobody else may.
    pub(crate) fn health(&mut self) -> Answer {
        let (service, address) = (self.service()?, self.address()?);
        let text = format!("health check is still working, service: {}", grouped(&service));
        Err(match self.dialect {
            Dialect::V1_4 => self.bad_parameter(&text),
            _ => self.refusal(400, &format!("{text}, cluster: {}", address.cluster)),
        })
    }

    /// What an operator's partial word builds on. 1.4 has one record; later an earlier decision, or one that allows and weighs 1.
    fn decided(&self, service: &ServiceKey, row: &InstanceView) -> Content {
        if self.dialect == Dialect::V1_4 {
            return Content { weight: row.weight, enabled: row.enabled, metadata: row.metadata.clone() };
        }
        self.registry().decision(service, &row.address).unwrap_or_default()
    }

    fn decide(&mut self, service: &ServiceKey, address: &Address, content: Content) -> Answer {
        let kind = (self.dialect == Dialect::V1_4).then_some(self.kind());
        let change = OverrideChange {
            service: service.clone(),
            address: address.clone(),
            kind,
            by: self.operator()?,
            because: None,
            lifetime: None,
            enabled: Some(content.enabled),
            weight: Some(content.weight),
            metadata: Some(content.metadata),
        };
        let of_console = self.dialect >= Dialect::V3_0 && self.request.is_of_console();
        match self.apply(Command::SetOverride(change)) {
            Ok(_) if of_console => Ok(Response::json(&json!({ "code": 0, "message": "success", "data": "ok" }))),
            Ok(_) => Ok(Response::ok()),
            Err(error) => Err(self.refused(service, &error)),
        }
    }
}

/// An instance as servers name it in texts.
fn key(address: &Address) -> String {
    let (host, port) = wire::host_and_port(address);
    format!("{host}:{port}:unknown:{}", wire::cluster(address))
}

fn changed(metadata: &Metadata, given: &Metadata, removes: bool) -> Metadata {
    let mut entries: BTreeMap<String, String> = metadata.entries().clone();
    for (key, value) in given.entries() {
        if removes {
            entries.remove(key);
        } else {
            entries.insert(key.clone(), value.clone());
        }
    }
    Metadata::new(entries).unwrap_or_default()
}
