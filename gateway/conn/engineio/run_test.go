package engineio_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/coder/websocket"

	"presence/gateway/conn/engineio"
	"presence/gateway/wire"
)

func TestWebSocketEcho(t *testing.T) {
	t.Parallel()
	for name, begin := range map[string]func(*httptest.Server){
		"plain": (*httptest.Server).Start,
		"TLS":   (*httptest.Server).StartTLS, // cannot be written without waiting
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, nil)
			w.serve(begin)
			c, a := w.talk()
			big := "4" + strings.Repeat("größer 🐙 ", 50_000)
			c.say(big)
			c.expect(big)
			if err := c.ws.Write(t.Context(), websocket.MessageBinary, []byte{1, 2}); err != nil {
				t.Fatal(err)
			}
			c.expect("\x01\x02")
			shared := engineio.AppendMessage(nil, engineio.Message{Data: []byte("shared")})
			w.waitFor("a client that has taken everything takes a frame", func() bool { return a.session.Write(shared) })
			c.expect("4shared")
			_ = c.ws.CloseNow()
			a.expectClosed(t, engineio.ReasonLost)
		})
	}
}

func TestClientClosesWebSocket(t *testing.T) {
	t.Parallel()
	w := start(t, nil)
	c, a := w.talk()
	if err := c.ws.Close(websocket.StatusNormalClosure, ""); err != nil {
		t.Error(err)
	}
	a.expectClosed(t, engineio.ReasonClient)
}

func TestServerClosesWebSocket(t *testing.T) {
	t.Parallel()
	w := start(t, nil)
	c, a := w.talk()
	a.session.Send(engineio.Message{Data: []byte("last words")})
	a.session.Close(wire.CloseExpired)
	c.expect("4last words")
	c.expectClosed(4401)
	a.expectClosed(t, "expired")
}

// TestStop: the end of Run tells every client, and no session outlives it.
func TestStop(t *testing.T) {
	t.Parallel()
	w := start(t, nil)
	p := w.poll()
	h := p.hold(t.Context())
	between := w.poll()
	probe := w.poll()
	candidate := probing(t, probe)
	c, a := w.talk()
	w.stop()
	h.expect("OK 1")
	c.expectClosed(1001)
	candidate.expectClosed(1001)
	for _, a := range []*app{p.app, between.app, probe.app, a} {
		select {
		case reason := <-a.closed:
			if reason != "going_away" {
				t.Errorf("ended with %q", reason)
			}
		default:
			t.Error("Run was over before the application knew")
		}
	}
	status, _, _ := w.do("GET", "EIO=4&transport=polling", "")
	if status != http.StatusServiceUnavailable {
		t.Errorf("a handshake after the end got %d", status)
	}
}

// TestPanic: what goes wrong for one session is its own end only.
func TestPanic(t *testing.T) {
	t.Parallel()
	w := start(t, nil)
	other, _ := w.talk()
	c, a := w.talk()
	c.say("4panic")
	c.expectClosed(1011)
	a.expectClosed(t, "internal")
	p := w.poll()
	p.expectPost(http.StatusBadRequest, "4panic")
	p.app.expectClosed(t, "internal")
	w.do("GET", "EIO=4&transport=polling&panic=1", "")
	other.say("4hello")
	other.expect("4hello")
	if n := w.metric("panics_total"); n != 3 {
		t.Errorf("%v panics counted", n)
	}
}

// TestCall: the application's own calls take turns with what the client says.
func TestCall(t *testing.T) {
	t.Parallel()
	w := start(t, nil)
	_, a := w.talk()
	called := make(chan bool, 1)
	a.session.Call(func() { called <- true })
	await(t, called)
	a.session.Close(wire.CloseExpired)
	a.expectClosed(t, "expired")
	a.session.Call(func() { t.Error("called after the end") })
}
