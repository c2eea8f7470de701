package liveset_test

import (
	"errors"
	"fmt"
	"log"
	"time"

	"github.com/liveset/liveset/bindings/go"
)

// The loop of a host. A real one takes its moments from a clock: now := liveset.At(time.Since(start)).
func Example() {
	registry, err := liveset.Open(liveset.Strict())
	if err != nil {
		log.Fatal(err)
	}
	defer registry.Close()

	orders := liveset.Service("orders")
	address := liveset.Address{Host: "10.0.0.1", Port: 8080}
	subscribed, err := registry.Subscribe(liveset.At(0), orders, "gateway")
	if err != nil {
		log.Fatal(err)
	}
	registered, err := registry.Register(liveset.At(0), liveset.Registration{Service: orders, Address: address, Source: "order-1"})
	if err != nil {
		log.Fatal(err)
	}

	// The hot path: many leases, one call. What nobody holds any more comes back.
	stale, err := registry.BeatMany(liveset.At(5*time.Second), []liveset.LeaseID{registered.Lease})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("register again:", len(stale))

	// Sleep until the next deadline, then let everything happen that is due.
	deadline, pending := registry.NextDeadline()
	fmt.Println("next:", deadline, pending)
	if err := registry.Advance(liveset.At(20 * time.Second)); err != nil {
		log.Fatal(err)
	}

	// "This service moved; you have not looked yet."
	notices, err := registry.Poll(64)
	if err != nil {
		log.Fatal(err)
	}
	for _, notice := range notices {
		changes, err := registry.Changes(notice.Service, subscribed.Revision)
		if err != nil {
			log.Fatal(err)
		}
		for _, row := range changes.Rows {
			fmt.Println("changed:", row.Cause, "healthy:", row.State.Has(liveset.Healthy))
		}
	}

	explanation, err := registry.Explain(orders, address)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(explanation.Sentences[0])

	// Output:
	// register again: 0
	// next: 15s true
	// changed: silent healthy: false
	// unhealthy: no beat of order-1 for 15s; last at 5s, marked at 20s
}

// An operator's decision outlasts the provider's next registration, and the explanation names who decided.
func ExampleRegistry_SetOverride() {
	registry, err := liveset.Open(liveset.Strict())
	if err != nil {
		log.Fatal(err)
	}
	defer registry.Close()

	claim := liveset.Registration{
		Service: liveset.Service("orders"),
		Address: liveset.Address{Host: "10.0.0.1", Port: 8080},
		Source:  "order-1",
		Content: liveset.Content{Weight: new(2.5), Metadata: map[string]string{"zone": "a"}},
	}
	if _, err := registry.Register(liveset.At(0), claim); err != nil {
		log.Fatal(err)
	}
	offline := liveset.Override{
		Service: claim.Service, Address: claim.Address,
		By: "console", Because: "release 42", Enabled: new(false), Lifetime: liveset.For(time.Hour),
	}
	if err := registry.SetOverride(liveset.At(time.Second), offline); err != nil {
		log.Fatal(err)
	}
	if _, err := registry.Register(liveset.At(2*time.Second), claim); err != nil {
		log.Fatal(err)
	}

	explanation, err := registry.Explain(claim.Service, claim.Address)
	if err != nil {
		log.Fatal(err)
	}
	decided := explanation.Overrides[0]
	fmt.Println(explanation.Standing, "by", decided.By, decided.Lifetime)

	// Output:
	// offline by console for 1h0m0s
}

// A refusal says what to do: register again, or stop.
func ExampleError() {
	registry, err := liveset.Open(liveset.Strict())
	if err != nil {
		log.Fatal(err)
	}
	defer registry.Close()

	err = registry.Beat(liveset.At(0), 77)
	fmt.Println(errors.Is(err, liveset.ErrUnknownLease))

	_, err = registry.Register(liveset.At(0), liveset.Registration{
		Service: liveset.Service("orders"),
		Address: liveset.Address{Host: "10.0.0.1", Port: 8080},
		Source:  "order-1",
		Content: liveset.Content{Weight: new(-1.0)},
	})
	var refused *liveset.Error
	if errors.As(err, &refused) {
		fmt.Println(refused.Code, refused.Field)
	}

	// Output:
	// true
	// 100 register.content.weight
}

// A scenario is played with virtual time.
func ExamplePlay() {
	report, err := liveset.Play([]byte(`title    A silent instance is unhealthy after 15 seconds
policy   strict

0s       order-1   register  orders 10.0.0.1:8080
14s      expect    orders serves 10.0.0.1:8080
`))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(report.Title, "-", report.Passed)

	// Output:
	// A silent instance is unhealthy after 15 seconds - true
}
