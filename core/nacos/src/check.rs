//! What a server refuses before it looks at anything: names, lengths, characters.

use serde_json::Value;

use crate::{Call, Dialect, Door, Response};

impl<D: Door> Call<'_, D> {
    /// The checks that go before every handler.
    pub(crate) fn checked(&self) -> Result<(), Response> {
        if self.dialect >= Dialect::V2_5 {
            self.checked_parameters()?;
        }
        if self.request.parameter("serviceName").is_some() {
            self.checked_service_name()?;
        }
        Ok(())
    }

    /// The parameter checker of 2.3 and later: the first field at fault is named.
    fn checked_parameters(&self) -> Result<(), Response> {
        let request = self.request;
        if let Some(namespace) = request.parameter("namespaceId") {
            let good = namespace.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '-');
            self.checked_text("namespaceId/tenant", namespace, 64, good)?;
        }
        if request.parameter("serviceName").is_some() {
            let grouped = self.grouped_name()?;
            let (group, name) = grouped.split_once("@@").unwrap_or(("", &grouped));
            let bad = name.starts_with('@') || name.contains("@@") || has_cjk(name) || has_space(name);
            self.checked_text("serviceName", name, 512, !bad)?;
            let good = group.chars().all(|c| c.is_ascii_alphanumeric() || "-_:.".contains(c));
            self.checked_text("group", group, 128, good)?;
        }
        let beat: Option<Value> = request.parameter("beat").and_then(|text| serde_json::from_str(text).ok());
        let of_beat = |field: &str| beat.as_ref().and_then(|beat| beat[field].as_str());
        if let Some(cluster) = of_beat("cluster").or(request.parameter("clusterName").or(request.parameter("cluster")))
        {
            let good = cluster.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
            self.checked_text("cluster", cluster, 64, good)?;
        }
        if let Some(ip) = of_beat("ip").or(request.parameter("ip")) {
            self.checked_text("ip", ip, 128, !has_cjk(ip) && !has_space(ip))?;
        }
        if let Some(port) = request.parameter("port") {
            let good = port.trim().parse::<i64>().is_ok_and(|port| (0..=65_535).contains(&port));
            if !good {
                return Err(self.illegal("Param 'port' is illegal, the value should be between 0 and 65535."));
            }
        }
        let metadata = request.parameter("metadata").and_then(|text| crate::metadata::entries(text).ok());
        let length: usize =
            metadata.iter().flatten().map(|(key, value)| key.len() + value.as_ref().map_or(0, String::len)).sum();
        if length > 1024 {
            return Err(self.illegal("Param 'Metadata' is illegal, the param length should not exceed 1024."));
        }
        Ok(())
    }

    fn checked_text(&self, field: &str, text: &str, max: usize, good: bool) -> Result<(), Response> {
        if text.chars().count() > max {
            return Err(self.illegal(&format!("Param '{field}' is illegal, the param length should not exceed {max}.")));
        }
        if !good {
            let text = format!("Param '{field}' is illegal, illegal characters should not appear in the param.");
            return Err(self.illegal(&text));
        }
        Ok(())
    }

    fn illegal(&self, text: &str) -> Response {
        Response { status: 400, body: format!("{text}\r\n") }
    }

    /// The filter of service names, and the characters that 1.4 allows.
    fn checked_service_name(&self) -> Result<(), Response> {
        let grouped = self.grouped_name()?;
        let parts: Vec<&str> = grouped.split("@@").collect();
        let name_is_missing = parts.iter().skip(1).all(|part| part.is_empty());
        let text = if name_is_missing {
            "Param 'serviceName' is illegal, it should be format as 'groupName@@serviceName'"
        } else if parts[0].is_empty() && self.dialect > Dialect::V1_4 {
            "Param 'serviceName' is illegal, groupName can't be empty"
        } else {
            return self.checked_characters(&grouped);
        };
        Err(if self.dialect < Dialect::V2_5 {
            self.bad_parameter(text)
        } else {
            self.spring(400, "Bad Request", &format!("Service name filter error,caused: {text};"))
        })
    }

    fn checked_characters(&self, grouped: &str) -> Result<(), Response> {
        let good = |c: char| c.is_ascii_alphanumeric() || "@.:_-".contains(c);
        if self.dialect > Dialect::V1_4 || grouped.chars().all(good) {
            return Ok(());
        }
        let text = format!("dom name can only have these characters: 0-9a-zA-Z-._:, current: {grouped}");
        Err(self.bad_parameter(&text))
    }

    /// What a registration or an update is held to besides.
    pub(crate) fn checked_instance(&self, host: &str) -> Result<(), Response> {
        let cluster = self.cluster();
        let good = cluster.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
        match self.dialect {
            Dialect::V1_4 if !good => Err(self.bad_parameter(&format!(
                "cluster name can only have these characters: 0-9a-zA-Z-, current: {cluster}"
            ))),
            Dialect::V1_4 if is_wrong_ipv4(host) => {
                Err(self.bad_parameter(&format!("The IPv4 address(\"{host}\") is incorrect.")))
            }
            Dialect::V2_5 | Dialect::V3_0 if !good => Err(self.refusal(
                400,
                &format!("Instance 'clusterName' should be characters with only 0-9a-zA-Z-. (current: {cluster})"),
            )),
            _ => Ok(()),
        }
    }
}

/// Four or more numbers with dots between them that are no address.
fn is_wrong_ipv4(host: &str) -> bool {
    let numbers = host.split('.').count() >= 4 && host.chars().all(|c| c.is_ascii_digit() || c == '.');
    numbers && host.parse::<std::net::Ipv4Addr>().is_err()
}

fn has_cjk(text: &str) -> bool {
    text.chars().any(|c| ('\u{4e00}'..='\u{9fa5}').contains(&c))
}

fn has_space(text: &str) -> bool {
    text.chars().any(char::is_whitespace)
}
