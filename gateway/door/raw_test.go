package door_test

import (
	"strings"
	"testing"
)

// scriptJoin is the first thing that the shipped wallet script sends.
const scriptJoin = `{"type":"join-space","spaceType":"post","spaceId":"alice/gallery","subspace":"main","room":"alice/gallery:main"}`

func (w *world) script() *client {
	c := w.raw()
	c.join(scriptJoin)
	return c
}

// TestWalletScript plays what the shipped script sends: a join, messages of
// types that applications make up, and chat.
func TestWalletScript(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a, b := w.script(), w.script()
	elsewhere := w.raw()
	elsewhere.join(`{"type":"join-space","spaceType":"post","spaceId":"alice/gallery","subspace":"main-garden","room":"alice/gallery:main-garden"}`)
	a.want("user-joined", nil)

	a.emit("", `{"type":"chess-move","from":"e2","to":"e4","socketId":"forged","userAccount":"alice","room":"alice/gallery:main"}`)
	var move struct {
		Type, From, To, Room, SocketID string
		UserAccount                    *string
	}
	b.want("chess-move", &move)
	if move.From != "e2" || move.To != "e4" || move.Room != "alice/gallery:main" || move.SocketID != a.id || move.UserAccount != nil {
		t.Errorf("chess-move %+v", move)
	}
	for i := range 20 { // in order
		a.emit("", map[string]any{"type": "draw-stroke", "i": i})
	}
	for i := range 20 {
		var stroke struct{ I int }
		b.want("draw-stroke", &stroke)
		if stroke.I != i {
			t.Errorf("stroke %d came as %d", i, stroke.I)
		}
	}

	a.emit("", `{"type":"chat-message","user":"admin","message":"gg","timestamp":1,"room":"alice/gallery:main"}`)
	var line struct {
		row
		User, Message string
	}
	b.want("chat-message", &line)
	if line.Message != "gg" || line.Content != "gg" || line.User != line.DisplayName || strings.Contains(line.User, "admin") || line.ID == 0 {
		t.Errorf("chat-message %+v", line)
	}

	for message, words := range map[string]string{
		`{"type":"user-left","socketId":"x"}`:                      "server's own",
		`{"type":"chess-move","room":"alice/gallery:main-garden"}`: "room",
		`{"no":"type"}`: "type",
		`[1,2]`:         "object",
		`{"type":"big","data":"` + strings.Repeat("x", 20<<10) + `"}`: "16384",
	} {
		a.emit("", message)
		a.refused("space-error", words)
	}
	elsewhere.never("chess-move")
	elsewhere.never("chat-message")
	early := w.raw()
	early.emit("", `{"type":"chess-move"}`)
	early.refused("space-error", "you are in no space")
}

// TestBrokenText: text that is no UTF-8 would end the sockets of everybody it
// is relayed to.
func TestBrokenText(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a, b := w.script(), w.script()
	a.emit("", "{\"type\":\"chess-move\",\"to\":\"\xff\"}")
	a.refused("space-error", "UTF-8")
	a.emit("", `{"type":"chess-move"}`)
	b.want("chess-move", nil)
}
