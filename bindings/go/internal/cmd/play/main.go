// Command play plays scenario files and prints the report document of each on a line of its own.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"

	"github.com/liveset/liveset/bindings/go"
)

func main() {
	for _, file := range os.Args[1:] {
		report, err := play(file)
		if err != nil {
			fmt.Fprintf(os.Stderr, "%s: %v\n", file, err)
			os.Exit(1)
		}
		fmt.Println(report)
	}
}

// play returns a report as the core writes it, which is on one line; a text that is no scenario has a report that says so.
func play(file string) (string, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return "", err
	}
	report, err := liveset.Play(text)
	if refused := new(liveset.Error); errors.As(err, &refused) {
		document, err := json.Marshal(map[string]*liveset.Error{"error": refused})
		return string(document), err
	}
	return `{"ok":` + string(report.Document) + "}", err
}
