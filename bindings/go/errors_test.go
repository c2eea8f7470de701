package liveset_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/liveset/liveset/bindings/go"
)

func TestEveryRefusalOfTheCoreHasItsError(t *testing.T) {
	registry := open(t, liveset.Strict())
	held := claim
	held.Incarnation = new(uint64(5))
	register(t, registry, 0, held)
	fenced := liveset.Registration{Service: orders, Address: second, Source: "order-2"}
	register(t, registry, 0, fenced)
	must(registry.Remove(0, liveset.Removal{Service: orders, Address: second, By: "ops"}))(t)
	older := claim
	older.Incarnation = new(uint64(4))
	lost := claim
	lost.Session = 77

	cases := map[string]struct {
		kind error
		call func() error
	}{
		"nobody holds the lease": {liveset.ErrUnknownLease, func() error { return registry.Beat(0, 77) }},
		"a lease to deregister": {liveset.ErrUnknownLease, func() error {
			_, err := registry.DeregisterLease(0, 77)
			return err
		}},
		"a beat for the unknown": {liveset.ErrUnknownLease, func() error {
			_, err := registry.BeatInstance(0, liveset.InstanceBeat{Service: orders, Address: nowhere, Source: "order-9"})
			return err
		}},
		"no such instance": {liveset.ErrUnknownInstance, func() error {
			_, err := registry.Deregister(0, liveset.Deregistration{Service: orders, Address: nowhere, Source: "order-9"})
			return err
		}},
		"no instance behind an id": {liveset.ErrUnknownInstance, func() error {
			_, err := registry.InstanceName(77)
			return err
		}},
		"no fence to lift": {liveset.ErrUnknownInstance, func() error { return registry.LiftFence(0, orders, nowhere, "ops") }},
		"no such service": {liveset.ErrUnknownService, func() error {
			_, err := registry.Changes(77, 0)
			return err
		}},
		"no such session": {liveset.ErrUnknownSession, func() error { return registry.TouchSession(0, 77) }},
		"a claim over no session": {liveset.ErrUnknownSession, func() error {
			_, err := registry.Register(0, lost)
			return err
		}},
		"no such subscription": {liveset.ErrUnknownSubscription, func() error { return registry.Unsubscribe(0, 77) }},
		"a removed life": {liveset.ErrFenced, func() error {
			_, err := registry.Register(0, fenced)
			return err
		}},
		"an older life": {liveset.ErrStale, func() error {
			_, err := registry.Register(0, older)
			return err
		}},
		"an instance of the other kind": {liveset.ErrOtherKind, func() error {
			_, err := registry.Register(0, liveset.Registration{Service: orders, Address: nowhere, Source: "console", Kind: liveset.Persistent})
			return err
		}},
		"a service with instances": {liveset.ErrNotEmpty, func() error { return registry.RemoveService(0, orders) }},
		"no service to take away":  {liveset.ErrUnknownService, func() error { return registry.RemoveService(0, liveset.Service("other")) }},
		"a batch over no session": {liveset.ErrUnknownSession, func() error {
			_, err := registry.RegisterBatch(0, liveset.BatchRegistration{Service: orders, Source: "order-1", Session: 77})
			return err
		}},
		"a report about nobody": {liveset.ErrUnknownInstance, func() error {
			_, err := registry.ReportHealth(0, liveset.HealthReport{Service: orders, Address: nowhere})
			return err
		}},
		"another's instance": {liveset.ErrNotOwner, func() error {
			_, err := registry.Deregister(0, liveset.Deregistration{Service: orders, Address: first, Source: "stranger"})
			return err
		}},
	}
	before := digest(t, registry)
	for name, each := range cases {
		t.Run(name, func(t *testing.T) {
			refused(t, each.call(), each.kind, "")
			if digest(t, registry) != before {
				t.Fatal("the digest moved")
			}
		})
	}
}

func TestAtALimitRegistrationsAreRefusedByName(t *testing.T) {
	document := must(open(t, liveset.Strict()).Ask([]byte(`"policy"`)))(t)
	var policy map[string]any
	if err := json.Unmarshal(document, &policy); err != nil {
		t.Fatal(err)
	}
	policy["limits"].(map[string]any)["instances_max"] = 1
	registry := open(t, liveset.PolicyDocument(must(json.Marshal(policy))(t)))
	lease := register(t, registry, 0, claim).Lease
	before := digest(t, registry)
	_, err := registry.Register(0, liveset.Registration{Service: orders, Address: second, Source: "order-2"})
	refused(t, err, liveset.ErrLimitReached, "instances_max")
	if digest(t, registry) != before {
		t.Fatal("the digest moved")
	}
	if err := registry.Beat(0, lease); err != nil {
		t.Fatal(err)
	}
}

func TestAPolicyOutOfBoundsIsRefusedByName(t *testing.T) {
	_, err := liveset.Open(liveset.Preset("nacos_9"))
	refused(t, err, liveset.ErrInvalid, "policy")
	_, err = liveset.Open(liveset.Preset("a\xff"))
	refused(t, err, liveset.ErrInvalid, "policy")
	_, err = liveset.Open(liveset.PolicyDocument([]byte("{")))
	refused(t, err, liveset.ErrMalformed, "")
	_, err = liveset.Open(liveset.PolicyDocument([]byte(`{"label":` + strings.Repeat("[", 10000))))
	if err == nil {
		t.Fatal("nonsense was taken for a policy")
	}
}

func TestAClosedRegistryAnswersNothingElse(t *testing.T) {
	registry := must(liveset.Open(liveset.Strict()))(t)
	register(t, registry, 0, claim)
	if err := registry.Close(); err != nil {
		t.Fatal(err)
	}
	refused(t, registry.Close(), liveset.ErrClosed, "")
	refused(t, registry.Beat(0, 1), liveset.ErrClosed, "")
	refused(t, registry.Advance(0), liveset.ErrClosed, "")
	_, err := registry.BeatMany(0, []liveset.LeaseID{1})
	refused(t, err, liveset.ErrClosed, "")
	_, err = registry.Poll(1)
	refused(t, err, liveset.ErrClosed, "")
	_, err = registry.Changes(1, 0)
	refused(t, err, liveset.ErrClosed, "")
	_, err = registry.Digest()
	refused(t, err, liveset.ErrClosed, "")
	_, err = registry.Snapshot()
	refused(t, err, liveset.ErrClosed, "")
	_, err = registry.Register(0, claim)
	refused(t, err, liveset.ErrClosed, "")
	_, err = registry.Explain(orders, first)
	refused(t, err, liveset.ErrClosed, "")
	if deadline, pending := registry.NextDeadline(); pending {
		t.Fatalf("something is pending at %v", deadline)
	}
}

// What Go itself can say and a registry cannot take: it is refused before it crosses.
func TestArgumentsOutOfRangeDoNotCross(t *testing.T) {
	registry := open(t, liveset.Strict())
	lease := register(t, registry, 0, claim).Lease
	with := func(change func(*liveset.Registration)) func() error {
		changed := claim
		change(&changed)
		return func() error {
			_, err := registry.Register(0, changed)
			return err
		}
	}
	override := func(change func(*liveset.Override)) func() error {
		changed := liveset.Override{Service: orders, Address: first, By: "ops", Enabled: new(false)}
		change(&changed)
		return func() error { return registry.SetOverride(0, changed) }
	}
	settings := func(change func(*liveset.ServiceSettings)) func() error {
		changed := liveset.ServiceSettings{Service: orders}
		change(&changed)
		return func() error {
			_, err := registry.SetService(0, changed)
			return err
		}
	}
	session := must(registry.OpenSession(0, "connection-1"))(t)
	batch := func(change func(*liveset.BatchRegistration)) func() error {
		members := []liveset.BatchMember{{Address: first}, {Address: second}}
		changed := liveset.BatchRegistration{Service: orders, Source: "order-1", Session: session, Members: members}
		change(&changed)
		return func() error {
			_, err := registry.RegisterBatch(0, changed)
			return err
		}
	}
	only := func(_ any, err error) error { return err }
	long := strings.Repeat("a", 129)
	cases := []struct {
		field string
		kind  error
		call  func() error
	}{
		{"now", liveset.ErrOutOfRange, func() error { return registry.Advance(-1) }},
		{"now", liveset.ErrOutOfRange, func() error { return registry.Advance(1 << 53) }},
		{"now", liveset.ErrOutOfRange, func() error { return registry.Beat(math.MinInt64, lease) }},
		{"now", liveset.ErrOutOfRange, func() error { return only(registry.BeatMany(math.MaxInt64, nil)) }},
		{"now", liveset.ErrOutOfRange, func() error { return only(registry.Register(-1, claim)) }},
		{"beat.lease", liveset.ErrInvalid, func() error { return registry.Beat(0, 1<<53) }},
		{"beat_many.leases[1]", liveset.ErrInvalid, func() error { return only(registry.BeatMany(0, []liveset.LeaseID{lease, math.MaxUint64})) }},
		{"changes.service", liveset.ErrInvalid, func() error { return only(registry.Changes(1<<53, 0)) }},
		{"changes.since", liveset.ErrInvalid, func() error { return only(registry.Changes(1, 1<<53)) }},
		{"poll.max", liveset.ErrInvalid, func() error { return only(registry.Poll(0)) }},
		{"poll.max", liveset.ErrInvalid, func() error { return only(registry.Poll(65537)) }},
		{"deregister_lease.lease", liveset.ErrInvalid, func() error { return only(registry.DeregisterLease(0, 1<<53)) }},
		{"touch_session.session", liveset.ErrInvalid, func() error { return registry.TouchSession(0, 1<<53) }},
		{"close_session.session", liveset.ErrInvalid, func() error { return only(registry.CloseSession(0, 1<<53)) }},
		{"unsubscribe.subscription", liveset.ErrInvalid, func() error { return registry.Unsubscribe(0, 1<<53) }},
		{"instance_name.instance", liveset.ErrInvalid, func() error { return only(registry.InstanceName(1 << 53)) }},
		{"register.session", liveset.ErrInvalid, with(func(r *liveset.Registration) { r.Session = 1 << 53 })},
		{"register.source", liveset.ErrInvalid, with(func(r *liveset.Registration) { r.Source = "" })},
		{"register.source", liveset.ErrInvalid, with(func(r *liveset.Registration) { r.Source = long })},
		{"register.source", liveset.ErrInvalid, with(func(r *liveset.Registration) { r.Source = "a\xff" })},
		{"register.source", liveset.ErrInvalid, with(func(r *liveset.Registration) { r.Source = "a\x00" })},
		{"register.service.name", liveset.ErrInvalid, with(func(r *liveset.Registration) { r.Service.Name = "" })},
		{"register.service.name", liveset.ErrInvalid, with(func(r *liveset.Registration) { r.Service.Name = "\xc3\x28" })},
		{"register.service.group", liveset.ErrInvalid, with(func(r *liveset.Registration) { r.Service.Group = "a@@b" })},
		{"register.service.namespace", liveset.ErrInvalid, with(func(r *liveset.Registration) { r.Service.Namespace = long + long })},
		{"register.address.host", liveset.ErrInvalid, with(func(r *liveset.Registration) { r.Address.Host = "a b" })},
		{"register.address.host", liveset.ErrInvalid, with(func(r *liveset.Registration) { r.Address.Host = "\xed\xa0\x80" })},
		{"register.address.cluster", liveset.ErrInvalid, with(func(r *liveset.Registration) { r.Address.Cluster = long + long })},
		{"register.content.weight", liveset.ErrInvalid, with(func(r *liveset.Registration) { r.Content.Weight = new(math.NaN()) })},
		{"register.content.weight", liveset.ErrInvalid, with(func(r *liveset.Registration) { r.Content.Weight = new(math.Inf(1)) })},
		{"register.content.weight", liveset.ErrInvalid, with(func(r *liveset.Registration) { r.Content.Weight = new(-1.0) })},
		{"register.content.weight", liveset.ErrInvalid, with(func(r *liveset.Registration) { r.Content.Weight = new(10000.5) })},
		{"register.content.metadata", liveset.ErrInvalid, with(func(r *liveset.Registration) { r.Content.Metadata = map[string]string{"": "v"} })},
		{"register.content.metadata", liveset.ErrInvalid, with(func(r *liveset.Registration) { r.Content.Metadata = map[string]string{"\xff": "v"} })},
		{"register.content.metadata.k", liveset.ErrInvalid, with(func(r *liveset.Registration) { r.Content.Metadata = map[string]string{"k": "\xff"} })},
		{"content.metadata", liveset.ErrInvalid, with(func(r *liveset.Registration) { r.Content.Metadata = map[string]string{"k": strings.Repeat("v", 2000)} })},
		{"set_override.by", liveset.ErrInvalid, override(func(o *liveset.Override) { o.By = "" })},
		{"set_override.because", liveset.ErrInvalid, override(func(o *liveset.Override) { o.Because = long + long })},
		{"set_override.weight", liveset.ErrInvalid, override(func(o *liveset.Override) { o.Weight = new(math.NaN()) })},
		{"set_override.lifetime.for", liveset.ErrInvalid, override(func(o *liveset.Override) { o.Lifetime = liveset.For(-time.Nanosecond) })},
		{"set_override.lifetime.absent", liveset.ErrInvalid, override(func(o *liveset.Override) { o.Lifetime = liveset.WhileAbsent(241 * time.Hour) })},
		{"set_override", liveset.ErrInvalid, override(func(o *liveset.Override) { o.Enabled = nil })},
		{"clear_override.field.metadata", liveset.ErrInvalid, func() error {
			return registry.ClearOverride(0, orders, first, "ops", liveset.MetadataField("\xff"))
		}},
		{"remove.fence_for", liveset.ErrInvalid, func() error {
			return only(registry.Remove(0, liveset.Removal{Service: orders, Address: first, By: "ops", FenceFor: new(-time.Second)}))
		}},
		{"set_service.protect_threshold", liveset.ErrInvalid, settings(func(s *liveset.ServiceSettings) { s.ProtectThreshold = new(1.5) })},
		{"set_service.protect_threshold", liveset.ErrInvalid, settings(func(s *liveset.ServiceSettings) { s.ProtectThreshold = new(math.Inf(-1)) })},
		{"set_service.metadata.k", liveset.ErrInvalid, settings(func(s *liveset.ServiceSettings) { s.Metadata = map[string]string{"k": "\xff"} })},
		{"set_service.kind", liveset.ErrInvalid, settings(func(s *liveset.ServiceSettings) { s.Kind = "eternal" })},
		{"remove_service.service.name", liveset.ErrInvalid, func() error { return registry.RemoveService(0, liveset.Service("a b")) }},
		{"look.service.name", liveset.ErrInvalid, func() error { return registry.Look(0, liveset.Service("\xff")) }},
		{"now", liveset.ErrOutOfRange, func() error { return registry.Restart(-1) }},
		{"register.kind", liveset.ErrInvalid, with(func(r *liveset.Registration) { r.Kind = "\xff" })},
		{"register_batch.session", liveset.ErrInvalid, batch(func(b *liveset.BatchRegistration) { b.Session = 1 << 53 })},
		{"register_batch.members[1].address.host", liveset.ErrInvalid, batch(func(b *liveset.BatchRegistration) { b.Members[1].Address.Host = "\xff" })},
		{"members[1].address", liveset.ErrInvalid, batch(func(b *liveset.BatchRegistration) { b.Members[1] = b.Members[0] })},
		{"report_health.address", liveset.ErrInvalid, func() error {
			return only(registry.ReportHealth(0, liveset.HealthReport{Service: orders, Address: first}))
		}},
		{"deregister.kind", liveset.ErrInvalid, func() error {
			return only(registry.Deregister(0, liveset.Deregistration{Service: orders, Address: first, Source: "order-1", Kind: "eternal"}))
		}},
		{"service.service.name", liveset.ErrInvalid, func() error {
			_, _, err := registry.Service(liveset.ServiceKey{})
			return err
		}},
		{"instances.clusters[1]", liveset.ErrInvalid, func() error {
			return only(registry.QueryInstances(liveset.InstanceQuery{Service: orders, Reader: liveset.Operator, Clusters: []string{"a", "\xff"}}))
		}},
		{"open_session.name", liveset.ErrInvalid, func() error { return only(registry.OpenSession(0, "a\nb")) }},
		{"subscribe.subscriber", liveset.ErrInvalid, func() error { return only(registry.Subscribe(0, orders, "")) }},
		{"instances.reader", liveset.ErrInvalid, func() error { return only(registry.Instances(orders, "nobody")) }},
		{"explain.address.host", liveset.ErrInvalid, func() error { return only(registry.Explain(orders, liveset.Address{})) }},
		{"transitions.since", liveset.ErrInvalid, func() error { return only(registry.Ask([]byte(`{"transitions":{"since":-1}}`))) }},
	}
	before := digest(t, registry)
	for _, each := range cases {
		refused(t, each.call(), each.kind, each.field)
		if digest(t, registry) != before {
			t.Fatalf("%s: the digest moved", each.field)
		}
	}
}

func TestADamagedSnapshotIsRefusedAsAWhole(t *testing.T) {
	registry := open(t, liveset.Strict())
	register(t, registry, 0, claim)
	snapshot := must(registry.Snapshot())(t)
	for place := range snapshot {
		_, err := liveset.Restore(snapshot[:place])
		refused(t, err, liveset.ErrCorruptSnapshot, "")
		damaged := bytes.Clone(snapshot)
		damaged[place] ^= 0x10
		_, err = liveset.Restore(damaged)
		refused(t, err, liveset.ErrCorruptSnapshot, "")
	}
	_, err := liveset.Restore(append(bytes.Clone(snapshot), 0))
	refused(t, err, liveset.ErrCorruptSnapshot, "")
}

func TestASnapshotOfANewerVersionSaysSo(t *testing.T) {
	// A container without sections, as version 2 would begin: magic, version, count, and the checksum of these.
	newer := must(hex.DecodeString("4c495645534554000200000000000000756f334ee864392d"))(t)
	_, err := liveset.Restore(newer)
	refused(t, err, liveset.ErrNewerSnapshot, "")
}

func TestErrorsAreMatchedByTheirCode(t *testing.T) {
	registry := open(t, liveset.Strict())
	err := registry.Beat(0, 77)
	if !errors.Is(err, liveset.ErrUnknownLease) || errors.Is(err, liveset.ErrUnknownSession) {
		t.Fatal(err)
	}
	_, asked := registry.Apply(0, []byte(`{"beat":{"lease":77}}`))
	if asked.Error() != err.Error() {
		t.Fatalf("the two doors say %q and %q", asked, err)
	}
}
