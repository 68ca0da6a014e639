package aggregator

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"presence/aggregator/matrix"
	"presence/aggregator/state"
	"presence/spaces"
)

// term is one leadership. Every field belongs to the goroutine of run; jobs
// reach them only through the inbox.
type term struct {
	cfg     Config
	store   Store
	bus     Bus
	client  *matrix.Client
	log     *slog.Logger
	metrics *metrics
	report  func(Health)
	epoch   uint64
	leaving func() bool // the whole program stops, as opposed to a lease that was lost

	inbox chan func(now time.Time)
	jobs  sync.WaitGroup

	engine  *state.Engine
	sight   sight
	poll    poller
	links   links
	visits  visits
	rooms   rooms
	errands errands
	saver   saver
	out     *outbox
	pulse   pulse
	support support
	over    bool // the rows were overtaken by another leader's
}

func newTerm(a *Aggregator, epoch uint64, leaving func() bool) *term {
	t := &term{
		cfg: a.cfg, store: a.store, bus: a.bus, client: a.client, metrics: a.metrics, report: a.setHealth,
		epoch: epoch, leaving: leaving,
		log:   a.log.With("epoch", epoch),
		inbox: make(chan func(time.Time)),
		rooms: newRooms(),

		visits: newVisits(),
		out:    newOutbox(a.cfg, epoch, a.metrics),

		errands: newErrands(),
		support: support{words: "unknown"},
	}
	t.engine = t.newEngine(a.cfg.Matrix.UserID)
	return t
}

func (t *term) newEngine(self string) *state.Engine {
	cfg := t.cfg.State
	cfg.Self = self
	return state.New(cfg)
}

// run is the loop: start whatever is due, sleep until the next moment or the
// end of a job. It returns when ctx ends, after the last words.
func (t *term) run(ctx context.Context) error {
	jobs, cancel := context.WithCancel(ctx)
	defer t.finish(ctx)
	defer t.jobs.Wait()
	defer cancel()

	t.begin(time.Now())
	t.watchVisits(jobs)
	timer := time.NewTimer(0)
	defer timer.Stop()
	for !t.over {
		select {
		case then := <-t.inbox:
			then(time.Now())
		case <-timer.C:
		case <-ctx.Done():
			return nil
		}
		timer.Reset(time.Until(t.act(jobs, time.Now())))
	}
	return nil
}

// do runs a job beside the loop. What it returns is run by the loop.
func (t *term) do(ctx context.Context, job func(context.Context) (then func(now time.Time))) {
	t.jobs.Go(func() {
		then := job(ctx)
		select {
		case t.inbox <- then:
		case <-ctx.Done():
		}
	})
}

// act starts everything that is due and returns when to look again.
func (t *term) act(ctx context.Context, now time.Time) time.Time {
	t.watchSight(now)
	t.forgetVisits(now)
	if at, ok := t.engine.NextTick(); ok && !at.After(now) {
		t.engine.Tick(now)
	}
	t.collect(now)
	t.startLinks(ctx, now)
	t.startErrands(ctx, now)
	t.startSave(ctx, now)
	t.startPoll(ctx, now)
	t.beat(now)
	t.startPublish(ctx, now)
	return t.wake(now)
}

// wake is the earliest moment at which time alone makes something due.
func (t *term) wake(now time.Time) time.Time {
	wake := now.Add(heartbeatEvery)
	tick, ticks := t.engine.NextTick()
	out, outs := t.out.next()
	worse, worsens := t.sight.next()
	forget, forgets := t.visits.forgetAt(t.cfg.RoomTTL)
	for _, m := range []struct {
		at   time.Time
		some bool
	}{
		{tick, ticks},
		{out, outs},
		{worse, worsens},
		{forget, forgets},
		{t.links.due, !t.links.busy},
		{t.errands.next(), t.errandsWait()},
		{t.saver.due, t.saveWaits()},
		{t.pollDue(), t.poll.waiting()},
		{t.pulse.due, true},
	} {
		if m.some && m.at.Before(wake) {
			wake = m.at
		}
	}
	return wake
}

// collect hands what changed in the tables to the throttle. While starting
// nothing but links is handed on: the values on the bus are as good as the
// restored ones, and the first response, or the loss of sight, names every
// room again.
func (t *term) collect(now time.Time) {
	changed := t.engine.TakeChanged()
	for _, slug := range changed.Links {
		t.out.link(slug, t.links.bySlug[slug])
	}
	for _, slug := range changed.Removed {
		t.out.unlink(now, slug)
	}
	if t.sight.state == spaces.SyncStarting {
		return
	}
	for _, slug := range changed.Rooms {
		value, known := t.engine.Room(slug)
		t.out.room(now, slug, value, known)
	}
	if changed.City {
		value, known := t.engine.City()
		t.out.city(now, value, known)
	}
	if t.cfg.PublishUsers {
		for _, userID := range changed.Users {
			value, known := t.engine.User(userID)
			t.out.user(now, userID, value, known)
		}
	}
}

// finish says the last words after the jobs have ended: what waits to be
// published, and what is not saved. Whoever lost the lease has none: the rows
// are the next leader's.
func (t *term) finish(ctx context.Context) {
	if !t.leaving() {
		return
	}
	// The term is over, and with it its context; these words are the exception.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), finishTimeout)
	defer cancel()
	t.lastWords(ctx, time.Now())
	t.lastSave(ctx)
}
