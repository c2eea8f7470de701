package liveset

import "fmt"

// Beat is a sign of life of one lease: ErrUnknownLease where nobody holds it, and the holder should register again. For more than
// a few leases use BeatMany.
func (r *Registry) Beat(now Instant, lease LeaseID) error {
	if err := checkMoment(now); err != nil {
		return err
	}
	if err := checkID("beat.lease", lease); err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	err := errorOf(r.engine.beat(uint64(now), uint64(lease)))
	if err == ErrUnknownLease {
		return &Error{Code: 200, Message: fmt.Sprintf("%s (%d)", ErrUnknownLease.(*Error).Message, lease)}
	}
	return err
}

// BeatMany is a sign of life of many leases in one call. It returns the stale ones, which nobody holds any more, in the order given:
// their holders should register again.
func (r *Registry) BeatMany(now Instant, leases []LeaseID) (stale []LeaseID, err error) {
	if err := checkMoment(now); err != nil {
		return nil, err
	}
	for place, lease := range leases {
		if lease > idMax {
			return nil, checkID(fmt.Sprintf("beat_many.leases[%d]", place), lease)
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	stale, code := r.engine.beatMany(uint64(now), leases)
	return stale, errorOf(code)
}

// NoticeKind tells what a notice is about.
type NoticeKind uint8

const (
	// ServiceChanged: a service moved. Read its changes and tell the subscriber.
	ServiceChanged NoticeKind = 1
	// SessionProbe: a session has been silent for long. Ask its peer for a sign of life, and touch the session when one comes.
	SessionProbe NoticeKind = 2
)

// Notice is what the host should do next.
type Notice struct {
	// Kind says which of the other fields count.
	Kind NoticeKind
	// Subscription is whom to tell (ServiceChanged).
	Subscription SubscriptionID
	// Service is what moved (ServiceChanged).
	Service ServiceID
	// Revision is where the service stands (ServiceChanged).
	Revision uint64
	// Session is which session to probe (SessionProbe).
	Session SessionID
}

func noticeOf(kind, subject, service, revision uint64) Notice {
	if NoticeKind(kind) == SessionProbe {
		return Notice{Kind: SessionProbe, Session: SessionID(subject)}
	}
	return Notice{Kind: ServiceChanged, Subscription: SubscriptionID(subject), Service: ServiceID(service), Revision: revision}
}

// pollMax is the most notices that the core hands out at once.
const pollMax = 65536

// Poll takes up to limit notices, 1 to 65536; fewer than limit means that there are no more. A notice says "this service moved; you
// have not looked yet": there is one at most for each subscription, however many changes it stands for.
func (r *Registry) Poll(limit int) ([]Notice, error) {
	if limit < 1 || limit > pollMax {
		return nil, invalid("poll.max", fmt.Sprintf("%d; expected 1 to %d", limit, pollMax))
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	notices, code := r.engine.poll(limit)
	return notices, errorOf(code)
}

// Changes is what happened to a service after a revision.
type Changes struct {
	// Revision is the one that the rows lead to; ask with it next time.
	Revision uint64
	// Full says that the rows are the whole service: what is not among them is gone. It is so for a reader too far behind.
	Full bool
	// Protected says that protection is in force: consumers treat every served instance as healthy.
	Protected bool
	// Rows are the newest states of the instances that changed, oldest change first.
	Rows []Change
}

// Change is the newest state of one instance.
type Change struct {
	// Instance is which one. Read its address once, when an id is first seen, with [Registry.InstanceName].
	Instance InstanceID
	// Revision is the service's revision that brought it.
	Revision uint64
	// State is what the instance is now; 0 when it is gone.
	State State
	// Cause is why it changed.
	Cause Cause
}

// Changes reads what happened to a service after revision since (0 for all), as rows. ErrUnknownService where it is not known.
func (r *Registry) Changes(service ServiceID, since uint64) (Changes, error) {
	if err := checkID("changes.service", service); err != nil {
		return Changes{}, err
	}
	if err := checkID("changes.since", since); err != nil {
		return Changes{}, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	changes, code := r.engine.changes(uint64(service), since)
	return changes, errorOf(code)
}
