// `"orders"` for a service and `"10.0.0.1:8080"` for an address, wherever a command or a question has one.

import { invalid } from "./check.js";

/** The document with both spelled out. What is no document is left for the core to refuse. */
export function shorthand(document: unknown): unknown {
  if (!isObject(document)) return document;
  const verbs = Object.entries(document).map(([verb, body]: [string, unknown]) => [verb, spelledOut(verb, body)]);
  return Object.fromEntries(verbs);
}

function spelledOut(verb: string, body: unknown): unknown {
  const spelled = addressed(verb, body);
  if (!isObject(spelled)) return spelled;
  const { service, members } = spelled;
  const named = typeof service === "string" ? { service: { name: service } } : {};
  const listed = Array.isArray(members)
    ? { members: Array.from(members, (member: unknown, place) => addressed(`${verb}.members[${place}]`, member)) }
    : {};
  return typeof service === "string" || Array.isArray(members) ? { ...spelled, ...named, ...listed } : spelled;
}

function addressed(path: string, body: unknown): unknown {
  if (!isObject(body) || typeof body["address"] !== "string") return body;
  return { ...body, address: addressOf(body["address"], `${path}.address`) };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function addressOf(text: string, field: string): { host: string; port: number } {
  // One colon only: `::1:8080` could be read in two ways.
  const parts = /^([^:]*):(\d{1,5})$/.exec(text);
  if (parts === null) throw invalid(field, text, '"host:port"; an IPv6 address or a cluster needs { host, port, cluster }');
  return { host: parts[1]!, port: Number(parts[2]) };
}
