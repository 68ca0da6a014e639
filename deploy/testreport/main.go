// Command testreport reads the output of `go test -json` and shows it as a
// person wants it: one line a package while it runs, the whole output of what
// failed, and a summary at the end.
//
// A skipped test is a failure here: a suite that skips says it proved what it
// did not.
package main

import (
	"fmt"
	"os"
)

func main() {
	r := newReport(os.Stdout)
	if err := r.read(os.Stdin); err != nil {
		fmt.Fprintln(os.Stderr, "testreport:", err)
		os.Exit(1)
	}
	if !r.close() {
		os.Exit(1)
	}
}
