package liveset

import (
	"encoding/json"
	"fmt"
	"time"
)

// Instant is a moment: milliseconds since a zero that the host chose once and keeps, from 0 to 2^53 - 1. Any monotonic clock will
// do:
//
//	start := time.Now()
//	now := liveset.At(time.Since(start))
//
// A registry's time never goes backwards: an earlier moment counts as the latest one it was handed.
type Instant int64

const (
	idMax     = 1<<53 - 1
	momentMax = Instant(idMax)
)

// At is the moment that lies elapsed after the host's zero. Parts of a millisecond are cut off.
func At(elapsed time.Duration) Instant { return Instant(elapsed / time.Millisecond) }

// Add returns the moment d later, parts of a millisecond cut off.
func (t Instant) Add(d time.Duration) Instant { return t + Instant(d/time.Millisecond) }

// Sub returns how much later t is than earlier.
func (t Instant) Sub(earlier Instant) time.Duration {
	return time.Duration(t-earlier) * time.Millisecond
}

// String returns the moment as time since the host's zero, as in "1m0.5s".
func (t Instant) String() string {
	if t > Instant(maxDuration/time.Millisecond) {
		return fmt.Sprintf("%dms", int64(t))
	}
	return t.Sub(0).String()
}

const maxDuration = time.Duration(1<<63 - 1)

func checkMoment(now Instant) error {
	if now >= 0 && now <= momentMax {
		return nil
	}
	const expected = "expected a moment from 0 to 9007199254740991 ms"
	return &Error{Code: codeOutOfRange, Message: fmt.Sprintf("now: %d; %s", int64(now), expected), Field: "now"}
}

// checkID refuses what no id can be; below 2^53 a wrong id just finds nothing.
func checkID[T ~uint64](field string, id T) error {
	if id <= idMax {
		return nil
	}
	return invalid(field, fmt.Sprintf("%d; expected a number from 0 to 9007199254740991", uint64(id)))
}

// millis is a span on the wire, where it is a number of milliseconds.
type millis time.Duration

// MarshalJSON rounds up, so that nothing a host asks to last ends before its time. Negative spans are the core's to refuse.
func (d millis) MarshalJSON() ([]byte, error) {
	whole, rest := time.Duration(d)/time.Millisecond, time.Duration(d)%time.Millisecond
	switch {
	case rest > 0:
		whole++
	case rest < 0:
		whole--
	}
	return json.Marshal(int64(whole))
}

func (d *millis) UnmarshalJSON(document []byte) error {
	var count int64
	if err := json.Unmarshal(document, &count); err != nil {
		return err
	}
	*d = millis(time.Duration(count) * time.Millisecond)
	return nil
}
