//go:build !liveset_cgo

package liveset

import (
	"context"
	"errors"
	"testing"
)

func TestARegistryWhoseEngineFailedCanOnlyBeClosed(t *testing.T) {
	registry, err := Open(Strict())
	if err != nil {
		t.Fatal(err)
	}
	// No input is known that makes the core trap. An instance that is taken away fails its next call in the same way.
	registry.engine.(*wasmEngine).module.Close(context.Background())
	_, asked := registry.Ask([]byte(`"counters"`))
	_, applied := registry.Apply(0, make([]byte, 100_000))
	for _, err := range []error{registry.Beat(0, 1), registry.Advance(0), asked, applied} {
		if !errors.Is(err, ErrPoisoned) {
			t.Errorf("got %v", err)
		}
	}
	if err := registry.Close(); err != nil {
		t.Errorf("it does not close: %v", err)
	}
	if err := registry.Close(); !errors.Is(err, ErrClosed) {
		t.Errorf("got %v", err)
	}
}
