package liveset

import (
	"encoding/json"
	"fmt"
)

// Reader is a kind of reader. Each gets what a server of the registry's policy would give it.
type Reader string

const (
	// Operator sees every instance, with its real health.
	Operator Reader = "operator"
	// Consumer sees enabled instances, all as healthy while protection is in force.
	Consumer Reader = "consumer"
)

// ServiceView is a service as a reader gets it.
type ServiceView struct {
	// Service is the service.
	Service ServiceKey `json:"service"`
	// Revision is the service's, for Changes.
	Revision uint64 `json:"revision"`
	// Protected is whether protection is in force.
	Protected bool `json:"protected"`
	// KeptUntil is until when it is served as it last was, because everybody in it is silent; nil while it is not.
	KeptUntil *Instant `json:"kept_until"`
	// WarmingUntil is until when the list is incomplete, because the registry restarted without its instances; nil while it is not.
	WarmingUntil *Instant `json:"warming_until"`
	// Instances are in the order of host, port and cluster; several rows of one that its sources describe in different
	// ways, where the policy's view.shared is "each".
	Instances []InstanceView `json:"instances"`
}

// InstanceView is an instance as a reader gets it.
type InstanceView struct {
	// ID is its id in rows of changes.
	ID InstanceID `json:"id"`
	// Address is where it is.
	Address Address `json:"address"`
	// Kind is what keeps it.
	Kind Kind `json:"kind"`
	// Healthy is as this reader gets it: protection shows all as healthy.
	Healthy bool `json:"healthy"`
	// Enabled is whether traffic is allowed.
	Enabled bool `json:"enabled"`
	// Weight is the one in force, the operator's where one is set.
	Weight float64 `json:"weight"`
	// Metadata is what is in force, the operator's keys over the provider's.
	Metadata map[string]string `json:"metadata"`
}

// InstanceQuery is which instances of a service are wanted.
type InstanceQuery struct {
	// Service is which service.
	Service ServiceKey `json:"service"`
	// Reader is for whom.
	Reader Reader `json:"reader"`
	// Clusters are the ones that are wanted; all of them where it is empty.
	Clusters []string `json:"clusters,omitempty"`
	// HealthyOnly is whether only healthy instances are wanted; the policy says what that means for a protected service.
	HealthyOnly bool `json:"healthy_only,omitzero"`
}

// Instances reads a service as a reader gets it; empty at revision 0 when nobody ever named it.
func (r *Registry) Instances(service ServiceKey, reader Reader) (ServiceView, error) {
	return r.QueryInstances(InstanceQuery{Service: service, Reader: reader})
}

// QueryInstances reads those instances of a service that are wanted.
func (r *Registry) QueryInstances(query InstanceQuery) (ServiceView, error) {
	return ask[ServiceView](r, "instances", query)
}

// Transition is one thing that happened to an instance.
type Transition struct {
	// Sequence is its place in the journal, from 1 on without gaps.
	Sequence uint64 `json:"sequence"`
	// At is when it happened, which may be earlier than when the host looked.
	At Instant `json:"at"`
	// Service is the instance's service.
	Service ServiceKey `json:"service"`
	// Address is the instance.
	Address Address `json:"address"`
	// Cause is what happened.
	Cause Cause `json:"cause"`
	// By is who did it; empty where time did.
	By string `json:"by"`
	// Because is why, in an operator's words; empty where nobody said.
	Because string `json:"because"`
	// Silence is the silence that brought it about; nil where none did.
	Silence *Silence `json:"silence"`
}

// Transitions reads the journal after the entry of that sequence number (0 for all), oldest first.
func (r *Registry) Transitions(since uint64) ([]Transition, error) {
	type fields struct {
		Since uint64 `json:"since"`
	}
	return ask[[]Transition](r, "transitions", fields{since})
}

// InstanceName is an instance by its two names.
type InstanceName struct {
	// Service is its service.
	Service ServiceKey `json:"service"`
	// Address is its address.
	Address Address `json:"address"`
}

// InstanceName reads the names behind an id in a row of changes; ErrUnknownInstance where it is forgotten.
func (r *Registry) InstanceName(instance InstanceID) (InstanceName, error) {
	type fields struct {
		Instance InstanceID `json:"instance"`
	}
	names, err := ask[[]InstanceName](r, "instance_name", fields{instance})
	if err != nil || len(names) != 1 {
		return InstanceName{}, err
	}
	return names[0], nil
}

// Services lists the services known here, by name.
func (r *Registry) Services() ([]ServiceKey, error) { return ask[[]ServiceKey](r, "services", nil) }

// Overridden lists the instances about which an operator's decision is remembered.
func (r *Registry) Overridden() ([]InstanceName, error) {
	return ask[[]InstanceName](r, "overridden", nil)
}

// Fenced lists the instances whose ended life is fenced.
func (r *Registry) Fenced() ([]InstanceName, error) { return ask[[]InstanceName](r, "fenced", nil) }

// Counters is how many of everything there are.
type Counters struct {
	// Now is the latest moment handed in.
	Now Instant `json:"now"`
	// Clamped is how often a moment was earlier than one before.
	Clamped uint64 `json:"clamped"`
	// Instances are held by some lease.
	Instances int `json:"instances"`
	// Services were met.
	Services int `json:"services"`
	// Sessions are open.
	Sessions int `json:"sessions"`
	// Subscriptions are active.
	Subscriptions int `json:"subscriptions"`
	// Notices are those of changes that the host has not taken yet.
	Notices int `json:"notices"`
	// OldestNotice is since when the oldest of them waits; nil where none does.
	OldestNotice *Instant `json:"oldest_notice"`
	// Overrides are the instances about which an operator's decision is remembered.
	Overrides int `json:"overrides"`
	// Fences are in force.
	Fences int `json:"fences"`
	// Names are held: services, hosts that are no IPv4 addresses, clusters, actors.
	Names int `json:"names"`
	// NewestTransition is the newest entry of the journal.
	NewestTransition uint64 `json:"newest_transition"`
	// Transitions are the entries that the journal holds.
	Transitions int `json:"transitions"`
	// TransitionBytes is what they count for, in bytes.
	TransitionBytes uint64 `json:"transition_bytes"`
	// TransitionsDropped are the entries that the journal dropped.
	TransitionsDropped uint64 `json:"transitions_dropped"`
}

// Counters reads how many of everything there are.
func (r *Registry) Counters() (Counters, error) { return ask[Counters](r, "counters", nil) }

// ask asks a question and reads the document asked for. Without fields a question is its bare name.
func ask[T any](r *Registry, question string, fields any) (T, error) {
	var read T
	document := []byte(`"` + question + `"`)
	if fields != nil {
		var err error
		if document, err = documentOf(question, fields); err != nil {
			return read, err
		}
	}
	answer, err := r.Ask(document)
	if err != nil {
		return read, err
	}
	if err := json.Unmarshal(answer, &read); err != nil {
		return read, fmt.Errorf("liveset: the answer to %s cannot be read: %w", question, err)
	}
	return read, nil
}
