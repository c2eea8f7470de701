//! A renewal in r-nacos, in turns with a beat of liveset in a batch of 1024: `liveset-peer-rnacos SIZE...` prints a line of JSON.

use std::sync::Arc;

use liveset_benches::claim;
use liveset_peers::{Renew, compare};
use rnacos::naming::core::NamingActor;
use rnacos::naming::model::{Instance, InstanceUpdateTag};

fn main() -> Result<(), liveset::Error> {
    compare(&[("r-nacos update_instance", naming)])
}

/// Its registry as its actor holds it, without the actor's mailbox: a beat by HTTP makes an instance of the texts it came with, and
/// updates the one that is there with no field of it. What is overdue is looked for once in a pass, as the server does every other second.
fn naming(size: usize) -> Result<Renew, liveset::Error> {
    let mut registry = NamingActor::new();
    let texts = (0..size).map(|number| {
        let claim = claim(number)?;
        Ok((claim.service.name.as_str().to_owned(), claim.address.host.to_string()))
    });
    let texts: Vec<(String, String)> = texts.collect::<Result<_, liveset::Error>>()?;
    let beat = move |registry: &mut NamingActor, number: usize| {
        let (service, host) = &texts[number];
        let mut instance = Instance {
            ip: Arc::new(host.clone()),
            port: 8080,
            namespace_id: Arc::new("public".to_owned()),
            group_name: Arc::new("DEFAULT_GROUP".to_owned()),
            service_name: Arc::new(service.clone()),
            ..Instance::default()
        };
        instance.generate_key();
        let nothing =
            InstanceUpdateTag { weight: false, metadata: false, enabled: false, ephemeral: false, from_update: false };
        registry.update_instance(&instance.get_service_key(), instance, Some(nothing), false, None)
    };
    for number in 0..size {
        beat(&mut registry, number);
    }
    let mut since_looked = 0;
    Ok(Box::new(move |number| {
        std::hint::black_box(beat(&mut registry, number));
        since_looked += 1;
        if since_looked == size {
            registry.time_check();
            since_looked = 0;
        }
    }))
}
