package liveset_test

import (
	"math/rand/v2"
	"testing"

	"github.com/liveset/liveset/bindings/go"
)

// mirror is what a subscriber knows of a service that it only ever reads as rows.
type mirror struct {
	revision uint64
	states   map[liveset.InstanceID]liveset.State
	full     int
}

// follow reads what changed after the mirror's revision.
func (m *mirror) follow(t *testing.T, registry *liveset.Registry, service liveset.ServiceID) {
	t.Helper()
	changes := must(registry.Changes(service, m.revision))(t)
	if changes.Full {
		m.full++
		clear(m.states)
	}
	for _, row := range changes.Rows {
		if row.State == 0 {
			delete(m.states, row.Instance)
		} else {
			m.states[row.Instance] = row.State
		}
	}
	m.revision = changes.Revision
}

func TestRowsAppliedInOrderGiveTheView(t *testing.T) {
	registry := open(t, liveset.Strict())
	subscribed := must(registry.Subscribe(0, orders, "gateway"))(t)
	known := mirror{states: map[liveset.InstanceID]liveset.State{}}
	random := rand.New(rand.NewPCG(1, 2))
	leases := map[uint16]liveset.LeaseID{}
	notices := 0
	for step := range 3000 {
		now := liveset.Instant(step * 700)
		port := uint16(random.IntN(12))
		each := claim
		each.Address.Port = port
		switch random.IntN(6) {
		case 0:
			leases[port] = register(t, registry, now, each).Lease
		case 1:
			registry.Deregister(now, liveset.Deregistration{Service: orders, Address: each.Address, Source: claim.Source})
		case 2:
			decision := liveset.Override{Service: orders, Address: each.Address, By: "ops", Enabled: new(random.IntN(2) == 0)}
			if err := registry.SetOverride(now, decision); err != nil {
				t.Fatal(err)
			}
		default:
			batch := make([]liveset.LeaseID, 0, len(leases))
			for _, lease := range leases {
				batch = append(batch, lease)
			}
			for _, stale := range must(registry.BeatMany(now, batch))(t) {
				for port, lease := range leases {
					if lease == stale {
						delete(leases, port)
					}
				}
			}
		}
		// A reader that looks now and then: sometimes it gets the difference, sometimes it is too far behind.
		if random.IntN(20) != 0 {
			continue
		}
		for _, notice := range must(registry.Poll(16))(t) {
			if notice.Kind != liveset.ServiceChanged || notice.Subscription != subscribed.Subscription {
				t.Fatalf("got %+v", notice)
			}
			notices++
			known.follow(t, registry, notice.Service)
			if known.revision != notice.Revision {
				t.Fatalf("the rows lead to revision %d, the notice to %d", known.revision, notice.Revision)
			}
		}
		sameAsView(t, registry, &known)
	}
	if notices < 20 || known.full == 0 || known.full == notices {
		t.Fatalf("%d notices, %d full lists: one of the ways was not taken", notices, known.full)
	}
}

func sameAsView(t *testing.T, registry *liveset.Registry, known *mirror) {
	t.Helper()
	view := must(registry.Instances(orders, liveset.Operator))(t)
	if len(view.Instances) != len(known.states) || view.Revision != known.revision {
		t.Fatalf("the view has %d instances at %d, the rows %d at %d", len(view.Instances), view.Revision, len(known.states), known.revision)
	}
	for _, instance := range view.Instances {
		state := known.states[instance.ID]
		if !state.Has(liveset.Present) || state.Has(liveset.Healthy) != instance.Healthy || state.Has(liveset.Enabled) != instance.Enabled {
			t.Fatalf("rows say %b of %+v", state, instance)
		}
		if name := must(registry.InstanceName(instance.ID))(t); name.Address != instance.Address {
			t.Fatalf("%d is %v, and %v in the view", instance.ID, name.Address, instance.Address)
		}
	}
}

func TestABatchOfAnySizeReturnsItsStaleLeasesInOrder(t *testing.T) {
	registry := open(t, liveset.Strict())
	lease := register(t, registry, 0, claim).Lease
	for _, size := range []int{0, 1, 1023, 1024, 1025, 100_000} {
		batch := make([]liveset.LeaseID, size)
		for place := range batch {
			batch[place] = liveset.LeaseID(place)
		}
		if size > 0 {
			batch[size/2] = lease
		}
		stale := must(registry.BeatMany(1000, batch))(t)
		if len(stale) != max(0, size-1) {
			t.Fatalf("%d of %d are stale", len(stale), size)
		}
		for place, id := range stale {
			if place >= size/2 {
				place++
			}
			if id != liveset.LeaseID(place) {
				t.Fatalf("stale[%d] of %d is %d", place, size, id)
			}
		}
	}
}
