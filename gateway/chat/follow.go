package chat

import (
	"context"
	"slices"
	"sync"
	"time"

	"presence/spaces"
	"presence/spaces/store"
)

const (
	// overtaken is how long a follower waits for an event that another one
	// overtook before it reads the database: two gateways publish side by side.
	overtaken = 50 * time.Millisecond
	// mostEarly bounds the events that wait for one that is missing.
	mostEarly = 1000
	readTime  = 5 * time.Second
	readPage  = 500
	readAgain = 250 * time.Millisecond
)

// follower delivers one space's events in order and without gaps. What it hears
// may be doubled, late or missing. Its goroutine is run.
type follower struct {
	service *Service
	key     spaces.Key
	deliver func([]spaces.ChatEvent)
	wake    chan struct{} // capacity 1
	stopped context.Context
	stop    context.CancelFunc

	mu    sync.Mutex // guards what follows
	next  int64      // seq of the event to be delivered next
	newer int64      // the newest seq that is known to be committed
	early map[int64]spaces.ChatEvent
}

// Follow gives deliver the events of a space in order and without gaps, from
// seq+1 on, whichever gateway they come from, until stop is called or Run
// ends. deliver is called from one goroutine, should not wait, and may still be
// running when stop returns. The key must be the canonical one of a Standing.
// It fails when the database cannot be read.
//
// Only when the log was trimmed behind a follower that could not read it for
// days are events left out: then it goes on at the end.
func (s *Service) Follow(key spaces.Key, deliver func([]spaces.ChatEvent)) (seq int64, stop func(), err error) {
	f := &follower{service: s, key: key, deliver: deliver, wake: make(chan struct{}, 1), early: map[int64]spaces.ChatEvent{}}
	f.stopped, f.stop = context.WithCancel(context.Background())
	if !s.add(f) {
		f.stop()
		return 0, nil, &spaces.Error{Code: spaces.CodeUnavailable, Message: "the server is stopping"}
	}
	deaf, err := s.bus.FollowHistory(key, func(e spaces.ChatEvent) { f.hear([]spaces.ChatEvent{e}) })
	if err != nil {
		s.remove(f)
		s.running.Done()
		return 0, nil, unavailable(err)
	}
	stop = sync.OnceFunc(func() { s.remove(f); deaf() })
	// What is committed after this read is heard: the ears are open already.
	ctx, cancel := context.WithTimeout(f.stopped, readTime)
	defer cancel()
	seq, err = s.store.ChatSeq(ctx, key)
	if err != nil {
		stop()
		s.running.Done()
		return 0, nil, unavailable(err)
	}
	f.begin(seq + 1)
	go f.run()
	return seq, stop, nil
}

// add registers a follower unless the service has ended.
func (s *Service) add(f *follower) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return false
	}
	s.followers[f.key] = append(slices.Clone(s.followers[f.key]), f) // readers keep the old list
	s.metrics.followers.Inc()
	s.running.Add(1)
	return true
}

func (s *Service) remove(f *follower) {
	f.stop()
	s.mu.Lock()
	defer s.mu.Unlock()
	list := slices.Clone(s.followers[f.key])
	at := slices.Index(list, f)
	if at < 0 {
		return
	}
	s.metrics.followers.Dec()
	if list = slices.Delete(list, at, at+1); len(list) == 0 {
		delete(s.followers, f.key)
		return
	}
	s.followers[f.key] = list
}

// close ends every follower and waits for them.
func (s *Service) close() {
	s.mu.Lock()
	s.closed = true
	for _, list := range s.followers {
		for _, f := range list {
			f.stop()
		}
	}
	s.mu.Unlock()
	s.running.Wait()
}

// begin says what is delivered first. What was heard before counts.
func (f *follower) begin(next int64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.next = next
	for seq := range f.early {
		if seq < next {
			delete(f.early, seq)
		}
	}
}

// hear takes events as they come.
func (f *follower) hear(events []spaces.ChatEvent) {
	f.mu.Lock()
	for _, e := range events {
		f.newer = max(f.newer, e.Seq)
		if e.Seq >= f.next && len(f.early) < mostEarly {
			f.early[e.Seq] = e
		}
	}
	f.mu.Unlock()
	f.wakeUp()
}

// learn says that the space has events up to seq.
func (f *follower) learn(seq int64) {
	f.mu.Lock()
	f.newer = max(f.newer, seq)
	f.mu.Unlock()
	f.wakeUp()
}

func (f *follower) wakeUp() {
	select {
	case f.wake <- struct{}{}:
	default:
	}
}

// run delivers what is next, and reads the database for what stays missing.
func (f *follower) run() {
	defer f.service.running.Done()
	var due time.Time // when a missing event is read; zero: none is
	for {
		ready, missing := f.take()
		if len(ready) > 0 {
			f.deliver(ready)
			due = time.Time{}
		}
		switch {
		case !missing:
			due = time.Time{}
		case due.IsZero():
			due = time.Now().Add(overtaken)
		}
		if !f.sleep(due) {
			return
		}
		if !due.IsZero() && !time.Now().Before(due) {
			due = f.read()
		}
	}
}

// sleep waits for news, or until due; it reports false when the follower was
// stopped.
func (f *follower) sleep(due time.Time) bool {
	var late <-chan time.Time
	if !due.IsZero() {
		timer := time.NewTimer(time.Until(due))
		defer timer.Stop()
		late = timer.C
	}
	select {
	case <-f.stopped.Done():
		return false
	case <-f.wake:
	case <-late:
	}
	return f.stopped.Err() == nil
}

// take removes what can be delivered, and reports whether something that was
// committed is missing.
func (f *follower) take() (ready []spaces.ChatEvent, missing bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for e, here := f.early[f.next]; here; e, here = f.early[f.next] {
		delete(f.early, f.next)
		ready = append(ready, e)
		f.next++
	}
	return ready, f.newer >= f.next
}

// read takes what is missing from the database. It returns when to try again;
// zero: as soon as something is missing.
func (f *follower) read() time.Time {
	f.mu.Lock()
	after := f.next - 1
	f.mu.Unlock()
	f.service.metrics.reread.Inc()
	ctx, cancel := context.WithTimeout(f.stopped, readTime)
	defer cancel()
	since, err := f.service.store.ChatSince(ctx, f.key, after, readPage)
	if err != nil {
		if f.stopped.Err() == nil {
			f.service.log.WarnContext(ctx, "the chat's log cannot be read", "error", err)
		}
		return time.Now().Add(readAgain)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, e := range since.Events {
		f.early[e.Seq] = e
	}
	switch {
	case since.Reset:
		f.next, f.newer = since.Next+1, since.Next
		clear(f.early)
	case since.More:
		f.newer = max(f.newer, since.Next+1)
	case len(since.Events) == 0: // what was heard is not in the database
		f.newer = after
		clear(f.early)
	}
	return time.Time{}
}

// poll asks which followed spaces went on without our hearing of it: the last
// event of a space leaves no gap behind, and during an outage of NATS nothing
// is heard at all.
func (s *Service) poll(ctx context.Context) {
	every(ctx, s.pollPause, func(ctx context.Context) {
		known := s.known()
		if len(known) == 0 {
			return
		}
		ctx, cancel := context.WithTimeout(ctx, readTime)
		defer cancel()
		ahead, err := s.store.ChatAhead(ctx, known)
		if err != nil {
			s.log.DebugContext(ctx, "cannot ask which chats went on", "error", err)
			return
		}
		for _, at := range ahead {
			s.learn(at)
		}
	})
}

const (
	pollEvery     = time.Second
	pollEveryDeaf = 200 * time.Millisecond
)

func (s *Service) pollPause() time.Duration {
	if s.bus.Ready() != nil {
		return pollEveryDeaf
	}
	return pollEvery
}

// known is how far each followed space is known to have come.
func (s *Service) known() []store.ChatAt {
	s.mu.Lock()
	defer s.mu.Unlock()
	known := make([]store.ChatAt, 0, len(s.followers))
	for key, list := range s.followers {
		at := list[0].at()
		for _, f := range list[1:] {
			at = min(at, f.at())
		}
		known = append(known, store.ChatAt{Key: key, Seq: at})
	}
	return known
}

func (f *follower) at() int64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	return max(f.newer, f.next-1)
}

func (s *Service) learn(at store.ChatAt) {
	s.mu.Lock()
	list := s.followers[at.Key]
	s.mu.Unlock()
	for _, f := range list {
		f.learn(at.Seq)
	}
}
