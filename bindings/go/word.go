package liveset

import (
	"fmt"
	"net"
	"strconv"
)

// Ids are numbers below 2^53, minted by one registry and meant for it alone. An id that outlived its owner finds nothing; it never
// finds a stranger. 0 is never an id.
type (
	// LeaseID is one source's claim on an instance; what a beat names.
	LeaseID uint64
	// InstanceID is an instance of a service, as rows of changes name it.
	InstanceID uint64
	// ServiceID is a service.
	ServiceID uint64
	// SessionID is a connection whose end ends all its leases.
	SessionID uint64
	// SubscriptionID is one subscriber's interest in one service.
	SubscriptionID uint64
)

// ServiceKey is which service, by name.
type ServiceKey struct {
	// Namespace is the tenant: 1 to 256 bytes without spaces or "@@"; "public" where it is empty.
	Namespace string `json:"namespace,omitzero"`
	// Group of services inside the namespace: 1 to 256 bytes without spaces or "@@"; "DEFAULT_GROUP" where it is empty.
	Group string `json:"group,omitzero"`
	// Name of the service inside its group: 1 to 1024 bytes without spaces or "@@".
	Name string `json:"name"`
}

// Service is the service of that name in namespace "public" and group "DEFAULT_GROUP".
func Service(name string) ServiceKey { return ServiceKey{Name: name} }

// Address is which instance of a service.
type Address struct {
	// Host is an IP address or a host name: 1 to 128 bytes without spaces.
	Host string `json:"host"`
	// Port may be 0, as in Nacos.
	Port uint16 `json:"port"`
	// Cluster inside the service: 1 to 256 bytes without spaces or "@@"; "DEFAULT" where it is empty.
	Cluster string `json:"cluster,omitzero"`
}

// String returns host:port.
func (a Address) String() string { return net.JoinHostPort(a.Host, strconv.Itoa(int(a.Port))) }

// Kind is what keeps an instance.
type Kind string

const (
	// Ephemeral: beats, or its session.
	Ephemeral Kind = "ephemeral"
	// Persistent: nothing. It stays until its source or an operator takes it back, and its health is what the host's checker reports.
	Persistent Kind = "persistent"
)

// State is bits that say what an instance is.
type State uint32

// The bits of a State.
const (
	// Present: it is there, some lease holds it.
	Present State = 1 << iota
	// Healthy: at least one lease is alive.
	Healthy
	// Enabled: provider and operator let it have traffic, as the policy joins the two.
	Enabled
	// Served: consumers get it, since it is present and enabled. Health is a mark on it, not a condition.
	Served
	// Overridden: an operator's override is in force.
	Overridden
	// Shared: more than one source holds it.
	Shared
)

// Has tells whether all of bits are set.
func (s State) Has(bits State) bool { return s&bits == bits }

// Cause is why an instance changed. The numbers are stable.
type Cause uint32

// The causes.
const (
	CauseRegistered        Cause = 1  // a registration
	CauseRegisteredByBeat  Cause = 2  // a beat that carried the whole instance while it was unknown
	CauseBeat              Cause = 3  // a beat after silence
	CauseReregistered      Cause = 4  // a registration that changed what an instance already there says of itself
	CauseSourceJoined      Cause = 5  // a further source claimed an instance that was there
	CauseSourceLeft        Cause = 6  // a source ended its claim on an instance that others hold
	CauseReplaced          Cause = 7  // its source claimed another address of the service instead, where the policy lets it hold one only
	CauseSilent            Cause = 10 // silence past the timeout
	CauseExpired           Cause = 11 // silence past the delete time
	CauseDeregistered      Cause = 12 // its own source took it back
	CauseSessionClosed     Cause = 13 // its session was closed
	CauseSessionLost       Cause = 14 // its session fell silent and did not answer the probe
	CauseRemoved           Cause = 15 // an operator removed it
	CauseReportedUp        Cause = 16 // the host's checker found a persistent instance healthy again
	CauseReportedDown      Cause = 17 // the host's checker found a persistent instance unhealthy
	CauseRegistryRestarted Cause = 18 // the registry's process ended, and it had not kept the instance
	CauseCopyEnded         Cause = 19 // it was a copy of another node's claim, which ended there
	CauseOverrideSet       Cause = 20 // an operator's override was set
	CauseOverrideCleared   Cause = 21 // an operator's override was cleared
	CauseOverrideEnded     Cause = 22 // an operator's override came to the end of its lifetime
	CauseFenceLifted       Cause = 23 // an operator lifted a fence
	CauseServiceChanged    Cause = 30 // a setting of the service was changed

	CauseDeregistrationIgnored Cause = 24 // a deregistration that the policy answers as done, and that took nothing away
	CauseNotRecovered          Cause = 25 // a persistent instance had been unhealthy for too long
	CauseServiceForgotten      Cause = 31 // the record of its service was taken away although it was there
)

var causeNames = map[Cause]string{
	CauseRegistered: "registered", CauseRegisteredByBeat: "registered_by_beat", CauseBeat: "beat",
	CauseReregistered: "reregistered", CauseSourceJoined: "source_joined", CauseSourceLeft: "source_left",
	CauseReplaced: "replaced", CauseSilent: "silent", CauseExpired: "expired", CauseDeregistered: "deregistered",
	CauseSessionClosed: "session_closed", CauseSessionLost: "session_lost", CauseRemoved: "removed",
	CauseReportedUp: "reported_up", CauseReportedDown: "reported_down", CauseRegistryRestarted: "registry_restarted",
	CauseCopyEnded:   "copy_ended",
	CauseOverrideSet: "override_set", CauseOverrideCleared: "override_cleared", CauseOverrideEnded: "override_ended",
	CauseFenceLifted: "fence_lifted", CauseServiceChanged: "service_changed",
	CauseDeregistrationIgnored: "deregistration_ignored", CauseNotRecovered: "not_recovered",
	CauseServiceForgotten: "service_forgotten",
}

// String returns the cause's name as documents write it, such as "registered_by_beat".
func (c Cause) String() string {
	if name, known := causeNames[c]; known {
		return name
	}
	return fmt.Sprintf("cause %d", uint32(c))
}

// UnmarshalText reads a cause's name.
func (c *Cause) UnmarshalText(text []byte) error {
	for cause, name := range causeNames {
		if name == string(text) {
			*c = cause
			return nil
		}
	}
	return fmt.Errorf("liveset: unknown cause %q", text)
}
