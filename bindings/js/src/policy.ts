// All rules and constants of one registry, as plain data. Spans are milliseconds.

import type { Lifetime } from "./documents.js";

/** A policy by name: what operators asked for, or what a version of Nacos does. A newer core may know more. */
export type Preset = "strict" | "nacos_1_4" | "nacos_2_0" | "nacos_2_1" | "nacos_2_5" | "nacos_3_0" | (string & {});

/** When a condition is looked at: at the very moment, or every so often, by service or by claim. */
export type Sweep = "exact" | { per_service: number } | { per_lease: number };

/** A clock that looks at `phase` after the host's zero and every so often after it; with `every` 0 at the very moment. */
export interface Clock {
  every: number;
  phase: number;
}

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
    clock_kept: number;
    removal_takes: number;
    malformed_times: "refused" | "default" | "zero";
    times_in_order: boolean;
    registration_revives: boolean;
    beat_revives_unhealthy: boolean;
    /** The silence that ends any claim, whatever times of its own it has. */
    cap: { silence: number; sweep: Clock } | null;
    /** What slows removals down when too many are silent at once: from `floor` claims on, above `share` percent of all, to `pace` in a
     * thousand a second. */
    brake: { floor: number; share: number; pace: number; of: "held" | "most"; longest: number | null } | null;
    own_times: "beats_only" | "all";
    /** Silence does not count while the registry was called later than this after the moment it asked for. */
    gap_max: number | null;
  };
  /** Who may claim what. */
  claims: {
    unknown_beat: "refused" | "registers" | "ignored";
    sources: "distinct" | "one_per_address" | "one_per_host_port";
    foreign_deregistration: "refused" | "ignored";
    incarnations: boolean;
  };
  /** Connections. */
  session: { idle: number; sweep: Clock; probe: number; holds: "many" | "one_or_batch" | "one" };
  /** How many equal reports in a row turn a persistent instance healthy, and unhealthy. */
  checks: { rise: number; fall: number; observers: number; remove_after: number | null; sweep: Clock };
  /** What is remembered of an operator's decisions. */
  overrides: {
    lifetime: Lifetime;
    write: "fields" | "whole" | "record";
    enabled: "both_allow" | "override_wins";
    absence: "no_lease_left" | "any_lease_ended";
    copies_end_absence: boolean;
    persistent_ages: boolean;
    batches_age: boolean;
    by_owner: boolean;
    sweep: Clock;
    end_is_told: boolean;
    end_drops_settings: boolean;
  };
  /** What is remembered of an ended life; 0 means no fence. */
  fence: { removal: number; deregistration: number };
  /** What a restart of the registry leaves. */
  restart: {
    instances: boolean;
    /** How long lists are marked as incomplete after a restart that kept no instances; null for not at all. */
    warming: number | null;
    ages: boolean;
    services: boolean;
  };
  /** What readers get, and when. */
  view: {
    refresh: number;
    engine: Clock;
    /** How much more than its period that clock takes for each turn, in thousandths of a ms. */
    engine_slip: number;
    notice_window: number;
    unchanged_is_told: boolean;
    default_threshold: number | null;
    threshold_is_told: boolean;
    protect_at_zero: boolean;
    /** How long a service of which everybody fell silent is served as it last was; null for not at all. */
    keep_last: number | null;
    healthy_only: "after_protection" | "before_protection";
    /** What readers get of an instance that several sources describe in different ways. */
    shared: "newest" | "each";
  };
  /** Services, empty ones above all. */
  services: {
    kinds: "apart" | "together";
    /** Whether an empty service keeps the kind that its first instance gave it. */
    empty_keeps_kind: boolean;
    /** How long a service may be empty before it is forgotten; null means for ever. */
    empty: number | null;
    sweep: Clock;
    created_stays: boolean;
    settings: number;
    settings_end_rechecked: boolean;
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
    journal_bytes_max: number;
    changes_per_service_max: number;
  };
}
