// Command replay replays the vectors in a folder and prints a line for each file: its name and its last digest.
package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/liveset/liveset/bindings/go/internal/vectors"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: replay FOLDER")
		os.Exit(2)
	}
	files, err := vectors.Files(os.Args[1])
	for _, file := range files {
		var digest string
		if digest, err = vectors.Replay(file); err != nil {
			break
		}
		fmt.Println(filepath.Base(file), digest)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
