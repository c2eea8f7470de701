// Package vectors replays the vectors that every language shares, through the public API.
package vectors

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"

	"github.com/liveset/liveset/bindings/go"
)

// Files lists the vectors in a folder, by name.
func Files(folder string) ([]string, error) {
	files, err := filepath.Glob(filepath.Join(folder, "*.jsonl"))
	if err == nil && len(files) == 0 {
		err = fmt.Errorf("no vectors in %s", folder)
	}
	return files, err
}

type line struct {
	Now     liveset.Instant
	Command json.RawMessage
	Answer  json.RawMessage
	Digest  string
}

// Replay replays a file and returns its last digest. The first answer or digest that differs is an error that names the line.
func Replay(path string) (digest string, err error) {
	file, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer file.Close()
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 1<<30)

	if !lines.Scan() {
		return "", fmt.Errorf("%s: no header", path)
	}
	var header struct{ Policy json.RawMessage }
	if err := json.Unmarshal(lines.Bytes(), &header); err != nil {
		return "", fmt.Errorf("%s:1: %w", path, err)
	}
	registry, err := liveset.Open(liveset.PolicyDocument(header.Policy))
	if err != nil {
		return "", fmt.Errorf("%s:1: %w", path, err)
	}
	defer registry.Close()
	for number := 2; lines.Scan(); number++ {
		if digest, err = step(registry, lines.Bytes()); err != nil {
			return "", fmt.Errorf("%s:%d: %w", path, number, err)
		}
	}
	return digest, lines.Err()
}

func step(registry *liveset.Registry, text []byte) (string, error) {
	var step line
	if err := json.Unmarshal(text, &step); err != nil {
		return "", err
	}
	if err := do(registry, step); err != nil {
		return "", err
	}
	digest, err := registry.Digest()
	if err != nil {
		return "", err
	}
	if found := fmt.Sprintf("%016x", digest); found != step.Digest {
		return "", fmt.Errorf("digest %s after %s, expected %s", found, step.Command, step.Digest)
	}
	return step.Digest, nil
}

// do does a line's command by the call of its own where there is one for its lane, and compares what that call returns.
func do(registry *liveset.Registry, step line) error {
	if string(step.Command) == `"advance"` {
		return same(step, registry.Advance(step.Now))
	}
	var command struct {
		Beat     *struct{ Lease liveset.LeaseID }
		BeatMany *struct{ Leases []liveset.LeaseID } `json:"beat_many"`
	}
	if err := json.Unmarshal(step.Command, &command); err != nil && step.Command[0] == '{' {
		return err
	}
	switch {
	case command.Beat != nil:
		return same(step, registry.Beat(step.Now, command.Beat.Lease))
	case command.BeatMany != nil:
		stale, err := registry.BeatMany(step.Now, command.BeatMany.Leases)
		if err != nil {
			return same(step, err)
		}
		return sameStale(step, stale)
	}
	outcome, err := registry.Apply(step.Now, step.Command)
	found := map[string]any{"ok": outcome}
	if err != nil {
		found = map[string]any{"error": documentOf(err)}
	}
	return sameDocument(step, found)
}

// same compares success or the error's code, which is all that a call without a document returns.
func same(step line, err error) error {
	var answer struct{ Error struct{ Code int } }
	if err := json.Unmarshal(step.Answer, &answer); err != nil {
		return err
	}
	found := 0
	if refused := new(liveset.Error); errors.As(err, &refused) {
		found = refused.Code
	} else if err != nil {
		return err
	}
	if found != answer.Error.Code {
		return fmt.Errorf("%s gave code %d, expected %s", step.Command, found, step.Answer)
	}
	return nil
}

func sameStale(step line, stale []liveset.LeaseID) error {
	if stale == nil {
		stale = []liveset.LeaseID{}
	}
	return sameDocument(step, map[string]any{"ok": map[string]any{"beaten_many": map[string]any{"stale": stale}}})
}

func documentOf(err error) map[string]any {
	refused := new(liveset.Error)
	if !errors.As(err, &refused) {
		return map[string]any{"message": err.Error()}
	}
	document := map[string]any{"code": refused.Code, "message": refused.Message}
	if refused.Field != "" {
		document["field"] = refused.Field
	}
	return document
}

// sameDocument compares as JSON values, numbers digit by digit.
func sameDocument(step line, found any) error {
	text, err := json.Marshal(found)
	if err != nil {
		return err
	}
	var values [2]any
	for place, document := range []string{string(text), string(step.Answer)} {
		decoder := json.NewDecoder(strings.NewReader(document))
		decoder.UseNumber()
		if err := decoder.Decode(&values[place]); err != nil {
			return err
		}
	}
	if !reflect.DeepEqual(values[0], values[1]) {
		return fmt.Errorf("%s gave %s, expected %s", step.Command, text, step.Answer)
	}
	return nil
}
