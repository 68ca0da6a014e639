package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"
)

// raceFound begins the race detector's report, which may land in the output of
// a test that passes while another one fails for it.
const raceFound = "WARNING: DATA RACE"

// event is one line of `go test -json`; see `go doc test2json`.
type event struct {
	Action      string
	Package     string
	ImportPath  string // of build output
	Test        string
	Output      string
	Elapsed     float64 // seconds
	FailedBuild string
}

// report collects what happened. It belongs to one goroutine.
type report struct {
	out    io.Writer
	began  time.Time
	output map[string][]string // by package and test, until its end is known; by import path for builds

	packages, passed int
	failed, skipped  []string
}

func newReport(out io.Writer) *report {
	return &report{out: out, began: time.Now(), output: map[string][]string{}}
}

// read follows the stream to its end. A line that is not JSON, such as a word
// of the linker, is shown as it is.
func (r *report) read(in io.Reader) error {
	lines := bufio.NewReader(in)
	for {
		line, err := lines.ReadString('\n')
		var e event
		switch {
		case line == "":
		case json.Unmarshal([]byte(line), &e) != nil:
			fmt.Fprint(r.out, line)
		default:
			r.take(e)
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

func (r *report) take(e event) {
	key := e.Package + " " + e.Test
	switch e.Action {
	case "build-output":
		r.output[e.ImportPath] = append(r.output[e.ImportPath], e.Output)
	case "output":
		r.output[key] = append(r.output[key], e.Output)
	case "pass", "fail", "skip":
		if e.Test == "" {
			r.packageEnded(e, key)
		} else {
			r.testEnded(e, key)
		}
		delete(r.output, key)
	}
}

func (r *report) testEnded(e event, key string) {
	name := e.Package + " " + e.Test
	switch e.Action {
	case "pass":
		r.passed++
		if strings.Contains(strings.Join(r.output[key], ""), raceFound) {
			r.show(key)
		}
	case "fail":
		r.failed = append(r.failed, name)
		r.show(key)
	case "skip":
		r.skipped = append(r.skipped, name)
		r.show(key)
	}
}

func (r *report) packageEnded(e event, key string) {
	switch {
	case e.Action == "skip": // no test files
		return
	case e.Action == "fail" && e.FailedBuild != "":
		r.show(e.FailedBuild)
		r.failed = append(r.failed, e.Package+" does not build")
	case e.Action == "fail":
		// What belongs to no test: a panic, a leaked goroutine, the time limit.
		r.show(key)
		r.failed = append(r.failed, e.Package)
	}
	r.packages++
	word := map[string]string{"pass": "ok  ", "fail": "FAIL"}[e.Action]
	fmt.Fprintf(r.out, "%s  %6.1f s  %s\n", word, e.Elapsed, e.Package)
}

func (r *report) show(key string) {
	fmt.Fprint(r.out, strings.Join(r.output[key], ""))
}

// close prints the summary and reports whether everything passed.
func (r *report) close() bool {
	fmt.Fprintf(r.out, "\n%d packages in %s\n%d passed, %d failed, %d skipped\n",
		r.packages, time.Since(r.began).Round(time.Second), r.passed, len(r.failed), len(r.skipped))
	for _, name := range r.failed {
		fmt.Fprintln(r.out, "  failed:  "+name)
	}
	for _, name := range r.skipped {
		fmt.Fprintln(r.out, "  skipped: "+name+" (counts as failed)")
	}
	return r.packages > 0 && len(r.failed)+len(r.skipped) == 0
}
