package liveset_test

import (
	"errors"
	"testing"

	"github.com/liveset/liveset/bindings/go"
)

var (
	orders  = liveset.Service("orders")
	first   = liveset.Address{Host: "10.0.0.1", Port: 8080}
	second  = liveset.Address{Host: "10.0.0.2", Port: 8080}
	claim   = liveset.Registration{Service: orders, Address: first, Source: "order-1"}
	nowhere = liveset.Address{Host: "10.9.9.9", Port: 1}
)

func open(t testing.TB, policy liveset.Policy) *liveset.Registry {
	t.Helper()
	registry, err := liveset.Open(policy)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { registry.Close() })
	return registry
}

func register(t testing.TB, registry *liveset.Registry, now liveset.Instant, claim liveset.Registration) liveset.Registered {
	t.Helper()
	return must(registry.Register(now, claim))(t)
}

// must returns a result, or ends the test.
func must[T any](value T, err error) func(testing.TB) T {
	return func(t testing.TB) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return value
	}
}

func digest(t testing.TB, registry *liveset.Registry) uint64 {
	t.Helper()
	return must(registry.Digest())(t)
}

// refused checks an error's kind and field.
func refused(t testing.TB, err, kind error, field string) {
	t.Helper()
	var found *liveset.Error
	if !errors.Is(err, kind) || !errors.As(err, &found) {
		t.Fatalf("got %v, expected %v", err, kind)
	}
	if found.Field != field || found.Message == "" {
		t.Fatalf("%v is about field %q, expected %q", err, found.Field, field)
	}
}
