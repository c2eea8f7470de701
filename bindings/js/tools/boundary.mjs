// `node tools/boundary.mjs SIZE...`: what a beat costs through WebAssembly, in batches of 1024 that the host fills, beside a random
// store in JavaScript. Prints a line of JSON for each size.

import { Registry } from "liveset";

const BATCH = 1024;
const ROUNDS = 200;
const BEATS = 400_000;

for (const size of process.argv.slice(2).map(Number)) {
  const registry = new Registry({ policy: "strict" });
  const leases = new Float64Array(size);
  const slots = new Uint32Array(size);
  for (let number = 0; number < size; number++) {
    const host = `10.${number >> 16}.${(number >> 8) & 255}.${number & 255}`;
    const claim = { service: `service-${Math.floor(number / 20)}`, address: `${host}:8080`, source: "client-1" };
    leases[number] = registry.register(0, claim).lease;
    slots[number] = number;
  }
  shuffle(leases, slots);
  const turns = Math.ceil(BEATS / size);
  const memory = new Float64Array(size);
  const batch = new Float64Array(BATCH);
  const found = { value: [], reference: [], ratio: [] };
  let now = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const begin = performance.now();
    for (let turn = 0; turn < turns; turn++) beatAll(registry, ++now, leases, batch);
    const beaten = performance.now();
    for (let turn = 0; turn < turns; turn++) storeAll(memory, slots, turn);
    const [value, reference] = [beaten - begin, performance.now() - beaten].map((ms) => (ms * 1e6) / (turns * size));
    if (round < ROUNDS / 10) continue;
    found.value.push(value);
    found.reference.push(reference);
    found.ratio.push(value / reference);
  }
  const quantile = (values, share) => values.sort((a, b) => a - b)[Math.floor(values.length * share)];
  const [value, reference] = [quantile(found.value, 0.25), quantile(found.reference, 0.25)];
  const ratio = quantile(found.ratio, 0.5);
  console.log(JSON.stringify({ name: "boundary-wasm", size, value, unit: "ns", reference, ratio }));
  registry.close();
}

function beatAll(registry, now, leases, batch) {
  for (let from = 0; from < leases.length; from += BATCH) {
    const count = Math.min(BATCH, leases.length - from);
    for (let place = 0; place < count; place++) batch[place] = leases[from + place];
    const stale = registry.beatMany(now, count === BATCH ? batch : batch.subarray(0, count));
    if (stale.length > 0) throw new Error("a lease is stale");
  }
}

function storeAll(memory, slots, turn) {
  for (let place = 0; place < slots.length; place++) memory[slots[place]] = turn;
}

/** The same order for both, and in every run. */
function shuffle(leases, slots) {
  let state = 1;
  for (let place = leases.length - 1; place > 0; place--) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    const other = state % (place + 1);
    [leases[place], leases[other]] = [leases[other], leases[place]];
    [slots[place], slots[other]] = [slots[other], slots[place]];
  }
}
