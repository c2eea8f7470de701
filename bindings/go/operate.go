package liveset

import (
	"encoding/json"
	"reflect"
	"time"
)

// Removal is an operator's removal of an instance.
type Removal struct {
	// Service is which service.
	Service ServiceKey
	// Address is which instance.
	Address Address
	// By is who removes it: 1 to 128 printable bytes.
	By string
	// Because is why, up to 256 printable bytes; empty where nobody says.
	Because string
	// FenceFor is how long the ended life stays fenced, up to ten days, rounded up to milliseconds; the policy's time where it is
	// nil, no fence at 0.
	FenceFor *time.Duration
}

// Removed is what a removal returns.
type Removed struct {
	// Withdrawn is how many claims ended.
	Withdrawn int `json:"withdrawn"`
	// FencedUntil is until when that life is fenced; nil without a fence.
	FencedUntil *Instant `json:"fenced_until"`
}

// Remove ends every claim on an instance and fences the life that ended: its beats and retries are told to stop (ErrFenced).
func (r *Registry) Remove(now Instant, removal Removal) (Removed, error) {
	type fields struct {
		Service  ServiceKey `json:"service"`
		Address  Address    `json:"address"`
		By       string     `json:"by"`
		Because  string     `json:"because,omitzero"`
		FenceFor *millis    `json:"fence_for,omitzero"`
	}
	wire := fields{removal.Service, removal.Address, removal.By, removal.Because, (*millis)(removal.FenceFor)}
	return apply[Removed](r, now, "remove", wire, "removed")
}

// LiftFence lets the fenced life of an instance come back. By is who lifts it.
func (r *Registry) LiftFence(now Instant, service ServiceKey, address Address, by string) error {
	type fields struct {
		Service ServiceKey `json:"service"`
		Address Address    `json:"address"`
		By      string     `json:"by"`
	}
	return r.do(now, "lift_fence", fields{service, address, by})
}

// Override is an operator's decision about an instance, present or not. A nil field decides nothing.
type Override struct {
	// Service is which service.
	Service ServiceKey `json:"service"`
	// Address is which instance.
	Address Address `json:"address"`
	// Kind is which of the two instances that an address may have; whichever is there where it is empty.
	Kind Kind `json:"kind,omitzero"`
	// By is who decides: 1 to 128 printable bytes.
	By string `json:"by"`
	// Because is why, up to 256 printable bytes; empty where nobody says.
	Because string `json:"because,omitzero"`
	// Lifetime is for how long; the policy's own where it is the zero Lifetime.
	Lifetime Lifetime `json:"lifetime,omitzero"`
	// Enabled takes the instance offline with false; true says that the operator allows it.
	Enabled *bool `json:"enabled,omitzero"`
	// Weight is shown instead of the provider's, 0 to 10000.
	Weight *float64 `json:"weight,omitzero"`
	// Metadata is keys to show over the provider's.
	Metadata map[string]string `json:"metadata,omitzero"`
}

// SetOverride decides about an instance. It holds for as long as its lifetime says, whatever the provider does.
func (r *Registry) SetOverride(now Instant, override Override) error {
	return r.do(now, "set_override", override)
}

// OverrideField is a field that an operator can decide. The zero OverrideField means all of them.
type OverrideField struct{ name, key string }

// The field that takes instances offline, and the one of their weights.
var (
	EnabledField = OverrideField{name: "enabled"}
	WeightField  = OverrideField{name: "weight"}
)

// MetadataField is one key of the metadata.
func MetadataField(key string) OverrideField { return OverrideField{"metadata", key} }

// MarshalJSON writes the document that the core reads.
func (f OverrideField) MarshalJSON() ([]byte, error) {
	if f.name == "metadata" {
		return json.Marshal(map[string]string{f.name: f.key})
	}
	return json.Marshal(f.name)
}

// ClearOverride takes a decision back: one field, or all of them with the zero OverrideField. By is who takes it back.
// ErrUnknownInstance where nothing was decided.
func (r *Registry) ClearOverride(now Instant, service ServiceKey, address Address, by string, field OverrideField) error {
	type fields struct {
		Service ServiceKey    `json:"service"`
		Address Address       `json:"address"`
		By      string        `json:"by"`
		Field   OverrideField `json:"field,omitzero"`
	}
	if err := checkValue("clear_override.field.metadata", reflect.ValueOf(field.key)); err != nil {
		return err
	}
	return r.do(now, "clear_override", fields{service, address, by, field})
}

// Lifetime is how long an operator's decision holds.
type Lifetime struct {
	kind string
	span millis
}

// UntilCleared holds until an operator clears it.
func UntilCleared() Lifetime { return Lifetime{kind: "until_cleared"} }

// ThisIncarnation holds for the life of the instance it was made about; a newer incarnation comes without it.
func ThisIncarnation() Lifetime { return Lifetime{kind: "this_incarnation"} }

// For holds for a time counted from the decision, up to ten days, rounded up to milliseconds.
func For(span time.Duration) Lifetime { return Lifetime{"for", millis(span)} }

// WhileAbsent holds for a time counted only while the instance is absent, from zero at each disappearance; up to ten days, rounded
// up to milliseconds.
func WhileAbsent(span time.Duration) Lifetime { return Lifetime{"absent", millis(span)} }

// String returns the lifetime as in "for 1m0s".
func (l Lifetime) String() string {
	if l.span == 0 {
		return l.kind
	}
	return l.kind + " " + time.Duration(l.span).String()
}

// MarshalJSON writes the document that the core reads.
func (l Lifetime) MarshalJSON() ([]byte, error) {
	if l.kind == "for" || l.kind == "absent" {
		return json.Marshal(map[string]millis{l.kind: l.span})
	}
	return json.Marshal(l.kind)
}

// UnmarshalJSON reads the document that the core writes.
func (l *Lifetime) UnmarshalJSON(document []byte) error {
	*l = Lifetime{}
	if len(document) > 0 && document[0] == '"' {
		return json.Unmarshal(document, &l.kind)
	}
	var spans map[string]millis
	err := json.Unmarshal(document, &spans)
	for kind, span := range spans {
		*l = Lifetime{kind, span}
	}
	return err
}
