//! The other side: the machines that run in a provider and in a consumer.
