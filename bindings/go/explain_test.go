package liveset_test

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/liveset/liveset/bindings/go"
)

// strictWith is the strict policy with members of its parts set: "expiry.brake", JSON.
func strictWith(t *testing.T, changes map[string]string) liveset.Policy {
	t.Helper()
	var policy map[string]any
	if err := json.Unmarshal(must(open(t, liveset.Strict()).Ask([]byte(`"policy"`)))(t), &policy); err != nil {
		t.Fatal(err)
	}
	for path, value := range changes {
		part, member, _ := strings.Cut(path, ".")
		policy[part].(map[string]any)[member] = json.RawMessage(value)
	}
	return liveset.PolicyDocument(must(json.Marshal(policy))(t))
}

func TestExplanationsSayWhichSilenceEndedAClaimAndWhatHoldsTheNextOneUp(t *testing.T) {
	registry := open(t, strictWith(t, map[string]string{"expiry.brake": `{"floor":0,"share":0,"pace":1,"of":"held","longest":null}`}))
	register(t, registry, 0, claim)
	other := claim
	other.Address.Host, other.Source = "10.0.0.2", "order-2"
	register(t, registry, 0, other)
	// A registry that hears nobody removes nobody.
	other.Address.Host, other.Source = "10.0.0.3", "order-3"
	for _, now := range []time.Duration{8 * time.Second, 16 * time.Second, 24 * time.Second} {
		register(t, registry, liveset.At(now), other)
	}
	if err := registry.Advance(liveset.At(30_500 * time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	gone := must(registry.Explain(orders, first))(t)
	if silence := gone.DecidedBy.Silence; silence == nil || silence.Since != 0 || silence.Asked != nil {
		t.Fatalf("got %+v", silence)
	}
	if last := gone.History[0]; last.Cause != liveset.CauseExpired || last.Silence == nil {
		t.Fatalf("got %+v", last)
	}
	other.Address.Host = "10.0.0.2"
	waits := must(registry.Explain(orders, other.Address))(t)
	want := liveset.BrakeAccount{Silent: 1, All: 2, Waiting: 1, Oldest: liveset.At(30 * time.Second)}
	if waits.Brake == nil || *waits.Brake != want || !waits.Leases[0].Watched || waits.Leases[0].Asked != nil {
		t.Fatalf("got %+v %+v", waits.Brake, waits.Leases)
	}
	for _, each := range []liveset.Explanation{gone, waits} {
		if unread := membersNobodyReads(each.Document, reflect.TypeOf(each)); len(unread) > 0 {
			t.Fatalf("nobody reads %v", unread)
		}
	}
}

func TestReportsOfOneObserverAreDoubtsWhereTwoMustAgree(t *testing.T) {
	registry := open(t, strictWith(t, map[string]string{"checks.observers": `2`, "checks.fall": `1`}))
	timed := store
	timed.Content = liveset.Content{Metadata: map[string]string{"preserved.heart.beat.timeout": "9000"}}
	register(t, registry, 0, timed)
	report := liveset.HealthReport{Service: stores, Address: first, By: "prober-1"}
	if !must(registry.ReportHealth(0, report))(t) {
		t.Fatal("one was enough")
	}
	why := must(registry.Explain(stores, first))(t)
	if !slices.Equal(why.DoubtedBy, []string{"prober-1"}) || !slices.Equal(why.Unheeded, []string{"preserved.heart.beat.timeout=9000"}) {
		t.Fatalf("got %v %v", why.DoubtedBy, why.Unheeded)
	}
	report.By = "prober-2"
	if must(registry.ReportHealth(0, report))(t) {
		t.Fatal("two were not enough")
	}
}

func TestSilenceWhileTheHostHeardNobodyIsExcused(t *testing.T) {
	registry := open(t, liveset.Strict())
	register(t, registry, 0, claim)
	from, now := liveset.At(5*time.Second), liveset.At(100*time.Second)
	if err := registry.Excuse(now, from); err != nil {
		t.Fatal(err)
	}
	why := must(registry.Explain(orders, first))(t)
	if why.Standing != liveset.Online || why.Gap == nil || *why.Gap != (liveset.Gap{From: from, Until: now}) {
		t.Fatalf("got %+v", why)
	}
	refused(t, registry.Excuse(now, now.Add(time.Second)), liveset.ErrInvalid, "excuse.from")
}

// membersNobodyReads lists members of a document for which a type has no field. Those with the tag "-" are read by hand.
func membersNobodyReads(document json.RawMessage, into reflect.Type) (unread []string) {
	for into.Kind() == reflect.Pointer {
		into = into.Elem()
	}
	var list []json.RawMessage
	if into.Kind() == reflect.Slice && json.Unmarshal(document, &list) == nil {
		for _, each := range list {
			unread = append(unread, membersNobodyReads(each, into.Elem())...)
		}
		return unread
	}
	var object map[string]json.RawMessage
	if into.Kind() != reflect.Struct || json.Unmarshal(document, &object) != nil {
		return nil
	}
	byHand := []string{"remedies", "age", "silence_allowed"}
	for name, member := range object {
		field, found := fieldNamed(into, name)
		switch {
		case found:
			unread = append(unread, membersNobodyReads(member, field)...)
		case !slices.Contains(byHand, name):
			unread = append(unread, name)
		}
	}
	return unread
}

func fieldNamed(in reflect.Type, name string) (reflect.Type, bool) {
	for field := range in.Fields() {
		if tag, _, _ := strings.Cut(field.Tag.Get("json"), ","); tag == name {
			return field.Type, true
		}
	}
	return nil, false
}
