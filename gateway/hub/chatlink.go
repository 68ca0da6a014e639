package hub

import (
	"sync"

	"presence/gateway/wire"
	"presence/spaces"
)

// chatLink is a space's ear for its chat. Guarded by mu, because following asks
// the store, which the space's goroutine never waits for.
type chatLink struct {
	space *space

	mu    sync.Mutex
	stop  func() // nil: not followed
	ended bool
}

// followChat makes the space follow its chat, if it does not yet. Until it can,
// people are inside without it; the next who enters tries again, and so does
// the review.
func (s *space) followChat() {
	chat := s.hub.cfg.Chat
	if chat == nil {
		return
	}
	c := &s.chat
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ended || c.stop != nil {
		return
	}
	seq, stop, err := chat.Follow(s.key, func(events []spaces.ChatEvent) { s.post(func() { s.said(events) }) })
	if err != nil {
		s.hub.log.Warn("a space has no chat for now", "space", s.key.String(), "err", err)
		return
	}
	c.stop = stop
	s.post(func() { s.chatSeq = max(s.chatSeq, seq) })
}

func (c *chatLink) end() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ended = true
	if c.stop != nil {
		c.stop()
	}
}

func (s *space) said(events []spaces.ChatEvent) {
	s.tellNews() // who comes is told which events are in the history; these come by themselves
	for _, e := range events {
		s.chatSeq = max(s.chatSeq, e.Seq)
		s.broadcast(wire.Chat{Key: s.key, Event: e}, nil)
	}
}
