//! The other side: the machines that run in a provider and in a consumer. They are as pure as the registry, and hosts may embed them
//! alone: a client library links these, a test plays them against a registry.

mod list;
mod publisher;
mod subscriber;

pub use list::{Emptiness, Host, Push};
pub use publisher::{Publisher, PublisherPolicy, Reply, Request, Transport};
pub use subscriber::{Guard, Polling, Protection, Query, Subscriber, SubscriberPolicy};
