package access

import (
	"context"
	"sync"
	"time"

	"presence/spaces"
)

// linkTable holds the links in effect. The store is asked for their version,
// one row, when the last look is older than contentTTL, and for the links only
// after a change. Guarded by mu, which is held while the store is asked: one
// question serves everybody.
type linkTable struct {
	store Store

	mu      sync.Mutex
	looked  time.Time
	version int64
	links   []spaces.Link // sorted by slug; never changed, only replaced
}

func (t *linkTable) all(ctx context.Context, now time.Time) ([]spaces.Link, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.looked.IsZero() && now.Sub(t.looked) < contentTTL {
		return t.links, nil
	}
	version, err := t.store.LinksVersion(ctx)
	if err != nil {
		return nil, err
	}
	if t.looked.IsZero() || version != t.version {
		links, err := t.store.Links(ctx)
		if err != nil {
			return nil, err
		}
		t.links, t.version = links, version
	}
	t.looked = now
	return t.links, nil
}
