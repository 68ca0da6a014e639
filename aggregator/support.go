package aggregator

import (
	"context"
	"time"
)

// support is what is known about the homeserver's presence.
type support struct {
	words string    // "supported", "disabled" or "unknown", as in the status
	seen  time.Time // when /sync last told of somebody not offline
}

// probe asks the homeserver at the start and every hour, since no flag says
// whether it has presence. Lately seen presence is answer enough: asking shows
// the daemon as away for a moment.
func (t *term) probe(one *task) func(context.Context) func(time.Time) {
	recent := time.Since(t.support.seen) < probeEvery
	return func(ctx context.Context) func(time.Time) {
		supported, err := true, error(nil)
		if !recent {
			supported, err = t.client.PresenceSupported(ctx)
		}
		return func(now time.Time) {
			if !t.ended(now, one, err) {
				return
			}
			t.errands.again(now.Add(probeEvery+jitter(probeEvery/10)), one)
			if supported || now.Sub(t.support.seen) > probeEvery {
				t.setSupport(now, supported)
			}
		}
	}
}

// presenceSeen: what arrives is proof, whatever the probe said.
func (t *term) presenceSeen(now time.Time) {
	t.support.seen = now
	t.setSupport(now, true)
}

func (t *term) setSupport(now time.Time, supported bool) {
	words := "disabled"
	if supported {
		words = "supported"
	}
	if words == t.support.words {
		return
	}
	t.log.Info("presence on the homeserver", "is", words, "was", t.support.words)
	if supported && t.support.words == "disabled" {
		// What was told while we thought it meaningless has to be told again.
		t.poll.since = ""
	}
	t.support.words = words
	t.engine.SetPresenceSupport(now, supported)
	t.pulse.due = now
}
