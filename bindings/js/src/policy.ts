// All rules and constants of one registry, as plain data. Spans are milliseconds.

import type { Lifetime } from "./documents.js";

/** A policy by name: what operators asked for, or what a version of Nacos does. A newer core may know more. */
export type Preset = "strict" | "nacos_1_4" | "nacos_2_0" | "nacos_2_5" | (string & {});

/** When a condition is looked at: at the very moment, or every so often, by service or by claim. */
export type Sweep = "exact" | { per_service: number } | { per_lease: number };

/** All fields; take one with `registry.ask("policy")`, change it, and open another registry with it. */
export interface Policy {
  /** What to call it in timelines; no rule reads it. */
  label: string;
  /** When silence makes an instance unhealthy, and when it removes it. */
  expiry: {
    interval: number;
    timeout: number;
    delete: number;
    bound: "reached" | "exceeded";
    sweep: Sweep;
    malformed_times: "refused" | "default" | "zero";
    times_in_order: boolean;
  };
  /** Who may claim what. */
  claims: {
    unknown_beat: "refused" | "registers";
    sources: "distinct" | "one_per_address";
    foreign_deregistration: "refused" | "ignored";
    incarnations: boolean;
  };
  /** Connections. */
  session: { idle: number; sweep: number; probe: number };
  /** What is remembered of an operator's decisions. */
  overrides: {
    lifetime: Lifetime;
    write: "fields" | "whole";
    enabled: "both_allow" | "override_wins";
    ends_at_registration: boolean;
    absence: "no_lease_left" | "any_lease_ended";
    copies_end_absence: boolean;
    sweep: number;
    end_is_told: boolean;
  };
  /** What is remembered of an ended life; 0 means no fence. */
  fence: { removal: number; deregistration: number };
  /** What readers get, and when. */
  view: {
    refresh: number;
    notice_window: number;
    default_threshold: number | null;
    threshold_is_told: boolean;
    protect_at_zero: boolean;
  };
  /** How many of everything there may be. */
  limits: {
    instances_max: number;
    leases_per_instance_max: number;
    services_max: number;
    sessions_max: number;
    subscriptions_max: number;
    metadata_bytes_max: number;
    journal_max: number;
    changes_per_service_max: number;
  };
}
