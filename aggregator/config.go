package aggregator

import (
	"context"
	"time"

	"presence/aggregator/matrix"
	"presence/aggregator/state"
	"presence/spaces"
	"presence/spaces/bus"
	"presence/spaces/store"
)

// Config is what the operator decided.
type Config struct {
	Matrix matrix.Config // Infer is taken from State
	State  state.Config  // Self is filled in after the login

	// SyncTimeout is how long one poll may wait for news, at most 30 s, so that
	// a quiet city is not mistaken for a lost homeserver after 45 s. Zero means
	// 30 s.
	SyncTimeout time.Duration
	// Throttle is the least time between two messages about one room, one
	// person, or the city; the last value always follows.
	Throttle time.Duration
	// RoomTTL is the lifetime of values on the bus, as given to bus.Open. They
	// are renewed three times within it. Zero means 5 minutes.
	RoomTTL      time.Duration
	PublishUsers bool // also publish each person; off unless an operator asks for it
}

func (c Config) withDefaults() Config {
	if c.SyncTimeout <= 0 || c.SyncTimeout > maxSyncTimeout {
		c.SyncTimeout = maxSyncTimeout
	}
	if c.RoomTTL <= 0 {
		c.RoomTTL = 5 * time.Minute
	}
	c.Matrix.Infer = c.State.Infer
	return c
}

// Store is what the aggregator needs of spaces/store.
type Store interface {
	// LinksVersion changes whenever Links may answer otherwise.
	LinksVersion(ctx context.Context) (int64, error)
	Links(ctx context.Context) ([]spaces.Link, error)
	SetLinkRoom(ctx context.Context, slug spaces.Slug, roomID string) error
	SaveSync(ctx context.Context, account string, rows store.SyncRows) error
	LoadSync(ctx context.Context, account string) (store.SyncRows, bool, error)
	SessionStore
}

// Bus is what the aggregator needs of spaces/bus.
type Bus interface {
	Lead(ctx context.Context, lead func(ctx context.Context, epoch uint64) error) error
	ReadCity(ctx context.Context) (bus.CityState, error)
	WatchSessions(ctx context.Context, w bus.SessionWatcher) error
	PutRooms(ctx context.Context, rooms []spaces.RoomPresence) error
	DropRoom(ctx context.Context, slug spaces.Slug) error
	PutLinks(ctx context.Context, links []spaces.Link) error
	DropLink(ctx context.Context, slug spaces.Slug) error
	PutCity(ctx context.Context, city spaces.CityPresence) error
	PutStatus(ctx context.Context, status spaces.Status) error
	PutUsers(ctx context.Context, users []spaces.UserPresence) error
	DropUser(ctx context.Context, userID string) error
}

// Times of the daemon. Where they come from: matrix-presence specification 3.5
// and the measurements of Dendrite.
const (
	maxSyncTimeout = 30 * time.Second
	degradedAfter  = 45 * time.Second // no successful sync: typing is not trusted any more
	lostAfter      = 90 * time.Second // three times the time after which a server itself calls people offline
	// resumeLimit: Dendrite does not replay presence older than 5 minutes, so
	// after a longer gap only an initial sync is complete.
	resumeLimit    = 4 * time.Minute
	heartbeatEvery = 5 * time.Second
	linksEvery     = time.Second
	probeEvery     = time.Hour
	reconcileMin   = 10 * time.Minute
	reconcileMax   = 30 * time.Minute
	// saveEvery bounds commits under load. A crash then resumes from a cursor
	// that much older, with the tables that belong to it.
	saveEvery     = 250 * time.Millisecond
	saveTimeout   = 2 * time.Minute // of a whole table; polls wait for savePatience at most
	savePatience  = 5 * time.Second
	readTimeout   = 20 * time.Second
	finishTimeout = 5 * time.Second
	publishPerSec = 2000 // a storm of the whole server must not become one of ours
	renewals      = 3    // of a value within its lifetime
)
