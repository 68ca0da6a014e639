package conn_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"presence/gateway/conn"
	"presence/gateway/wire"
)

// FuzzFrames writes any bytes after a good handshake: the server answers or
// closes, never panics, and forgets the socket.
func FuzzFrames(f *testing.F) {
	for _, seed := range [][]byte{
		masked(0x81, "hello"), masked(0x88, "\x03\xe8"), masked(0x89, "x"), masked(0x01, "a"),
		{0x81, 1, 'x'},
		{0x81, 0xfe, 0xff},
		masked(0xc1, "compressed"), append(masked(0x01, "a"), masked(0x80, "b")...),
		{0x81, 0xff, 0x80, 0, 0, 0, 0, 0, 0, 0},
	} {
		f.Add(seed)
	}
	registry := prometheus.NewRegistry()
	feed := &echo{version: 1, text: "hello", sockets: map[*conn.Socket]bool{}}
	keeper, err := conn.New(conn.Config{Name: "fuzz", Formats: []string{"text"}, Log: slog.New(slog.DiscardHandler), Registry: registry}, feed)
	if err != nil {
		f.Fatal(err)
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_ = keeper.Upgrade(w, r, conn.Terms{Format: "text", Subprotocols: wire.Subprotocols})
	}))
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- keeper.Run(ctx) }()
	f.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			f.Error(err)
		}
		server.Close()
	})
	f.Fuzz(func(t *testing.T, frames []byte) {
		c, err := net.Dial("tcp", strings.TrimPrefix(server.URL, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		_ = c.SetDeadline(time.Now().Add(soon))
		if _, err := c.Write(append([]byte(handshake), frames...)); err != nil {
			t.Fatal(err)
		}
		_ = c.(*net.TCPConn).CloseWrite()
		if _, err := io.Copy(io.Discard, c); errors.Is(err, os.ErrDeadlineExceeded) {
			t.Fatalf("after %q the socket stays", frames)
		}
		families, err := registry.Gather()
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range families {
			if m.GetName() == "presence_fuzz_panics_total" && m.GetMetric()[0].GetCounter().GetValue() > 0 {
				t.Fatalf("%q made it panic", frames)
			}
		}
	})
}
