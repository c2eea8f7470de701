// Command peers measures a renewal in peers from the Go world, in turns with a beat of liveset in a batch of 1024 (by cgo):
// `peers SIZE...` prints a line of JSON for each peer, on one thread and on two.
package main

import (
	"fmt"
	"log"
	"math/rand"
	"os"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/liveset/liveset/bindings/go"
	"go.etcd.io/etcd/server/v3/lease"
	"go.etcd.io/etcd/server/v3/storage/backend"
	"go.uber.org/zap"
)

const (
	batchSize = 1024
	rounds    = 20
	ttl       = 15
)

// A peer renews entry number of those it was made with, from several threads.
type peer struct {
	name  string
	renew func(number int) error
	end   func()
}

func main() {
	for _, word := range os.Args[1:] {
		size, err := strconv.Atoi(word)
		if err == nil {
			err = measure(size)
		}
		if err != nil {
			log.Fatal(err)
		}
	}
}

func measure(size int) error {
	registry, leases, err := registered(size)
	if err != nil {
		return err
	}
	defer registry.Close()
	order := rand.New(rand.NewSource(1)).Perm(size)
	beating := make([]liveset.LeaseID, size)
	for place, number := range order {
		beating[place] = leases[number]
	}
	for _, made := range []func(int) (peer, error){etcd, goMap, sessionTimers} {
		peer, err := made(size)
		if err != nil {
			return err
		}
		for threads := 1; threads <= 2; threads++ {
			if err := compare(peer, threads, order, registry, beating); err != nil {
				return err
			}
		}
		peer.end()
	}
	return nil
}

// compare measures the two in turns. On two threads each renews half, and liveset's registry is under its own lock.
func compare(peer peer, threads int, order []int, registry *liveset.Registry, beating []liveset.LeaseID) error {
	var values, references, ratios []float64
	now := registryNow
	for round := range rounds {
		value, err := timed(threads, len(order), func(from, to int) error {
			for _, number := range order[from:to] {
				if err := peer.renew(number); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
		now++
		reference, err := timed(threads, len(order), func(from, to int) error {
			for batch := range slices.Chunk(beating[from:to], batchSize) {
				if stale, err := registry.BeatMany(now, batch); err != nil || len(stale) > 0 {
					return fmt.Errorf("%d stale: %w", len(stale), err)
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
		if round > 1 {
			values, references, ratios = append(values, value), append(references, reference), append(ratios, value/reference)
		}
	}
	registryNow = now
	for _, found := range [][]float64{values, references, ratios} {
		slices.Sort(found)
	}
	name := "peer: " + peer.name
	if threads > 1 {
		name += ", 2 threads"
	}
	fmt.Printf(`{"name":%q,"size":%d,"value":%.4f,"unit":"ns","reference":%.4f,"ratio":%.4f}`+"\n",
		name, len(order), values[len(values)/4], references[len(values)/4], ratios[len(values)/2])
	return nil
}

var registryNow liveset.Instant

func registered(size int) (*liveset.Registry, []liveset.LeaseID, error) {
	registry, err := liveset.Open(liveset.Strict())
	if err != nil {
		return nil, nil, err
	}
	registryNow = 0
	leases := make([]liveset.LeaseID, size)
	for number := range leases {
		found, err := registry.Register(0, liveset.Registration{
			Service: liveset.Service(fmt.Sprintf("service-%d", number/20)),
			Address: liveset.Address{Host: fmt.Sprintf("10.%d.%d.%d", number>>16, number>>8&255, number&255), Port: 8080},
			Source:  "client-1",
		})
		if err != nil {
			return nil, nil, err
		}
		leases[number] = found.Lease
	}
	return registry, leases, nil
}

// etcd is the lessor of an etcd server, with its database and without Raft, gRPC and the network.
func etcd(size int) (peer, error) {
	folder, err := os.MkdirTemp("", "lessor")
	if err != nil {
		return peer{}, err
	}
	database := backend.NewDefaultBackend(zap.NewNop(), folder+"/db")
	lessor := lease.NewLessor(zap.NewNop(), database, nil, lease.LessorConfig{MinLeaseTTL: ttl})
	lessor.Promote(0)
	for number := range size {
		if _, err := lessor.Grant(lease.LeaseID(number+1), 3600); err != nil {
			return peer{}, err
		}
	}
	return peer{
		name:  "etcd lessor.Renew",
		renew: func(number int) error { _, err := lessor.Renew(lease.LeaseID(number + 1)); return err },
		end:   func() { lessor.Stop(); database.Close(); os.RemoveAll(folder) },
	}, nil
}

// goMap is the floor: a lock, a map from a text, a store.
func goMap(size int) (peer, error) {
	keys, deadlines := keysOf(size), make(map[string]*int64, size)
	for _, key := range keys {
		deadlines[key] = new(int64)
	}
	var lock sync.Mutex
	var now int64
	return peer{
		name: "Go map",
		renew: func(number int) error {
			lock.Lock()
			now++
			*deadlines[keys[number]] = now + ttl
			lock.Unlock()
			return nil
		},
		end: func() {},
	}, nil
}

// sessionTimers is the floor of whoever keeps a timer for each: Go's own timers, reset at every sign of life.
func sessionTimers(size int) (peer, error) {
	timers := make([]*time.Timer, size)
	for number := range timers {
		timers[number] = time.AfterFunc(time.Hour, func() {})
	}
	return peer{
		name:  "Go time.Timer.Reset",
		renew: func(number int) error { timers[number].Reset(time.Hour); return nil },
		end: func() {
			for _, timer := range timers {
				timer.Stop()
			}
		},
	}, nil
}

func keysOf(size int) []string {
	keys := make([]string, size)
	for number := range keys {
		host := fmt.Sprintf("10.%d.%d.%d", number>>16, number>>8&255, number&255)
		keys[number] = fmt.Sprintf("public#DEFAULT_GROUP#service-%d#%s:8080", number/20, host)
	}
	return keys
}

// timed is the time of work on all, in ns each, with every thread doing its share.
func timed(threads, size int, work func(from, to int) error) (float64, error) {
	failed := make([]error, threads)
	var all sync.WaitGroup
	begin := time.Now()
	for thread := range threads {
		all.Go(func() { failed[thread] = work(thread*size/threads, (thread+1)*size/threads) })
	}
	all.Wait()
	took := float64(time.Since(begin)) / float64(size)
	for _, err := range failed {
		if err != nil {
			return 0, err
		}
	}
	return took, nil
}
