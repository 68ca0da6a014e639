package aggregator

import (
	"context"
	"time"

	"presence/aggregator/matrix"
	"presence/aggregator/state"
	"presence/spaces"
	"presence/spaces/store"
)

// saver keeps the rows and the cursor in SQL, one transaction at a time.
type saver struct {
	dirty bool // the tables changed since the last save began
	busy  bool
	began time.Time
	fails int
	due   time.Time // not before
	last  string    // the cursor saved last, which the next save builds upon
}

// saveWaits reports whether there is something to save: a cursor, and tables
// that changed with it.
func (t *term) saveWaits() bool { return t.saver.dirty && !t.saver.busy && t.poll.since != "" }

// startSave saves what changed. Rows and cursor are taken at the same moment,
// so they belong together.
func (t *term) startSave(ctx context.Context, now time.Time) {
	s := &t.saver
	if !t.saveWaits() || s.due.After(now) {
		return
	}
	s.busy, s.dirty, s.began = true, false, now
	rows := t.takeRows()
	account := t.account()
	t.do(ctx, func(ctx context.Context) func(time.Time) {
		timed, cancel := context.WithTimeout(ctx, saveTimeout)
		defer cancel()
		err := t.store.SaveSync(timed, account, rows)
		return func(now time.Time) { t.saved(now, rows.Cursor.NextBatch, err) }
	})
}

// account names our rows. It is known once connected.
func (t *term) account() string { return account(t.client.UserID(), t.cfg.Matrix.Homeserver) }

func (t *term) saved(now time.Time, nextBatch string, err error) {
	s := &t.saver
	s.busy = false
	switch {
	case err == nil:
		s.last, s.fails, s.due = nextBatch, 0, now.Add(saveEvery)
	case spaces.ErrorCode(err) == spaces.CodeConflict:
		t.log.Error("another aggregator has saved its rows; giving up the lease", "error", err)
		t.over = true
	default:
		// What those rows held is nowhere now; the next save is a whole one.
		t.engine.ResetRows()
		s.fails++
		s.dirty, s.due = true, now.Add(matrix.Backoff(s.fails))
		t.metrics.saveErrors.Inc()
		t.log.Warn("saving the sync position failed", "error", err, "retry_in", s.due.Sub(now))
	}
}

// takeRows is what changed in the tables, with the cursor it belongs to.
func (t *term) takeRows() store.SyncRows {
	rows := t.engine.TakeRows()
	return store.SyncRows{
		Cursor:  store.Cursor{NextBatch: t.poll.since, FilterID: t.poll.filterID, SavedAt: t.sight.asOf, Since: t.saver.last},
		Reset:   rows.Reset,
		Members: storeMembers(rows.Members),
		Gone:    storeMembers(rows.Gone),
		People:  rows.People,
		Rooms:   rows.Rooms,
	}
}

// lastSave keeps what a save in flight or a failed one did not.
func (t *term) lastSave(ctx context.Context) {
	s := &t.saver
	if !s.dirty && !s.busy || t.poll.since == "" {
		return
	}
	if s.busy {
		// Nobody heard how it ended, so it may not have happened.
		t.engine.ResetRows()
	}
	if err := t.store.SaveSync(ctx, t.account(), t.takeRows()); err != nil {
		t.log.Warn("the last save failed; the next start resumes from the one before", "error", err)
	}
}

func storeMembers(members []state.Member) []store.SyncMember {
	list := make([]store.SyncMember, len(members))
	for i, m := range members {
		list[i] = store.SyncMember(m)
	}
	return list
}

// engineRows is the rows as the tables know them.
func engineRows(rows store.SyncRows) state.Rows {
	members := make([]state.Member, len(rows.Members))
	for i, m := range rows.Members {
		members[i] = state.Member(m)
	}
	return state.Rows{Members: members, People: rows.People, Rooms: rows.Rooms}
}
