// How the package is loaded: both module systems, the slim entry, and what happens when the wasm faults.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { buildSync } from "esbuild";
import * as esm from "liveset";
import * as testing from "liveset/testing";

const require = createRequire(import.meta.url);
const wasm = new URL("../dist/liveset.wasm", import.meta.url);

describe("modules", () => {
  test("`import` and `require` of one process give the same classes, on the same wasm", () => {
    const cjs = require("liveset");
    assert.deepEqual(Object.keys(cjs).sort(), Object.keys(esm).sort());
    for (const name of Object.keys(esm)) assert.equal(cjs[name], esm[name], name);
    assert.equal(require("liveset/testing").playScenario, testing.playScenario);
    const error = caught(() => testing.playScenario("this is no scenario"));
    assert.ok(error instanceof esm.LivesetError && error instanceof cjs.LivesetError);
  });

  test("the browser's ES module works without anything of Node's", () => {
    const script = `
      for (const name of ["Buffer", "process", "require", "global"]) delete globalThis[name];
      const { Registry } = await import(${JSON.stringify(new URL("../dist/index.js", import.meta.url))});
      console.log(new Registry({ policy: "strict" }).digest());`;
    assert.equal(run(script), new esm.Registry().digest());
  });

  test("Node reads the wasm from the file beside the module, and from within where it cannot", () => {
    const script = `
      ({ node() {}, old: () => delete process.getBuiltinModule, deno: () => (globalThis.Deno = {}) })[process.argv[1]]();
      const { createRequire } = await import("node:module");
      const { Registry } = await import("liveset");
      const digest = new Registry().digest();
      console.log(Object.keys(createRequire(import.meta.url).cache).some((path) => path.endsWith("inlined.cjs")), digest);`;
    const digest = new esm.Registry().digest();
    const told = ["node", "old", "deno"].map((platform) => run(script, platform));
    assert.deepEqual(told, [`false ${digest}`, `true ${digest}`, `true ${digest}`]);
  });

  test("a bundle has the wasm inside, whatever lies beside it", () => {
    const folder = mkdtempSync(join(tmpdir(), "liveset-"));
    writeFileSync(join(folder, "liveset.wasm"), "of another version");
    const contents = `console.log(new (require("liveset").Registry)().digest())`;
    for (const platform of ["node", "browser"]) {
      const outfile = join(folder, `${platform}.cjs`);
      buildSync({ stdin: { contents, resolveDir: fileURLToPath(new URL("..", import.meta.url)) }, bundle: true, platform, outfile });
      assert.equal(execFileSync(process.execPath, [outfile], { encoding: "utf8" }).trimEnd(), new esm.Registry().digest());
    }
    rmSync(folder, { recursive: true });
  });

  test("the slim entry refuses to work before it is loaded, and gives the same digests after", () => {
    const script = `
      import { readFile } from "node:fs/promises";
      import init, { ErrorCode, Registry } from "liveset/slim";
      try { new Registry(); } catch (error) { console.log(error.code === ErrorCode.closed, error.message); }
      await Promise.all([init(readFile(new URL(import.meta.resolve("liveset/liveset.wasm")))), init(readFile(process.argv[1]))]);
      console.log(new Registry({ policy: "nacos_2_5" }).digest());`;
    const [refused, digest] = run(script, wasm.pathname).split("\n");
    assert.match(refused, /^true the wasm is not loaded yet/);
    assert.equal(digest, new esm.Registry({ policy: "nacos_2_5" }).digest());
  });

  test("scenarios are a wasm of their own, which is compiled for the first that is played", () => {
    const script = `
      const { Module } = WebAssembly;
      let compiled = 0;
      WebAssembly.Module = new Proxy(Module, { construct: (made, bytes) => (compiled++, new made(...bytes)) });
      const { playScenario } = await import("liveset/testing");
      const told = [compiled];
      for (let time = 0; time < 2; time++) {
        try { playScenario("this is no scenario"); } catch { told.push(compiled); }
      }
      console.log(told.join());`;
    assert.equal(run(script), "1,2,2");
  });

  test("a panic breaks its own registry with a clear error, and no other", () => {
    // No input is known to panic, so the fault is put where it would come from: an export of the wasm that traps.
    const script = `
      const trap = new WebAssembly.Instance(new WebAssembly.Module(Uint8Array.of(
        0, 97, 115, 109, 1, 0, 0, 0, 1, 4, 1, 96, 0, 0, 3, 2, 1, 0, 7, 5, 1, 1, 116, 0, 0, 10, 5, 1, 3, 0, 0, 11))).exports.t;
      const { Instance } = WebAssembly;
      WebAssembly.Instance = function (module, imports) {
        const { exports } = new Instance(module, imports);
        const advance = (registry, now) => (now === 13 ? trap() : exports.registry_advance(registry, now));
        return { exports: { ...exports, registry_advance: advance } };
      };
      const { Registry } = await import("liveset");
      const [broken, other] = [new Registry(), new Registry()];
      const told = [];
      for (const call of [() => broken.advance(13), () => broken.digest(), () => (broken.close(), broken.advance(14))]) {
        try { call(); } catch (error) { told.push([error.name, error.code, error.cause instanceof WebAssembly.RuntimeError]); }
      }
      other.advance(14);
      console.log(JSON.stringify([told, other.counters().now, new Registry().digest() === new Registry().digest()]));`;
    const broken = ["LivesetError", esm.ErrorCode.broken, true];
    assert.deepEqual(JSON.parse(run(script)), [[broken, broken, broken], 14, true]);
  });

  test("registries that nobody closed are collected", () => {
    const script = `
      const { Registry } = await import("liveset");
      const held = [];
      for (let round = 0; round < 20; round++) {
        for (let one = 0; one < 100; one++) {
          const registry = new Registry();
          registry.register(0, { service: "s", address: "h:1", source: "a" });
          if (process.argv[1] === "hold") held.push(registry);
        }
        global.gc();
        await new Promise((done) => setTimeout(done, 1));
      }
      console.log(process.memoryUsage().external);`;
    const [dropped, held] = ["drop", "hold"].map((what) => Number(run(script, what, ["--expose-gc"])));
    assert.ok(dropped < held / 2, `${dropped} bytes against ${held}`);
  });

  test("no two causes and no two codes share a number", () => {
    assert.equal(new Set(Object.values(esm.Cause)).size, Object.keys(esm.Cause).length);
    assert.equal(new Set(Object.values(esm.ErrorCode)).size, Object.keys(esm.ErrorCode).length);
  });
});

/** Runs a module of its own process; returns what it printed. */
function run(script, argument = "", flags = []) {
  const options = { cwd: new URL("..", import.meta.url), encoding: "utf8" };
  return execFileSync(process.execPath, [...flags, "--input-type=module", "--eval", script, argument], options).trimEnd();
}

function caught(call) {
  try {
    call();
  } catch (error) {
    return error;
  }
  return undefined;
}
