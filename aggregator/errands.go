package aggregator

import (
	"context"
	"math/rand/v2"
	"time"

	"presence/aggregator/matrix"
	"presence/aggregator/state"
	"presence/spaces"
)

const (
	// errandsAtOnce: a join of a remote room may take minutes and must not hold
	// up the others; more than a few would trip rate limits.
	errandsAtOnce = 3
	// forbiddenFirst and forbiddenMax bound the wait before asking again for
	// what a moderator or a closed door refused.
	forbiddenFirst = 30 * time.Second
	forbiddenMax   = 15 * time.Minute
	// joinSettles is how long /sync may take to show a room after its join.
	joinSettles = time.Minute
)

// errandsWait reports whether an errand may start when its time comes.
func (t *term) errandsWait() bool {
	return t.poll.stage == stageFollow && len(t.errands.queue) > 0 && t.errands.running < errandsAtOnce
}

func (t *term) startErrands(ctx context.Context, now time.Time) {
	for t.errandsWait() {
		one := t.errands.take(now)
		if one == nil {
			return
		}
		if !t.wanted(one) {
			t.errands.done(one)
			t.finished(one)
			continue
		}
		t.do(ctx, t.errand(one))
	}
}

// wanted reports whether the links still ask for an errand.
func (t *term) wanted(one *task) bool {
	switch one.kind {
	case errandJoin, errandMembers:
		_, wanted := t.rooms.wanted[one.target]
		return wanted
	case errandResolve:
		link, linked := t.links.bySlug[one.slug]
		return linked && link.RoomID == "" && link.Alias == one.target
	case errandMove:
		return t.rooms.moves[one.target].slug == one.slug
	default:
		return true
	}
}

// errand is the job of one errand: what to ask, and what to do with the answer.
func (t *term) errand(one *task) func(context.Context) func(time.Time) {
	switch one.kind {
	case errandProbe:
		return t.probe(one)
	case errandResolve:
		return t.resolve(one)
	case errandJoin:
		return t.join(one)
	case errandMove:
		return t.moveLink(one)
	default:
		return t.members(one)
	}
}

// ended sorts out an errand's failure. It reports whether the errand succeeded
// and its result is still wanted.
func (t *term) ended(now time.Time, one *task, err error) bool {
	if !t.errands.done(one) {
		return false
	}
	if err == nil {
		one.fails = 0
		return true
	}
	one.fails++
	f := matrix.Classify(err)
	wait := f.Wait(one.fails)
	switch f.Kind {
	case matrix.RateLimited:
		// The limit is the account's, not the room's.
		t.errands.paused = now.Add(wait)
	case matrix.Forbidden, matrix.NotFound, matrix.Rejected:
		wait = forbiddenWait(one.fails)
	case matrix.Retry, matrix.SoftLogout, matrix.LoggedOut, matrix.Locked:
		// What ails the session or the server the poll finds out, and mends.
	}
	t.log.Warn("an errand failed", "error", err, "retry_in", wait)
	t.errands.again(now.Add(wait), one)
	return false
}

func (t *term) finished(one *task) { delete(t.errands.tasks, one.errand) }

func (t *term) join(one *task) func(context.Context) func(time.Time) {
	roomID, alias := one.target, t.rooms.wanted[one.target]
	return func(ctx context.Context) func(time.Time) {
		err := t.client.Join(ctx, roomID, alias)
		return func(now time.Time) {
			if err != nil {
				t.metrics.joinErrors.Inc()
			}
			if !t.ended(now, one, err) {
				return
			}
			t.metrics.joins.Inc()
			t.finished(one)
			// /sync shows the room with all its members; should it not, ask.
			t.errands.add(now.Add(joinSettles), errand{kind: errandMembers, target: roomID})
		}
	}
}

// resolve finds the room behind an alias and records it with the link, where
// the next reading of the links finds it.
func (t *term) resolve(one *task) func(context.Context) func(time.Time) {
	return func(ctx context.Context) func(time.Time) {
		roomID, err := t.client.ResolveAlias(ctx, one.target)
		if err == nil {
			err = t.setLinkRoom(ctx, one.slug, roomID)
		}
		return func(now time.Time) {
			if t.ended(now, one, err) {
				t.finished(one)
				t.links.due = now
			}
		}
	}
}

func (t *term) moveLink(one *task) func(context.Context) func(time.Time) {
	return func(ctx context.Context) func(time.Time) {
		err := t.setLinkRoom(ctx, one.slug, one.target)
		return func(now time.Time) {
			if t.ended(now, one, err) {
				t.finished(one)
				delete(t.rooms.moves, one.target)
				t.links.due = now
			}
		}
	}
}

// setLinkRoom records a room. A link that is gone, or a room that another link
// has, is nothing to try again: the links decide.
func (t *term) setLinkRoom(ctx context.Context, slug spaces.Slug, roomID string) error {
	err := t.store.SetLinkRoom(ctx, slug, roomID)
	if code := spaces.ErrorCode(err); code == spaces.CodeNotFound || code == spaces.CodeConflict {
		t.log.Warn("the room of a link was not recorded", "slug", slug, "room", roomID, "error", err)
		return nil
	}
	return err
}

// members compares a room with the homeserver's list. The list is used unless
// a response that came after it was asked for has told of the same room: then
// it is asked for again, since either may be the newer one.
func (t *term) members(one *task) func(context.Context) func(time.Time) {
	roomID, asked := one.target, t.rooms.batches
	return func(ctx context.Context) func(time.Time) {
		joined, err := t.client.JoinedMembers(ctx, roomID)
		return func(now time.Time) {
			if err != nil && matrix.Classify(err).Kind == matrix.Forbidden {
				t.errands.done(one)
				t.finished(one)
				t.notIn(now, roomID)
				return
			}
			if !t.ended(now, one, err) {
				return
			}
			if t.sight.state != spaces.SyncOK || t.rooms.newerThan(roomID, asked) {
				t.errands.again(now.Add(time.Second), one)
				return
			}
			t.reconcile(now, roomID, joined)
			t.errands.again(now.Add(reconcileAfter()), one)
		}
	}
}

func (t *term) reconcile(now time.Time, roomID string, joined []string) {
	corrections := t.engine.Reconcile(now, roomID, joined)
	t.saver.dirty = true
	t.arrived(now, roomID)
	if corrections > 0 {
		t.metrics.corrections.Add(float64(corrections))
		t.log.Warn("members were wrong and are corrected", "room", roomID, "corrections", corrections)
	}
}

// notIn: the homeserver does not list members to those outside, so the daemon
// is out of the room although no response said so.
func (t *term) notIn(now time.Time, roomID string) {
	if t.rooms.joined[roomID] && t.sight.state == spaces.SyncOK {
		t.engine.Apply(state.Batch{At: now, Rooms: []state.RoomFacts{{RoomID: roomID, Left: true}}})
		t.saver.dirty = true
	}
	t.fellOut(now, roomID)
}

// reconcileAfter spreads the rooms, so that their lists are asked for one by one.
func reconcileAfter() time.Duration { return reconcileMin + jitter(reconcileMax-reconcileMin) }

// forbiddenWait doubles from half a minute to a quarter of an hour, with
// jitter over its upper half.
func forbiddenWait(n int) time.Duration {
	bound := min(forbiddenFirst<<min(max(n, 1), 10), forbiddenMax)
	return bound/2 + jitter(bound/2)
}

func jitter(d time.Duration) time.Duration {
	return time.Duration(rand.Int64N(int64(d))) //nolint:gosec // spreading load, not a secret
}
