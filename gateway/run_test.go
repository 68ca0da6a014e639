package gateway_test

import (
	"bufio"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/coder/websocket"

	"presence/gateway/auth"
	"presence/spaces"
)

// TestSocketThroughTheMiddleware: everything between the network and the
// handler lets a WebSocket through.
func TestSocketThroughTheMiddleware(t *testing.T) {
	t.Parallel()
	base, _, w := run(t)
	token, err := w.auth.Mint(auth.Grant{Subject: "alice"})
	if err != nil {
		t.Fatal(err)
	}
	ws, _, err := websocket.Dial(t.Context(), base+"/ws/city/presence", &websocket.DialOptions{
		HTTPHeader: http.Header{"Authorization": {"Bearer " + token.Token}},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = ws.CloseNow() }()
	if err := ws.Write(t.Context(), websocket.MessageText, []byte("hello")); err != nil {
		t.Fatal(err)
	}
	if _, data, err := ws.Read(t.Context()); err != nil || string(data) != "hello" {
		t.Errorf("got %q, %v", data, err)
	}
	_, _, err = ws.Read(t.Context())
	if websocket.CloseStatus(err) != websocket.StatusGoingAway {
		t.Errorf("got %v", err)
	}
}

// TestStopEndsStreams: an event stream does not hold up a stop, and nobody new
// gets in.
func TestStopEndsStreams(t *testing.T) {
	t.Parallel()
	base, stop, w := run(t)
	stream := request(t, http.MethodGet, base+"/presence/stream")
	lines := bufio.NewReader(stream.Body)
	if line, err := lines.ReadString('\n'); err != nil || !strings.HasPrefix(line, "data:") {
		t.Fatalf("got %q, %v", line, err)
	}
	if err := stop(); err != nil {
		t.Error(err)
	}
	if log := w.log.String(); strings.Contains(log, "cut off") {
		t.Errorf("the stream held up the stop: %s", log)
	}
	for {
		if _, err := lines.ReadString('\n'); err != nil {
			break
		}
	}
	if _, err := http.Get(base + "/healthz"); err == nil {
		t.Error("still listening")
	}
}

func TestLatePanicBreaksTheConnection(t *testing.T) {
	t.Parallel()
	base, _, _ := run(t)
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, base+"/presence/stream?fault=late%20panic", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(r)
	if err == nil { // otherwise the connection broke before the client saw anything
		_, err = io.ReadAll(resp.Body)
		_ = resp.Body.Close()
	}
	if err == nil {
		t.Error("half an answer looks whole")
	}
	refused(t, request(t, http.MethodGet, base+"/nonsense"), 404, spaces.CodeNotFound)
}

func TestTakenPortSaysSo(t *testing.T) {
	t.Parallel()
	base, _, _ := run(t)
	other := newWorld(t, func(o *options) { o.Listen = strings.TrimPrefix(base, "http://") })
	err := other.gw.Run(t.Context())
	if err == nil || !strings.Contains(err.Error(), "PRESENCE_LISTEN") {
		t.Errorf("got %v, want it to name the setting", err)
	}
}
