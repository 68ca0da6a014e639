package main

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// checkLimit is how long one check may take before it counts as failed.
const checkLimit = 15 * time.Second

// doctorCmd checks what the program leans on, each for itself, and says in
// plain words what to do. It makes the database if there is none, and sets the
// daemon's own presence and takes it back, to see whether the homeserver keeps
// it; nothing else is changed.
type doctorCmd struct{}

// errUnhealthy makes the exit code tell scripts what the text tells people.
var errUnhealthy = errors.New("something needs attention; see above")

// finding is the result of one check.
type finding struct {
	mark string
	what string // what was seen
	todo string // what to do about it; empty when nothing
}

const (
	markGood = "ok"
	markBad  = "FAIL"
	markSkip = "skip" // depends on something that failed
)

func good(format string, args ...any) finding {
	return finding{mark: markGood, what: fmt.Sprintf(format, args...)}
}

func bad(todo, format string, args ...any) finding {
	return finding{mark: markBad, what: fmt.Sprintf(format, args...), todo: todo}
}

func skip(needs string) finding {
	return finding{mark: markSkip, what: "not checked: make " + needs + " work first"}
}

// but adds advice to a finding that is good enough.
func (f finding) but(todo string) finding {
	f.todo = todo
	return f
}

// Run prints one finding a check.
func (c *doctorCmd) Run(ctx context.Context, e *env) error {
	d := &doctor{env: e}
	defer d.close()
	healthy := true
	for _, check := range []struct {
		name string
		run  func(context.Context) finding
	}{
		{"settings", d.settings},
		{"database", d.database},
		{"NATS", d.nats},
		{"homeserver", d.homeserver},
		{"clock", d.clock},
		{"token", d.token},
		{"presence", d.presence},
		{"links", d.readLinks},
		{"rooms", d.rooms},
	} {
		checkCtx, cancel := context.WithTimeout(ctx, checkLimit)
		f := check.run(checkCtx)
		cancel()
		healthy = healthy && f.mark != markBad
		if err := e.report(check.name, f); err != nil {
			return err
		}
	}
	if !healthy {
		return errUnhealthy
	}
	return e.say("\nAll is well. If the city does not run yet: presence serve\n")
}

func (e *env) report(name string, f finding) error {
	if err := e.say("%-4s  %-10s  %s\n", f.mark, name, f.what); err != nil || f.todo == "" {
		return err
	}
	return e.say("%-4s  %-10s  -> %s\n", "", "", f.todo)
}
