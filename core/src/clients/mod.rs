//! The other side: the machines that run in a provider and in a consumer. They are as pure as the registry, and hosts may embed them
//! alone: a client library links these, a test plays them against a registry.

mod publisher;
mod subscriber;

pub use publisher::{Publisher, PublisherPolicy, Reply, Request, Transport};
pub use subscriber::{Emptiness, Guard, Host, Polling, Protection, Push, Query, Subscriber, SubscriberPolicy};
