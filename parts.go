package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"
)

// stopTimeout bounds an orderly stop; a second signal ends the process at once.
const stopTimeout = 10 * time.Second

// part is one long-running piece of the program.
type part struct {
	name string
	run  func(context.Context) error // blocks until its context ends
}

// runParts starts the parts in order and stops them in the reverse order, each
// awaited before the one it leans on is stopped: the gateway's sockets close
// while the bus still works. It returns when ctx ends or a part fails, with
// the first failure.
func runParts(ctx context.Context, log *slog.Logger, parts []part) error {
	type ended struct {
		index int
		err   error
	}
	ends := make(chan ended, len(parts))
	cancels := make([]context.CancelFunc, len(parts))
	done := make([]chan struct{}, len(parts))
	for i, p := range parts {
		// Not ctx: its end must reach the parts in order, not all at once.
		partCtx, cancel := context.WithCancel(context.WithoutCancel(ctx))
		cancels[i], done[i] = cancel, make(chan struct{})
		go func() {
			defer close(done[i])
			ends <- ended{i, p.run(partCtx)}
		}()
	}

	var failure error
	select {
	case <-ctx.Done():
		log.Info("stopping")
	case e := <-ends:
		failure = partError(parts[e.index].name, e.err)
		log.Error("a part ended; stopping", "part", parts[e.index].name, "error", failure)
	}

	deadline := time.NewTimer(stopTimeout)
	defer deadline.Stop()
	for i := len(parts) - 1; i >= 0; i-- {
		cancels[i]()
		select {
		case <-done[i]:
		case <-deadline.C:
			return errors.Join(failure, fmt.Errorf("%s did not stop within %s", parts[i].name, stopTimeout))
		}
	}
	close(ends)
	for e := range ends {
		if e.err != nil && !errors.Is(e.err, context.Canceled) {
			failure = errors.Join(failure, fmt.Errorf("%s: %w", parts[e.index].name, e.err))
		}
	}
	return failure
}

func partError(name string, err error) error {
	if err == nil {
		return fmt.Errorf("%s ended although nobody asked it to", name)
	}
	return fmt.Errorf("%s: %w", name, err)
}
