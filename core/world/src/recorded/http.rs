//! One standalone server driven by plain HTTP: what was sent is sent again at the recorded times, and every answer and view compared.

use std::collections::{BTreeMap, BTreeSet};

use liveset::policy::ViewPolicy;
use liveset::{Error, Instant};
use liveset_nacos::{Request as Sent, Response};
use serde_json::Value;

use super::door::{Door, NOBODY, View};
use super::file::{Line, Recording, Request, Sight, What};
use super::peek::Views;
use super::phases::Setup;
use super::pushes;
use super::steps::{Step, steps};
use super::track::{Difference, Seen, State, Track, all_seen_by};

/// A recording, read once for all of its replays.
pub(crate) struct Case<'a> {
    recording: &'a Recording,
    /// The recorded sights of each view.
    seen: BTreeMap<View, Vec<Seen>>,
    /// Those that are read by asking.
    views: Views,
    /// How long the longest window is in which a change was seen, in ms.
    longest_window: i64,
}

impl<'a> Case<'a> {
    pub(crate) fn of(recording: &'a Recording) -> Case<'a> {
        let seen = recorded(&recording.lines);
        let windows = seen.values().flatten().filter_map(|seen| Some(seen.by - seen.after?));
        let longest_window = windows.max().unwrap_or(0);
        let asked_for = seen.keys().filter(|view| view.is_asked_for()).cloned().collect();
        let views = Views::new(asked_for, State::of_error(0, NOBODY.to_owned()), |state| state);
        Case { recording, seen, views, longest_window }
    }

    /// Replays it on a fresh server; the first difference, if there is one.
    ///
    /// With `until`, only whether that comes by then is asked, and the rest need not be replayed: a later difference may be none.
    pub(crate) fn replay(
        &self,
        setup: &Setup,
        until: Option<i64>,
        server: &mut dyn Door,
    ) -> Result<Option<Difference>, Error> {
        let header = &self.recording.header;
        let lines = self.recording.beginning(until, self.longest_window);
        let mut replay = Replay::new(lines, server, &self.views, setup.policy.view.clone());
        (replay.lag, replay.reached) = (setup.lag, setup.reached);
        replay.is_browser = ["browser", "-web"].iter().any(|end| header.case.ends_with(end));
        let end = lines.last().map_or(0, |line| line.t);
        // What comes late in ours comes behind the last line that decides.
        let stopped = replay.run(&steps(lines, setup), until.map_or(end, |until| end.max(until)))?;
        let zero = replay.zero;
        let pushed: Vec<(i64, State)> =
            replay.server.pushed().iter().map(|(at, state)| (at.as_millis() as i64 + zero, state.clone())).collect();
        let differences = all_seen_by(&self.seen, end).filter_map(|(view, seen)| match replay.track(view) {
            Some(track) => track.differs(&view.to_string(), seen, header.widest_window, end),
            None => pushes::differ(view, seen, &pushed, end),
        });
        // What was sent and answered differently comes first: views of the same moment follow from it.
        let first = stopped.into_iter().chain(differences).min_by_key(|difference| difference.at);
        Ok(first.map(|difference| difference.caused_by(&replay.moments, &setup.policy.view)))
    }
}

struct Replay<'a> {
    server: &'a mut dyn Door,
    views: &'a Views,
    tracks: Vec<Track>,
    /// The recording's time of the server's zero: a recording may begin before its own.
    zero: i64,
    now: i64,
    /// When views are computed.
    view: ViewPolicy,
    /// When anything was done, or happened by itself.
    moments: BTreeSet<i64>,
    lag: i64,
    /// When in its time a request reaches the server, in percent.
    reached: i64,
    /// Whether everything that the label does not say otherwise of came from a browser.
    is_browser: bool,
}

impl Replay<'_> {
    fn new<'a>(lines: &[Line], server: &'a mut dyn Door, views: &'a Views, view: ViewPolicy) -> Replay<'a> {
        let zero = lines.first().map_or(0, |line| line.t.min(0));
        Replay {
            server,
            tracks: vec![Track::default(); views.list.len()],
            views,
            zero,
            now: zero,
            view,
            moments: BTreeSet::new(),
            lag: 0,
            reached: 0,
            is_browser: false,
        }
    }

    fn track(&self, view: &View) -> Option<&Track> {
        self.views.list.iter().position(|known| known == view).map(|number| &self.tracks[number])
    }

    /// Until a little behind the first answer that differs: what should have come before it in ours may be late.
    fn run(&mut self, steps: &[(i64, Step)], end: i64) -> Result<Option<Difference>, Error> {
        const LATE: i64 = 300;
        let mut first: Option<Difference> = None;
        self.watch(0)?;
        for (at, step) in steps {
            if let Some(difference) = first.as_ref().filter(|first| *at > first.at + LATE) {
                self.pass(difference.at + LATE)?;
                return Ok(first);
            }
            self.pass(*at)?;
            match step {
                Step::Look(view) => {
                    self.server.look(self.instant(*at)?, view);
                    self.watch(0)?;
                }
                Step::Send(request) => {
                    let response = self.server.send(self.instant(*at)?, &self.sent(request));
                    if request.method != "GET" {
                        self.moments.insert(*at);
                    }
                    first = first.or_else(|| answer_differs(*at, request, &response));
                    self.watch(request.took * (100 - self.reached) / 100 + self.lag)?;
                }
                Step::Stamp(request) => {
                    self.server.send(self.instant(*at)?, &self.sent(request));
                    self.watch(0)?;
                }
                Step::Make(service, took, cluster) => {
                    let comes_and_goes = cluster.map(|comes| {
                        let goes = Request { method: "DELETE".to_owned(), ..comes.clone() };
                        [self.sent(comes), self.sent(&goes)]
                    });
                    self.server.make_service(self.instant(*at)?, service, comes_and_goes);
                    self.watch(*took)?;
                }
                Step::Report(row, service) => {
                    self.server.report_unhealthy(self.instant(*at)?, row, service);
                    self.watch(0)?;
                }
                Step::Stop => {
                    self.server.stop();
                    self.watch(0)?;
                }
                Step::Start => {
                    self.server.start(self.instant(*at)?);
                    self.watch(0)?;
                }
            }
        }
        self.pass(end)?;
        Ok(first)
    }

    /// Time passes, and what changes by itself is seen at its own moment.
    fn pass(&mut self, until: i64) -> Result<(), Error> {
        while let Some(due) = self.server.next_deadline() {
            let due = (due.as_millis() as i64 + self.zero).max(self.now + 1);
            if due > until {
                break;
            }
            self.now = due;
            // A turn of the engine shows what happened before, and makes nothing happen.
            let moment = self.instant(due)?;
            if self.view.turn(moment) != moment {
                self.moments.insert(due);
            }
            self.server.advance(moment);
            self.watch(0)?;
        }
        self.now = until;
        Ok(())
    }

    fn watch(&mut self, in_flight: i64) -> Result<(), Error> {
        let states = self.server.peek(self.instant(self.now)?, self.views)?;
        for (track, state) in self.tracks.iter_mut().zip(states.into_iter().flatten()) {
            track.show(self.now, in_flight, state);
        }
        Ok(())
    }

    fn sent(&self, request: &Request) -> Sent {
        let sent = sent(request);
        if self.is_browser { sent.of_agent("Mozilla/5.0") } else { sent }
    }

    fn instant(&self, at: i64) -> Result<Instant, Error> {
        Instant::from_millis((at - self.zero).unsigned_abs())
    }
}

/// The recorded sights of each view.
fn recorded(lines: &[Line]) -> BTreeMap<View, Vec<Seen>> {
    let mut views: BTreeMap<View, Vec<Seen>> = BTreeMap::new();
    for (number, line) in lines.iter().enumerate() {
        if let What::Sight(sight) = &line.what {
            let after = sight.after.or_else(|| step_before(&lines[..number], sight));
            for view in View::all_of(sight) {
                let state = State::of_sight(sight, &view.see);
                let seen = views.entry(view).or_default();
                // Of two things asked for together only one may have changed.
                if sight.see != "service" || seen.last().is_none_or(|last| last.state != state) {
                    seen.push(Seen { after, by: line.t, state });
                }
            }
        }
    }
    views
}

/// A recorder that looks once behind each step saw the previous state before it sent the one that the sight names.
pub(super) fn step_before(lines: &[Line], sight: &Sight) -> Option<i64> {
    let label = sight.changed_by.as_ref()?;
    let step = lines
        .iter()
        .rfind(|line| matches!(&line.what, What::Request(request) if request.label.as_ref() == Some(label)));
    step.map(|line| line.t - 1)
}

pub(super) fn not_yet(at: i64, place: &str, recorded: &str) -> Difference {
    Difference::new(at, place, recorded.to_owned(), format!("{place} is not replayed yet"))
}

/// A recorded request as it was sent. The recorder left out the case's own service, and shortened long texts.
pub(crate) fn sent(request: &Request) -> Sent {
    let is_nameless = request.label.as_ref().is_some_and(|label| label.ends_with("missing serviceName"));
    let own = (!is_nameless).then(|| ("serviceName".to_owned(), super::SERVICE.to_owned()));
    let args = request
        .args
        .iter()
        .map(|(name, value)| (name.clone(), value.as_str().map_or_else(|| value.to_string(), whole)));
    let parameters: Vec<(String, String)> = own.into_iter().chain(args).collect();
    let parameters = parameters.iter().map(|(name, value)| (name.as_str(), value.as_str()));
    Sent::new(&request.method, &request.path, parameters).of_agent(agent(request))
}

/// Who a request said it came from: the recorder's labels name browsers, and everything else spoke as the SDK does.
fn agent(request: &Request) -> &'static str {
    let label = request.label.as_deref().unwrap_or_default();
    match label {
        _ if label.starts_with("console") => liveset_nacos::CONSOLE,
        _ if label.ends_with("browser") => "Mozilla/5.0",
        _ => "Nacos-Java-Client:v1.4.1",
    }
}

/// A text of which the recorder kept the beginning, as in `{"k": "vvv...(1032 chars)`: it went on with the same letter.
fn whole(text: &str) -> String {
    let shortened = text.strip_suffix(" chars)").and_then(|text| text.rsplit_once("...("));
    let Some((start, length)) = shortened.and_then(|(start, length)| Some((start, length.parse::<usize>().ok()?)))
    else {
        return text.to_owned();
    };
    let end = if start.starts_with('{') { "\"}" } else { "" };
    let letter = start.chars().next_back().map_or(String::new(), String::from);
    let more = length.saturating_sub(start.chars().count() + end.len());
    format!("{start}{}{end}", letter.repeat(more))
}

pub(crate) fn answer_differs(at: i64, request: &Request, response: &Response) -> Option<Difference> {
    let body = serde_json::from_str(&response.body).unwrap_or(Value::String(response.body.clone()));
    if response.status == request.status && comparable(&body) == comparable(&request.got) {
        return None;
    }
    let label = request.label.as_ref().map_or(String::new(), |label| format!(" ({label})"));
    let place = format!("{} {} of {}{label}", request.method, request.path, request.who);
    let recorded = format!("{} {}", request.status, request.got);
    let difference = Difference::new(at, &place, recorded, format!("{} {body}", response.status));
    let of = hosts(&request.got).symmetric_difference(&hosts(&body)).map(|(name, _)| name.clone()).collect();
    Some(Difference { of, ..difference })
}

/// The instances of an answer that lists them.
fn hosts(body: &Value) -> BTreeSet<(String, String)> {
    let hosts = body["hosts"].as_array().into_iter().flatten();
    hosts
        .map(|host| (format!("{}:{}", host["ip"].as_str().unwrap_or("null"), host["port"]), host.to_string()))
        .collect()
}

/// A body without what differs between any two answers.
fn comparable(body: &Value) -> Value {
    let mut body = body.clone();
    if let Some(fields) = body.as_object_mut() {
        fields.remove("lastRefTime");
        fields.remove("checksum");
        if let Some(Value::Array(hosts)) = fields.get_mut("hosts") {
            hosts.sort_by_key(Value::to_string);
        }
    }
    body
}

#[cfg(test)]
mod tests {
    use std::rc::Rc;

    use super::*;

    /// A server that shows its first state until somebody looks after 600 ms, and notes when it is looked at.
    #[derive(Default)]
    struct Lazy {
        looks: Vec<(u64, String)>,
        is_awake: bool,
    }

    impl Door for Lazy {
        fn send(&mut self, _now: Instant, _request: &Sent) -> Response {
            Response { status: 200, body: "ok".to_owned() }
        }

        fn look(&mut self, now: Instant, view: &View) {
            self.is_awake |= now.as_millis() > 600;
            self.looks.push((now.as_millis(), view.to_string()));
        }

        fn peek(&mut self, _now: Instant, views: &Views) -> Result<Option<Vec<Rc<State>>>, Error> {
            let state = Rc::new(State::of_error(404, self.is_awake.to_string()));
            Ok(Some(vec![state; views.list.len()]))
        }

        fn next_deadline(&self) -> Option<Instant> {
            None
        }

        fn advance(&mut self, _now: Instant) {}
    }

    fn setup() -> Setup {
        Setup::of(liveset::Policy::strict())
    }

    fn recording(lines: &[&str]) -> Recording {
        let header = r#"{"case":"c","family":"http","server":"2.0.3","client":"http v1","nodes":1,"phase":1,"about":"a","t0":"start","widest_window":200}"#;
        Recording::parse(&format!("{header}\n{}", lines.join("\n"))).expect("it is one")
    }

    #[test]
    fn a_server_is_looked_at_when_the_recorder_is_known_to_have_looked_and_never_between() {
        let recording = recording(&[
            r#"{"t":-10,"see":"list","is":null,"err":[404,"false"]}"#,
            r#"{"t":5,"see":"list","of":"SERVICE-x","is":null,"err":[404,"false"]}"#,
            r#"{"t":100,"who":"p","api":"PUT /instance/beat","status":200,"got":"ok","took":3}"#,
            r#"{"t":700,"after":500,"see":"list","is":null,"err":[404,"true"]}"#,
            r#"{"t":700,"after":500,"see":"list","of":"SERVICE-x","is":null,"err":[404,"true"]}"#,
        ]);
        let mut server = Lazy::default();
        Case::of(&recording).replay(&setup(), None, &mut server).expect("no errors");
        // The server's zero is the first line: everything is 10 ms later there.
        let looks = [
            (0, "list"),
            (15, "list of SERVICE-x"),
            (510, "list"),
            (510, "list of SERVICE-x"),
            (710, "list"),
            (710, "list of SERVICE-x"),
        ];
        assert_eq!(server.looks, looks.map(|(at, view)| (at, view.to_owned())));
    }

    #[test]
    fn a_change_that_a_look_makes_is_seen_by_that_look() {
        let lines = [
            r#"{"t":0,"see":"list","is":null,"err":[404,"false"]}"#,
            r#"{"t":700,"after":500,"see":"list","is":null,"err":[404,"true"]}"#,
        ];
        let recording = recording(&lines);
        assert_eq!(Case::of(&recording).replay(&setup(), None, &mut Lazy::default()), Ok(None));
    }

    #[test]
    fn a_push_that_did_not_come_is_a_difference() {
        let push = r#"{"t":5,"see":"udp","is":[]}"#;
        let recording = recording(&[push]);
        let found = Case::of(&recording).replay(&setup(), None, &mut Lazy::default()).expect("no errors");
        assert_eq!(found.map(|found| (found.at, found.ours)), Some((5, "no push".to_owned())));
    }

    #[test]
    fn a_request_is_sent_as_it_was_before_the_recorder_shortened_it() {
        let line = |label: &str| {
            format!(
                r#"{{"t":1,"who":"t","api":"POST /instance","label":"{label}","args":{{"port":8080}},"status":200,"got":"ok"}}"#
            )
        };
        let request = |label: &str| match &recording(&[&line(label)]).lines[0].what {
            What::Request(request) => sent(request),
            other => panic!("{other:?}"),
        };
        let sdk = |sent: Sent| sent.of_agent("Nacos-Java-Client:v1.4.1");
        let named = Sent::new("POST", "/instance", [("serviceName", "SERVICE"), ("port", "8080")]);
        assert_eq!(request("register"), sdk(named));
        let nameless = Sent::new("POST", "/instance", [("port", "8080")]);
        assert_eq!(request("register missing serviceName"), sdk(nameless));
        assert_eq!(whole(r#"{"k": "vv...(12 chars)"#), r#"{"k": "vvv"}"#);
        assert_eq!(whole("gg...(5 chars)"), "ggggg");
        assert_eq!(whole("a...(b)"), "a...(b)");
    }

    #[test]
    fn what_differs_by_a_moment_is_known_from_the_beginning_of_a_recording() {
        let lines = [
            r#"{"t":0,"see":"list","is":null,"err":[404,"false"]}"#,
            r#"{"t":700,"after":500,"see":"list","is":null,"err":[404,"other"]}"#,
            r#"{"t":9000,"after":8900,"see":"list","is":null,"err":[404,"true"]}"#,
        ];
        let recording = recording(&lines);
        let case = Case::of(&recording);
        let whole = case.replay(&setup(), None, &mut Lazy::default()).expect("no errors");
        assert_eq!(whole.as_ref().map(|found| found.at), Some(700));
        for until in [500, 700, 8999] {
            assert_eq!(case.replay(&setup(), Some(until), &mut Lazy::default()).expect("no errors"), whole);
        }
        assert_eq!(case.replay(&setup(), Some(499), &mut Lazy::default()), Ok(None));
    }
}
