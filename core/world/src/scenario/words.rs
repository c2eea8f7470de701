//! A line as words, with the place of each, so that a problem can say where.

use std::fmt;

use liveset::{Address, Error, Instant, ServiceKey, Span};

/// Where a text stops being a scenario.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Line, from 1.
    pub line: usize,
    /// Column, from 1.
    pub column: usize,
    /// What was expected there, and what was found.
    pub message: String,
}

impl Problem {
    pub(crate) fn not_utf8(byte: usize) -> Problem {
        Problem { line: 1, column: 1, message: format!("expected UTF-8, found something else at byte {byte}") }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}: {}", self.line, self.column, self.message)
    }
}

impl std::error::Error for Problem {}

struct Word {
    column: usize,
    text: String,
}

/// The words of one line, taken from the front.
pub(crate) struct Words {
    pub(crate) line: usize,
    end: usize,
    words: std::collections::VecDeque<Word>,
}

impl Words {
    /// Splits at white space; text in double quotes is one word; `#` begins a comment.
    pub(crate) fn new(line: usize, text: &str) -> Words {
        let mut words = std::collections::VecDeque::new();
        let mut current: Option<Word> = None;
        let mut quoted = false;
        let mut end = 1;
        for (place, character) in text.chars().enumerate() {
            let column = place + 1;
            match character {
                '"' => {
                    quoted = !quoted;
                    current.get_or_insert(Word { column, text: String::new() });
                }
                '#' if !quoted && current.is_none() => break,
                character if character.is_whitespace() && !quoted => words.extend(current.take()),
                character => current.get_or_insert(Word { column, text: String::new() }).text.push(character),
            }
            end = column + 1;
        }
        words.extend(current);
        Words { line, end, words }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.words.is_empty()
    }

    /// Column of the next word, or of the line's end.
    pub(crate) fn column(&self) -> usize {
        self.words.front().map_or(self.end, |word| word.column)
    }

    pub(crate) fn peek(&self) -> Option<&str> {
        self.words.front().map(|word| word.text.as_str())
    }

    pub(crate) fn peek_second(&self) -> Option<&str> {
        self.words.get(1).map(|word| word.text.as_str())
    }

    /// The next word; `what` is what it should be.
    pub(crate) fn take(&mut self, what: &str) -> Result<String, Problem> {
        match self.words.pop_front() {
            Some(word) => Ok(word.text),
            None => Err(self.expected(what)),
        }
    }

    /// Takes the next word when it is `text`.
    pub(crate) fn take_if(&mut self, text: &str) -> bool {
        let found = self.peek() == Some(text);
        if found {
            self.words.pop_front();
        }
        found
    }

    /// The rest of the line as one text.
    pub(crate) fn rest(&mut self) -> String {
        let texts: Vec<String> = std::mem::take(&mut self.words).into_iter().map(|word| word.text).collect();
        texts.join(" ")
    }

    pub(crate) fn finish(&self) -> Result<(), Problem> {
        if self.is_empty() { Ok(()) } else { Err(self.expected("the end of the line")) }
    }

    pub(crate) fn expected(&self, what: &str) -> Problem {
        let found = self.peek().map_or(String::from("the end of the line"), |word| format!("`{word}`"));
        self.problem(format!("expected {what}, found {found}"))
    }

    pub(crate) fn problem(&self, message: String) -> Problem {
        Problem { line: self.line, column: self.column(), message }
    }

    /// A word that `parse` understands.
    pub(crate) fn parsed<T>(&mut self, what: &str, parse: impl FnOnce(&str) -> Option<T>) -> Result<T, Problem> {
        let value = self.peek().and_then(parse).ok_or_else(|| self.expected(what))?;
        self.words.pop_front();
        Ok(value)
    }

    /// A word that the core checks; its message is kept.
    pub(crate) fn checked<T>(
        &mut self,
        what: &str,
        parse: impl FnOnce(&str) -> Result<T, Error>,
    ) -> Result<T, Problem> {
        let Some(word) = self.peek() else { return Err(self.expected(what)) };
        let value = parse(word).map_err(|error| self.problem(format!("expected {what}: {error}")))?;
        self.words.pop_front();
        Ok(value)
    }

    pub(crate) fn span(&mut self) -> Result<Span, Problem> {
        self.parsed("a time such as 12s, 500ms or 1m", span)
    }

    pub(crate) fn percent(&mut self) -> Result<u32, Problem> {
        self.parsed("a share from 0% to 100%", |word| {
            word.strip_suffix('%')?.parse().ok().filter(|&share| share <= 100)
        })
    }

    /// `orders`, `group@@orders` or `namespace/group@@orders`.
    pub(crate) fn service(&mut self) -> Result<ServiceKey, Problem> {
        self.checked("a service", |word| {
            let (namespace, rest) =
                word.split_once('/').map_or((None, word), |(namespace, rest)| (Some(namespace), rest));
            let (group, name) = rest.split_once("@@").map_or((None, rest), |(group, name)| (Some(group), name));
            let mut service = ServiceKey::named(name)?;
            if let Some(namespace) = namespace {
                service.namespace = liveset::Namespace::parse(namespace)?;
            }
            if let Some(group) = group {
                service.group = liveset::Group::parse(group)?;
            }
            Ok(service)
        })
    }

    /// `10.0.0.1:8080`, and `in CLUSTER` where there is one.
    pub(crate) fn address(&mut self) -> Result<Address, Problem> {
        let parts = self.parsed("an instance such as 10.0.0.1:8080", |word| {
            let (host, port) = word.rsplit_once(':')?;
            Some((host.to_owned(), port.parse::<u16>().ok()?))
        })?;
        let mut address = Address::new(&parts.0, parts.1).map_err(|error| self.problem(error.to_string()))?;
        if let Some(cluster) = self.in_cluster()? {
            address.cluster = cluster;
        }
        Ok(address)
    }

    /// `in CLUSTER`, where it stands.
    pub(crate) fn in_cluster(&mut self) -> Result<Option<liveset::Cluster>, Problem> {
        if !self.take_if("in") {
            return Ok(None);
        }
        self.checked("a cluster", liveset::Cluster::parse).map(Some)
    }

    /// `at NODE`, where it stands.
    pub(crate) fn at_node(&mut self, nodes: &[String]) -> Result<Option<String>, Problem> {
        if !self.take_if("at") {
            return Ok(None);
        }
        self.node(nodes).map(Some)
    }

    pub(crate) fn node(&mut self, nodes: &[String]) -> Result<String, Problem> {
        let what = format!("a node: {}", nodes.join(", "));
        self.parsed(&what, |word| nodes.iter().find(|node| *node == word).cloned())
    }
}

/// `12s`, `0.5s`, `500ms`, `2m`, `1h`.
pub(crate) fn span(text: &str) -> Option<Span> {
    let unit = text.find(|character: char| character.is_ascii_alphabetic())?;
    let (number, unit) = text.split_at(unit);
    let millis_in = match unit {
        "ms" => 1,
        "s" => 1000,
        "m" => 60_000,
        "h" => 3_600_000,
        _ => return None,
    };
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let mut millis = whole.parse::<u64>().ok()?.checked_mul(millis_in)?;
    if !fraction.is_empty() {
        let parts = 10u64.checked_pow(u32::try_from(fraction.len()).ok()?)?;
        millis += fraction.parse::<u64>().ok()?.checked_mul(millis_in)? / parts;
    }
    Span::from_millis(millis).ok()
}

/// A moment from the beginning of the scenario.
pub(crate) fn moment(text: &str) -> Option<Instant> {
    Some(Instant::ZERO + span(text)?)
}
