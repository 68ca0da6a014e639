package chat

import (
	"context"
	"sync"
	"time"

	"presence/spaces"
	"presence/spaces/bus"
	"presence/spaces/store"
)

const (
	// mostTogether bounds a transaction: the lock of the space is held for it.
	mostTogether = 64
	// mostWaiting bounds the writers of one space that wait here.
	mostWaiting = 1024
	// commitTime bounds one transaction, whatever became of the caller.
	commitTime = 10 * time.Second
)

// request is one write on its way. The goroutine that asked waits for done, or
// for its turn to commit.
type request struct {
	write store.ChatWrite
	done  chan outcome  // capacity 1
	turn  chan struct{} // capacity 1
}

type outcome struct {
	message spaces.Message
	err     error
}

// committers lets writers of one space that come at once share a transaction:
// one of them commits for all that wait, then hands on. Events of a space are
// numbered under its lock, so that without it writers would wait for a disk
// one after another: on a busy machine with fsync one space then took about 120
// lines a second from 200 writers, and takes 240 to 500 with it. There is no
// goroutine beside those that write.
type committers struct {
	commit func(context.Context, spaces.Key, []*request)

	mu     sync.Mutex // guards what follows
	spaces map[spaces.Key]*[]*request
}

// do writes. The write is made even when ctx ends meanwhile.
func (c *committers) do(ctx context.Context, key spaces.Key, w store.ChatWrite) (spaces.Message, error) {
	r := &request{write: w, done: make(chan outcome, 1), turn: make(chan struct{}, 1)}
	if err := c.join(key, r); err != nil {
		return spaces.Message{}, err
	}
	select {
	case <-r.turn:
		c.lead(ctx, key)
	case o := <-r.done:
		return o.message, o.err
	}
	o := <-r.done
	return o.message, o.err
}

// join puts r in line; the first one has its turn at once.
func (c *committers) join(key spaces.Key, r *request) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.spaces == nil {
		c.spaces = map[spaces.Key]*[]*request{}
	}
	waiting, busy := c.spaces[key]
	if !busy {
		waiting = new([]*request)
		c.spaces[key] = waiting
		r.turn <- struct{}{}
	}
	if len(*waiting) >= mostWaiting {
		return &spaces.Error{Code: spaces.CodeUnavailable, Message: "too many people write here at this moment", Fix: "Try again in a few seconds"}
	}
	*waiting = append(*waiting, r)
	return nil
}

// lead commits what waits, the caller's own write first, and gives the turn to
// the next in line.
func (c *committers) lead(ctx context.Context, key spaces.Key) {
	c.mu.Lock()
	waiting := c.spaces[key]
	batch := (*waiting)[:min(len(*waiting), mostTogether)]
	*waiting = (*waiting)[len(batch):]
	c.mu.Unlock()

	defer c.handOn(key) // also after a panic, which would stop the space for good
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), commitTime)
	defer cancel()
	c.commit(ctx, key, batch)
}

func (c *committers) handOn(key spaces.Key) {
	c.mu.Lock()
	defer c.mu.Unlock()
	waiting := c.spaces[key]
	if len(*waiting) == 0 {
		delete(c.spaces, key)
		return
	}
	(*waiting)[0].turn <- struct{}{}
}

// commit makes a batch of writes and tells everybody.
func (s *Service) commit(ctx context.Context, key spaces.Key, batch []*request) {
	writes := make([]store.ChatWrite, len(batch))
	for i, r := range batch {
		writes[i] = r.write
	}
	began := time.Now()
	results, err := s.store.WriteChat(ctx, key, writes, began)
	s.metrics.batch.Observe(float64(len(batch)))
	s.metrics.commit.Observe(time.Since(began).Seconds())
	if err != nil {
		s.log.ErrorContext(ctx, "chat lines were not written", "lines", len(batch), "error", err)
		for _, r := range batch {
			r.done <- outcome{err: unavailable(err)}
		}
		return
	}
	var events []spaces.ChatEvent
	for i, r := range batch {
		if e := results[i].Event; e != nil {
			events = append(events, *e)
			s.metrics.events.WithLabelValues(string(e.Kind)).Inc()
		}
		r.done <- outcome{results[i].Message, results[i].Err}
	}
	s.committed(key, events)
}

// committed tells the followers of this process, and leaves the rest to the
// publisher.
func (s *Service) committed(key spaces.Key, events []spaces.ChatEvent) {
	if len(events) == 0 {
		return
	}
	s.mu.Lock()
	here := s.followers[key]
	s.mu.Unlock()
	for _, f := range here {
		f.hear(events)
	}
	for _, e := range events {
		select {
		case s.outgoing <- bus.HistoryEvent{Key: key, Event: e}:
		default: // it is in the outbox
		}
	}
}
