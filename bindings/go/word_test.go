package liveset

import (
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
)

// The header is generated from the core, so that this package's numbers are held to it and not to a copy.
func TestTheNumbersOfThisPackageAreThoseOfTheHeader(t *testing.T) {
	header, err := os.ReadFile("../c/include/liveset.h")
	if err != nil {
		t.Fatal(err)
	}
	named := map[string]uint32{}
	for _, found := range regexp.MustCompile(`LIVESET_(STATE|CAUSE|ERROR)_([A-Z_]+)(?: =)? \(?(?:1 << )?(\d+)`).FindAllStringSubmatch(string(header), -1) {
		value, _ := strconv.ParseUint(found[3], 10, 32)
		if strings.Contains(found[0], "1 << ") {
			value = 1 << value
		}
		named[found[1]+" "+strings.ToLower(found[2])] = uint32(value)
	}
	ours := map[string]uint32{
		"STATE present": uint32(Present), "STATE healthy": uint32(Healthy), "STATE enabled": uint32(Enabled),
		"STATE served": uint32(Served), "STATE overridden": uint32(Overridden), "STATE shared": uint32(Shared),
	}
	for cause, name := range causeNames {
		ours["CAUSE "+name] = uint32(cause)
	}
	for name, known := range map[string]error{
		"invalid": ErrInvalid, "malformed": ErrMalformed, "unknown_lease": ErrUnknownLease, "unknown_instance": ErrUnknownInstance,
		"unknown_service": ErrUnknownService, "unknown_session": ErrUnknownSession, "unknown_subscription": ErrUnknownSubscription,
		"fenced": ErrFenced, "stale": ErrStale, "not_owner": ErrNotOwner, "other_kind": ErrOtherKind, "not_empty": ErrNotEmpty, "limit_reached": ErrLimitReached,
		"corrupt_snapshot": ErrCorruptSnapshot, "newer_snapshot": ErrNewerSnapshot,
	} {
		ours["ERROR "+name] = uint32(known.(*Error).Code)
	}
	for name, value := range ours {
		if named[name] != value {
			t.Errorf("%s is %d here and %d in the header", name, value, named[name])
		}
	}
	for name, value := range named {
		if ours[name] != value {
			t.Errorf("%s is %d in the header and %d here", name, value, ours[name])
		}
	}
}

func TestSpansAreRoundedUpAndMomentsCutOff(t *testing.T) {
	for span, want := range map[time.Duration]string{0: "0", 1: "1", time.Millisecond: "1", 1500 * time.Microsecond: "2", -1: "-1"} {
		if document, err := json.Marshal(millis(span)); err != nil || string(document) != want {
			t.Errorf("%v is %s on the wire, expected %s (%v)", span, document, want, err)
		}
	}
	if now := At(1999 * time.Microsecond); now != 1 || now.Add(time.Second) != 1001 || Instant(1001).Sub(now) != time.Second {
		t.Errorf("got %v", now)
	}
	if text := fmt.Sprint(Instant(60_500), momentMax); text != "1m0.5s 9007199254740991ms" {
		t.Errorf("got %s", text)
	}
}

func TestEveryLifetimeReadsWhatItWrites(t *testing.T) {
	for _, lifetime := range []Lifetime{UntilCleared(), ThisIncarnation(), For(time.Minute), WhileAbsent(time.Hour)} {
		document, err := json.Marshal(lifetime)
		var read Lifetime
		if err != nil || json.Unmarshal(document, &read) != nil || read != lifetime {
			t.Errorf("%v is %s and reads as %v", lifetime, document, read)
		}
	}
}
