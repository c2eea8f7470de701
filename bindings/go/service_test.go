package liveset_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/liveset/liveset/bindings/go"
)

var (
	stores = liveset.Service("stores")
	store  = liveset.Registration{Service: stores, Address: first, Source: "console", Kind: liveset.Persistent}
)

func TestAPersistentInstanceIsAsHealthyAsItsReportsSay(t *testing.T) {
	registry := open(t, liveset.Strict())
	service := register(t, registry, 0, store).Service
	now := liveset.At(10 * time.Minute)
	if err := registry.Advance(now); err != nil {
		t.Fatal(err)
	}
	view := must(registry.Instances(stores, liveset.Consumer))(t)
	if len(view.Instances) != 1 || view.Instances[0].Kind != liveset.Persistent || !view.Instances[0].Healthy {
		t.Fatalf("got %+v", view)
	}
	report := liveset.HealthReport{Service: stores, Address: first}
	for _, want := range []bool{true, true, false} {
		if healthy := must(registry.ReportHealth(now, report))(t); healthy != want {
			t.Fatalf("healthy is %v, expected %v", healthy, want)
		}
	}
	changes := must(registry.Changes(service, 0))(t)
	if last := changes.Rows[len(changes.Rows)-1]; last.Cause != liveset.CauseReportedDown || last.State.Has(liveset.Healthy) {
		t.Fatalf("got %+v", last)
	}
	why := must(registry.Explain(stores, first))(t)
	if why.Kind != liveset.Persistent || why.Standing != liveset.Unhealthy || why.DecidedBy.Rule != "health_report" {
		t.Fatalf("got %+v", why)
	}
	if lease := why.Leases[0]; lease.Kind != "persistent" || lease.SilenceAllowed != nil || lease.Waits {
		t.Fatalf("got %+v", lease)
	}
	report.Healthy, report.Sure = true, true
	if !must(registry.ReportHealth(now, report))(t) {
		t.Fatal("a sure report is not enough")
	}
}

func TestAnInstanceMayBeUnhealthyToBeginWith(t *testing.T) {
	registry := open(t, liveset.Strict())
	sick := store
	sick.Healthy = new(false)
	register(t, registry, 0, sick)
	if why := must(registry.Explain(stores, first))(t); why.Standing != liveset.Unhealthy {
		t.Fatalf("got %+v", why)
	}
}

func TestWhereBothKindsMayBeTheOneThatIsMeantIsNamed(t *testing.T) {
	registry := open(t, liveset.Preset("nacos_1_4"))
	ephemeral := store
	ephemeral.Source, ephemeral.Kind = "order-1", liveset.Ephemeral
	register(t, registry, 0, ephemeral)
	register(t, registry, 0, store)
	offline := liveset.Override{Service: stores, Address: first, Kind: liveset.Persistent, By: "ops", Enabled: new(false)}
	if err := registry.SetOverride(1000, offline); err != nil {
		t.Fatal(err)
	}
	view := must(registry.Instances(stores, liveset.Operator))(t).Instances
	if len(view) != 2 || view[0].Kind != liveset.Ephemeral || !view[0].Enabled || view[1].Enabled {
		t.Fatalf("got %+v", view)
	}
	gone := liveset.Deregistration{Service: stores, Address: first, Source: "console", Kind: liveset.Persistent}
	must(registry.Deregister(3000, gone))(t)
	if view = must(registry.Instances(stores, liveset.Operator))(t).Instances; len(view) != 1 || view[0].Kind != liveset.Ephemeral {
		t.Fatalf("got %+v", view)
	}
}

func TestABatchTakesThePlaceOfAllThatItsSessionHolds(t *testing.T) {
	registry := open(t, liveset.Strict())
	batch := liveset.BatchRegistration{Service: orders, Source: "order-1", Session: must(registry.OpenSession(0, "connection-1"))(t)}
	batch.Members = []liveset.BatchMember{{Address: first}, {Address: second, Content: liveset.Content{Weight: new(3.0)}}}
	done := must(registry.RegisterBatch(0, batch))(t)
	if len(done.Members) != 2 || !done.Members[1].Created || done.Withdrawn != 0 {
		t.Fatalf("got %+v", done)
	}
	batch.Members = batch.Members[1:]
	if done = must(registry.RegisterBatch(1000, batch))(t); done.Withdrawn != 1 || done.Members[0].Created {
		t.Fatalf("got %+v", done)
	}
	view := must(registry.Instances(orders, liveset.Consumer))(t).Instances
	if len(view) != 1 || view[0].Address.Host != second.Host || view[0].Weight != 3 {
		t.Fatalf("got %+v", view)
	}
	happened := must(registry.Transitions(0))(t)
	if !slices.ContainsFunc(happened, func(one liveset.Transition) bool { return one.Cause == liveset.CauseReplaced }) {
		t.Fatalf("got %+v", happened)
	}
	left := liveset.Deregistration{Service: orders, Address: second, Source: "order-1", Session: batch.Session}
	if done := must(registry.Deregister(2000, left))(t); done.Withdrawn != 1 {
		t.Fatalf("got %+v", done)
	}
	batch.Members = nil
	if done = must(registry.RegisterBatch(3000, batch))(t); len(done.Members) != 0 || done.Withdrawn != 0 {
		t.Fatalf("got %+v", done)
	}
}

func TestTheSettingsOfAServiceHoldAsAWhole(t *testing.T) {
	registry := open(t, liveset.Strict())
	if record, known, err := registry.Service(orders); known || err != nil {
		t.Fatalf("got %+v, %v", record, err)
	}
	settings := liveset.ServiceSettings{Service: orders, ProtectThreshold: new(0.5), Metadata: map[string]string{"team": "shop"}}
	must(registry.SetService(0, settings))(t)
	register(t, registry, 0, claim)
	record, known, err := registry.Service(orders)
	if err != nil || !known || !record.Known || record.Kind != liveset.Ephemeral || *record.ProtectThreshold != 0.5 ||
		record.Metadata["team"] != "shop" || !slices.Equal(record.Clusters, []string{"DEFAULT"}) || record.Instances != 1 || !record.Computed {
		t.Fatalf("got %+v, %v", record, err)
	}
	must(registry.SetService(1000, liveset.ServiceSettings{Service: orders}))(t)
	if record, _, _ = registry.Service(orders); record.ProtectThreshold != nil || len(record.Metadata) != 0 {
		t.Fatalf("got %+v", record)
	}
}

func TestAnEmptyServiceIsTakenAway(t *testing.T) {
	registry := open(t, liveset.Strict())
	must(registry.SetService(0, liveset.ServiceSettings{Service: stores, Kind: liveset.Persistent}))(t)
	if record, known, _ := registry.Service(stores); !known || record.Kind != liveset.Persistent {
		t.Fatalf("got %+v", record)
	}
	if err := registry.RemoveService(0, stores); err != nil {
		t.Fatal(err)
	}
	if services := must(registry.Services())(t); len(services) != 0 {
		t.Fatalf("left is %v", services)
	}
}

func TestAReaderWhoLooksHasTheFirstViewComputed(t *testing.T) {
	registry := open(t, liveset.Preset("nacos_2_5"))
	register(t, registry, 0, claim)
	seen := func() int { return len(must(registry.Instances(orders, liveset.Consumer))(t).Instances) }
	if record, _, _ := registry.Service(orders); record.Computed || seen() != 0 {
		t.Fatalf("got %+v and %d", record, seen())
	}
	if err := registry.Look(0, orders); err != nil {
		t.Fatal(err)
	}
	if record, _, _ := registry.Service(orders); !record.Computed || seen() != 1 {
		t.Fatalf("got %+v and %d", record, seen())
	}
}

func TestARestartLeavesWhatThePolicyKeeps(t *testing.T) {
	for preset, want := range map[string]liveset.Cause{"strict": liveset.CauseRegistered, "nacos_2_5": liveset.CauseRegistryRestarted} {
		registry := open(t, liveset.Preset(preset))
		register(t, registry, 0, store)
		register(t, registry, 0, claim)
		if err := registry.Restart(1000); err != nil {
			t.Fatal(err)
		}
		happened := must(registry.Transitions(0))(t)
		if last := happened[len(happened)-1]; last.Cause != want || last.Service.Name != "orders" {
			t.Fatalf("%s: got %+v", preset, last)
		}
		if record, _, _ := registry.Service(stores); record.Instances != 1 {
			t.Fatalf("%s: got %+v", preset, record)
		}
	}
}

func TestAReaderMayAskForSomeClustersAndForHealthyInstances(t *testing.T) {
	registry := open(t, liveset.Strict())
	leases := map[string]liveset.LeaseID{}
	for _, host := range []string{"blue-1", "green-1", "green-2"} {
		cluster, _, _ := strings.Cut(host, "-")
		each := liveset.Registration{Service: orders, Address: liveset.Address{Host: host, Port: 80, Cluster: cluster}, Source: host}
		leases[host] = register(t, registry, 0, each).Lease
	}
	if err := registry.Beat(liveset.At(14*time.Second), leases["green-2"]); err != nil {
		t.Fatal(err)
	}
	if err := registry.Advance(liveset.At(15 * time.Second)); err != nil {
		t.Fatal(err)
	}
	hosts := func(query liveset.InstanceQuery) (hosts []string) {
		query.Service, query.Reader = orders, liveset.Consumer
		for _, each := range must(registry.QueryInstances(query))(t).Instances {
			hosts = append(hosts, each.Address.Host)
		}
		return hosts
	}
	if found := hosts(liveset.InstanceQuery{Clusters: []string{"green"}}); !slices.Equal(found, []string{"green-1", "green-2"}) {
		t.Fatalf("got %v", found)
	}
	if found := hosts(liveset.InstanceQuery{HealthyOnly: true}); !slices.Equal(found, []string{"green-2"}) {
		t.Fatalf("got %v", found)
	}
}

func TestWhatWasNotWatchedAndWhatIsKeptIsTold(t *testing.T) {
	registry := open(t, strictWith(t, map[string]string{"expiry.gap_max": `1000`, "view.keep_last": `60000`}))
	register(t, registry, 0, claim)
	now := liveset.At(100 * time.Second)
	if err := registry.Advance(now); err != nil {
		t.Fatal(err)
	}
	gap := must(registry.Explain(orders, first))(t).Gap
	if gap == nil || *gap != (liveset.Gap{From: liveset.At(15 * time.Second), Until: now}) {
		t.Fatalf("got %+v", gap)
	}
	silent, _ := registry.NextDeadline()
	if err := registry.Advance(silent); err != nil {
		t.Fatal(err)
	}
	if view := must(registry.Instances(orders, liveset.Consumer))(t); view.KeptUntil == nil || *view.KeptUntil != silent.Add(time.Minute) {
		t.Fatalf("got %+v at %v", view, silent)
	}
}

func TestWhatReadersOwnLayersHoldIsToldBesideTheRegistrysView(t *testing.T) {
	registry := open(t, liveset.Strict())
	register(t, registry, 0, claim)
	must(registry.Subscribe(0, orders, "gateway"))(t)
	gone := liveset.At(7 * time.Second)
	must(registry.Deregister(gone, liveset.Deregistration{Service: orders, Address: first, Source: claim.Source}))(t)
	if counters := must(registry.Counters())(t); counters.Notices != 1 || counters.OldestNotice == nil || *counters.OldestNotice != gone {
		t.Fatalf("got %+v", counters)
	}
	if told := must(registry.Subscribers(orders))(t); len(told) != 1 || told[0].WaitingSince == nil || told[0].Told != 1 {
		t.Fatalf("got %+v", told)
	}
	taken := liveset.At(3 * time.Second)
	copied := liveset.CopyReport{Reader: "gateway", Layer: liveset.FrameworkLayer, Taken: &taken, Listed: true, Healthy: true}
	why := must(registry.Explain(orders, first, copied))(t)
	if why.Telling.Behind != 1 || len(why.Copies) != 1 || why.Copies[0].Agrees || why.Copies[0].Missed.Cause != liveset.CauseDeregistered {
		t.Fatalf("got %+v %+v", why.Telling, why.Copies)
	}
}

func TestSourcesThatDescribeOneInstanceInDifferentWaysAreToldApart(t *testing.T) {
	registry := open(t, liveset.Strict())
	proxy := claim
	proxy.Source = "proxy"
	proxy.Content = liveset.Content{Weight: new(2.0), Metadata: map[string]string{"v": "new"}}
	register(t, registry, 0, claim)
	register(t, registry, 1, proxy)
	differing := must(registry.Explain(claim.Service, claim.Address))(t).Differing
	if differing == nil || differing.Shared != "newest" || len(differing.Sources) != 2 {
		t.Fatalf("got %+v", differing)
	}
	first, last := differing.Sources[0], differing.Sources[1]
	if first.Source != claim.Source || *first.Content.Weight != 1 || first.Connection != nil {
		t.Fatalf("got %+v", first)
	}
	if last.Source != "proxy" || *last.Content.Weight != 2 || last.Content.Metadata["v"] != "new" {
		t.Fatalf("got %+v", last)
	}
}
