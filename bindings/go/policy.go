package liveset

import "encoding/json"

// Policy is all rules and constants of a registry as plain data. The zero Policy is the strict one.
type Policy struct{ document []byte }

// Strict is the default policy, what operators asked for: no resurrection by beats, decisions that hold until they are cleared,
// exact times.
func Strict() Policy { return Preset("strict") }

// Preset is the policy of that name: "strict", or "nacos_1_4", "nacos_2_0", "nacos_2_1", "nacos_2_5" or "nacos_3_0", which do what
// those versions of Nacos did, surprises included. Open refuses a name that is none.
func Preset(name string) Policy {
	document, _ := json.Marshal(name) // a string always has a document
	return Policy{document}
}

// PolicyDocument is a policy given as a JSON object with all its fields. Open refuses what is out of bounds, naming the field. The
// question "policy" (see [Registry.Ask]) gives the document in force, to start from.
func PolicyDocument(document []byte) Policy { return Policy{document} }
