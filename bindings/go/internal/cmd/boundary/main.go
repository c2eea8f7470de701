// Command boundary measures what a beat costs through the engine that it was built with, in batches of 1024 that the host fills,
// beside a random store in Go: `boundary NAME SIZE...` prints a line of JSON for each size.
package main

import (
	"fmt"
	"log"
	"math/rand"
	"os"
	"slices"
	"strconv"
	"time"

	"github.com/liveset/liveset/bindings/go"
)

const (
	batchSize = 1024
	rounds    = 200
	beats     = 400_000
)

func main() {
	for _, word := range os.Args[2:] {
		size, err := strconv.Atoi(word)
		if err == nil {
			err = measure(os.Args[1], size)
		}
		if err != nil {
			log.Fatal(err)
		}
	}
}

func measure(name string, size int) error {
	registry, err := liveset.Open(liveset.Strict())
	if err != nil {
		return err
	}
	defer registry.Close()
	leases, slots, memory := make([]liveset.LeaseID, size), make([]uint32, size), make([]uint64, size)
	for number := range size {
		registered, err := registry.Register(0, liveset.Registration{
			Service: liveset.Service(fmt.Sprintf("service-%d", number/20)),
			Address: liveset.Address{Host: fmt.Sprintf("10.%d.%d.%d", number>>16, number>>8&255, number&255), Port: 8080},
			Source:  "client-1",
		})
		if err != nil {
			return err
		}
		leases[number], slots[number] = registered.Lease, uint32(number)
	}
	random := rand.New(rand.NewSource(1))
	random.Shuffle(size, func(a, b int) {
		leases[a], leases[b], slots[a], slots[b] = leases[b], leases[a], slots[b], slots[a]
	})

	turns := (beats + size - 1) / size
	units := float64(turns * size)
	batch := make([]liveset.LeaseID, batchSize)
	var now liveset.Instant
	var values, references, ratios []float64
	for round := range rounds {
		begin := time.Now()
		for range turns {
			now++
			for part := range slices.Chunk(leases, batchSize) {
				filled := batch[:copy(batch, part)]
				if stale, err := registry.BeatMany(now, filled); err != nil || len(stale) > 0 {
					return fmt.Errorf("%d stale leases: %w", len(stale), err)
				}
			}
		}
		beaten := time.Now()
		for turn := range turns {
			for _, slot := range slots {
				memory[slot] = uint64(turn)
			}
		}
		value, reference := float64(beaten.Sub(begin))/units, float64(time.Since(beaten))/units
		if round >= rounds/10 {
			values, references, ratios = append(values, value), append(references, reference), append(ratios, value/reference)
		}
	}
	for _, found := range [][]float64{values, references, ratios} {
		slices.Sort(found)
	}
	fmt.Printf(`{"name":%q,"size":%d,"value":%.4f,"unit":"ns","reference":%.4f,"ratio":%.4f}`+"\n",
		name, size, values[len(values)/4], references[len(values)/4], ratios[len(values)/2])
	return nil
}
