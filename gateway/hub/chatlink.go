package hub

import (
	"sync"

	"presence/gateway/wire"
	"presence/spaces"
)

// chatLink is a space's ear for its chat, and in a document for the comments on
// it. Guarded by mu, because following asks the store, which the space's
// goroutine never waits for.
type chatLink struct {
	space *space

	mu       sync.Mutex
	chat     func() // ends it; nil: not followed
	comments func() // the same
	ended    bool
}

// followChat makes the space follow its chat, if it does not yet. Until it can,
// people are inside without it; the next who enters tries again, and so does
// the review.
func (s *space) followChat() {
	if s.hub.cfg.Chat == nil {
		return
	}
	c := &s.chat
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ended {
		return
	}
	if c.chat == nil {
		seq, stop := c.follow(s.key, s.said)
		c.chat = stop
		s.post(func() { s.chatSeq = max(s.chatSeq, seq) })
	}
	if c.comments == nil && s.key.Type == spaces.TypeDocument {
		_, c.comments = c.follow(s.key.Comments(), s.commented)
	}
}

// follow returns nil when it cannot be done now. Called with mu held.
func (c *chatLink) follow(key spaces.Key, tell func([]spaces.ChatEvent)) (seq int64, stop func()) {
	s := c.space
	seq, stop, err := s.hub.cfg.Chat.Follow(key, func(events []spaces.ChatEvent) { s.post(func() { tell(events) }) })
	if err != nil {
		s.hub.log.Warn("a space has no chat for now", "space", key.String(), "err", err)
		return 0, nil
	}
	return seq, stop
}

func (c *chatLink) end() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ended = true
	for _, stop := range []func(){c.chat, c.comments} {
		if stop != nil {
			stop()
		}
	}
}

func (s *space) said(events []spaces.ChatEvent) {
	s.tellNews() // who comes is told which events are in the history; these come by themselves
	for _, e := range events {
		s.chatSeq = max(s.chatSeq, e.Seq)
		s.broadcast(wire.Chat{Key: s.key, Event: e}, nil)
	}
}

func (s *space) commented(events []spaces.ChatEvent) {
	s.tellNews() // joined is the first thing a client hears
	for _, e := range events {
		s.broadcast(wire.Comment{Event: e}, nil)
	}
}
