package liveset

import (
	"encoding/json"
	"errors"
)

// Report is what came of a scenario.
type Report struct {
	// Title is the scenario's.
	Title string `json:"title"`
	// Passed is whether every expectation held.
	Passed bool `json:"passed"`
	// Document is the whole report as the core wrote it: with the timeline, every expectation and every explanation.
	Document json.RawMessage `json:"-"`
}

// Play plays a scenario in a world of its own, with virtual time: timed steps by named actors, and expectations. A text that is no
// scenario is an error; expectations that do not hold are not, they are what the report is for.
func Play(scenario []byte) (Report, error) {
	played, code := play(scenario)
	document, err := readAnswer(played, code)
	if err != nil {
		return Report{}, err
	}
	if len(document) == 0 {
		return Report{}, errors.New("liveset: the engine played nothing")
	}
	report := Report{Document: document}
	return report, json.Unmarshal(document, &report)
}
