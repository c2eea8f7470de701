// What a user gets: the packed tarball, installed into an empty project.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { Registry } from "liveset";

const folder = fileURLToPath(new URL("..", import.meta.url));
const tsc = createRequire(import.meta.url).resolve("typescript/bin/tsc");

describe("the packed package", () => {
  let user;
  let packed;

  before(() => {
    user = mkdtempSync(join(tmpdir(), "liveset-"));
    packed = JSON.parse(npm(folder, "pack", "--json", "--ignore-scripts", "--pack-destination", user))[0];
    writeFileSync(join(user, "package.json"), JSON.stringify({ name: "user", private: true }));
    npm(user, "install", "--offline", "--no-audit", "--no-fund", `./${packed.filename}`);
  });
  after(() => rmSync(user, { recursive: true, force: true }));

  test("holds what runs and its types, and nothing else", () => {
    const files = packed.files.map(({ path }) => path);
    for (const file of ["README.md", "dist/index.js", "dist/index.cjs", "dist/index.d.cts", "dist/liveset.wasm"]) {
      assert.ok(files.includes(file), file);
    }
    const strangers = files.filter((path) => !/^(package\.json|README\.md|dist\/[a-z]+(\.node)?\.(js|cjs|wasm|d\.ts|d\.cts))$/.test(path));
    assert.deepEqual(strangers, []);
    const { scripts, dependencies } = JSON.parse(readFileSync(join(user, "node_modules/liveset/package.json"), "utf8"));
    assert.equal(dependencies, undefined);
    assert.deepEqual(Object.keys(scripts).filter((name) => /install|prepare/.test(name)), []);
  });

  test("works in an ES module and in CommonJS, as one instance", () => {
    const digest = new Registry({ policy: "nacos_1_4" }).digest();
    const script = `new Registry({ policy: "nacos_1_4" }).digest()`;
    assert.equal(run("a.mjs", `import { Registry } from "liveset"; console.log(${script});`), digest);
    assert.equal(run("b.cjs", `const { Registry } = require("liveset"); console.log(${script});`), digest);
    const both = `import { Registry } from "liveset"; import { createRequire } from "node:module";
      console.log(createRequire(import.meta.url)("liveset").Registry === Registry);`;
    assert.equal(run("c.mjs", both), "true");
  });

  test("the code of the README runs, prints what it says, and has the types it uses", () => {
    const readme = readFileSync(join(folder, "README.md"), "utf8");
    const blocks = [...readme.matchAll(/```ts\n(.*?)```/gs)].map(([, code]) => code);
    assert.equal(blocks.length, 3);
    blocks.forEach((code, index) => writeFileSync(join(user, `readme${index}.mts`), code));
    compile(blocks.map((_, index) => `readme${index}.mts`), { lib: ["es2022", "dom"], module: "nodenext", noEmit: false });
    blocks.forEach((code, index) => {
      const printed = node(`readme${index}.mjs`).split("\n").filter(Boolean);
      const said = code.split("\n").filter((line) => line.includes("console.log("));
      assert.deepEqual(printed, said.flatMap((line) => line.split("; // ")[1].split(" | ")));
    });
  });

  for (const resolution of ["node16", "nodenext", "bundler"]) {
    test(`its types are exact under module resolution ${resolution}`, () => {
      const types = join(user, "types");
      mkdirSync(types, { recursive: true });
      cpSync(join(folder, "test/types"), types, { recursive: true });
      writeFileSync(join(types, "documents.mts"), documents());
      const module = resolution === "bundler" ? "esnext" : resolution;
      const files = ["types/usage.ts", "types/documents.mts", ...(resolution === "bundler" ? [] : ["types/usage.cts"])];
      writeFileSync(join(types, "package.json"), JSON.stringify({ type: "module" }));
      compile(files, { module, moduleResolution: resolution });
    });
  }

  test("a bundler makes one file of it for a browser", async () => {
    writeFileSync(join(user, "page.mjs"), `import { Registry } from "liveset"; console.log(new Registry().digest());`);
    const options = { absWorkingDir: user, bundle: true, format: "esm", platform: "browser", outfile: "bundle.mjs" };
    await build({ ...options, entryPoints: ["page.mjs"] });
    assert.equal(node("bundle.mjs"), new Registry().digest());
  });

  function npm(cwd, ...args) {
    return execFileSync("npm", args, { cwd, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
  }

  function run(name, code) {
    writeFileSync(join(user, name), code);
    return node(name);
  }

  function node(name) {
    return execFileSync(process.execPath, [name], { cwd: user, encoding: "utf8" }).trimEnd();
  }

  function compile(files, options) {
    const compilerOptions = {
      target: "es2022", lib: ["es2022"], types: [], strict: true, exactOptionalPropertyTypes: true, noUncheckedIndexedAccess: true,
      skipDefaultLibCheck: true, noEmit: true, ...options,
    };
    writeFileSync(join(user, "tsconfig.json"), JSON.stringify({ compilerOptions, files }));
    try {
      execFileSync(process.execPath, [tsc, "--project", "."], { cwd: user, encoding: "utf8" });
    } catch (error) {
      assert.fail(error.stdout);
    }
  }
});

/** Documents that the core writes, as literals of the types that this package gives them: a field too many or too few is an error. */
function documents() {
  const lines = ['import type { Counters, Explanation, Outcome, Policy, ServiceRecord, ServiceView, Transition } from "liveset";'];
  const told = (type, value) => lines.push(`export const d${lines.length}: ${type} = ${branded(JSON.stringify(value))};`);
  // Ids are numbers that only a registry brands.
  const branded = (text) => text.replace(/("(?:id|lease|instance|service|session|subscription)":)(\d+)/g, "$1$2 as never");
  const strict = new Registry().ask("policy");
  const patient = { ...strict, expiry: { ...strict.expiry, gap_max: 1_000 }, view: { ...strict.view, keep_last: 5_000 } };
  for (const policy of ["strict", "nacos_1_4", "nacos_2_0", "nacos_2_1", "nacos_2_5", "nacos_3_0", patient]) {
    const registry = new Registry({ policy });
    const place = { service: "orders", address: "h:1" };
    const store = { service: "stores", address: "h:2" };
    const [session, other] = [registry.openSession(0, "conn"), registry.openSession(0, "other")];
    const steps = [
      [0, { register: { ...place, source: "a", content: { metadata: { k: "v" } } } }],
      [1, { register: { ...place, source: "b", session } }],
      [2, { set_override: { ...place, by: "ops", because: "x", enabled: false, weight: 2, metadata: { k: "w" }, lifetime: { for: 9_000 } } }],
      [3, { set_service: { service: "orders", protect_threshold: 1, metadata: { team: "shop" } } }],
      [3, { look: { service: "orders" } }],
      [3, { set_service: { service: "empty", kind: "persistent" } }],
      [3, { remove_service: { service: "empty" } }],
      [3, { register: { ...store, source: "a", kind: "persistent" } }],
      [3, { report_health: { ...store, healthy: false, sure: true } }],
      [4, { register_batch: { service: "batches", source: "b", session: other, members: [{ address: "h:3" }, { address: "h:4" }] } }],
      [4, { register_batch: { service: "batches", source: "b", session: other, members: [{ address: "h:4" }] } }],
      [4, { watch: { ...place, watches: true } }],
      [4, { subscribe: { service: "orders", subscriber: "s" } }],
      [5_000, { beat_instance: { ...place, source: "a" } }],
      [20_000, { poll: { max: 10 } }],
      [20_001, { close_session: { session } }],
      [60_000, "advance"],
      [60_001, { register: { ...place, source: "a" } }],
      [60_002, { remove: { ...place, by: "ops" } }],
      [60_003, { poll: { max: 10 } }],
      [60_004, "restart"],
    ];
    told("Policy", registry.ask("policy"));
    for (const [now, command] of steps) {
      told("Outcome", registry.apply(now, command));
      for (const { service, address } of [place, store]) {
        told("Explanation", registry.explain(service, address));
        told("ServiceView", registry.instances(service, "operator"));
        told("ServiceRecord | null", registry.service(service));
      }
    }
    told("Transition[]", registry.transitions());
    told("Counters", registry.counters());
  }
  return lines.join("\n");
}
