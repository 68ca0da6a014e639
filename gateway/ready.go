package gateway

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"

	"presence/gateway/wire"
	"presence/spaces"
)

const (
	// checkTime bounds all checks together: node dashboards give up after
	// 500 ms themselves.
	checkTime = 450 * time.Millisecond
	// readyFor is how long an answer is repeated, so that /readyz, which is
	// open to everybody, cannot be used to keep the database busy.
	readyFor = 500 * time.Millisecond
)

// Check is one part that /readyz depends on. Check must return when its context
// ends; its error says in plain words what is missing.
type Check struct {
	Name  string
	Check func(context.Context) error
}

// readiness asks all checks at once. Guarded by mu, which is also held while
// the checks run, so that many askers cause one round.
type readiness struct {
	checks   []Check
	log      *slog.Logger
	loopback bool // only this machine reads the answer: errors are shown whole

	mu       sync.Mutex
	asked    time.Time
	results  []checkResult
	ready    bool
	stopping bool
}

type checkResult struct {
	Name   string `json:"name"`
	OK     bool   `json:"ok"`
	Millis int64  `json:"ms"`
	Error  string `json:"error,omitempty"`
}

func newReadiness(checks []Check, log *slog.Logger, loopback bool) *readiness {
	return &readiness{checks: checks, log: log, loopback: loopback}
}

// notReady is the one form of refusal with the detail of each part besides.
type notReady struct {
	*wire.Problem
	Checks []checkResult `json:"checks"`
}

func (c *readiness) serve(w http.ResponseWriter, r *http.Request) {
	results, ready := c.ask(r.Context())
	if ready {
		writeJSON(w, http.StatusOK, struct {
			Status string        `json:"status"`
			Checks []checkResult `json:"checks"`
		}{"ready", results})
		return
	}
	p := wire.PlainProblem(http.StatusServiceUnavailable, spaces.CodeUnavailable, "")
	var failed []string
	for _, result := range results {
		if !result.OK {
			failed = append(failed, result.Name+": "+result.Error)
			p.Errors = append(p.Errors, wire.ProblemDetail{Location: result.Name, Message: result.Error})
		}
	}
	p.Detail = "not ready: " + strings.Join(failed, "; ")
	p.Text = p.Detail
	w.Header().Set("Content-Type", wire.ProblemType)
	writeBody(w, http.StatusServiceUnavailable, notReady{p, results})
}

// stop makes every later answer "not ready", so that load balancers turn away
// before the listener closes.
func (c *readiness) stop() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.stopping, c.asked = true, time.Time{}
}

func (c *readiness) ask(ctx context.Context) ([]checkResult, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if time.Since(c.asked) < readyFor {
		return c.results, c.ready
	}
	results, ready := c.run(ctx)
	if c.stopping {
		results, ready = append(results, checkResult{Name: "process", Error: "stopping"}), false
	}
	if ready != c.ready || c.results == nil {
		c.logChange(ctx, ready, results)
	}
	c.results, c.ready, c.asked = results, ready, time.Now()
	return results, ready
}

// run asks every check and waits for all of them. The asker may leave; the
// answer is kept for others.
func (c *readiness) run(ctx context.Context) ([]checkResult, bool) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), checkTime)
	defer cancel()
	results := make([]checkResult, len(c.checks))
	var group sync.WaitGroup
	for i, check := range c.checks {
		group.Go(func() {
			begin := time.Now()
			err := check.Check(ctx)
			results[i] = checkResult{Name: check.Name, OK: err == nil, Millis: time.Since(begin).Milliseconds()}
			if err != nil {
				results[i].Error = c.describe(ctx, check.Name, err)
			}
		})
	}
	group.Wait()
	ready := true
	for _, result := range results {
		ready = ready && result.OK
	}
	return results, ready
}

// describe says why a part is not ready. The text of a library may hold host
// and user names, which are for the log and for this machine only.
func (c *readiness) describe(ctx context.Context, name string, err error) string {
	var shown *spaces.Error
	switch {
	case errors.As(err, &shown):
		return shown.Message
	case c.loopback:
		return err.Error()
	}
	c.log.WarnContext(ctx, "part does not answer", "check", name, "error", err)
	return "does not answer; the log says why"
}

func (c *readiness) logChange(ctx context.Context, ready bool, results []checkResult) {
	if ready {
		c.log.InfoContext(ctx, "ready")
		return
	}
	for _, result := range results {
		if !result.OK {
			c.log.WarnContext(ctx, "not ready", "check", result.Name, "reason", result.Error)
		}
	}
}
