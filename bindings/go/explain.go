package liveset

import (
	"encoding/json"
	"time"
)

// Explanation is why an instance is, or is not, what its readers get.
type Explanation struct {
	// Service is the instance's service.
	Service ServiceKey `json:"service"`
	// Address is the instance.
	Address Address `json:"address"`
	// Kind is which of the two that an address may have; the ephemeral one where both are there.
	Kind Kind `json:"kind"`
	// At is the moment it is explained at.
	At Instant `json:"at"`
	// Standing is what it is, in a word.
	Standing Standing `json:"standing"`
	// Sights is what each kind of reader gets.
	Sights Sights `json:"sights"`
	// Telling is who was told of its last change, and who was not yet.
	Telling Telling `json:"telling"`
	// Copies are those that were handed in, beside what consumers get here.
	Copies []CopyAccount `json:"copies"`
	// DecidedBy is what decides its standing.
	DecidedBy Deciding `json:"decided_by"`
	// Leases are all claims on it, oldest first.
	Leases []LeaseAccount `json:"leases"`
	// Differing is what each of its sources says of it; nil where they all say the same.
	Differing *DifferingAccount `json:"differing"`
	// Overrides are the fields that an operator decided.
	Overrides []OverrideAccount `json:"overrides"`
	// Fence is the fence of its ended life; nil without one.
	Fence *FenceAccount `json:"fence"`
	// Protection is the protection of its service; nil when it is not in force.
	Protection *ProtectionAccount `json:"protection"`
	// DoubtedBy are those who report its health to be other than it is, where more of them must agree.
	DoubtedBy []string `json:"doubted_by"`
	// Unheeded are times in its metadata that nobody looks at, because it does not live by beats: "KEY=VALUE".
	Unheeded []string `json:"unheeded"`
	// Brake is the brake, where it holds the removal of a claim up; nil where it does not.
	Brake *BrakeAccount `json:"brake"`
	// ClusterProtection is the protection that readers of its cluster alone meet; nil where they meet none, or there is one cluster.
	ClusterProtection *ProtectionAccount `json:"cluster_protection"`
	// Unprotected says why protection does not show it as healthy; nil unless it is unhealthy and served.
	Unprotected *UnprotectedAccount `json:"unprotected"`
	// KeptUntil is until when its service is served as it last was, because everybody in it is silent; nil where it is not.
	KeptUntil *Instant `json:"kept_until"`
	// WarmingUntil is until when the registry, which restarted without its instances, does not know whether what it does not list is
	// there; nil while it does.
	WarmingUntil *Instant `json:"warming_until"`
	// NewestLife is its newest life; nil where claims as an older one are not refused.
	NewestLife *uint64 `json:"newest_life"`
	// KeptKind is the kind that its empty service keeps; nil where it keeps none.
	KeptKind *KindAccount `json:"kept_kind"`
	// Gap is the time in which nobody watched the registry, where that gave its claims a fresh start; nil where none did.
	Gap *Gap `json:"gap"`
	// History is what happened to it, newest first, at most eight entries.
	History []Transition `json:"history"`
	// Next is what happens next by itself; nil where nothing does.
	Next *NextEvent `json:"next"`
	// Sentences say the same to people, the verdict first.
	Sentences []string `json:"sentences"`
	// Document is the whole explanation as the core wrote it, with what would change the standing ("remedies").
	Document json.RawMessage `json:"-"`
}

// Explain tells why an instance is what it is, whether it is present, hidden or gone, or never was. Copies are what readers' own
// layers hold of it, to be told beside what consumers get here.
func (r *Registry) Explain(service ServiceKey, address Address, copies ...CopyReport) (Explanation, error) {
	type fields struct {
		InstanceName
		Copies []CopyReport `json:"copies,omitempty"`
	}
	document, err := ask[json.RawMessage](r, "explain", fields{InstanceName{service, address}, copies})
	if err != nil {
		return Explanation{}, err
	}
	explanation := Explanation{Document: document}
	return explanation, json.Unmarshal(document, &explanation)
}

// Standing is what an instance is.
type Standing string

const (
	// Online: held, alive, and allowed to have traffic.
	Online Standing = "online"
	// Unhealthy: held and allowed, but silent.
	Unhealthy Standing = "unhealthy"
	// Offline: held, but not allowed to have traffic.
	Offline Standing = "offline"
	// Gone: held no more.
	Gone Standing = "gone"
	// Unknown: never seen here, or forgotten.
	Unknown Standing = "unknown"
)

// Sights is what each kind of reader gets of an instance now.
type Sights struct {
	// Operator is the operator's page.
	Operator Sight `json:"operator"`
	// Consumer is a consumer's query.
	Consumer Sight `json:"consumer"`
	// Stale is whether both still get an older state, because the view has not been computed again since the last change.
	Stale bool `json:"stale"`
}

// Sight is an instance in one reader's list.
type Sight struct {
	// Listed is whether it is listed.
	Listed bool `json:"listed"`
	// Healthy is whether it is listed as healthy.
	Healthy bool `json:"healthy"`
	// Enabled is whether it is listed as enabled.
	Enabled bool `json:"enabled"`
}

// Deciding is the rule that decides, and the event that set it.
type Deciding struct {
	// Rule is which rule, as in "beat_expiry", "override" or "deregistration".
	Rule string `json:"rule"`
	// At is when it came to be so; nil where nothing is known.
	At *Instant `json:"at"`
	// By is who brought it about; empty where time did.
	By string `json:"by"`
	// Because is why, in an operator's words; empty where nobody said.
	Because string `json:"because"`
	// Silence is the silence that brought it about; nil where none did.
	Silence *Silence `json:"silence"`
}

// Silence is a silence that had a consequence.
type Silence struct {
	// Since is the last sign of life before it.
	Since Instant `json:"since"`
	// Asked is when the connection was asked for another one; nil for claims by beats, which are not asked.
	Asked *Instant `json:"asked"`
}

// DifferingAccount is sources of one instance that describe it in different ways.
type DifferingAccount struct {
	// Shared is what readers get of that: "newest", what was said last by a source that still holds it, or "each", a row for each
	// description that differs.
	Shared string `json:"shared"`
	// Sources are all sources with what they say, the newest word last.
	Sources []SayingAccount `json:"sources"`
}

// SayingAccount is what one source says of an instance.
type SayingAccount struct {
	// Source is who.
	Source string `json:"source"`
	// Connection is the name of the connection that carries the claim; nil where none does.
	Connection *string `json:"connection"`
	// Content is what it published.
	Content Content `json:"content"`
}

// LeaseAccount is one claim on an instance.
type LeaseAccount struct {
	// Source is who claims.
	Source string `json:"source"`
	// Kind is what the claim lives by: "beats" or "session"; or "persistent", which stays until somebody takes it back.
	Kind string `json:"kind"`
	// Connection is the name of the connection that carries it; empty where none does.
	Connection string `json:"connection"`
	// Incarnation is which life it is for.
	Incarnation uint64 `json:"incarnation"`
	// Since is when it was made.
	Since Instant `json:"since"`
	// LastSeen is the last sign of life.
	LastSeen Instant `json:"last_seen"`
	// Age is how long ago that was.
	Age time.Duration `json:"-"`
	// Asked is when its connection was asked for a sign of life, while the answer is out; nil where it was not.
	Asked *Instant `json:"asked"`
	// Watched is whether its silence is looked for here; that of a copy may be another node's to find.
	Watched bool `json:"watched"`
	// SilenceAllowed is how long silence may last; nil where it may last forever.
	SilenceAllowed *time.Duration `json:"-"`
	// Alive is whether it makes the instance healthy.
	Alive bool `json:"alive"`
	// Due is when silence has its next consequence; nil where it has none.
	Due *Instant `json:"due"`
	// Waits is whether its removal waits though its time is over: too many are silent at once, or its service is served as it last was.
	Waits bool `json:"waits"`
}

// UnmarshalJSON reads the document that the core writes.
func (a *LeaseAccount) UnmarshalJSON(document []byte) error {
	type plain LeaseAccount
	wire := struct {
		*plain
		Age            millis  `json:"age"`
		SilenceAllowed *millis `json:"silence_allowed"`
	}{plain: (*plain)(a)}
	err := json.Unmarshal(document, &wire)
	a.Age, a.SilenceAllowed = time.Duration(wire.Age), (*time.Duration)(wire.SilenceAllowed)
	return err
}

// OverrideAccount is one field that an operator decided.
type OverrideAccount struct {
	// Field is "enabled", "weight" or "metadata.KEY".
	Field string `json:"field"`
	// Value is the decided value.
	Value string `json:"value"`
	// Published is the provider's own value; nil where there is none.
	Published *string `json:"published"`
	// By is who decided.
	By string `json:"by"`
	// Because is why; empty where nobody said.
	Because string `json:"because"`
	// At is when.
	At Instant `json:"at"`
	// Lifetime is for how long.
	Lifetime Lifetime `json:"lifetime"`
	// Ends is when it ends as things stand; nil where that is open.
	Ends *Instant `json:"ends"`
}

// FenceAccount is the fence of an ended life.
type FenceAccount struct {
	// Incarnation is the highest one that is dead.
	Incarnation uint64 `json:"incarnation"`
	// By is who ended it.
	By string `json:"by"`
	// Because is why; empty where nobody said.
	Because string `json:"because"`
	// At is when.
	At Instant `json:"at"`
	// Until is when the fence ends.
	Until Instant `json:"until"`
	// ByOperator is whether an operator ended it; an owner that took itself back may come again.
	ByOperator bool `json:"by_operator"`
}

// UnprotectedAccount is a service that protection leaves alone.
type UnprotectedAccount struct {
	// Healthy is how many served instances are healthy.
	Healthy int `json:"healthy"`
	// Total is how many instances are served.
	Total int `json:"total"`
	// Threshold is the one they are not at or below; nil where none is set.
	Threshold *float64 `json:"threshold"`
}

// KindAccount is an empty service that keeps the kind of its first instance: one of the other kind cannot register.
type KindAccount struct {
	// Kind is the kind.
	Kind Kind `json:"kind"`
	// Since is since when the service is known.
	Since Instant `json:"since"`
	// EmptySince is since when it is empty, or when anything about it last happened.
	EmptySince Instant `json:"empty_since"`
	// Until is when it is forgotten; nil where it never is.
	Until *Instant `json:"until"`
}

// ProtectionAccount is the protection of a service.
type ProtectionAccount struct {
	// Healthy is how many served instances are healthy.
	Healthy int `json:"healthy"`
	// Total is how many are served.
	Total int `json:"total"`
	// Threshold is what healthy / total is at or below.
	Threshold float64 `json:"threshold"`
}

// BrakeAccount is the brake, while it holds removals up.
type BrakeAccount struct {
	// Silent is how many claims by beats are silent.
	Silent int `json:"silent"`
	// All is how many claims by beats there are.
	All int `json:"all"`
	// Share is the one above which removals wait, in percent.
	Share int `json:"share"`
	// DeafUntil is until when nobody was heard at all, which holds removals up for a timeout from then on.
	DeafUntil *Instant `json:"deaf_until"`
	// Waiting is how many removals wait.
	Waiting int `json:"waiting"`
	// Oldest is when the oldest of them was due.
	Oldest Instant `json:"oldest"`
}

// Gap is time in which the host did not run the registry.
type Gap struct {
	// From is when it should have been called.
	From Instant `json:"from"`
	// Until is when it was.
	Until Instant `json:"until"`
}

// NextEvent is what happens next by itself.
type NextEvent struct {
	// At is when.
	At Instant `json:"at"`
	// What is "unhealthy", "removed", "connection_given_up", "removal_considered", "override_forgotten",
	// "override_forgotten_while_alive", "view_computed" or "fence_ends".
	What string `json:"what"`
}
