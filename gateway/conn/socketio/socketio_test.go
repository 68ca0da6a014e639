package socketio_test

import (
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/coder/websocket"

	"presence/gateway/conn"
	"presence/gateway/conn/engineio"
	"presence/gateway/conn/socketio"
	"presence/gateway/wire"
)

func TestConnect(t *testing.T) {
	t.Parallel()
	w := start(t, engineio.Config{})
	c := w.dial()
	c.say(`40{"token":"good"}`)
	a := await(t, w.connected)
	c.expect(`40{"sid":"` + a.socket.ID() + `"}`)
	c.expect(`42["hello",{"token":"good"},"4"]`)
	other := w.join(c, "/custom,")
	if a.socket.ID() == other.socket.ID() || a.socket.Namespace() != "/" || other.socket.Namespace() != "/custom" {
		t.Errorf("sockets %q of %q and %q of %q", a.socket.ID(), a.socket.Namespace(), other.socket.ID(), other.socket.Namespace())
	}
	c.say(`42/custom,["x",1]`)
	c.expect(`42/custom,["x-back",1]`)
	c.say("1")
	a.expectLeft(t, engineio.ReasonClient)
	other.expectLeft(t, engineio.ReasonClient)
	if a.socket.Emit("late") {
		t.Error("a socket that is over took an event")
	}
}

func TestRefusedConnect(t *testing.T) {
	t.Parallel()
	w := start(t, engineio.Config{})
	c := w.dial()
	for asked, want := range map[string]string{
		`40/random`:                     `44/random,{"message":"Invalid namespace"}`,
		`40{"token":"bad"}`:             `44{"message":"no such token","data":{"code":"unauthenticated","field":"auth.token","fix":"get another"}}`,
		`40{"token":"broken"}`:          `44{"message":"something went wrong on our side","data":{"code":"internal"}}`,
		`40/custom?a=b,{"token":"bad"}`: `44/custom,{"message":"no such token","data":{"code":"unauthenticated","field":"auth.token","fix":"get another"}}`,
	} {
		c.say(asked)
		c.expect(want)
	}
	w.join(c, "") // a refused client may try again
	c = w.dial()
	c.say(`40{"token":"panic"}`)
	c.expectClosed(1011)
}

// TestManyConnects: nobody tries credentials without end on one connection.
func TestManyConnects(t *testing.T) {
	t.Parallel()
	for name, says := range map[string]string{"refused": `40{"token":"bad"}`, "elsewhere": `40/random`} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := start(t, engineio.Config{}).dial()
			for range 5 {
				c.say(says)
				c.hear()
			}
			c.say(says)
			c.expectClosed(4429)
		})
	}
}

// TestPending: who has no socket yet has little room.
func TestPending(t *testing.T) {
	t.Parallel()
	w := start(t, engineio.Config{MaxPending: 1})
	w.join(w.dial(), "")
	c := w.dial()
	c.say(`40{"token":"bad"}`)
	c.hear()
	answer, err := w.client.Get(w.url + "/socket.io/?EIO=4&transport=polling")
	if err != nil {
		t.Fatal(err)
	}
	if answer.Body.Close(); answer.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("there is room beside a client that was refused: %s", answer.Status)
	}
	w.join(c, "")
	w.dial()
}

// TestConnectTimeout: a client that says nothing is put out after 10 s.
func TestConnectTimeout(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := startInBubble(t, engineio.Config{}).dial()
		opened := time.Now()
		c.expectClosed(4408)
		if held := time.Since(opened).Round(time.Second); held != 10*time.Second {
			t.Errorf("closed after %v", held)
		}
	})
}

func TestEvents(t *testing.T) {
	t.Parallel()
	w := start(t, engineio.Config{})
	c := w.dial()
	w.join(c, "")
	for say, want := range map[string]string{
		`42["x"]`:                               `42["x-back"]`,
		`42["x",1,"2",{"3":[true,"],\"}"]}]`:    `42["x-back",1,"2",{"3":[true,"],\"}"]}]`,
		`42 [ "größer 🐙" , [ ] , { } , null ]`:  `42["größer 🐙-back",[ ],{ },null]`,
		`42456["x",1,"2"]`:                      `43456[1,"2"]`,
		`420["x"]`:                              `430[]`,
		`450-["x",1]`:                           `42["x-back",1]`,
		`42["x",{"_placeholder":true,"num":0}]`: `42["x-back",{"_placeholder":true,"num":0}]`,
	} {
		c.say(say)
		c.expect(want)
	}
	c.say(`4312[1]`) // the answer to what nobody asked
	c.say(`42["x"]`)
	c.expect(`42["x-back"]`)
}

func TestBinary(t *testing.T) {
	t.Parallel()
	w := start(t, engineio.Config{})
	c := w.dial()
	w.join(c, "")
	for head, want := range map[string]string{
		`452-["x",{"_placeholder":true,"num":0},[{"_placeholder":true,"num":1}]]`:    `452-["x-back",{"_placeholder":true,"num":0},[{"_placeholder":true,"num":1}]]`,
		`452-789["x",{"_placeholder":true,"num":1},{"_placeholder":true,"num":0},7]`: `462-789[{"_placeholder":true,"num":1},{"_placeholder":true,"num":0},7]`,
	} {
		c.say(head)
		c.write(websocket.MessageBinary, "\x01\x02")
		c.write(websocket.MessageBinary, "")
		c.expect(want)
		c.expect("\x01\x02")
		c.expect("")
	}
}

// TestBinaryKeptTogether: whoever else emits meanwhile, attachments follow
// their event.
func TestBinaryKeptTogether(t *testing.T) {
	t.Parallel()
	w := start(t, engineio.Config{})
	c := w.dial()
	a := w.join(c, "")
	const each = 200
	var emitting sync.WaitGroup
	for i := range 4 {
		emitting.Go(func() {
			for range each {
				a.socket.Send("binary", socketio.Data{Args: []json.RawMessage{json.RawMessage(`{"_placeholder":true,"num":0}`)}, Binary: [][]byte{{byte(i)}, {byte(i)}}})
				a.socket.Emit("text")
			}
		})
	}
	for range 4 * each * 2 {
		switch got := c.hear(); got {
		case `42["text"]`:
		case `452-["binary",{"_placeholder":true,"num":0}]`:
			if first, second := c.hear(), c.hear(); len(first) != 1 || first != second {
				t.Fatalf("attachments %q and %q", first, second)
			}
		default:
			t.Fatalf("heard %q", got)
		}
	}
	emitting.Wait()
}

// TestBadPackets end the connection.
func TestBadPackets(t *testing.T) {
	t.Parallel()
	w := start(t, engineio.Config{})
	for _, text := range []string{
		`4`, `4abc`, `47`, `40`, `40[]`, `40"x"`, `41{}`, `42`, `42{}`, `42[]`, `42[1]`, `42["x"`, `42["x"]]`, `42abc["x"]`,
		`42["disconnect"]`, `429999999999999999["x"]`, `43[1]`, `431`, `44{"message":"no"}`, `45["x"]`, `45-["x"]`, `4511-["x"]`,
		`451-["x",{"_placeholder":true,"num":1}]`, `451-["x",{"_placeholder":true,"num":"a"}]`, `451-["x",{"a":[{"_placeholder":true,"num":-1}]}]`,
		`42/other,["x"]`, `41/other`, strings.Repeat("42[", 20_000),
	} {
		c := w.dial()
		a := w.join(c, "")
		c.say(text)
		c.expectClosed(1002)
		a.expectLeft(t, "protocol")
	}
	c := w.dial()
	w.join(c, "")
	c.write(websocket.MessageBinary, "unasked")
	c.expectClosed(1002)
	c = w.dial()
	w.join(c, "")
	c.say(`451-["x"]`)
	c.say(`42["x"]`) // before the attachment
	c.expectClosed(1002)
	c = w.dial()
	c.say(`42["x"]`) // before CONNECT
	c.expectClosed(1002)
}

func TestDisconnect(t *testing.T) {
	t.Parallel()
	w := start(t, engineio.Config{})
	c := w.dial()
	root, custom := w.join(c, ""), w.join(c, "/custom,")
	c.say("41")
	root.expectLeft(t, engineio.ReasonClient)
	if root.socket.Emit("x") || root.socket.Write(wire.PingFrame) {
		t.Error("a socket that left took an event")
	}
	c.say(`42/custom,["leave"]`)
	c.say(`42/custom,["x"]`) // crosses the server's word, and is nobody's fault
	c.expect("41/custom,")
	custom.expectLeft(t, "server")
	custom.socket.Disconnect() // once is enough
	w.join(c, "")
	w.join(c, "/custom,")
	c.say(`42["close"]`)
	c.expectClosed(4401)
	if len(root.left)+len(custom.left) != 0 {
		t.Error("a socket ended twice")
	}
}

// TestDisconnectedByConnect: a client that is let in and put out at once.
func TestDisconnectedByConnect(t *testing.T) {
	t.Parallel()
	w := start(t, engineio.Config{})
	c := w.dial()
	c.say(`40{"token":"turn away"}`)
	a := await(t, w.connected)
	c.expect(`40{"sid":"` + a.socket.ID() + `"}`)
	c.expect("41")
	a.expectLeft(t, "server")
}

// TestSharedFrames: an event encoded once reaches both transports.
func TestSharedFrames(t *testing.T) {
	t.Parallel()
	w := start(t, engineio.Config{})
	c := w.dial()
	a := w.join(c, "")
	frames := socketio.AppendEvent(nil, "/", "pose", socketio.Data{Args: []json.RawMessage{json.RawMessage(`{"x":1}`)}})
	frames = socketio.AppendEvent(frames, "/", "blob", socketio.Data{Args: []json.RawMessage{nil}, Binary: [][]byte{{1}}})
	if !a.socket.Write(frames) {
		t.Error("an idle client did not take frames")
	}
	c.expect(`42["pose",{"x":1}]`)
	c.expect(`451-["blob",null]`)
	c.expect("\x01")

	sid := strings.Split(w.request(http.MethodGet, "", ""), `"`)[3]
	w.request(http.MethodPost, "&sid="+sid, "40")
	a = await(t, w.connected)
	w.request(http.MethodGet, "&sid="+sid, "")
	if !a.socket.Write(frames) {
		t.Error("an idle poller did not take frames")
	}
	got := strings.Split(w.request(http.MethodGet, "&sid="+sid, ""), "\x1e")
	if want := []string{`42["pose",{"x":1}]`, `451-["blob",null]`, "bAQ=="}; !slices.Equal(got, want) {
		t.Errorf("the poll got %q", got)
	}
}

// request makes one polling request.
func (w *world) request(method, query, body string) string {
	w.t.Helper()
	r, err := http.NewRequestWithContext(w.t.Context(), method, w.url+"/socket.io/?EIO=4&transport=polling"+query, strings.NewReader(body))
	if err != nil {
		w.t.Fatal(err)
	}
	answer, err := w.client.Do(r)
	if err != nil {
		w.t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != http.StatusOK {
		w.t.Fatalf("%s %s: %s %s %v", method, query, answer.Status, text, err)
	}
	return string(text)
}

func TestBadSettings(t *testing.T) {
	t.Parallel()
	if _, err := socketio.New(engineio.Config{Origins: conn.Origins{"["}}, nil); err == nil {
		t.Error("an origin that can never match was taken")
	}
}
