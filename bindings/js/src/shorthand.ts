// `"orders"` for a service and `"10.0.0.1:8080"` for an address, wherever a command or a question has one.

import { invalid } from "./check.js";

/** The document with both spelled out. What is no document is left for the core to refuse. */
export function shorthand(document: unknown): unknown {
  if (typeof document !== "object" || document === null || Array.isArray(document)) return document;
  const verbs = Object.entries(document).map(([verb, body]: [string, unknown]) => [verb, spelledOut(verb, body)]);
  return Object.fromEntries(verbs);
}

function spelledOut(verb: string, body: unknown): unknown {
  if (typeof body !== "object" || body === null || Array.isArray(body)) return body;
  const { service, address } = body as { service?: unknown; address?: unknown };
  if (typeof service !== "string" && typeof address !== "string") return body;
  const spelled: Record<string, unknown> = { ...body };
  if (typeof service === "string") spelled["service"] = { name: service };
  if (typeof address === "string") spelled["address"] = addressOf(address, `${verb}.address`);
  return spelled;
}

function addressOf(text: string, field: string): { host: string; port: number } {
  // One colon only: `::1:8080` could be read in two ways.
  const parts = /^([^:]*):(\d{1,5})$/.exec(text);
  if (parts === null) throw invalid(field, text, '"host:port"; an IPv6 address or a cluster needs { host, port, cluster }');
  return { host: parts[1]!, port: Number(parts[2]) };
}
