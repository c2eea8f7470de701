// `node tools/start.mjs`: import of the package and the first registry of a fresh process. Prints a line of JSON.

const begin = performance.now();
const { Registry } = await import("liveset");
new Registry({ policy: "strict" }).close();
const value = performance.now() - begin;

console.log(JSON.stringify({ name: "js-start", size: 1, value, unit: "ms" }));
