//! Deeds as the timeline tells them.

use liveset::{Kind, OverrideField, ServiceKey};

use crate::scenario::{Action, Fault, MachineDeed};

/// What somebody does; nothing for what is looked at.
pub(super) fn describe(action: &Action) -> String {
    let at = |node: &Option<String>| node.as_ref().map(|node| format!(" at {node}")).unwrap_or_default();
    match action {
        Action::Register { registration, over_session, node } => {
            let how = if *over_session { " over a connection" } else { "" };
            let kind = if registration.kind == Kind::Persistent { " as persistent" } else { "" };
            let health = if registration.healthy { "" } else { " as unhealthy" };
            let life = registration.incarnation.map(|number| format!(" as incarnation {number}")).unwrap_or_default();
            format!("registers {} {}{kind}{health}{life}{how}{}", registration.service, registration.address, at(node))
        }
        Action::RegisterBatch { service, members, node } => {
            let members: Vec<String> = members.iter().map(|member| member.address.to_string()).collect();
            format!("registers {service} {} over a connection{}", members.join(" and "), at(node))
        }
        Action::Beat { full: true, of } => format!("sends a full beat{}", of_service(of)),
        Action::Beat { full: false, of } => format!("sends a beat{}", of_service(of)),
        Action::Beats { every, full: true, of, .. } => format!("sends full beats{} every {every}", of_service(of)),
        Action::Beats { every, full: false, of, .. } => format!("beats{} every {every}", of_service(of)),
        Action::Deregister { deregistration, node } => {
            format!("deregisters {} {}{}", deregistration.service, deregistration.address, at(node))
        }
        Action::Restarts => "restarts".to_owned(),
        Action::Dies => "dies".to_owned(),
        Action::Freezes => "freezes".to_owned(),
        Action::Thaws => "thaws".to_owned(),
        Action::Moves { node } => format!("moves to {node}"),
        Action::Connects { node } => format!("connects{}", at(node)),
        Action::Disconnects => "disconnects".to_owned(),
        Action::Subscribes { service, node } => format!("subscribes to {service}{}", at(node)),
        Action::Unsubscribes => "unsubscribes".to_owned(),
        Action::Pulls { service, node } => format!("pulls {service}{}", at(node)),
        Action::Copies => "copies its list into its framework".to_owned(),
        Action::Reads { service, node } => format!("reads {service}{}", at(node)),
        Action::Reports { service, address, healthy, sure, node } => {
            let health = if *healthy { "healthy" } else { "unhealthy" };
            let surely = if *sure { ", and is sure" } else { "" };
            format!("reports {service} {address} {health}{surely}{}", at(node))
        }
        Action::Override { change, node } => {
            let what = match (change.enabled, change.weight) {
                (Some(false), _) => "switches off".to_owned(),
                (Some(true), _) => "switches on".to_owned(),
                (None, Some(weight)) => format!("sets weight {weight} on"),
                (None, None) => "marks".to_owned(),
            };
            let why = change.because.as_ref().map(|why| format!(" (\"{why}\")")).unwrap_or_default();
            format!("{what} {} {}{why}{}", change.service, change.address, at(node))
        }
        Action::Clears { service, address, field, node } => {
            let what = match field {
                None => "the override".to_owned(),
                Some(OverrideField::Enabled) => "the override of enabled".to_owned(),
                Some(OverrideField::Weight) => "the override of the weight".to_owned(),
                Some(OverrideField::Metadata(key)) => format!("the override of metadata {key}"),
            };
            format!("clears {what} of {service} {address}{}", at(node))
        }
        Action::Removes { removal, node } => {
            let why = removal.because.as_ref().map(|why| format!(" (\"{why}\")")).unwrap_or_default();
            format!("removes {} {}{why}{}", removal.service, removal.address, at(node))
        }
        Action::LiftsFence { service, address, node } => format!("lifts the fence of {service} {address}{}", at(node)),
        Action::SetsService { settings, node } => {
            let kind = match settings.kind {
                Some(Kind::Persistent) => " as persistent",
                Some(Kind::Ephemeral) => " as ephemeral",
                None => "",
            };
            let threshold = settings.protect_threshold;
            let threshold = threshold.map(|found| format!(", protect threshold {found}")).unwrap_or_default();
            let metadata = settings.metadata.entries().iter().map(|(key, value)| format!(", {key}={value}"));
            format!("sets service {}{kind}{threshold}{}{}", settings.service, metadata.collect::<String>(), at(node))
        }
        Action::RemovesService { service, node } => format!("removes service {service}{}", at(node)),
        Action::Machine { does, .. } => match does {
            MachineDeed::Restarts => "restarts".to_owned(),
            MachineDeed::Freezes => "freezes".to_owned(),
            MachineDeed::Thaws => "thaws".to_owned(),
            MachineDeed::FallsSilent => "falls silent".to_owned(),
            MachineDeed::SpeaksAgain => "speaks again".to_owned(),
            MachineDeed::Jumps(span) => format!("finds its clock {span} ahead"),
        },
        Action::Watches { service, address, watches: true, .. } => format!("watches {service} {address}"),
        Action::Watches { service, address, .. } => format!("leaves {service} {address} to others"),
        Action::Network(_) | Action::Expect(_) | Action::Explain { .. } => String::new(),
    }
}

fn of_service(service: &Option<ServiceKey>) -> String {
    service.as_ref().map(|service| format!(" of {service}")).unwrap_or_default()
}

pub(super) fn describe_fault(fault: &Fault) -> String {
    match fault {
        Fault::Cuts(who) => format!("cuts {who} off"),
        Fault::HalfOpens(who) => format!("leaves the connection of {who} half-open"),
        Fault::Heals(who) => format!("heals for {who}"),
        Fault::Delays(who, by) => format!("delays messages of {who} by {by}"),
        Fault::Reorders(who, by) => format!("reorders messages of {who} within {by}"),
        Fault::Loses(who, share) => format!("loses {share}% of the messages of {who}"),
        Fault::Duplicates(who, share) => format!("doubles {share}% of the messages of {who}"),
        Fault::Parts(one, other) => format!("parts {one} from {other}"),
        Fault::Joins(one, other) => format!("joins {one} and {other}"),
    }
}
