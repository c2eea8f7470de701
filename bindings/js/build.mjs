// Makes dist/ from src/ and src/wasm/: bundles, the wasm of its own, and types for both module systems.

import { execFileSync } from "node:child_process";
import { copyFileSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

process.chdir(fileURLToPath(new URL(".", import.meta.url)));
const require = createRequire(import.meta.url);
rmSync("dist", { recursive: true, force: true });

const common = { bundle: true, platform: "neutral", target: "es2022", legalComments: "none", logLevel: "warning" };

/** The entries are thin: they name the one module that holds the wasm, and bundle nothing of it. */
const besides = (liveset) => ({
  name: "liveset stands beside",
  setup: ({ onResolve }) => onResolve({ filter: /^\.\/liveset\.js$/ }, () => ({ path: liveset, external: true })),
});

async function bundle(entry, format, outfile, plugins = []) {
  await build({ ...common, entryPoints: [entry], format, outfile, plugins, loader: { ".wasm": "base64" } });
}

/** In CommonJS, which is what Node loads, the modules of `src/node` stand for those of the same name. */
const nodes = {
  name: "Node has its own",
  setup({ onResolve }) {
    onResolve({ filter: /^\.\/(source|seed)\.js$/ }, ({ path }) => ({ path: resolve("src/node", path.replace(".js", ".ts")) }));
    onResolve({ filter: /^\.\/inlined\.cjs$/ }, ({ path }) => ({ path, external: true }));
  },
};

await bundle("src/liveset.ts", "esm", "dist/liveset.js");
await bundle("src/liveset.ts", "cjs", "dist/liveset.cjs", [nodes]);
await bundle("src/source.ts", "cjs", "dist/inlined.cjs");
await bundle("src/slim.ts", "esm", "dist/slim.js");
copyFileSync("src/wasm/liveset_bg.wasm", "dist/liveset.wasm");

for (const entry of ["index", "testing"]) {
  const source = `src/${entry}.ts`;
  await bundle(source, "esm", `dist/${entry}.js`, [besides("./liveset.js")]);
  await bundle(source, "cjs", `dist/${entry}.cjs`, [besides("./liveset.cjs")]);
  // In Node, `import` and `require` of one process get the same classes and the same wasm. Node cannot always tell the names that a
  // CommonJS bundle exports, so they are taken from the one it has.
  const names = Object.keys(require(`./dist/${entry}.cjs`)).join(", ");
  writeFileSync(`dist/${entry}.node.js`, `import entry from "./${entry}.cjs";\nexport const { ${names} } = entry;\n`);
}

execFileSync(process.execPath, [require.resolve("typescript/bin/tsc")], { stdio: "inherit" });
// Checked with the others; nobody's types lead there.
rmSync("dist/node", { recursive: true });
for (const file of readdirSync("dist").filter((name) => name.endsWith(".d.ts") && name !== "slim.d.ts")) {
  // Types of a CommonJS module may not import those of an ES module, so each has its twin.
  const twin = readFileSync(`dist/${file}`, "utf8").replaceAll(/(from\s+"\.\/[^"]+)\.js"/g, '$1.cjs"');
  writeFileSync(`dist/${file.replace(/\.d\.ts$/, ".d.cts")}`, twin);
}
