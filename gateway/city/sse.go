package city

import (
	"context"
	"net/http"
	"sync"
	"time"

	"presence/gateway/wire"
	"presence/spaces"
)

const (
	// fullEvery is the least time between two full snapshots of an event stream;
	// the application this contract is from got one every five seconds.
	fullEvery = time.Second
	// diffEvery is the same for the diff mode, whose events are small.
	diffEvery = 250 * time.Millisecond
	// reviewEvery is how soon a stream notices that its viewer's rights changed
	// while the city is quiet.
	reviewEvery = 2 * time.Second
)

// updates holds what event streams are told at one moment of the table, so that
// however many wait for the same pass, each message is encoded once: a city's
// worth of encoding for every stream would keep the table from everybody else.
type updates struct {
	mu               sync.Mutex
	revision, cursor uint64 // the moment
	messages         map[messageKey][]byte
}

// messageKey tells one message of a moment from another. Streams of one pace
// have few cursors between them: those of the passes since they last spoke.
type messageKey struct {
	class string
	from  uint64 // what the client was told up to; 0: everything
}

// maxMessages bounds what is remembered.
const maxMessages = 256

// update returns what a client of a class that was told up to from has to be
// told, and the cursor that stands for; nil when it sees no change.
func (c *City) update(cl class, from uint64) ([]byte, uint64) {
	u := &c.updates
	u.mu.Lock()
	defer u.mu.Unlock()
	c.mu.Lock()
	if u.messages == nil || u.revision != c.table.revision || u.cursor != c.table.seq || len(u.messages) > maxMessages {
		u.revision, u.cursor, u.messages = c.table.revision, c.table.seq, map[messageKey][]byte{}
	}
	key := messageKey{cl.key, from}
	if known, ok := u.messages[key]; ok {
		c.mu.Unlock()
		return known, u.cursor
	}
	encode := c.compose(&cl.viewer, from)
	c.mu.Unlock()
	u.messages[key] = encode()
	return u.messages[key], u.cursor
}

// compose looks at the table and returns how to say what it saw. Called with mu
// held; what it returns is called without.
func (c *City) compose(v *spaces.Viewer, from uint64) (encode func() []byte) {
	if from > 0 {
		events, ok := c.table.since(v, from)
		if ok && len(events) == 0 {
			return func() []byte { return nil }
		}
		if ok {
			view := c.view(v)
			changed, removed := c.table.sortOut(events)
			return func() []byte { return wire.EncodeDiff(view, changed, removed, c.now()) }
		}
	}
	view := c.view(v)
	return func() []byte { return wire.EncodeUpdate(view, c.now()) }
}

// ServeSSE serves the web application's event stream: a full snapshot per
// event, or with ?mode=diff a full one first and then what changed. It is open
// to everybody; rooms that are not public are for those who may see them.
//
// There is no queue: a reader that is slow, or faster than its pace, misses
// events and gets the newest city with the next one. It blocks until the client
// goes, its token ends, a write takes too long, or Run ends.
func (c *City) ServeSSE(w http.ResponseWriter, r *http.Request) {
	viewer, expires, err := c.auth.Anyone(r)
	if err != nil {
		wire.WriteProblem(w, err)
		return
	}
	if c.Ready() != nil {
		initializing(w)
		return
	}
	if !c.takeListener() {
		wire.WriteProblem(w, wire.Full("event streams"))
		return
	}
	defer c.dropListener()
	ctx := r.Context()
	if !expires.IsZero() {
		var cancel context.CancelFunc
		ctx, cancel = context.WithDeadline(ctx, expires)
		defer cancel()
	}
	h := w.Header()
	h.Set("Content-Type", "text/event-stream; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Accel-Buffering", "no") // a buffering proxy would hold events back
	if r.Method == http.MethodHead {
		return
	}

	s := &eventStream{
		city: c, w: w, out: http.NewResponseController(w),
		viewer: viewer, class: classOf(viewer), diff: r.URL.Query().Get("mode") == "diff",
	}
	s.run(ctx)
}

// takeListener counts one more event stream, unless there are as many as there
// may be.
func (c *City) takeListener() bool {
	c.metrics.streams.Inc()
	if c.listeners.Add(1) <= int64(c.cfg.MaxStreams) {
		return true
	}
	c.dropListener()
	return false
}

func (c *City) dropListener() {
	c.listeners.Add(-1)
	c.metrics.streams.Dec()
}

// eventStream is one client of ServeSSE; all of it belongs to its handler.
type eventStream struct {
	city   *City
	w      http.ResponseWriter
	out    *http.ResponseController
	viewer spaces.Viewer
	class  class
	diff   bool

	cursor uint64 // what the client was told up to; 0: it gets a full snapshot
}

func (s *eventStream) run(ctx context.Context) {
	pace := fullEvery
	if s.diff {
		pace = diffEvery
	}
	if !s.write([]byte("retry: 3000\n\n")) {
		return
	}
	for s.send() && s.pause(ctx, pace) {
		if !s.wait(ctx) {
			return
		}
	}
}

// send writes the next event.
func (s *eventStream) send() bool {
	from := s.cursor
	if !s.diff {
		from = 0
	}
	data, cursor := s.city.update(s.class, from)
	s.cursor = cursor
	if data == nil {
		return true
	}
	s.city.metrics.events.Inc()
	return s.write(wire.AppendEvent(nil, cursor, data))
}

// sortOut turns events into what a diff says: rooms to show and ids to drop.
// The contract cannot say that a room is unknown, so those are dropped as well.
func (t *table) sortOut(events []event) (changed map[spaces.Slug]bool, removed []string) {
	changed = map[spaces.Slug]bool{}
	for _, e := range events {
		switch {
		case e.kind == goneEvent:
			removed = append(removed, e.gone.ID)
		case e.item != nil && t.presence(e.item) == nil:
			removed = append(removed, e.item.link.ID)
		case e.item != nil:
			changed[e.item.slug] = true
		}
	}
	return changed, removed
}

// wait blocks until a pass has something new, sending comments meanwhile. It is
// false when the stream has to end.
func (s *eventStream) wait(ctx context.Context) bool {
	quiet := time.Now()
	tick := time.NewTicker(min(s.city.cfg.KeepAlive, reviewEvery))
	defer tick.Stop()
	for {
		passed, fresh := s.news()
		if !s.review() {
			return false
		}
		if fresh || s.cursor == 0 {
			return true
		}
		select {
		case <-passed:
		case now := <-tick.C:
			if now.Sub(quiet) < s.city.cfg.KeepAlive {
				continue
			}
			if quiet = now; !s.write(wire.KeepAliveSSE) {
				return false
			}
		case <-ctx.Done():
			return false
		case <-s.city.stopped:
			return false
		}
	}
}

// news returns what the next pass closes, and whether there was one since the
// last event.
func (s *eventStream) news() (<-chan struct{}, bool) {
	s.city.mu.Lock()
	defer s.city.mu.Unlock()
	return s.city.passed, s.city.table.seq > s.cursor
}

// review follows changes of the viewer's rights; a full snapshot tells of them.
// It is false once the login was revoked.
func (s *eventStream) review() bool {
	current, ok := s.city.auth.Current(s.viewer)
	if cl := classOf(current); cl.key != s.class.key {
		s.class, s.cursor = cl, 0
	}
	s.viewer = current
	return ok
}

// pause keeps the pace between two events.
func (s *eventStream) pause(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	case <-s.city.stopped:
		return false
	}
}

// write sends bytes to the client and reports whether it took them in time.
func (s *eventStream) write(b []byte) bool {
	_ = s.out.SetWriteDeadline(time.Now().Add(s.city.cfg.WriteWait)) // a writer without deadlines is a test's
	if _, err := s.w.Write(b); err != nil {
		return false
	}
	return s.out.Flush() == nil
}
