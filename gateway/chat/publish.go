package chat

import (
	"context"
	"time"

	"presence/spaces/bus"
	"presence/spaces/store"
)

const (
	publishTogether = 256
	// markEvery is how often acknowledged events leave the outbox: a write to
	// the database, which on SQLite waits for its turn with everybody else.
	markEvery = 100 * time.Millisecond
	// sweepAge is when an event in the outbox counts as forgotten. Publishing
	// one that was not is harmless.
	sweepEvery = 2 * time.Second
	sweepAge   = 3 * time.Second
)

// publish passes on what this gateway committed. What fails stays in the
// outbox.
func (s *Service) publish(ctx context.Context) {
	mark := time.NewTicker(markEvery)
	defer mark.Stop()
	var acknowledged []bus.HistoryEvent
	for {
		select {
		case e := <-s.outgoing:
			acknowledged = append(acknowledged, s.send(ctx, s.gather(e))...)
			if len(acknowledged) < publishTogether {
				continue
			}
		case <-mark.C:
		case <-ctx.Done():
			return
		}
		if s.mark(ctx, acknowledged) {
			acknowledged = nil
		}
	}
}

// gather adds what waits already.
func (s *Service) gather(first bus.HistoryEvent) []bus.HistoryEvent {
	events := []bus.HistoryEvent{first}
	for len(events) < publishTogether {
		select {
		case e := <-s.outgoing:
			events = append(events, e)
		default:
			return events
		}
	}
	return events
}

func (s *Service) send(ctx context.Context, events []bus.HistoryEvent) (stored []bus.HistoryEvent) {
	stored, err := s.bus.PublishHistory(ctx, events)
	if err != nil && ctx.Err() == nil {
		s.log.DebugContext(ctx, "chat events wait in the outbox", "events", len(events)-len(stored), "error", err)
	}
	return stored
}

// mark takes events out of the outbox. It reports whether it could, or need
// not be tried again: the sweep finds what is left.
func (s *Service) mark(ctx context.Context, published []bus.HistoryEvent) bool {
	if len(published) == 0 {
		return true
	}
	at := make([]store.ChatAt, len(published))
	for i, e := range published {
		at[i] = store.ChatAt{Key: e.Key, Seq: e.Event.Seq}
	}
	ctx, cancel := context.WithTimeout(ctx, commitTime)
	defer cancel()
	if err := s.store.ChatPublished(ctx, at); err != nil {
		s.log.DebugContext(ctx, "chat events stay in the outbox", "events", len(at), "error", err)
		return len(published) >= publishTogether
	}
	return true
}

// sweep publishes what any gateway left behind: it died, or NATS was away.
func (s *Service) sweep(ctx context.Context) {
	every(ctx, always(sweepEvery), func(ctx context.Context) {
		for ctx.Err() == nil && s.bus.Ready() == nil {
			waiting, err := s.store.ChatOutbox(ctx, time.Now().Add(-sweepAge), publishTogether)
			if err != nil || len(waiting) == 0 {
				return
			}
			events := make([]bus.HistoryEvent, len(waiting))
			for i, w := range waiting {
				events[i] = bus.HistoryEvent{Key: w.Key, Event: w.Event}
			}
			stored := s.send(ctx, events)
			s.metrics.swept.Add(float64(len(stored)))
			if len(stored) == 0 || !s.mark(ctx, stored) {
				return
			}
		}
	})
}
