// What crosses to the wasm is checked here: the glue reads whatever it is handed as the type it expects, and faults on a string
// that is none.

import { ErrorCode, LivesetError } from "./error.js";

const WHOLE = "an integer from 0 to 9007199254740991";

/** How deep a document may be nested; commands need 6. */
const DEPTH_MAX = 32;

/** An integer from 0 to 2^53 - 1: a moment, an id, a revision. */
export function whole(value: unknown, field: string, max = Number.MAX_SAFE_INTEGER, expected = WHOLE): number {
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0 && value <= max) return value;
  throw invalid(field, value, expected);
}

/** Text that UTF-8 can carry. */
export function text(value: unknown, field: string): string {
  if (typeof value !== "string") throw invalid(field, value, "a string");
  // The glue would turn half a surrogate pair into U+FFFD without a word.
  if (/\p{Surrogate}/u.test(value)) throw invalid(field, value, "well-formed Unicode, without half a surrogate pair");
  return value;
}

/** An object with fields. */
export function record(value: unknown, field: string, expected = "an object"): Record<string, unknown> {
  if (typeof value === "object" && tag(value) === "Object") return value as Record<string, unknown>;
  throw invalid(field, value, expected);
}

/** Bytes; also those of another realm, as test runners make them. */
export function bytes(value: unknown, field: string): Uint8Array {
  if (ArrayBuffer.isView(value) && tag(value) === "Uint8Array") return value as Uint8Array;
  throw invalid(field, value, "a Uint8Array");
}

/** Lease ids as the wasm reads them. It checks the range of each; here only a type that a typed array would convert is caught. */
export function batch(value: unknown, field: string): Float64Array {
  // A batch is copied into the wasm's memory, which never shrinks.
  const LENGTH_MAX = 1_048_576;
  const typed = ArrayBuffer.isView(value) && (value instanceof Float64Array || tag(value) === "Float64Array");
  if (!typed && !Array.isArray(value)) throw invalid(field, value, "an array of lease ids, or a Float64Array");
  const ids = value as Float64Array | unknown[];
  if (ids.length > LENGTH_MAX) throw invalid(field, `${ids.length} ids`, `at most ${LENGTH_MAX}`);
  if (typed) return ids as Float64Array;
  const packed = new Float64Array(ids.length);
  for (let place = 0; place < ids.length; place++) {
    const id = ids[place];
    if (typeof id !== "number") throw invalid(`${field}[${place}]`, id, "a lease id from 0 to 9007199254740991");
    packed[place] = id;
  }
  return packed;
}

/**
 * A value as JSON. `JSON.stringify` would send `NaN` as `null` and a `Map` as `{}`, and call whatever `toJSON` it finds; here such
 * a value is an error that names its path.
 */
export function json(value: unknown, path: string, depth = 0): string {
  switch (typeof value) {
    case "string":
      return JSON.stringify(text(value, path));
    case "boolean":
      return String(value);
    case "number":
      if (!(Math.abs(value) <= Number.MAX_SAFE_INTEGER)) throw invalid(path, value, "a number between -2^53 and 2^53");
      return JSON.stringify(value);
    case "object":
      if (value === null) return "null";
      if (depth > DEPTH_MAX) throw invalid(path, "a value nested too deeply", `at most ${DEPTH_MAX} levels`);
      if (Array.isArray(value)) {
        return `[${Array.from(value, (item, place) => json(item, `${path}[${place}]`, depth + 1)).join(",")}]`;
      }
      return `{${fields(record(value, path, "a plain object"), path, depth).join(",")}}`;
    default:
      throw invalid(path, value, "a value of JSON");
  }
}

function fields(value: Record<string, unknown>, path: string, depth: number): string[] {
  const present = Object.entries(value).filter(([, item]) => item !== undefined);
  return present.map(([key, item]) => {
    const inside = path === "" ? key : `${path}.${key}`;
    return `${JSON.stringify(text(key, path))}:${json(item, inside, depth + 1)}`;
  });
}

/** Code 100, worded as the core words it. */
export function invalid(field: string, found: unknown, expected: string): LivesetError {
  return new LivesetError(ErrorCode.invalid, `${field || "document"}: ${shown(found)}; expected ${expected}`, {
    field: field || "document",
  });
}

function shown(value: unknown): string {
  switch (typeof value) {
    case "string":
      return value.length <= 40 ? JSON.stringify(value) : `${JSON.stringify(value.slice(0, 40))}... (${value.length} characters)`;
    case "bigint":
      return `${value}n`;
    case "object":
      return value === null ? "null" : tag(value);
    case "function":
    case "symbol":
      return `a ${typeof value}`;
    default:
      return String(value);
  }
}

/** `Object`, `Array`, `Map`, `Uint8Array`: what a value is, in whichever realm it was made. */
function tag(value: unknown): string {
  return Object.prototype.toString.call(value).slice(8, -1);
}
