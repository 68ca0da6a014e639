package conn_test

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"presence/gateway/conn"
)

// TestPlace: a socket keeps its place until it ends, a request that becomes none
// only until it is answered.
func TestPlace(t *testing.T) {
	t.Parallel()
	feed := &echo{version: 1, text: "hello", sockets: map[*conn.Socket]bool{}}
	keeper, err := conn.New(conn.Config{Name: "test", Formats: []string{"text"}, Log: slog.New(slog.DiscardHandler)}, feed)
	if err != nil {
		t.Fatal(err)
	}
	served, left := make(chan struct{}, 10), make(chan struct{}, 10)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, place := conn.WithPlace(r.Context(), func() { left <- struct{}{} })
		_ = keeper.Upgrade(w, r.WithContext(ctx), conn.Terms{Format: "text"})
		place.Leave()
		served <- struct{}{}
	}))
	defer server.Close()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- keeper.Run(ctx) }()
	defer func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}()
	wait := func(what string, c chan struct{}) {
		t.Helper()
		select {
		case <-c:
		case <-time.After(soon):
			t.Fatalf("waited in vain for %s", what)
		}
	}

	resp, err := http.Get(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	wait("the end of a request that is no socket", left)
	wait("its handler", served)
	ws, _, err := websocket.Dial(ctx, strings.Replace(server.URL, "http", "ws", 1), nil)
	if err != nil {
		t.Fatal(err)
	}
	wait("the upgrade", served)
	if len(left) != 0 {
		t.Error("an open socket has given its place back")
	}
	_ = ws.CloseNow()
	wait("the end of the socket", left)
	if len(left) != 0 {
		t.Error("a place was given back twice")
	}
}
