package liveset_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/liveset/liveset/bindings/go"
)

// What stands where a value of each kind should.
var (
	badID      = []string{`-1`, `9007199254740992`, `1e999`, `1.5`, `"1"`, `null`, `true`, `{}`}
	badService = map[string][]string{
		"service": {`null`, `"orders"`, `7`}, "service.name": badText(1024), "service.group": badText(256), "service.namespace": badText(256),
	}
	badAddress = map[string][]string{
		"address": {`null`, `"10.0.0.1"`, `7`}, "address.host": badText(128), "address.cluster": badText(256),
		"address.port": {`-1`, `65536`, `1.5`, `"80"`, `null`},
	}
	badIncarnation = map[string][]string{"incarnation": {`-1`, `1.5`, `"1"`, `{}`}}
	badContent     = map[string][]string{
		"content": {`"a"`, `7`}, "content.weight": badWeight, "content.enabled": {`1`, `"true"`, `null`}, "content.metadata.k": {`1`, `null`, `{}`},
	}
	badKind     = []string{`"eternal"`, `""`, `7`, `{}`}
	badWeight   = []string{`-0.5`, `10000.5`, `"1"`, `{}`, `true`}
	badLifetime = map[string][]string{"lifetime": {`"forever"`, `7`, `{"since":1}`}, "lifetime.for": badSpan, "lifetime.absent": badSpan}
	badSpan     = []string{`-1`, `864000001`, `1.5`, `"1"`, `{}`}
)

func badText(longest int) []string {
	return []string{`""`, `"` + strings.Repeat("a", longest+1) + `"`, `"\u0000"`, `7`, `null`, `{}`}
}

// optionalText is badText where null is as good as nothing.
func optionalText(longest int) []string { return append(badText(longest)[:4], `{}`) }

func all(maps ...map[string][]string) map[string][]string {
	joined := map[string][]string{}
	for _, each := range maps {
		for path, values := range each {
			joined[path] = values
		}
	}
	return joined
}

const names = `"service":{"name":"orders"},"address":{"host":"10.0.0.1","port":8080}`

var commands = map[string]struct {
	good string
	bad  map[string][]string
}{
	"register": {`{` + names + `,"source":"order-1"}`, all(badService, badAddress, badIncarnation, badContent, map[string][]string{
		"source": badText(128), "session": badID[:5], "kind": append(badKind, `null`), "healthy": {`1`, `"true"`, `null`},
	})},
	"register_batch": {`{"service":{"name":"orders"},"source":"order-1","session":4294967296,"members":[]}`, all(badService, map[string][]string{
		"source": badText(128), "session": badID, "members": {`null`, `7`, `{}`},
	})},
	"report_health": {`{` + names + `,"healthy":true}`, all(badService, badAddress, map[string][]string{
		"healthy": {`1`, `"true"`, `null`}, "sure": {`1`, `null`}, "by": optionalText(128),
	})},
	"excuse":    {`{"from":0}`, map[string][]string{"from": badSpan}},
	"beat":      {`{"lease":4294967296}`, map[string][]string{"lease": badID}},
	"beat_many": {`{"leases":[4294967296]}`, map[string][]string{"leases": {`null`, `7`, `"a"`, `{}`}}},
	"beat_instance": {`{` + names + `,"source":"order-1"}`, all(badService, badAddress, badIncarnation, badContent, map[string][]string{
		"source": badText(128),
	})},
	"deregister": {`{` + names + `,"source":"order-1"}`, all(badService, badAddress, badIncarnation, map[string][]string{
		"source": badText(128), "session": badID[:5], "kind": badKind, "copied": {`1`, `null`},
	})},
	"watch":            {`{` + names + `,"watches":true}`, all(badService, badAddress, map[string][]string{"watches": {`1`, `null`}})},
	"deregister_lease": {`{"lease":4294967296}`, map[string][]string{"lease": badID}},
	"remove": {`{` + names + `,"by":"ops"}`, all(badService, badAddress, map[string][]string{
		"by": badText(128), "because": optionalText(256), "fence_for": badSpan,
	})},
	"lift_fence": {`{` + names + `,"by":"ops"}`, all(badService, badAddress, map[string][]string{"by": badText(128)})},
	"set_override": {`{` + names + `,"by":"ops","enabled":false}`, all(badService, badAddress, badLifetime, map[string][]string{
		"by": badText(128), "because": optionalText(256), "enabled": {`1`, `"no"`, `{}`}, "weight": badWeight, "metadata.k": {`1`, `null`}, "kind": badKind,
	})},
	"clear_override": {`{` + names + `,"by":"ops"}`, all(badService, badAddress, map[string][]string{
		"by": badText(128), "field": {`"port"`, `7`, `{"tag":"k"}`}, "field.metadata": {`7`, `null`},
	})},
	"set_service": {`{"service":{"name":"orders"}}`, all(badService, map[string][]string{
		"protect_threshold": {`-0.5`, `1.5`, `"1"`, `{}`}, "metadata": {`7`, `null`}, "metadata.k": {`1`, `null`}, "kind": badKind,
	})},
	"remove_service": {`{"service":{"name":"orders"}}`, badService},
	"look":           {`{"service":{"name":"orders"}}`, badService},
	"open_session":   {`{"name":"connection-1"}`, map[string][]string{"name": badText(128)}},
	"touch_session":  {`{"session":4294967296}`, map[string][]string{"session": badID}},
	"close_session":  {`{"session":4294967296}`, map[string][]string{"session": badID}},
	"subscribe":      {`{"service":{"name":"orders"},"subscriber":"gateway"}`, all(badService, map[string][]string{"subscriber": badText(128)})},
	"unsubscribe":    {`{"subscription":4294967296}`, map[string][]string{"subscription": badID}},
	"poll":           {`{"max":1}`, map[string][]string{"max": {`0`, `65537`, `-1`, `1.5`, `"1"`, `null`}}},
}

func TestEveryBadFieldOfEveryCommandIsRefusedByName(t *testing.T) {
	registry := open(t, liveset.Strict())
	register(t, registry, 0, claim)
	before := digest(t, registry)
	for command, each := range commands {
		t.Run(command, func(t *testing.T) {
			var fields map[string]any
			if err := json.Unmarshal([]byte(each.good), &fields); err != nil {
				t.Fatal(err)
			}
			for path, values := range all(each.bad, map[string][]string{"surplus": {`1`}}) {
				for _, value := range values {
					document := must(json.Marshal(map[string]any{command: with(fields, strings.Split(path, "."), json.RawMessage(value))}))(t)
					_, err := registry.Apply(0, document)
					if err == nil {
						t.Errorf("%s was accepted", document)
						continue
					}
					expectField(t, err, command+"."+path, document)
					if digest(t, registry) != before {
						t.Fatalf("%s moved the digest", document)
					}
				}
			}
		})
	}
}

// expectField wants an ErrInvalid about a field or about one inside it.
func expectField(t *testing.T, err error, field string, document []byte) {
	t.Helper()
	found, ok := err.(*liveset.Error)
	if !ok || found.Code != 100 {
		t.Errorf("%s gave %v", document, err)
	} else if found.Field != field && !strings.HasPrefix(found.Field, field+".") {
		t.Errorf("%s blames %q, expected %q", document, found.Field, field)
	} else if !strings.HasPrefix(found.Message, found.Field) {
		t.Errorf("%s has a message that does not name the field: %s", document, found.Message)
	}
}

// with copies an object with one member set, deep inside.
func with(object map[string]any, path []string, value any) map[string]any {
	copied := map[string]any{}
	for name, member := range object {
		copied[name] = member
	}
	if len(path) > 1 {
		inner, _ := object[path[0]].(map[string]any)
		value = with(inner, path[1:], value)
	}
	copied[path[0]] = value
	return copied
}

func TestWhatIsNoDocumentIsRefused(t *testing.T) {
	registry := open(t, liveset.Strict())
	register(t, registry, 0, claim)
	before := digest(t, registry)
	for _, document := range []string{
		``, ` `, `{`, `{"beat":`, `{"beat":{"lease":1}`, `{"beat":{"lease":NaN}}`, `{"beat":{"lease":1}} {}`, `"adv` + "\xff" + `ance"`,
		"\x00", strings.Repeat("[", 100000),
	} {
		_, err := registry.Apply(0, []byte(document))
		refused(t, err, liveset.ErrMalformed, "")
	}
	for _, document := range []string{`"retreat"`, `{"retreat":{}}`, `7`, `[]`, `null`} {
		_, err := registry.Apply(0, []byte(document))
		refused(t, err, liveset.ErrInvalid, "document")
		_, err = registry.Ask([]byte(document))
		refused(t, err, liveset.ErrInvalid, "document")
	}
	if digest(t, registry) != before {
		t.Fatal("the digest moved")
	}
}
