// Scenarios: several registries, clients and operators on a faulty network, in virtual time.

import { bytesOf } from "./bytes.js";
import { type ErrorDocument, refusal, text } from "./liveset.js";
import { initSync, play } from "./wasm/world.js";
import wasm from "./wasm/world_bg.wasm";

/** What came of a scenario: its timeline, and whether what was expected held. */
export interface Report {
  title: string;
  policy: string;
  /** Whether everything expected held. */
  passed: boolean;
  /** What was done and what readers got, in order. */
  timeline: { at: number; who: string; what: string; is_view: boolean }[];
  /** Every expected list or fact, by line of the scenario. */
  expectations: { line: number; at: number; about: string; expected: string; found: string; held: boolean }[];
  /** Every expected explanation, in sentences. */
  explanations: { line: number; at: number; about: string; expected: string[]; found: string[]; held: boolean }[];
  [further: string]: unknown;
}

/** Plays a scenario in a world of its own. A scenario that cannot be read is a {@link LivesetError}; one whose expectations fail
 * is a report that says so. */
export function playScenario(scenario: string): Report {
  const asked = text(scenario, "scenario");
  load();
  const answer = JSON.parse(play(asked)) as { ok: Report } | { error: ErrorDocument };
  if ("error" in answer) throw refusal(answer.error);
  return answer.ok;
}

let ready = false;

/** Scenarios are a wasm of their own, compiled for the first one: whoever comes for virtual time alone never waits for it. */
function load(): void {
  if (!ready) initSync({ module: bytesOf(wasm) });
  ready = true;
}
