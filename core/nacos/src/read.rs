//! Reading instances: a consumer's list, the operator's page, one instance.

use liveset::{Address, Cluster, Command, InstanceQuery, InstanceView, Kind, Reader, ServiceKey, ServiceView};
use serde_json::{Value, json};

use crate::response::{grouped, instance_id};
use crate::{Answer, Call, Dialect, Door, Response, wire};

/// How long clients may keep a list, in ms: while pushes reach them, and where they do not.
const CACHE_WITH_PUSHES: u32 = 10_000;
const CACHE_ALONE: u32 = 3_000;

impl<D: Door> Call<'_, D> {
    /// `GET /instance/list`.
    pub(crate) fn list(&mut self) -> Answer {
        let service = self.service()?;
        let named = self.request.parameter("clusters").unwrap_or_default();
        let clusters: Result<Vec<Cluster>, _> =
            named.split(',').filter(|name| !name.is_empty()).map(|name| Cluster::parse(&wire::name(name))).collect();
        let clusters = clusters.map_err(|error| self.bad_parameter(&error.to_string()))?;
        let healthy_only = self.request.flag("healthyOnly").unwrap_or(false);
        let reader = Reader::Consumer;
        let view = self.look(&InstanceQuery { service, reader, clusters, healthy_only });
        let body = match self.dialect {
            Dialect::V1_4 => self.first_list(&view, named),
            _ => self.second_list(&view, named),
        };
        Ok(Response::json(&body))
    }

    /// `GET /catalog/instances`, the operator's page.
    pub(crate) fn console(&mut self) -> Answer {
        let service = self.service()?;
        let name = grouped(&service);
        if !self.is_known(&service) {
            let text = match self.dialect {
                Dialect::V1_4 => format!("serivce {name} is not found!"),
                Dialect::V2_0As1 => {
                    format!("service not found, namespace: {}, serviceName: {}", service.namespace, service.name)
                }
                _ => format!("service {name} is not found!"),
            };
            return Err(self.refusal(404, &text));
        }
        let cluster = self.request.parameter("clusterName").unwrap_or("DEFAULT").to_owned();
        // This page has what others had computed, and computes nothing.
        let view = self.registry().instances(&InstanceQuery::new(service, Reader::Operator));
        let rows: Vec<&InstanceView> =
            view.instances.iter().filter(|row| wire::cluster(&row.address) == cluster).collect();
        // A service of 1.4 keeps its clusters; later ones have those of its instances.
        let record = self.registry().service(&view.service);
        let kept = record
            .is_some_and(|record| record.clusters.iter().any(|name| wire::written_name(name.as_str()) == cluster));
        let stays = self.dialect == Dialect::V1_4 && kept;
        if rows.is_empty() && !stays {
            return Err(self.refusal(404, &format!("cluster {cluster} is not found!")));
        }
        let list = self.rows(&view.service, rows);
        Ok(Response::json(&json!({ "list": list, "count": list.len() })))
    }

    /// `GET /instance`.
    pub(crate) fn instance(&mut self) -> Answer {
        let (service, address) = (self.service()?, self.address()?);
        let row = self.shown(&service, &address)?;
        Ok(Response::json(&json!({
            "service": grouped(&service),
            "ip": wire::host(&row.address),
            "port": wire::host_and_port(&row.address).1,
            "clusterName": wire::cluster(&row.address),
            "weight": wire::weight(row.weight, &row.metadata),
            "healthy": row.healthy,
            "instanceId": instance_id(&service, &row.address),
            "metadata": wire::written(&row.metadata),
        })))
    }

    /// The row of an instance as the operator's page has it.
    pub(crate) fn shown(&mut self, service: &ServiceKey, address: &Address) -> Result<InstanceView, Response> {
        let name = grouped(service);
        if self.dialect == Dialect::V1_4 && !self.is_known(service) {
            return Err(self.refusal(404, &format!("no service {name} found!")));
        }
        let view = self.look(&InstanceQuery::new(service.clone(), Reader::Operator));
        if self.dialect > Dialect::V1_4 && view.instances.is_empty() {
            return Err(self.refusal(404, &format!("no ips found for cluster {} in service {name}", address.cluster)));
        }
        let found = view.instances.into_iter().find(|row| row.address == *address);
        found.ok_or_else(|| self.refusal(404, "no matched ip found!"))
    }

    /// Reads as a server of this version reads: the first one to ask has the view computed.
    pub(crate) fn look(&mut self, query: &InstanceQuery) -> ServiceView {
        let _always_done = self.apply(Command::Look { service: query.service.clone() });
        self.registry().instances(query)
    }

    pub(crate) fn is_persistent(&self, service: &ServiceKey, address: &Address) -> bool {
        self.is_there(service, address, Kind::Persistent)
    }

    pub(crate) fn is_there(&self, service: &ServiceKey, address: &Address, kind: Kind) -> bool {
        self.registry().is_held(service, address, kind)
    }

    fn first_list(&self, view: &ServiceView, clusters: &str) -> Value {
        let name = grouped(&view.service);
        if self.request.flag("isCheck") == Some(true) {
            return json!({});
        }
        if !self.is_known(&view.service) {
            return json!({ "name": name, "clusters": clusters, "cacheMillis": CACHE_ALONE, "hosts": [] });
        }
        let pushed = self.request.is_of_sdk() && self.request.parameter("udpPort").is_some();
        // Java clients are spoken to with the group, browsers without.
        let dom = if self.request.is_of_sdk() { name.clone() } else { wire::written_name(view.service.name.as_str()) };
        let mut hosts = self.rows(&view.service, &view.instances);
        for host in &mut hosts {
            host["serviceName"] = Value::String(dom.clone());
        }
        let settings = self.registry().service(&view.service).map(|record| record.metadata).unwrap_or_default();
        json!({
            "hosts": hosts,
            "dom": dom,
            "name": name,
            "cacheMillis": if pushed { CACHE_WITH_PUSHES } else { CACHE_ALONE },
            "useSpecifiedURL": false,
            "clusters": clusters,
            "env": "",
            "metadata": settings,
        })
    }

    fn second_list(&self, view: &ServiceView, clusters: &str) -> Value {
        let hosts = self.rows(&view.service, &view.instances);
        let all_ips = if self.dialect < Dialect::V3_0 { "allIPs" } else { "allIps" };
        json!({
            "name": grouped(&view.service),
            "groupName": wire::written_name(view.service.group.as_str()),
            "clusters": clusters,
            "cacheMillis": CACHE_WITH_PUSHES,
            "hosts": hosts,
            "checksum": "",
            (all_ips): false,
            "reachProtectionThreshold": view.protected,
            "valid": true,
        })
    }

    /// Rows as this version writes them. 2.0 collects them into a set: two kinds of one address that look the same are one row.
    fn rows<'r>(&self, service: &ServiceKey, rows: impl IntoIterator<Item = &'r InstanceView>) -> Vec<Value> {
        let mut written: Vec<Value> = rows.into_iter().map(|row| self.row(service, row)).collect();
        if self.dialect == Dialect::V2_0 {
            written.dedup();
        }
        written
    }

    fn row(&self, service: &ServiceKey, row: &InstanceView) -> Value {
        let address = &row.address;
        let mut host = json!({
            "instanceId": self.id(service, address),
            "ip": wire::host(address),
            "port": wire::host_and_port(address).1,
            "weight": wire::weight(row.weight, &row.metadata),
            "healthy": row.healthy,
            "enabled": row.enabled,
            "ephemeral": self.shown_kind(service, row) == Kind::Ephemeral,
            "clusterName": wire::cluster(address),
            "serviceName": grouped(service),
            "metadata": wire::written(&row.metadata),
        });
        if self.dialect == Dialect::V1_4 {
            host["valid"] = Value::Bool(row.healthy);
            host["marked"] = Value::Bool(false);
        } else {
            let time = |key: &str, default: u64| {
                let own = row.metadata.value(key).filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
                own.and_then(|text| text.parse().ok()).unwrap_or(default)
            };
            host["instanceHeartBeatInterval"] = json!(time("preserved.heart.beat.interval", 5_000));
            host["instanceHeartBeatTimeOut"] = json!(time("preserved.heart.beat.timeout", 15_000));
            host["ipDeleteTimeout"] = json!(time("preserved.ip.delete.timeout", 30_000));
            // Looked for in metadata that is there at all, and then missing where it is not named (recorded).
            let generator = row.metadata.value("preserved.instance.id.generator");
            let default = row.metadata.entries().is_empty().then_some("simple");
            if let Some(generator) = generator.or(default) {
                host["instanceIdGenerator"] = json!(generator);
            }
        }
        host
    }

    /// Who registers over a connection names no cluster, and its id says so (recorded).
    fn id(&self, service: &ServiceKey, address: &Address) -> String {
        let id = instance_id(service, address);
        let says_so = self.dialect >= Dialect::V2_1 && self.registry().is_connected(service, address);
        if says_so { id.replacen("#DEFAULT#", "#null#", 1) } else { id }
    }

    /// 2.0 shows of every row what kind its service is (R-DM-6); a view that it computed for somebody who looked is of an ephemeral one,
    /// since who looks names no kind (recorded).
    fn shown_kind(&self, service: &ServiceKey, row: &InstanceView) -> Kind {
        if self.dialect == Dialect::V2_0 && self.registry().is_as_looked_up(service) {
            return Kind::Ephemeral;
        }
        let of_service = self.registry().service(service).and_then(|record| record.kind);
        of_service.filter(|_| self.dialect == Dialect::V2_0).unwrap_or(row.kind)
    }
}
