package aggregator

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"presence/aggregator/matrix"
	"presence/spaces"
	"presence/spaces/store"
)

// lockedRetry is how often a locked account is tried: an operator may unlock it.
const lockedRetry = 10 * time.Minute

// smallServer is how many people may be read again on a mere suspicion.
const smallServer = 500

// connected is what stageConnect found.
type connected struct {
	filterID string
	rows     store.SyncRows
	found    bool
	joined   []string
}

// connect finds a session, uploads the filter, loads the rows and asks which
// rooms the daemon is in.
func (t *term) connect(ctx context.Context) func(time.Time) {
	var c connected
	err := t.client.Connect(ctx)
	if err == nil {
		c.filterID, err = t.client.UploadFilter(ctx)
	}
	if err == nil {
		c.joined, err = t.client.JoinedRooms(ctx)
	}
	if err == nil {
		if c.rows, c.found, err = t.store.LoadSync(ctx, t.account()); err != nil {
			err = fmt.Errorf("%w: %w", errDatabase, err)
		}
	}
	return func(now time.Time) {
		t.poll.busy = false
		if err != nil {
			t.pollFailed(now, err)
			return
		}
		t.resume(now, c)
	}
}

// resume begins where the rows end. A cursor that was made with another filter
// is worth nothing, since servers do not apply a filter backwards.
func (t *term) resume(now time.Time, c connected) {
	t.engine = t.newEngine(t.client.UserID())
	t.engine.SetLinks(now, t.links.list)
	t.setVisits(now)
	if c.found {
		t.engine.Restore(c.rows.Cursor.SavedAt, engineRows(c.rows))
		t.engine.SetSync(now, t.sight.state, c.rows.Cursor.SavedAt)
		t.sight.asOf = c.rows.Cursor.SavedAt
		t.saver.last = c.rows.Cursor.NextBatch
	}
	p := &t.poll
	if c.found && c.rows.Cursor.FilterID == c.filterID {
		p.since = c.rows.Cursor.NextBatch
	}
	p.stage, p.filterID, p.due = stageFollow, c.filterID, now
	p.gap, p.catchUp, p.fails, p.message = true, true, 0, ""
	t.rooms.joinedAre(c.joined)
	t.wantRooms(now)
	t.errands.bring(now, errand{kind: errandProbe})
	t.log.Info("connected to the homeserver", "user", t.client.UserID(), "resuming", p.since != "", "rooms", len(c.joined))
}

// pollFailed decides what follows a failure.
func (t *term) pollFailed(now time.Time, err error) {
	p := &t.poll
	f := matrix.Classify(err)
	p.fails++
	p.message = words(f, err)
	p.catchUp = true
	p.due = now.Add(f.Wait(p.fails))
	t.metrics.syncErrors.Inc()
	switch f.Kind {
	case matrix.SoftLogout, matrix.LoggedOut:
		t.sessionEnded(now, f, err)
	case matrix.Locked:
		p.due = now.Add(lockedRetry)
	case matrix.Rejected, matrix.NotFound:
		t.refused(now)
	case matrix.Retry:
		// The answer may be lost although the server counts it as given, and
		// Dendrite does not say presence twice. Dendrite's servers are small.
		if p.stage == stageFollow && f.Status < http.StatusMultipleChoices && t.engine.Stats().Users <= smallServer {
			p.since = ""
		}
	case matrix.RateLimited, matrix.Forbidden:
	}
	t.log.Warn("sync failed", "error", err, "in_a_row", p.fails, "retry_in", p.due.Sub(now))
	t.pulse.due = now
}

// sessionEnded renews the session, or stops when there is nothing to renew it
// with: looping on a dead token is a known way to an outage.
func (t *term) sessionEnded(now time.Time, f matrix.Failure, err error) {
	p := &t.poll
	var own *spaces.Error
	switch {
	case p.stage == stageFollow || p.stage == stageFilter:
		p.stage, p.soft = stageSession, f.Kind == matrix.SoftLogout
		p.due = now
	case errors.As(err, &own):
		p.stage = stageStopped
		p.message = own.Message + "; " + own.Fix
	}
}

func (t *term) renew(soft bool) func(context.Context) func(time.Time) {
	return func(ctx context.Context) func(time.Time) {
		fresh, err := t.client.Renew(ctx, soft)
		return func(now time.Time) {
			p := &t.poll
			p.busy = false
			if err != nil {
				t.pollFailed(now, err)
				return
			}
			t.log.Info("the session is renewed", "begin_afresh", fresh)
			// A login ends typing as a gap does: what ended meanwhile is unseen.
			p.stage, p.due, p.gap, p.fails = stageFilter, now, true, 0
			if fresh {
				p.since = ""
			}
		}
	}
}

// refused reacts to a server that does not accept the request itself: first
// the filter may be forgotten, then the cursor. A server that goes on refusing
// the cursors it gives is a fault like any other and costs a back-off.
func (t *term) refused(now time.Time) {
	p := &t.poll
	if p.stage != stageFollow {
		return
	}
	p.refused++
	if p.refused == 1 {
		p.stage, p.due = stageFilter, now
		return
	}
	t.log.Info("beginning afresh", "why", "the homeserver does not accept the cursor")
	p.since = ""
	if p.refused == 2 {
		p.due = now
	}
}

func (t *term) uploadFilter(ctx context.Context) func(time.Time) {
	filterID, err := t.client.UploadFilter(ctx)
	return func(now time.Time) {
		t.poll.busy = false
		if err != nil {
			t.pollFailed(now, err)
			return
		}
		t.poll.stage, t.poll.filterID, t.poll.due = stageFollow, filterID, now
	}
}
