package liveset_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/liveset/liveset/bindings/go"
	"github.com/liveset/liveset/bindings/go/internal/vectors"
)

func TestEveryVectorHolds(t *testing.T) {
	files := must(vectors.Files("../../core/vectors"))(t)
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			must(vectors.Replay(file))(t)
		})
	}
}

func TestTheReadmeShowsTheExampleThatRuns(t *testing.T) {
	readme := string(must(os.ReadFile("README.md"))(t))
	_, block, _ := strings.Cut(readme, "```go\n")
	block, _, _ = strings.Cut(block, "```")
	source := string(must(os.ReadFile("example_test.go"))(t))
	_, body, _ := strings.Cut(source, "func Example() {\n")
	body, _, _ = strings.Cut(body, "\n\t// Output:")
	// The example is indented once more, as the body of a function.
	shown := strings.ReplaceAll("\n"+body, "\n\t", "\n")[1:]
	if block == "" || strings.TrimSpace(block) != strings.TrimSpace(shown) {
		t.Fatalf("README.md shows\n%s\nand the example is\n%s", block, shown)
	}
}

func TestARegistrationNamesTheOtherSources(t *testing.T) {
	registry := open(t, liveset.Strict())
	one := register(t, registry, 0, claim)
	ghost := claim
	ghost.Source, ghost.Incarnation = "order-ghost", new(one.Incarnation)
	two := register(t, registry, 1000, ghost)
	if !one.Created || two.Created || !slices.Equal(two.OtherSources, []string{"order-1"}) {
		t.Fatalf("got %+v and %+v", one, two)
	}
	left := must(registry.Deregister(2000, liveset.Deregistration{Service: orders, Address: first, Source: "order-1"}))(t)
	if left.Withdrawn != 1 || !slices.Equal(left.Remaining, []string{"order-ghost"}) {
		t.Fatalf("got %+v", left)
	}
	if left = must(registry.DeregisterLease(3000, two.Lease))(t); left.Withdrawn != 1 || len(left.Remaining) != 0 {
		t.Fatalf("got %+v", left)
	}
}

func TestABeatByNameRegistersWhereThePolicySaysSo(t *testing.T) {
	registry := open(t, liveset.Preset("nacos_1_4"))
	beat := liveset.InstanceBeat{Service: orders, Address: first, Source: "order-1", Content: &liveset.Content{Weight: new(3.0)}}
	beaten := must(registry.BeatInstance(0, beat))(t)
	if beaten.Interval != 5*time.Second || beaten.Registered == nil || beaten.Registered.Lease != beaten.Lease {
		t.Fatalf("got %+v", beaten)
	}
	view := must(registry.Instances(orders, liveset.Operator))(t)
	if len(view.Instances) != 1 || view.Instances[0].Weight != 3 || view.Instances[0].Address.Host != first.Host {
		t.Fatalf("got %+v", view)
	}
	beat.Content = nil
	if beaten = must(registry.BeatInstance(1000, beat))(t); beaten.Registered != nil {
		t.Fatalf("got %+v", beaten)
	}
}

func TestTheEndOfASessionEndsItsLeases(t *testing.T) {
	registry := open(t, liveset.Strict())
	session := must(registry.OpenSession(0, "connection-1"))(t)
	overIt := claim
	overIt.Session = session
	register(t, registry, 0, overIt)
	if err := registry.TouchSession(1000, session); err != nil {
		t.Fatal(err)
	}
	if withdrawn := must(registry.CloseSession(2000, session))(t); withdrawn != 1 {
		t.Fatalf("%d leases ended", withdrawn)
	}
	refused(t, registry.TouchSession(3000, session), liveset.ErrUnknownSession, "")
}

func TestASilentSessionIsToBeProbed(t *testing.T) {
	registry := open(t, liveset.Strict())
	session := must(registry.OpenSession(0, "connection-1"))(t)
	if err := registry.Advance(liveset.At(21 * time.Second)); err != nil {
		t.Fatal(err)
	}
	notices := must(registry.Poll(1))(t)
	if !slices.Equal(notices, []liveset.Notice{{Kind: liveset.SessionProbe, Session: session}}) {
		t.Fatalf("got %+v", notices)
	}
}

func TestARemovedLifeIsFencedUntilAnOperatorLiftsIt(t *testing.T) {
	registry := open(t, liveset.Strict())
	register(t, registry, 0, claim)
	removal := liveset.Removal{Service: orders, Address: first, By: "ops", Because: "broken disk", FenceFor: new(time.Minute)}
	removed := must(registry.Remove(liveset.At(time.Second), removal))(t)
	if removed.Withdrawn != 1 || *removed.FencedUntil != liveset.At(61*time.Second) {
		t.Fatalf("got %+v", removed)
	}
	_, err := registry.Register(2000, claim)
	refused(t, err, liveset.ErrFenced, "")
	fenced := must(registry.Fenced())(t)
	explanation := must(registry.Explain(orders, first))(t)
	if len(fenced) != 1 || explanation.Fence == nil || explanation.Fence.Because != "broken disk" || explanation.Standing != liveset.Gone {
		t.Fatalf("got %+v and %+v", fenced, explanation)
	}
	if err := registry.LiftFence(3000, orders, first, "ops"); err != nil {
		t.Fatal(err)
	}
	register(t, registry, 4000, claim)
}

func TestAnOverrideIsRememberedAndClearedFieldByField(t *testing.T) {
	registry := open(t, liveset.Strict())
	decision := liveset.Override{
		Service: orders, Address: first, By: "console", Lifetime: liveset.WhileAbsent(time.Minute),
		Enabled: new(false), Weight: new(7.0), Metadata: map[string]string{"zone": "b"},
	}
	if err := registry.SetOverride(0, decision); err != nil {
		t.Fatal(err)
	}
	register(t, registry, 0, claim)
	fields := func() (fields []string) {
		for _, account := range must(registry.Explain(orders, first))(t).Overrides {
			if account.Lifetime != decision.Lifetime {
				t.Fatalf("got %v", account.Lifetime)
			}
			fields = append(fields, account.Field)
		}
		return fields
	}
	for _, field := range []liveset.OverrideField{liveset.EnabledField, liveset.MetadataField("zone")} {
		if err := registry.ClearOverride(0, orders, first, "console", field); err != nil {
			t.Fatal(err)
		}
	}
	if left := fields(); !slices.Equal(left, []string{"weight"}) {
		t.Fatalf("left is %v", left)
	}
	if err := registry.ClearOverride(0, orders, first, "console", liveset.OverrideField{}); err != nil {
		t.Fatal(err)
	}
	if left := must(registry.Overridden())(t); len(left) != 0 {
		t.Fatalf("left is %v", left)
	}
	refused(t, registry.ClearOverride(0, orders, first, "console", liveset.WeightField), liveset.ErrUnknownInstance, "")
}

func TestAProtectedServiceSaysSo(t *testing.T) {
	registry := open(t, liveset.Preset("nacos_1_4"))
	must(registry.SetService(0, liveset.ServiceSettings{Service: orders, ProtectThreshold: new(0.5)}))(t)
	register(t, registry, 0, claim)
	if err := registry.Advance(liveset.At(25 * time.Second)); err != nil {
		t.Fatal(err)
	}
	view := must(registry.Instances(orders, liveset.Consumer))(t)
	explanation := must(registry.Explain(orders, first))(t)
	if !view.Protected || !view.Instances[0].Healthy || explanation.Protection == nil || explanation.Protection.Threshold != 0.5 {
		t.Fatalf("got %+v and %+v", view, explanation.Protection)
	}
}

func TestTheJournalIsReadFromWhereTheReaderStopped(t *testing.T) {
	registry := open(t, liveset.Strict())
	lease := register(t, registry, 0, claim).Lease
	must(registry.DeregisterLease(1000, lease))(t)
	all := must(registry.Transitions(0))(t)
	if len(all) != 2 || all[0].Cause != liveset.CauseRegistered || all[1].Cause != liveset.CauseDeregistered || all[1].At != 1000 {
		t.Fatalf("got %+v", all)
	}
	if later := must(registry.Transitions(all[0].Sequence))(t); len(later) != 1 || later[0] != all[1] {
		t.Fatalf("got %+v", later)
	}
	counters := must(registry.Counters())(t)
	if counters.NewestTransition != 2 || counters.Services != 1 || counters.Instances != 0 {
		t.Fatalf("got %+v", counters)
	}
}

func TestARestoredRegistryIsTheSameRegistry(t *testing.T) {
	registry := open(t, liveset.Strict())
	lease := register(t, registry, 0, claim).Lease
	restored := must(liveset.Restore(must(registry.Snapshot())(t)))(t)
	defer restored.Close()
	for _, each := range []*liveset.Registry{registry, restored} {
		if err := each.Beat(liveset.At(time.Second), lease); err != nil {
			t.Fatal(err)
		}
		register(t, each, 2000, liveset.Registration{Service: orders, Address: second, Source: "order-2"})
	}
	if digest(t, registry) != digest(t, restored) {
		t.Fatal("the digests part")
	}
}

func TestADocumentLargerThanTheFirstBuffersPasses(t *testing.T) {
	registry := open(t, liveset.Strict())
	for port := range uint16(500) {
		each := claim
		each.Address.Port = port
		each.Content.Metadata = map[string]string{"key": strings.Repeat("v", 1000)}
		register(t, registry, 0, each)
	}
	if view := must(registry.Instances(orders, liveset.Operator))(t); len(view.Instances) != 500 {
		t.Fatalf("%d instances", len(view.Instances))
	}
	restored := must(liveset.Restore(must(registry.Snapshot())(t)))(t)
	defer restored.Close()
	if digest(t, registry) != digest(t, restored) {
		t.Fatal("the digests part")
	}
}

func TestAScenarioThatIsNoneIsAnError(t *testing.T) {
	_, err := liveset.Play([]byte("no scenario"))
	if found := new(liveset.Error); !errors.As(err, &found) || found.Code == 0 {
		t.Fatalf("got %v", err)
	}
}

func TestEveryScenarioPasses(t *testing.T) {
	files := must(filepath.Glob("../../core/scenarios/*/*.scenario"))(t)
	if len(files) == 0 {
		t.Fatal("there are no scenarios")
	}
	for _, file := range files {
		report := must(liveset.Play(must(os.ReadFile(file))(t)))(t)
		if !report.Passed || report.Title == "" {
			t.Errorf("%s: %s", file, report.Document)
		}
	}
}

func TestGoroutinesShareARegistry(t *testing.T) {
	registry := open(t, liveset.Strict())
	var group sync.WaitGroup
	for worker := range uint16(8) {
		group.Go(func() {
			mine := claim
			mine.Address.Port = worker
			lease := register(t, registry, 0, mine).Lease
			for step := range liveset.Instant(100) {
				if stale, err := registry.BeatMany(step, []liveset.LeaseID{lease}); err != nil || len(stale) > 0 {
					t.Errorf("stale %v, error %v", stale, err)
				}
				registry.NextDeadline()
				registry.Explain(orders, mine.Address)
			}
		})
	}
	group.Wait()
	if counters := must(registry.Counters())(t); counters.Instances != 8 {
		t.Fatalf("got %+v", counters)
	}
}

func TestManyRegistriesOpenAndCloseAndKnowNothingOfEachOther(t *testing.T) {
	var want uint64
	for round := range 300 {
		registry := must(liveset.Open(liveset.Strict()))(t)
		lease := register(t, registry, 0, claim).Lease
		if err := registry.Beat(1000, lease); err != nil {
			t.Fatal(err)
		}
		if found := digest(t, registry); round == 0 {
			want = found
		} else if found != want {
			t.Fatalf("round %d has digest %x, expected %x", round, found, want)
		}
		if err := registry.Close(); err != nil {
			t.Fatal(err)
		}
	}
}
