// `node peers.mjs SIZE...`: a renewal in peers from npm, in turns with a beat of liveset in a batch of 1024. A line of JSON for each.

import { TTLCache } from "@isaacs/ttlcache";
import { Registry } from "liveset";

const BATCH = 1024;
const ROUNDS = 30;
const TTL = 15_000;

/** Peers by name: what makes one of a size, and returns what renews entry `number` by its key. */
const peers = {
  "ttlcache.set": (keys) => {
    const cache = new TTLCache({ ttl: TTL });
    keys.forEach((key) => cache.set(key, { key }));
    return { renew: (key) => cache.set(key, cache.get(key)), end: () => cache.clear() };
  },
  "Map": (keys) => {
    const map = new Map(keys.map((key) => [key, { deadline: 0 }]));
    let now = 0;
    return { renew: (key) => (map.get(key).deadline = ++now + TTL), end: () => map.clear() };
  },
};

for (const size of process.argv.slice(2).map(Number)) {
  const keys = Array.from({ length: size }, (_, number) => `public#DEFAULT_GROUP#service-${Math.floor(number / 20)}#10.${number >> 16}.${(number >> 8) & 255}.${number & 255}:8080`);
  const order = shuffled(size);
  const registry = new Registry({ policy: "strict" });
  const leases = Float64Array.from(keys, (_, number) => {
    const host = `10.${number >> 16}.${(number >> 8) & 255}.${number & 255}`;
    return registry.register(0, { service: `service-${Math.floor(number / 20)}`, address: `${host}:8080`, source: "client-1" }).lease;
  });
  const beating = Float64Array.from(order, (slot) => leases[slot]);
  const asked = Array.from(order, (slot) => keys[slot]);
  let now = 0;
  for (const [name, make] of Object.entries(peers)) {
    const peer = make(keys);
    const found = { value: [], reference: [], ratio: [] };
    for (let round = 0; round < ROUNDS; round++) {
      const value = timed(() => renewAll(peer, asked)) / size;
      const reference = timed(() => beatAll(registry, ++now, beating)) / size;
      if (round < 3) continue;
      found.value.push(value);
      found.reference.push(reference);
      found.ratio.push(value / reference);
    }
    peer.end();
    const quantile = (values, share) => values.sort((a, b) => a - b)[Math.floor(values.length * share)];
    const row = { name: `peer: ${name}`, size, unit: "ns", value: quantile(found.value, 0.25) };
    console.log(JSON.stringify({ ...row, reference: quantile(found.reference, 0.25), ratio: quantile(found.ratio, 0.5) }));
  }
  registry.close();
}

function renewAll(peer, asked) {
  for (const key of asked) peer.renew(key);
}

function beatAll(registry, now, beating) {
  for (let from = 0; from < beating.length; from += BATCH) {
    if (registry.beatMany(now, beating.subarray(from, from + BATCH)).length > 0) throw new Error("a lease is stale");
  }
}

function timed(work) {
  const begin = process.cpuUsage();
  work();
  const used = process.cpuUsage(begin);
  return (used.user + used.system) * 1e3;
}

function shuffled(size) {
  const order = Uint32Array.from({ length: size }, (_, number) => number);
  let state = 1;
  for (let place = size - 1; place > 0; place--) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    const other = state % (place + 1);
    [order[place], order[other]] = [order[other], order[place]];
  }
  return order;
}
