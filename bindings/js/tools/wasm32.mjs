// `node tools/wasm32.mjs WASM replay FOLDER | play FILE...`: the C ABI compiled to plain wasm32, called without any glue. It shares
// no line with the package's own wasm, so that equal digests speak for the core.

import { readFileSync } from "node:fs";
import { replayFolder } from "./vectors.mjs";

const [path, verb, ...files] = process.argv.slice(2);
const { exports: abi } = new WebAssembly.Instance(new WebAssembly.Module(readFileSync(path)));
const text = new TextDecoder("utf-8", { fatal: true });

if (verb === "replay") for (const line of replayFolder(files[0], open)) console.log(line);
else if (verb === "play") for (const file of files) console.log(play(readFileSync(file)));
else throw new Error(`no such verb: ${verb}`);

function open(policy) {
  const head = room(8);
  within(JSON.stringify(policy), (at, length) => done(abi.liveset_open(at, length, 1n, 2n, head, 0, 0, head), "open"));
  const handle = view().getBigUint64(head, true);
  abi.liveset_free(head, 8);
  return {
    answer(now, command) {
      within(JSON.stringify(command), (at, length) => abi.liveset_apply(handle, BigInt(now), at, length));
      return JSON.parse(grown((at, size, needed) => abi.liveset_reply(handle, at, size, needed)));
    },
    comparable: ({ answer }) => answer,
    digest() {
      const at = room(8);
      done(abi.liveset_digest(handle, at), "digest");
      const digest = view().getBigUint64(at, true);
      abi.liveset_free(at, 8);
      return digest.toString(16).padStart(16, "0");
    },
    close: () => done(abi.liveset_close(handle), "close"),
  };
}

function play(scenario) {
  return within(scenario, (from, length) => grown((at, size, needed) => abi.liveset_play(from, length, at, size, needed)));
}

/** Hands over a string or bytes for the time of a call. */
function within(content, call) {
  const bytes = Buffer.from(content);
  const at = room(bytes.length);
  new Uint8Array(abi.memory.buffer).set(bytes, at);
  const answer = call(at, bytes.length);
  abi.liveset_free(at, bytes.length);
  return answer;
}

/** What a call writes into a buffer, which is made as large as the call says. */
function grown(call) {
  const needed = room(8);
  const TOO_SMALL = 604;
  for (let size = 1 << 16; ; ) {
    const at = room(size);
    const status = call(at, size, needed);
    const length = view().getUint32(needed, true);
    const answer = status === TOO_SMALL ? undefined : text.decode(new Uint8Array(abi.memory.buffer, at, length));
    abi.liveset_free(at, size);
    if (answer !== undefined) {
      abi.liveset_free(needed, 8);
      done(status, "reading");
      return answer;
    }
    size = length;
  }
}

function room(size) {
  return abi.liveset_alloc(size);
}

function view() {
  return new DataView(abi.memory.buffer);
}

function done(status, what) {
  if (status !== 0) throw new Error(`${what}: status ${status}`);
}
