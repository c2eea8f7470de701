//! Services: creating, changing, deleting and reading them.

use liveset::{
    Actor, Command, Error, InstanceQuery, Kind, Reader, Removal, ServiceKey, ServiceRecord, ServiceSettings, Span,
};
use serde_json::{Value, json};

use crate::response::grouped;
use crate::{Answer, Call, Dialect, Door, Response};

impl<D: Door> Call<'_, D> {
    /// `POST /service`. In 2.0 and later a service made so is a persistent one (R-DM-4).
    pub(crate) fn create_service(&mut self) -> Answer {
        let service = self.service()?;
        if self.is_known(&service) {
            let name = grouped(&service);
            return Err(match self.dialect {
                Dialect::V1_4 => self.bad_parameter(&format!("specified service already exists, serviceName : {name}")),
                _ => self.refusal(400, &format!("specified service {name} already exists!")),
            });
        }
        self.checked_selector()?;
        let kind = (self.dialect > Dialect::V1_4).then_some(Kind::Persistent);
        self.set_service(service, kind)
    }

    /// `PUT /service`.
    pub(crate) fn update_service(&mut self) -> Answer {
        let service = self.service()?;
        self.required("protectThreshold")?;
        if !self.is_known(&service) {
            return Err(self.refusal(400, &format!("service {} not found!", grouped(&service))));
        }
        self.set_service(service, None)
    }

    /// `DELETE /service`. 1.4 takes the instances with it.
    pub(crate) fn delete_service(&mut self) -> Answer {
        let service = self.service()?;
        let name = grouped(&service);
        if !self.is_known(&service) {
            return match self.dialect {
                Dialect::V1_4 => Err(self.bad_parameter(&format!("specified service not exist, serviceName : {name}"))),
                Dialect::V2_0 => Ok(Response::ok()),
                _ => Err(self.refusal(400, &format!("service {name} not found!"))),
            };
        }
        if self.dialect == Dialect::V1_4 {
            self.remove_instances(&service)?;
        }
        match self.apply(Command::RemoveService { service }) {
            Ok(_) => Ok(Response::ok()),
            Err(Error::NotEmpty { .. }) => {
                let text = "is not empty, can't be delete. Please unregister instance first";
                Err(self.refusal(400, &format!("Service {name} {text}")))
            }
            Err(error) => Err(self.refusal(400, &error.to_string())),
        }
    }

    /// `GET /service`. 2.0 answers for a service nobody knows, with defaults or with what it remembers.
    pub(crate) fn service_detail(&mut self) -> Answer {
        let service = self.service()?;
        let record = self.registry().service(&service);
        if self.dialect != Dialect::V2_0 && !record.as_ref().is_some_and(|record| record.known) {
            let name = grouped(&service);
            return Err(match self.dialect {
                Dialect::V1_4 => self.refusal(400, &format!("service {name} is not found!")),
                _ => self
                    .refusal(400, &format!("service not found, namespace: {}, serviceName: {name}", service.namespace)),
            });
        }
        Ok(Response::json(&self.detail(&service, record.as_ref())))
    }

    /// `GET /service/list`: names without their group, by page.
    pub(crate) fn service_list(&mut self) -> Answer {
        let page = |name: &str| self.required(name).map(|text| text.trim().parse::<usize>().unwrap_or(1));
        let (number, size) = (page("pageNo")?.max(1), page("pageSize")?);
        let namespace = self.request.parameter("namespaceId").unwrap_or("public");
        let group = self.request.parameter("groupName").unwrap_or("DEFAULT_GROUP");
        let here = |key: &ServiceKey| key.namespace.as_str() == namespace && key.group.as_str() == group;
        let names: Vec<String> =
            self.registry().services().into_iter().filter(here).map(|key| key.name.to_string()).collect();
        let doms: Vec<&String> = names.iter().skip((number - 1).saturating_mul(size)).take(size).collect();
        Ok(Response::json(&json!({ "count": names.len(), "doms": doms })))
    }

    pub(crate) fn is_known(&self, service: &ServiceKey) -> bool {
        self.registry().service(service).is_some_and(|record| record.known)
    }

    fn set_service(&mut self, service: ServiceKey, kind: Option<Kind>) -> Answer {
        // Whoever sets a service sets a threshold, and 0 is one.
        let protect_threshold = Some(self.threshold()?.unwrap_or(liveset::Threshold::ZERO));
        let metadata = self.metadata()?.unwrap_or_default();
        let settings = ServiceSettings { service, protect_threshold, metadata, kind };
        match self.apply(Command::SetService(settings)) {
            Ok(_) => Ok(Response::ok()),
            Err(error) => Err(self.refusal(400, &error.to_string())),
        }
    }

    fn checked_selector(&self) -> Result<(), Response> {
        let Some(text) = self.request.parameter("selector") else { return Ok(()) };
        let selector: Value = serde_json::from_str(text).unwrap_or_default();
        match selector["type"].as_str() {
            None | Some("none" | "label") => Ok(()),
            Some(other) if self.dialect < Dialect::V2_1 => {
                let class = "com.alibaba.nacos.api.selector.SelectorType";
                Err(self.bad_parameter(&format!("No enum constant {class}.{other}")))
            }
            Some(_) => Err(self.refusal(400, "not match any type of selector!")),
        }
    }

    fn remove_instances(&mut self, service: &ServiceKey) -> Result<(), Response> {
        let by: Actor = self.operator()?;
        let all = self.registry().instances(&InstanceQuery::new(service.clone(), Reader::Operator)).instances;
        for row in all {
            let removal = Removal {
                service: service.clone(),
                address: row.address,
                by: by.clone(),
                because: None,
                fence_for: Some(Span::ZERO),
            };
            let _gone_already = self.apply(Command::Remove(removal));
        }
        Ok(())
    }

    fn detail(&self, service: &ServiceKey, record: Option<&ServiceRecord>) -> Value {
        let threshold = record.and_then(|record| record.protect_threshold).map_or(0.0, |threshold| threshold.get());
        let clusters: Vec<Value> = record
            .into_iter()
            .flat_map(|record| &record.clusters)
            .map(|name| json!({ "name": name, "healthChecker": { "type": "TCP" }, "metadata": {} }))
            .collect();
        let selector = match self.dialect {
            Dialect::V1_4 | Dialect::V2_0 => json!({ "type": "none" }),
            _ => json!({ "type": "none", "contextType": "NONE" }),
        };
        json!({
            "namespaceId": service.namespace,
            "groupName": service.group,
            "name": service.name,
            "protectThreshold": threshold,
            "metadata": record.map(|record| record.metadata.clone()).unwrap_or_default(),
            "selector": selector,
            "clusters": clusters,
        })
    }
}
