package bus

import (
	"context"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/nats-io/nuid"

	"presence/spaces"
)

// SessionWatcher is told who is in which space, on every gateway, by
// [Bus.WatchSessions], from one goroutine. A watcher that takes long delays its
// own changes and nobody else's.
type SessionWatcher interface {
	// SessionsReset replaces everything. It comes first, and again whenever
	// continuity was in doubt. Gateways are those alive, with sessions or
	// without.
	SessionsReset(sessions []spaces.Session, gateways []string)
	// SessionsChanged brings what changed since. A session in entered that is
	// inside already has changed (its avatar, its voice) and replaces what was
	// known of it. No session is in both.
	SessionsChanged(entered, left []spaces.Session)
	// GatewayGone says that a gateway has stopped, or was silent for so long
	// that it counts as dead. What it had inside has left just before.
	GatewayGone(gateway string)
	// SessionsBlind says that nothing has been heard since then; the last
	// picture stays until the next SessionsReset.
	SessionsBlind(since time.Time)
}

// WatchSessions tells w who is in which space until ctx ends: first everybody,
// then every change. It heals by itself, as [Bus.WatchCity] does. It returns
// nil when ctx ends.
//
// A gateway is dead after GatewayTTL without a sign of life. While nothing at
// all can be heard nobody is judged, and after an outage every gateway gets
// time to come back: what it had inside stays until it has said everything
// anew, or is dead.
func (b *Bus) WatchSessions(ctx context.Context, w SessionWatcher) error {
	watch := &sessionWatch{
		sight:  sight{bus: b, what: "sessions", lost: w.SessionsBlind},
		to:     w,
		name:   "sessions_" + nuid.Next(),
		roster: newRoster(b.cfg.GatewayTTL),
	}
	watch.keep(ctx, watch.follow)
	return nil
}

// sessionWatch is one WatchSessions call. It belongs to that call's goroutine.
type sessionWatch struct {
	sight
	to     SessionWatcher
	name   string
	roster *roster
}

// follow reads one feed until it breaks.
func (w *sessionWatch) follow(ctx context.Context) error {
	f, err := opened(ctx, w.open)
	if err != nil {
		return err
	}
	defer f.close(ctx)
	take := func(m jetstream.Msg) error { return w.take(f, m) }
	w.roster.begin()
	if err := f.snapshot(ctx, take); err != nil {
		return err
	}
	w.roster.resume(time.Now())
	w.see()
	w.roster.flush()
	w.to.SessionsReset(w.roster.sessions(), w.roster.alive())
	w.measure()
	return w.live(ctx, f, take)
}

func (w *sessionWatch) open(ctx context.Context) (*feed, error) {
	if _, err := sessionStream.again(ctx, w.bus.reader); err != nil {
		return nil, err
	}
	return openFeed(ctx, w.bus.reader, sessionStreamName, sessionStream.subjects, w.name, w.bus.log)
}

// live passes changes on until the feed breaks.
func (w *sessionWatch) live(ctx context.Context, f *feed, take func(jetstream.Msg) error) error {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		var err error
		select {
		case m := <-f.msgs:
			err = f.ready(m, take)
		case err = <-f.errs:
		case <-timer.C:
			if len(f.msgs) == 0 { // a sign of life may have arrived while we were busy
				w.roster.bury(time.Now())
			}
		case <-ctx.Done():
			err = context.Cause(ctx)
		}
		w.tell()
		if err != nil {
			return err
		}
		timer.Reset(w.roster.nextDeath(time.Now()))
	}
}

func (w *sessionWatch) take(f *feed, m jetstream.Msg) error {
	if _, err := f.advance(m); err != nil {
		return err
	}
	news, ok, err := decodeSession(m.Subject(), m.Headers(), m.Data())
	if err != nil {
		w.bus.metrics.malformed.Inc()
		w.bus.log.Debug("dropped a malformed message", "subject", m.Subject(), "err", err)
		return nil
	}
	if !ok {
		return nil
	}
	return w.roster.apply(news, time.Now())
}

// tell passes on what has changed since the last time.
func (w *sessionWatch) tell() {
	entered, left, gone := w.roster.flush()
	if len(entered)+len(left) > 0 {
		w.to.SessionsChanged(entered, left)
	}
	for _, id := range gone {
		w.to.GatewayGone(id)
	}
	w.measure()
}

func (w *sessionWatch) measure() {
	m := w.bus.metrics
	for state, n := range w.roster.count() {
		m.sessions.WithLabelValues(state).Set(float64(n.sessions))
		m.gateways.WithLabelValues(state).Set(float64(n.gateways))
	}
}
