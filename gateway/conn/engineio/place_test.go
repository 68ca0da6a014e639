package engineio_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"presence/gateway/conn"
	"presence/gateway/conn/engineio"
)

type deaf struct{}

func (deaf) Receive(context.Context, engineio.Message) {}
func (deaf) Closed(context.Context, string)            {}

// TestPlace: a session has one place from its handshake to its end, whatever
// requests it comes and goes by.
func TestPlace(t *testing.T) {
	t.Parallel()
	v, err := engineio.New(engineio.Config{}, func(*engineio.Session, *http.Request) engineio.Receiver { return deaf{} })
	if err != nil {
		t.Fatal(err)
	}
	left := make(chan struct{}, 10)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Has("sid") {
			v.ServeHTTP(w, r)
			return
		}
		ctx, place := conn.WithPlace(r.Context(), func() { left <- struct{}{} })
		defer place.Leave()
		v.ServeHTTP(w, r.WithContext(ctx))
	}))
	defer server.Close()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- v.Run(ctx) }()
	defer func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}()
	const endpoint = "/?EIO=4&transport=polling"
	ask := func(method, query, body string) string {
		t.Helper()
		r, err := http.NewRequestWithContext(ctx, method, server.URL+endpoint+query, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		said, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		return string(said)
	}
	wait := func(what string) {
		t.Helper()
		select {
		case <-left:
		case <-time.After(time.Minute):
			t.Fatalf("%s kept a place", what)
		}
	}

	ask(http.MethodPost, "", "")
	wait("a request that opens nothing")
	var greeting struct{ SID string }
	if err := json.Unmarshal([]byte(strings.TrimPrefix(ask(http.MethodGet, "", ""), "0")), &greeting); err != nil {
		t.Fatal(err)
	}
	ask(http.MethodPost, "&sid="+greeting.SID, "4hello")
	if len(left) != 0 {
		t.Error("a session that goes on has given its place back")
	}
	ask(http.MethodPost, "&sid="+greeting.SID, "1")
	wait("a session that ended")
	if len(left) != 0 {
		t.Error("a place was given back twice")
	}
}
