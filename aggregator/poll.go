package aggregator

import (
	"context"
	"time"

	"presence/aggregator/matrix"
	"presence/spaces"
)

// poller is where we are in the homeserver's stream and what comes next.
type poller struct {
	stage    stage
	due      time.Time
	busy     bool
	fails    int // in a row
	filterID string
	since    string // empty: begin afresh
	catchUp  bool   // ask for what there is, without waiting for more
	gap      bool   // the next response is the first after an outage
	soft     bool   // how the session ended, for stageSession
	refused  int    // answers in a row that refused the request itself
	idle     int    // answers in a row that came at once and told nothing
	message  string // what an operator should know; empty when all is well
}

// stage is what the poller has to do before it can poll.
type stage uint8

const (
	stageConnect stage = iota // find a session, upload the filter, load the rows
	stageFollow
	stageSession // the session ended: renew it
	stageFilter  // the filter was forgotten: upload it again
	stageStopped // only an operator helps
)

func (p *poller) waiting() bool { return !p.busy && p.stage != stageStopped }

// pollDue is when to poll next. A poll waits for a save that runs, so that what
// we ask with runs ahead of what is kept by no more than saveEvery; but not for
// long, or a slow database would look like a lost homeserver. The first one
// waits a moment for who is in VR, or the first counts would be without them.
func (t *term) pollDue() time.Time {
	if patience := t.saver.began.Add(savePatience); t.saver.busy && patience.After(t.poll.due) {
		return patience
	}
	if !t.visits.heard && t.visits.patience.After(t.poll.due) {
		return t.visits.patience
	}
	return t.poll.due
}

// startPoll starts what is due.
func (t *term) startPoll(ctx context.Context, now time.Time) {
	p := &t.poll
	if !p.waiting() || t.pollDue().After(now) {
		return
	}
	p.busy = true
	switch p.stage {
	case stageConnect:
		t.do(ctx, t.connect)
	case stageSession:
		t.do(ctx, t.renew(p.soft))
	case stageFilter:
		t.do(ctx, t.uploadFilter)
	case stageFollow, stageStopped: // the latter does not wait for anything
		t.do(ctx, t.follow(t.request(now)))
	}
}

// request is the next poll. After a gap longer than servers replay presence
// for, only an initial sync is complete.
func (t *term) request(now time.Time) matrix.SyncRequest {
	p := &t.poll
	if p.since != "" && now.Sub(t.sight.asOf) > resumeLimit {
		t.log.Info("beginning afresh", "why", "the last response is too old to resume from", "as_of", t.sight.asOf)
		p.since = ""
	}
	req := matrix.SyncRequest{Since: p.since, FilterID: p.filterID, Timeout: t.cfg.SyncTimeout}
	if p.catchUp || p.since == "" {
		req.Timeout = 0
	}
	return req
}

func (t *term) follow(req matrix.SyncRequest) func(context.Context) func(time.Time) {
	supported := t.support.words == "supported"
	return func(ctx context.Context) func(time.Time) {
		started := time.Now()
		response, err := t.client.Sync(ctx, req)
		took := time.Since(started)
		if err == nil && (supported || response.PresenceSeen) {
			t.client.FillPresence(ctx, response)
		}
		return func(now time.Time) {
			t.poll.busy = false
			if err != nil {
				t.pollFailed(now, err)
				return
			}
			t.applied(now, response)
			t.pace(now, req, response, took)
		}
	}
}

// applied puts a response into the tables.
func (t *term) applied(now time.Time, r *matrix.Response) {
	p := &t.poll
	r.Batch.Gap = p.gap || t.sight.state != spaces.SyncOK
	if r.PresenceSeen {
		t.presenceSeen(now)
	}
	t.engine.Apply(r.Batch)
	if t.sight.state != spaces.SyncOK {
		t.log.Info("the homeserver is heard", "was", t.sight.state, "bytes", r.Bytes, "initial", r.Batch.Initial)
		t.pulse.due = now
	}
	t.sight.seen(r.Batch.At)
	t.noteRooms(now, r)
	p.since, p.message = r.NextBatch, ""
	p.gap, p.catchUp = false, false
	if !r.Batch.Initial {
		p.refused = 0 // only now is a cursor accepted
	}
	if p.refused == 0 {
		p.fails = 0
	}
	t.saver.dirty = true
	t.metrics.response(r)
	t.metrics.applySeconds.Observe(time.Since(now).Seconds())
	if n := r.Dropped.Total(); n > 0 {
		t.log.Warn("parts of a sync response were not understood", "dropped", r.Dropped)
	}
}

// Limits of the tight-loop guard.
const (
	guardFirst   = 100 * time.Millisecond
	guardSame    = 5 * time.Second        // the token did not move: nothing is lost by waiting
	guardEmpty   = 500 * time.Millisecond // it moved past what we do not ask for, such as device lists
	guardInstant = time.Second
)

// pace says when to poll next: at once, unless a server answers at once
// without telling anything (matrix-org/synapse#5503).
func (t *term) pace(now time.Time, req matrix.SyncRequest, r *matrix.Response, took time.Duration) {
	p := &t.poll
	p.due = now
	same := r.NextBatch == req.Since
	if took >= guardInstant || req.Timeout == 0 && !same || !same && !r.Empty() {
		p.idle = 0
		return
	}
	p.idle++
	limit := guardEmpty
	if same {
		limit = guardSame
	}
	p.due = now.Add(min(guardFirst<<min(p.idle-1, 10), limit))
}
