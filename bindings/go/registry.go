// Package liveset decides which instances of a service are live, and says why.
//
// It is the rules of a service registry as one deterministic state machine without clock, sockets or goroutines: the host hands
// in time and commands, and takes out outcomes, notices, changes and the next deadline. Equal commands at equal moments give
// equal registries, in every language that embeds the same core.
//
// The core is WebAssembly inside this package, run by wazero without cgo. Built with the tag liveset_cgo, the package links the
// core as a static library instead; both engines behave alike.
package liveset

import (
	"crypto/rand"
	"encoding/binary"
	"encoding/json"
	"sync"
)

// Registry is a service registry. It is safe for use by several goroutines; calls on one registry take turns.
//
// Every verb first lets everything happen that is due by its moment. A verb that returns an error has changed nothing else: the
// registry is as if only time had passed, and where an argument could not be read at all, not even that.
type Registry struct {
	mu     sync.Mutex
	engine engine
}

// Open opens an empty registry under a policy. Close it when it is no longer needed: it holds memory that Go does not manage.
func Open(policy Policy) (*Registry, error) {
	return enter(openEngine(policy.document, seed()))
}

// Restore opens the registry that a snapshot holds. A damaged snapshot is refused as a whole (ErrCorruptSnapshot).
func Restore(snapshot []byte) (*Registry, error) {
	return enter(restoreEngine(snapshot, seed()))
}

// Close ends the registry and gives back its memory. Every later call, another Close included, finds it closed (ErrClosed).
func (r *Registry) Close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	code := r.engine.close()
	r.engine = closedEngine{}
	return errorOf(code)
}

// Apply is the door for every command as a document, such as {"beat": {"lease": 4294967296}} or "advance". It returns the
// outcome, such as {"beaten": {...}} or "advanced".
func (r *Registry) Apply(now Instant, command []byte) (json.RawMessage, error) {
	if err := checkMoment(now); err != nil {
		return nil, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return readAnswer(r.engine.apply(uint64(now), command))
}

// Ask is the door for every question as a document, such as "counters" or {"transitions": {"since": 0}}. It returns the document
// asked for. A question changes nothing, not even time.
func (r *Registry) Ask(question []byte) (json.RawMessage, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return readAnswer(r.engine.ask(question))
}

// Advance lets everything happen that is due by now, each thing at its own due moment: how often a host calls it is unobservable.
func (r *Registry) Advance(now Instant) error {
	if err := checkMoment(now); err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return errorOf(r.engine.advance(uint64(now)))
}

// Restart says that the registry's process ended and began again: what the policy does not keep over that is gone. It is for imitating
// a server; a host that has Snapshot and Restore loses nothing.
func (r *Registry) Restart(now Instant) error {
	_, err := r.Apply(now, []byte(`"restart"`))
	return err
}

// Loaded says that all that a restart lost has been handed in again: lists are marked as incomplete no more.
func (r *Registry) Loaded(now Instant) error {
	_, err := r.Apply(now, []byte(`"loaded"`))
	return err
}

// Excuse says that the host could hear nobody from that moment on until now: a change of leaders, a registry that stood still. Nobody's
// silence meanwhile counts, and everybody has his whole time from here on. It refuses a moment after now (ErrInvalid).
func (r *Registry) Excuse(now, from Instant) error {
	type fields struct {
		From Instant `json:"from"`
	}
	return r.do(now, "excuse", fields{from})
}

// NextDeadline tells the moment before which nothing happens by itself; false where nothing is pending, as in a closed registry.
// It may be early, never late. Any verb can move it.
func (r *Registry) NextDeadline() (Instant, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	deadline, code := r.engine.nextDeadline()
	if code != codeOK || deadline == never {
		return 0, false
	}
	return Instant(deadline), true
}

// Snapshot is the whole registry as bytes, for Restore.
func (r *Registry) Snapshot() ([]byte, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	snapshot, code := r.engine.snapshot()
	return snapshot, errorOf(code)
}

// Digest is a number that equal registries share, in every language.
func (r *Registry) Digest() (uint64, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	digest, code := r.engine.digest()
	return digest, errorOf(code)
}

func enter(engine engine, answer []byte, code int32) (*Registry, error) {
	if code == codeOK {
		return &Registry{engine: engine}, nil
	}
	var refused struct{ Code int }
	// A refused policy or snapshot comes with its document; other failures are a bare code.
	if json.Unmarshal(answer, &refused) == nil && refused.Code != 0 {
		found := new(Error)
		if err := json.Unmarshal(answer, found); err == nil {
			return nil, found
		}
	}
	return nil, errorOf(code)
}

// Names come from strangers: the seed of the hash tables behind them has to be a secret. It never reaches an output.
func seed() [2]uint64 {
	var bits [16]byte
	rand.Read(bits[:])
	return [2]uint64{binary.LittleEndian.Uint64(bits[:8]), binary.LittleEndian.Uint64(bits[8:])}
}
