//! One sentence form for everything an explanation holds.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::{
    BrakeAccount, DifferingAccount, Explanation, LeaseAccount, LeaseKind, NextKind, OverrideAccount, ProtectionAccount,
    Remedy, Rule, Standing, Transition, UnprotectedAccount,
};
use crate::instance::Cause;
use crate::name::{Actor, Reason, Threshold};
use crate::policy::Lifetime;

/// Entries of the history that are told.
const STORY_MAX: usize = 4;

impl Explanation {
    /// The explanation in sentences: the verdict, what it rests on, what comes next, what would change it.
    pub(crate) fn tell(&self) -> Vec<String> {
        let mut lines = Vec::from([self.verdict()]);
        if self.sights.stale {
            lines.push(self.stale_view());
        }
        lines.extend(self.telling.tell());
        lines.extend(self.copies.iter().map(|copy| copy.tell(event)));
        if self.leases.len() > 1 {
            lines.push(format!("shared: {} sources hold it, and it lives as long as one of them", self.leases.len()));
        }
        lines.extend(self.differing.as_ref().map(DifferingAccount::tell));
        // The verdict on one that signs of life hold says it all.
        let told = |lease: &LeaseAccount| lease.kind != LeaseKind::Persistent;
        if self.standing != Standing::Unhealthy || self.leases.len() > 1 || !self.leases.iter().all(told) {
            lines.extend(self.leases.iter().map(lease));
        }
        lines.extend(self.reached());
        lines.extend(self.published());
        let deciding = self.decided_by.rule == Rule::Override;
        lines.extend(self.overrides.iter().filter(|o| !(deciding && o.field == "enabled")).map(|o| self.remembered(o)));
        if let Some(fence) = &self.fence {
            let deed = match (fence.by_operator, self.decided_by.rule) {
                (true, _) => "removed",
                (false, Rule::Replacement) => "replaced",
                (false, _) => "deregistered",
            };
            let what = if fence.by_operator { "may not come back" } else { "cannot be brought back by late beats" };
            let who = author(Some(&fence.by), fence.because.as_ref());
            lines.push(format!(
                "fenced: incarnation {} {what} until {}; {deed}{who} at {}",
                fence.incarnation, fence.until, fence.at
            ));
        }
        if let Some(protection) = &self.protection {
            lines.push(format!(
                "protected: {} of {} healthy is at or below the threshold {}; consumers get all of them as healthy",
                protection.healthy, protection.total, protection.threshold
            ));
        }
        if let Some(ProtectionAccount { healthy, total, threshold }) = &self.cluster_protection {
            lines.push(format!(
                "protected in {}: {healthy} of {total} healthy is at or below the threshold {threshold}; whoever asks for that cluster \
                 alone gets all of it as healthy",
                self.address.cluster
            ));
        }
        if let Some(unprotected) = &self.unprotected {
            let UnprotectedAccount { healthy, total, threshold } = unprotected;
            lines.push(match threshold {
                None => format!("not protected: no threshold is set for {}", self.service),
                Some(Threshold::ZERO) if *healthy == 0 => "not protected: a threshold of 0 protects nobody".to_string(),
                Some(threshold) => {
                    format!("not protected: {healthy} of {total} healthy is above the threshold {threshold}")
                }
            });
        }
        if let Some(until) = self.kept_until {
            lines.push(format!(
                "kept: its service is served as it last was until {until}, for everybody in it fell silent"
            ));
        }
        if let Some(until) = self.warming_until.filter(|_| self.leases.is_empty()) {
            lines.push(format!(
                "warming: the registry restarted without its instances, and this one may be there; until {until} or until all is loaded"
            ));
        }
        let fenced = self.fence.as_ref().is_some_and(|fence| fence.by_operator);
        if let Some(life) = self.newest_life.filter(|&life| life > 1 && self.leases.is_empty() && !fenced) {
            lines.push(format!("newest life: incarnation {life}; a claim as an older one is refused"));
        }
        if let Some(kept) = &self.kept_kind {
            let kind = kept.kind.word();
            let until = kept.until.map(|until| format!(", forgotten at {until}")).unwrap_or_default();
            lines.push(format!(
                "kind: {} is {kind} since {}, and stays so while it is known; empty since {}{until}",
                self.service, kept.since, kept.empty_since
            ));
        }
        if let Some(gap) = &self.gap {
            lines.push(format!("not held against it: nobody ran the registry from {} to {}", gap.from, gap.until));
        }
        lines.extend(
            self.leases
                .iter()
                .filter(|lease| lease.kind == LeaseKind::Beats && !lease.watched)
                .map(|lease| format!("not looked at here: finding the silence of {} is left to others", lease.source)),
        );
        if !self.doubted_by.is_empty() {
            let names: Vec<&str> = self.doubted_by.iter().map(Actor::as_str).collect();
            lines.push(format!("doubted: {} reports otherwise, which is not enough yet", names.join(" and ")));
        }
        if !self.unheeded.is_empty() {
            lines.push(format!("not looked at: {}, for it does not live by beats", self.unheeded.join(" and ")));
        }
        lines.extend(self.brake.as_ref().map(held_up));
        lines.extend(self.story());
        lines.extend(self.next_event());
        lines.extend(self.remedy());
        lines
    }

    fn verdict(&self) -> String {
        let decided = &self.decided_by;
        let by = decided.by.as_ref().map_or("nobody", Actor::as_str);
        let at = decided.at.unwrap_or(self.at);
        let who = author(decided.by.as_ref(), decided.because.as_ref());
        match (self.standing, decided.rule) {
            (Standing::Unknown, _) => "unknown: never seen here, or forgotten".to_string(),
            (Standing::Offline, Rule::Override) => {
                let decision = self.overrides.iter().find(|o| o.field == "enabled");
                let until = decision.map(|decision| self.until(decision)).unwrap_or_default();
                format!("offline: {by} switched it off at {at}{}; {until}", because(decided.because.as_ref()))
            }
            (Standing::Offline, _) => format!("offline: {by} registered it as disabled at {at}"),
            (Standing::Unhealthy, Rule::HealthReport) => match &decided.by {
                Some(by) => {
                    let others = decided.because.as_ref().map(|others| format!("and {others}"));
                    format!("unhealthy: on the word of {by} {}, marked at {at}", others.as_deref().unwrap_or("alone"))
                }
                None => format!("unhealthy: its checker reported so, marked at {at}"),
            },
            (Standing::Unhealthy, Rule::Registration) => format!("unhealthy: {by} registered it as unhealthy at {at}"),
            (Standing::Unhealthy, _) => {
                let silent = self.leases.iter().find(|lease| !lease.alive).or(self.leases.first());
                let name = silent.map_or("anybody", |lease| lease.source.as_str());
                let allowed = silent.and_then(|lease| lease.silence_allowed).unwrap_or_default();
                let last = silent.map_or(at, |lease| lease.last_seen);
                format!("unhealthy: no beat of {name} for {allowed}; last at {last}, marked at {at}")
            }
            (Standing::Online, Rule::Override) => {
                let own = self.overrides.iter().find(|o| o.field == "enabled").and_then(|o| o.published.as_deref());
                let over = if own == Some("false") { ", over its provider's word" } else { "" };
                format!("online: switched on{who} at {at}{over}")
            }
            (Standing::Online, Rule::OverrideEnded) => match &decided.by {
                None => format!("online: since {at}, when what the operator decided was forgotten"),
                Some(by) if self.leases.iter().any(|lease| lease.source == *by) => {
                    format!("online: since {at}, when a registration of {by} ended what the operator decided")
                }
                Some(by) => format!("online: since {at}, when {by} cleared the override"),
            },
            (Standing::Online, Rule::BeatForTheUnknown) => format!("online: since {at}, registered by a beat of {by}"),
            (Standing::Online, Rule::HealthReport) => match &decided.by {
                Some(by) => format!("online: since {at}, when {by} found it healthy"),
                None => format!("online: since {at}, when its checker found it healthy"),
            },
            (Standing::Gone, Rule::HealthReport) => match decided.silence {
                Some(silence) => format!("gone: unhealthy since {}, removed at {at}", silence.since),
                None => format!("gone: unhealthy for too long, removed at {at}"),
            },
            (Standing::Online, Rule::SourceLeft) => {
                format!("online: since {at}, when {by}, who had registered it as disabled, left it to others")
            }
            (Standing::Online, Rule::Recovery) => format!("online: since {at}, when {by} beat again"),
            (Standing::Online, _) => format!("online: since {at}, registered by {by}"),
            (Standing::Gone, Rule::BeatExpiry) => match decided.silence {
                Some(silence) => format!("gone: silent since {}, removed at {at}", silence.since),
                None => format!("gone: silent for too long, removed at {at}"),
            },
            (Standing::Gone, Rule::SessionClosed) => format!("gone: the connection of {by} ended at {at}"),
            (Standing::Gone, Rule::SessionLost) => {
                let silence = decided.silence.and_then(|silence| Some((silence.since, silence.asked?)));
                let story = silence.map(|(since, asked)| format!(" at {since}, was asked at {asked}"));
                format!("gone: the connection of {by} fell silent{}, given up at {at}", story.unwrap_or_default())
            }
            (Standing::Gone, Rule::Restart) => format!("gone: lost in a restart of the registry at {at}"),
            (Standing::Gone, Rule::Replacement) => {
                let instead = decided.because.as_ref().map_or("another address", Reason::as_str);
                format!("gone: {by} claimed {instead} instead at {at}")
            }
            (Standing::Gone, Rule::EndedElsewhere) => {
                format!("gone: the claim of {by} ended at another node, known here at {at}")
            }
            (Standing::Gone, Rule::Removal) => format!("gone: removed{who} at {at}"),
            (Standing::Gone, _) => format!("gone: deregistered{who} at {at}"),
        }
    }

    fn stale_view(&self) -> String {
        let sight = self.sights.consumer;
        let what = match (sight.listed, sight.healthy) {
            (false, _) => "do not get it",
            (true, true) => "get it as healthy",
            (true, false) => "get it as unhealthy",
        };
        match self.next.filter(|next| next.what == NextKind::ViewComputed) {
            Some(next) => format!("not shown yet: consumers {what} until the view is computed again at {}", next.at),
            None => format!("not shown: consumers {what} until the next change of {}", self.service),
        }
    }

    /// That somebody who says that he is unhealthy is there.
    fn reached(&self) -> Option<String> {
        let [LeaseAccount { source, last_seen, kind: LeaseKind::Beats, .. }] = &self.leases[..] else { return None };
        let says_so = (self.standing, self.decided_by.rule) == (Standing::Unhealthy, Rule::Registration);
        says_so.then(|| format!("reached: beats of {source}, last at {last_seen}"))
    }

    /// What its provider says of a field that an operator's word decides.
    fn published(&self) -> Option<String> {
        if (self.standing, self.decided_by.rule) != (Standing::Offline, Rule::Override) {
            return None;
        }
        let life = self.leases.iter().map(|lease| lease.incarnation).max()?;
        let own = self.overrides.iter().find(|decided| decided.field == "enabled")?.published.as_deref()?;
        let word = if own == "true" { "enabled" } else { "disabled" };
        Some(format!("published: {word}, by incarnation {life}"))
    }

    fn remembered(&self, decided: &OverrideAccount) -> String {
        let who = format!("{} at {}{}", decided.by, decided.at, because(decided.because.as_ref()));
        let until = self.until(decided);
        match (decided.field.as_str(), decided.value.as_str()) {
            ("enabled", "false") => format!("remembered: switched off by {who}; {until}"),
            ("enabled", _) => format!("allowed: switched on by {who}; {until}"),
            (field, value) => {
                let instead = decided.published.as_ref().map(|own| format!(" instead of {own}")).unwrap_or_default();
                format!("overridden: {field} {value}{instead}, set by {who}; {until}")
            }
        }
    }

    fn until(&self, decided: &OverrideAccount) -> String {
        match (decided.lifetime, decided.ends) {
            (Lifetime::UntilCleared, _) => "until cleared".to_string(),
            (Lifetime::ThisIncarnation, _) => "for this life of the instance".to_string(),
            (_, Some(ends)) => format!("until {ends}"),
            (Lifetime::Absent(span), None) if span.as_millis() == 0 => {
                "until it registers again or is gone".to_string()
            }
            (Lifetime::Absent(_), None) if self.leases.is_empty() => {
                "until cleared, for this absence is not counted".to_string()
            }
            (Lifetime::Absent(span), None) => format!("until it has been away for {span}"),
            (Lifetime::For(span), None) => format!("for {span}"),
        }
    }

    /// What else happened, newest first, when there is a story: somebody ended it, or somebody brought it back.
    fn story(&self) -> Option<String> {
        let decided = (self.decided_by.at, &self.decided_by.by);
        // The end of a decision at the same moment is another entry, and told.
        let told = |entry: &Transition| {
            let ended = entry.cause == Cause::OverrideEnded && self.decided_by.rule != Rule::OverrideEnded;
            (Some(entry.at), &entry.by) == decided && !ended
        };
        let verdict = self.history.iter().position(told);
        let rest = self.history.iter().enumerate().filter(|(place, _)| Some(*place) != verdict);
        let rest: Vec<&Transition> = rest.map(|(_, entry)| entry).take(STORY_MAX).collect();
        let turned = rest.iter().any(|entry| {
            matches!(
                entry.cause,
                Cause::Expired
                    | Cause::Deregistered
                    | Cause::Removed
                    | Cause::SessionClosed
                    | Cause::SessionLost
                    | Cause::OverrideEnded
                    | Cause::OverrideCleared
                    | Cause::SourceLeft
                    | Cause::DeregistrationIgnored
                    | Cause::NotRecovered
                    | Cause::ServiceForgotten
            )
        });
        let told: Vec<String> = rest.into_iter().map(event).collect();
        (turned || self.decided_by.rule == Rule::OverrideEnded).then(|| format!("history: {}", told.join("; ")))
    }

    fn next_event(&self) -> Option<String> {
        let next = self.next?;
        match next.what {
            NextKind::Removed => {
                let beats = self.leases.iter().all(|lease| lease.kind == LeaseKind::Beats);
                let unless = if beats { "it beats" } else { "it is found healthy" };
                Some(format!("next: removed at {} unless {unless}", next.at))
            }
            NextKind::ConnectionGivenUp => (self.leases.iter().any(|lease| lease.asked.is_some()))
                .then(|| format!("next: given up at {} unless it answers", next.at)),
            NextKind::RemovalConsidered => Some(format!("next: considered again at {} unless it beats", next.at)),
            NextKind::OverrideForgotten => {
                Some(format!("next: what the operator decided is forgotten at {} unless it comes back", next.at))
            }
            NextKind::OverrideForgottenWhileAlive => {
                Some(format!("next: what the operator decided is forgotten at {}, although it lives", next.at))
            }
            NextKind::Unhealthy | NextKind::ViewComputed | NextKind::FenceEnds => None,
        }
    }

    fn remedy(&self) -> Option<String> {
        let ways: Vec<String> = self.remedies.iter().map(remedy).collect();
        if ways.is_empty() {
            return None;
        }
        let change = match self.standing {
            Standing::Online => "would go if",
            Standing::Unhealthy => "would be healthy again if",
            Standing::Offline | Standing::Gone | Standing::Unknown => "would be served again if",
        };
        let change = if self.standing == Standing::Unknown { "would be served if" } else { change };
        // Whoever is away and switched off needs both, and so does whoever is switched off on both sides.
        let all = matches!(self.standing, Standing::Gone | Standing::Unknown | Standing::Offline);
        Some(format!("{change}: {}", ways.join(if all { ", and " } else { ", or " })))
    }
}

fn lease(lease: &LeaseAccount) -> String {
    match (lease.kind, lease.alive) {
        (LeaseKind::Session, _) => {
            let name = carrier(&lease.source, lease.connection.as_ref());
            let (word, asked) = match lease.asked {
                None => ("alive", String::new()),
                Some(asked) => ("silent", format!(", asked for a sign of life at {asked}")),
            };
            format!(
                "{word}: connection of {name}, open since {}, last heard at {}{asked}",
                lease.since, lease.last_seen
            )
        }
        (LeaseKind::Persistent, true) => {
            format!("persistent: claimed by {} at {}; no silence ends it", lease.source, lease.since)
        }
        (LeaseKind::Persistent, false) => {
            format!("persistent: claimed by {} at {}, unhealthy; no silence ends it", lease.source, lease.since)
        }
        (LeaseKind::Beats, true) => format!("alive: beats of {}, last at {}", lease.source, lease.last_seen),
        (LeaseKind::Beats, false) => format!("silent: no beat of {} since {}", lease.source, lease.last_seen),
    }
}

fn held_up(brake: &BrakeAccount) -> String {
    let BrakeAccount { silent, all, share, deaf_until, waiting, oldest } = brake;
    let removals = if *waiting == 1 { "removal waits" } else { "removals wait" };
    let why = match deaf_until {
        Some(until) => format!("nobody was heard until {until}, and {silent} of {all} are silent"),
        None => format!("{silent} of {all} are silent at once, which is more than {share}%"),
    };
    format!("held up: {why}; {waiting} {removals}, the first since {oldest}")
}

/// Whose connection it is: a copy from another node, or a proxy, has one of another name.
pub(super) fn carrier(source: &Actor, connection: Option<&Actor>) -> String {
    let source = source.as_str();
    match connection {
        Some(name) if name.as_str().starts_with(source) => name.to_string(),
        Some(name) => format!("{source} ({name})"),
        None => source.to_string(),
    }
}

fn author(by: Option<&Actor>, why: Option<&Reason>) -> String {
    by.map(|by| format!(" by {by}")).unwrap_or_default() + &because(why)
}

fn because(reason: Option<&Reason>) -> String {
    reason.map(|reason| format!(" (\"{reason}\")")).unwrap_or_default()
}

fn event(entry: &Transition) -> String {
    let by = entry.by.as_ref().map_or("nobody", Actor::as_str);
    let who = author(entry.by.as_ref(), entry.because.as_ref());
    let at = entry.at;
    match entry.cause {
        Cause::Registered => format!("registered by {by} at {at}"),
        Cause::RegisteredByBeat => format!("registered by a beat of {by} at {at}"),
        Cause::Beat => format!("{by} beat again at {at}"),
        Cause::Reregistered => format!("registered anew by {by} at {at}"),
        Cause::SourceJoined => format!("also claimed by {by} at {at}"),
        Cause::SourceLeft => format!("no longer claimed by {by} from {at}"),
        Cause::Replaced => {
            let instead = entry.because.as_ref().map_or("another address", Reason::as_str);
            format!("left by {by} for {instead} at {at}")
        }
        Cause::RegistryRestarted => format!("lost in a restart of the registry at {at}"),
        Cause::ReportedUp => format!("reported healthy{who} at {at}"),
        Cause::ReportedDown => format!("reported unhealthy{who} at {at}"),
        Cause::NotRecovered => format!("removed for being unhealthy at {at}"),
        Cause::DeregistrationIgnored => format!("a deregistration{who} at {at} was answered ok and took nothing away"),
        Cause::ServiceForgotten => format!("the record of its service was taken away at {at}"),
        Cause::Silent => format!("silent, marked at {at}"),
        Cause::Expired => format!("removed for silence at {at}"),
        Cause::Deregistered => format!("deregistered{who} at {at}"),
        Cause::CopyEnded => format!("ended{who} at another node, known here at {at}"),
        Cause::SessionClosed => format!("connection of {by} ended at {at}"),
        Cause::SessionLost => format!("connection of {by} given up at {at}"),
        Cause::Removed => format!("removed{who} at {at}"),
        Cause::OverrideSet => format!("overridden{who} at {at}"),
        Cause::OverrideCleared => format!("override cleared{who} at {at}"),
        Cause::OverrideEnded if entry.by.is_some() => format!("override ended by a registration of {by} at {at}"),
        Cause::OverrideEnded => format!("override forgotten at {at}"),
        Cause::FenceLifted => format!("fence lifted{who} at {at}"),
        Cause::ServiceChanged => format!("service changed{who} at {at}"),
    }
}

fn remedy(remedy: &Remedy) -> String {
    match remedy {
        Remedy::ClearOverride { by } => format!("{by} clears the override"),
        Remedy::PublishEnabled => "its provider registers it as enabled".to_string(),
        Remedy::Beat { source } => format!("{source} beats"),
        Remedy::ReportHealthy => "its checker finds it healthy".to_string(),
        Remedy::PublishHealthy { source } => format!("{source} registers it as healthy"),
        Remedy::Register => "it registers".to_string(),
        Remedy::RegisterNewer { than, until } => {
            format!(
                "another source registers it, or it registers as an incarnation newer than {than}, or the fence is lifted or ends at {until}"
            )
        }
        Remedy::ClaimEnds { source, kind: LeaseKind::Session, until: Some(until) } => {
            format!("{source} deregisters, or its connection ends, or is silent until {until}")
        }
        Remedy::ClaimEnds { source, kind: LeaseKind::Session, until: None } => {
            format!("{source} deregisters, or its connection ends")
        }
        Remedy::ClaimEnds { source, until: Some(until), .. } => {
            format!("{source} deregisters, or is silent until {until}")
        }
        Remedy::ClaimEnds { source, until: None, .. } => format!("{source} deregisters"),
        Remedy::AllClaimsEnd { sources } => {
            let names: Vec<&str> = sources.iter().map(Actor::as_str).collect();
            format!("all of them end: {}", names.join(", "))
        }
    }
}
