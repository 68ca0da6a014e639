package hub_test

import (
	"errors"
	"sync"
	"testing"

	"presence/gateway/hub"
	"presence/spaces"
)

// chat is a Chat without a store.
type chat struct {
	mu      sync.Mutex
	seq     int64
	failing bool
	ears    map[*ear]bool
	stopped chan spaces.Key
}

type ear struct {
	key     spaces.Key
	deliver func([]spaces.ChatEvent)
}

func newChat() *chat {
	return &chat{ears: map[*ear]bool{}, seq: 7, stopped: make(chan spaces.Key, 100)}
}

func (c *chat) Follow(key spaces.Key, deliver func([]spaces.ChatEvent)) (int64, func(), error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.failing {
		return 0, nil, errors.New("the store is away")
	}
	e := &ear{key, deliver}
	c.ears[e] = true
	return c.seq, func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		delete(c.ears, e)
		c.stopped <- key
	}, nil
}

func (c *chat) say(key spaces.Key, text string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.seq++
	event := spaces.ChatEvent{Seq: c.seq, Kind: spaces.ChatNew, Message: spaces.Message{Key: key, Content: text, Mentions: []string{}, Reactions: []spaces.Reaction{}}}
	for e := range c.ears {
		if e.key == key {
			e.deliver([]spaces.ChatEvent{event})
		}
	}
}

// TestChatGoesOnWhereJoinedSays: what a client hears live begins right after the
// seq that joined names.
func TestChatGoesOnWhereJoinedSays(t *testing.T) {
	t.Parallel()
	voices := newChat()
	w := newWorld(t, func(c *hub.Config) { c.Chat = voices })
	for range 20 {
		c := newClient(t, "alice")
		done := make(chan struct{})
		go func() {
			defer close(done)
			for range 50 {
				voices.say(lobby, "on and on")
			}
		}()
		w.enterAs(c, lobby)
		next := c.text("joined").ChatSeq + 1
		<-done
		voices.say(lobby, "the end")
		for said := ""; said != "the end"; next++ {
			n := c.text("chat")
			if n.Event.Seq != next {
				t.Fatalf("event %d comes when %d is due", n.Event.Seq, next)
			}
			said = n.Event.Message.Content
		}
		ok(t, c.member.Leave(t.Context()))
	}
}

// TestChatComesLater: a chat that cannot be followed yet keeps nobody out, and
// is followed as soon as it can be.
func TestChatComesLater(t *testing.T) {
	t.Parallel()
	voices := newChat()
	voices.failing = true
	w := newWorld(t, func(c *hub.Config) { c.Chat = voices })
	alice := w.enter("alice")
	voices.mu.Lock()
	voices.failing = false
	voices.mu.Unlock()
	w.enter("bob")
	voices.say(lobby, "hello")
	alice.text("chat")
}
