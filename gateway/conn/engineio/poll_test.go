package engineio_test

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"presence/gateway/conn/engineio"
	"presence/gateway/wire"
)

func TestPolling(t *testing.T) {
	t.Parallel()
	p := start(t, nil).poll()
	for body, want := range map[string]string{
		"4hello":                    "",
		"4test1\x1e4test2\x1e4":     "",
		"4hello\x1ebAQIDBA==":       "",
		"4größer 🐙\x1eb\x1e6\x1e4b": "4größer 🐙\x1eb\x1e4b",
	} {
		if want == "" {
			want = body
		}
		if status, text := p.post(body); status != http.StatusOK || text != "ok" {
			t.Errorf("POST %q: %d %q", body, status, text)
		}
		p.expectGet(http.StatusOK, want)
	}
}

// TestWaitingPoll: what comes while a poll waits is its answer.
func TestWaitingPoll(t *testing.T) {
	t.Parallel()
	p := start(t, nil).poll()
	h := p.hold(t.Context())
	p.app.session.Send(engineio.Message{Data: []byte("a")}, engineio.Message{Data: []byte{1, 2}, Binary: true})
	h.expect("OK 4a\x1ebAQI=")
}

func TestBadPayload(t *testing.T) {
	t.Parallel()
	w := start(t, nil)
	for _, body := range []string{"", "abc", "4a\x1e", "4a\x1eb!", "7", "4\xff", "2", "2probe"} {
		p := w.poll()
		p.expectPost(http.StatusBadRequest, body)
		p.app.expectClosed(t, "protocol")
		p.expectGet(http.StatusBadRequest, "")
		p.expectPost(http.StatusBadRequest, "4a")
	}
}

func TestDuplicatePoll(t *testing.T) {
	t.Parallel()
	p := start(t, nil).poll()
	h := p.hold(t.Context())
	p.expectGet(http.StatusBadRequest, "")
	h.expect("OK 1")
	p.app.expectClosed(t, "overlap")
	p.expectGet(http.StatusBadRequest, "")
}

// TestDuplicatePollOvertaken: the second of two polls, over a connection of its
// own, reaches us first.
func TestDuplicatePollOvertaken(t *testing.T) {
	t.Parallel()
	p := start(t, nil).poll()
	elsewhere := *p.world
	elsewhere.client = &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	second := (&pollster{&elsewhere, p.query, p.app}).hold(t.Context())
	p.expectGet(http.StatusOK, "1")
	h := await(t, second.answer)
	if !strings.HasPrefix(h, "Bad Request ") {
		t.Errorf("the poll that was sent second got %q", h)
	}
	p.app.expectClosed(t, "overlap")
}

func TestAbortedPoll(t *testing.T) {
	t.Parallel()
	p := start(t, nil).poll()
	ctx, abort := context.WithCancel(t.Context())
	h := p.hold(ctx)
	abort()
	h.expect("failed")
	p.app.expectClosed(t, engineio.ReasonLost)
	p.expectGet(http.StatusBadRequest, "")
}

// TestOverlappingPosts: their order would be anybody's guess.
func TestOverlappingPosts(t *testing.T) {
	t.Parallel()
	p := start(t, nil).poll()
	body, more := io.Pipe()
	first := make(chan int, 1)
	go func() {
		status, _, _, _ := p.try(context.Background(), "POST", p.query, body)
		first <- status
	}()
	if _, err := io.WriteString(more, "4note:1"); err != nil {
		t.Fatal(err)
	}
	p.waitFor("the second POST is refused", func() bool {
		status, _ := p.post("4note:2")
		return status == http.StatusBadRequest
	})
	_ = more.Close()
	if status := await(t, first); status == http.StatusOK {
		t.Error("the first POST was taken")
	}
	p.app.expectClosed(t, "overlap")
}

func TestClientCloses(t *testing.T) {
	t.Parallel()
	p := start(t, nil).poll()
	h := p.hold(t.Context())
	p.expectPost(http.StatusOK, "1")
	h.expect("OK 6")
	p.app.expectClosed(t, engineio.ReasonClient)
	p.expectGet(http.StatusBadRequest, "")
}

// TestPollAfterClose: what ended a session may be handled before the poll that
// was sent beside it arrives. One poll is answered, for a while.
func TestPollAfterClose(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := startInBubble(t, nil)
		p := w.poll()
		p.expectPost(http.StatusOK, "1")
		time.Sleep(900 * time.Millisecond)
		p.expectGet(http.StatusOK, "6")
		p.expectGet(http.StatusBadRequest, "")
		time.Sleep(2 * time.Second)
		p.expectGet(http.StatusBadRequest, `{"code":1,"message":"Session ID unknown"}`)

		p = w.poll()
		p.expectPost(http.StatusOK, "1")
		time.Sleep(1001 * time.Millisecond)
		p.expectGet(http.StatusBadRequest, "")

		p = w.poll()
		p.app.session.Send(engineio.Message{Data: []byte("last words")})
		p.app.session.Close(wire.CloseExpired)
		time.Sleep(4 * time.Second)
		p.expectGet(http.StatusOK, "4last words\x1e1")
	})
}

func TestServerCloses(t *testing.T) {
	t.Parallel()
	p := start(t, nil).poll()
	h := p.hold(t.Context())
	p.app.session.Close(wire.CloseExpired)
	h.expect("OK 1")
	p.app.expectClosed(t, "expired")

	p.app.session.Close(wire.CloseSlow) // only the first counts
	if p.app.session.Send(engineio.Message{Data: []byte("too late")}) {
		t.Error("a session that is over took a message")
	}
	p.expectGet(http.StatusBadRequest, "")
}

// TestTooBigPost also ends the session: the client's next packets would have a
// gap before them.
func TestTooBigPost(t *testing.T) {
	t.Parallel()
	p := start(t, func(c *engineio.Config) { c.MaxPayload = 100 }).poll()
	p.expectPost(http.StatusOK, "4"+strings.Repeat("x", 99))
	p.expectPost(http.StatusRequestEntityTooLarge, "4"+strings.Repeat("x", 100))
	p.app.expectClosed(t, "too_big")
}

// TestSharedFrames: one encoding serves both transports, and a client that has
// not taken it yet gets no more.
func TestSharedFrames(t *testing.T) {
	t.Parallel()
	w := start(t, nil)
	p := w.poll()
	c, talking := w.talk()
	frames := engineio.AppendMessage(nil, engineio.Message{Data: []byte("one")})
	frames = engineio.AppendMessage(frames, engineio.Message{Data: []byte{7}, Binary: true})
	more := engineio.AppendMessage(nil, engineio.Message{Data: []byte("two")})

	if !talking.session.Write(frames, more) {
		t.Error("an idle WebSocket did not take frames")
	}
	c.expect("4one")
	c.expect("\x07")
	c.expect("4two")
	if !p.app.session.Write(frames, more) {
		t.Error("an idle poller did not take frames")
	}
	if p.app.session.Write(more) {
		t.Error("a poller that is behind took frames")
	}
	p.expectGet(http.StatusOK, "4one\x1ebBw==\x1e4two")
	if !p.app.session.Write(more) {
		t.Error("a poller that is up to date did not take frames")
	}
	p.app.session.Close(wire.CloseExpired)
	if p.app.session.Write(more) {
		t.Error("a session that is over took frames")
	}
}
