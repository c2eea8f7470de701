package liveset

import (
	"encoding/json"
	"fmt"
	"reflect"
	"time"
)

// Registration is what a provider says of its instance when it claims it.
type Registration struct {
	// Service is which service.
	Service ServiceKey `json:"service"`
	// Address is which instance.
	Address Address `json:"address"`
	// Source is who claims, a client id, a proxy or a connection's name: 1 to 128 printable bytes.
	Source string `json:"source"`
	// Session is the session whose end ends the claim; 0 for a claim that lives by beats.
	Session SessionID `json:"session,omitzero"`
	// Incarnation is which life of the instance. With nil a claim counts as the life that its source last had, and as a new one
	// when the source had none.
	Incarnation *uint64 `json:"incarnation,omitzero"`
	// Kind is what ends it; Ephemeral where it is empty.
	Kind Kind `json:"kind,omitzero"`
	// Healthy is whether it is healthy to begin with; true where it is nil.
	Healthy *bool `json:"healthy,omitzero"`
	// Content is what it asks of load balancers.
	Content Content `json:"content"`
}

// Content is the part of a registration that later registrations replace as a whole.
type Content struct {
	// Weight is its share of traffic, 0 to 10000; 1 where it is nil.
	Weight *float64 `json:"weight,omitzero"`
	// Enabled is whether the provider itself wants traffic; true where it is nil.
	Enabled *bool `json:"enabled,omitzero"`
	// Metadata is free texts by key, 64 KiB at most or what the policy allows. The keys preserved.heart.beat.interval,
	// preserved.heart.beat.timeout and preserved.ip.delete.timeout (milliseconds) set the instance's own times, as in Nacos.
	Metadata map[string]string `json:"metadata,omitzero"`
}

// Registered is what a successful registration returns.
type Registered struct {
	// Lease is what to beat with.
	Lease LeaseID `json:"lease"`
	// Instance is the instance in rows of changes.
	Instance InstanceID `json:"instance"`
	// Service is its service.
	Service ServiceID `json:"service"`
	// Incarnation is which life this is.
	Incarnation uint64 `json:"incarnation"`
	// Created is whether the instance was absent before.
	Created bool `json:"created"`
	// OtherSources hold the same instance: usually none. A ghost process or a sync proxy shows here.
	OtherSources []string `json:"other_sources"`
}

// Register claims an instance for a source, or says anew what it is. It counts as a beat.
//
// It refuses a fenced or outdated life (ErrFenced, ErrStale), times that the policy does not accept (ErrInvalid), a closed session
// (ErrUnknownSession), a service of the other kind (ErrOtherKind) and what a limit forbids (ErrLimitReached).
func (r *Registry) Register(now Instant, registration Registration) (Registered, error) {
	return apply[Registered](r, now, "register", registration, "registered")
}

// BatchRegistration is several claims of one session on instances of one service.
type BatchRegistration struct {
	// Service is which service.
	Service ServiceKey `json:"service"`
	// Source is who claims: 1 to 128 printable bytes.
	Source string `json:"source"`
	// Session is the one whose end ends the claims.
	Session SessionID `json:"session"`
	// Members are what it claims, each address once; whatever else the session holds in the service is withdrawn.
	Members []BatchMember `json:"members"`
}

// BatchMember is one claim of a batch.
type BatchMember struct {
	// Address is which instance.
	Address Address `json:"address"`
	// Content is what it asks of load balancers.
	Content Content `json:"content"`
}

// RegisteredBatch is what a batch returns.
type RegisteredBatch struct {
	// Members are in the order given.
	Members []Registered `json:"members"`
	// Withdrawn is how many other claims of the session ended.
	Withdrawn int `json:"withdrawn"`
}

// RegisterBatch claims several instances of one service over one session, in the place of all that the session holds there. It does all
// of it or, for the reasons that Register has, nothing.
func (r *Registry) RegisterBatch(now Instant, batch BatchRegistration) (RegisteredBatch, error) {
	if batch.Members == nil {
		batch.Members = []BatchMember{}
	}
	return apply[RegisteredBatch](r, now, "register_batch", batch, "registered_batch")
}

// InstanceBeat is a sign of life by name, as clients without ids send it.
type InstanceBeat struct {
	// Service is which service.
	Service ServiceKey `json:"service"`
	// Address is which instance.
	Address Address `json:"address"`
	// Source is who beats.
	Source string `json:"source"`
	// Incarnation is for which life; nil counts as the life that the source last had.
	Incarnation *uint64 `json:"incarnation,omitzero"`
	// Content is the whole instance in a full beat; nil in a light one.
	Content *Content `json:"content,omitzero"`
}

// Beaten is what a sign of life by name returns.
type Beaten struct {
	// Lease is the lease that beats; from now on BeatMany does for it.
	Lease LeaseID
	// Interval is how often to beat.
	Interval time.Duration
	// Registered is set when the beat registered an instance that was not there.
	Registered *Registered
}

// UnmarshalJSON reads the document that the core writes.
func (b *Beaten) UnmarshalJSON(document []byte) error {
	var wire struct {
		Lease      LeaseID
		Interval   millis
		Registered *Registered
	}
	err := json.Unmarshal(document, &wire)
	*b = Beaten{wire.Lease, time.Duration(wire.Interval), wire.Registered}
	return err
}

// BeatInstance is a sign of life by name. A full beat for an unknown instance registers it where the policy says so (Nacos), and is
// refused where it does not (ErrUnknownLease: register again).
func (r *Registry) BeatInstance(now Instant, beat InstanceBeat) (Beaten, error) {
	return apply[Beaten](r, now, "beat_instance", beat, "beaten")
}

// Deregistration is a claim taken back by name.
type Deregistration struct {
	// Service is which service.
	Service ServiceKey `json:"service"`
	// Address is which instance.
	Address Address `json:"address"`
	// Source is who takes its claim back.
	Source string `json:"source"`
	// Incarnation is of which life; a late command of an older one is refused (ErrStale).
	Incarnation *uint64 `json:"incarnation,omitzero"`
	// Session is the session that it was claimed over; 0 for a claim by beats, or by name alone.
	Session SessionID `json:"session,omitzero"`
	// Kind is which of the two instances that an address may have; whichever is there where it is empty.
	Kind Kind `json:"kind,omitzero"`
	// Because is why, in the source's words; accounts of the instance tell it.
	Because string `json:"because,omitzero"`
}

// Deregistered is what a deregistration returns.
type Deregistered struct {
	// Withdrawn is how many claims ended; 0 where the policy answers so and does nothing.
	Withdrawn int `json:"withdrawn"`
	// Remaining are the sources that hold the instance still.
	Remaining []string `json:"remaining"`
}

// Deregister takes back the claim of its source. Other sources keep the instance, and the result names them. It refuses what only
// others hold (ErrNotOwner) and what is not there (ErrUnknownInstance).
func (r *Registry) Deregister(now Instant, deregistration Deregistration) (Deregistered, error) {
	return apply[Deregistered](r, now, "deregister", deregistration, "deregistered")
}

// DeregisterLease takes back one claim by id.
func (r *Registry) DeregisterLease(now Instant, lease LeaseID) (Deregistered, error) {
	type fields struct {
		Lease LeaseID `json:"lease"`
	}
	return apply[Deregistered](r, now, "deregister_lease", fields{lease}, "deregistered")
}

// OpenSession opens a session for a connection; name is whose it is, 1 to 128 printable bytes. Its end ends every lease registered
// over it.
func (r *Registry) OpenSession(now Instant, name string) (SessionID, error) {
	type fields struct {
		Name string `json:"name"`
	}
	opened, err := apply[struct{ Session SessionID }](r, now, "open_session", fields{name}, "session_opened")
	return opened.Session, err
}

type sessionFields struct {
	Session SessionID `json:"session"`
}

// TouchSession is a sign of life of a connection, asked for or not.
func (r *Registry) TouchSession(now Instant, session SessionID) error {
	return r.do(now, "touch_session", sessionFields{session})
}

// CloseSession ends a connection: its leases are withdrawn at once, oldest first. It returns how many there were.
func (r *Registry) CloseSession(now Instant, session SessionID) (withdrawn int, err error) {
	closed, err := apply[struct{ Withdrawn int }](r, now, "close_session", sessionFields{session}, "session_closed")
	return closed.Withdrawn, err
}

// Subscribed is what a subscription returns.
type Subscribed struct {
	// Subscription is its id.
	Subscription SubscriptionID `json:"subscription"`
	// Service is the service's.
	Service ServiceID `json:"service"`
	// Revision is where the service stands now.
	Revision uint64 `json:"revision"`
}

// Subscribe asks for notices about a service, known or not. The subscriber's name has 1 to 128 printable bytes.
func (r *Registry) Subscribe(now Instant, service ServiceKey, subscriber string) (Subscribed, error) {
	type fields struct {
		Service    ServiceKey `json:"service"`
		Subscriber string     `json:"subscriber"`
	}
	return apply[Subscribed](r, now, "subscribe", fields{service, subscriber}, "subscribed")
}

// Unsubscribe ends a subscription.
func (r *Registry) Unsubscribe(now Instant, subscription SubscriptionID) error {
	type fields struct {
		Subscription SubscriptionID `json:"subscription"`
	}
	return r.do(now, "unsubscribe", fields{subscription})
}

// apply does a command and reads its outcome, a document under one name.
func apply[T any](r *Registry, now Instant, command string, fields any, outcome string) (T, error) {
	var none T
	done, err := r.command(now, command, fields)
	if err != nil {
		return none, err
	}
	var read map[string]T
	if err := json.Unmarshal(done, &read); err != nil {
		return none, fmt.Errorf("liveset: the outcome of %s cannot be read: %w", command, err)
	}
	return read[outcome], nil
}

// do does a command whose outcome says no more than that it is done.
func (r *Registry) do(now Instant, command string, fields any) error {
	_, err := r.command(now, command, fields)
	return err
}

func (r *Registry) command(now Instant, name string, fields any) (json.RawMessage, error) {
	document, err := documentOf(name, fields)
	if err != nil {
		return nil, err
	}
	return r.Apply(now, document)
}

// documentOf writes a command or a question: its fields under its name.
func documentOf(name string, fields any) ([]byte, error) {
	if err := checkValue(name, reflect.ValueOf(fields)); err != nil {
		return nil, err
	}
	return json.Marshal(map[string]any{name: fields})
}
