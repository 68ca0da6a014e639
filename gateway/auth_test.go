package gateway_test

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"presence/spaces/store"
)

// TestLogoutClosesSockets: the real way, with a socket and an event stream that
// are open meanwhile.
func TestLogoutClosesSockets(t *testing.T) {
	t.Parallel()
	w := newWhole(t)
	var guest struct {
		Token  string
		Viewer struct{ Subject string }
	}
	post := func(path, token string) (int, []byte) {
		t.Helper()
		r := must(http.NewRequestWithContext(t.Context(), http.MethodPost, w.base+path, http.NoBody))(t)
		if token != "" {
			r.Header.Set("Authorization", "Bearer "+token)
		}
		answer := must((&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(r))(t)
		defer func() { _ = answer.Body.Close() }()
		return answer.StatusCode, must(io.ReadAll(answer.Body))(t)
	}
	_, body := post("/api/auth/guest", "")
	if err := json.Unmarshal(body, &guest); err != nil {
		t.Fatal(err)
	}
	other := must(w.auth.Guest(""))(t)
	mine, theirs := w.socket(guest.Token), w.socket(other.Token)
	var ticket struct{ Ticket string }
	_, body = post("/api/auth/ticket", guest.Token)
	if err := json.Unmarshal(body, &ticket); err != nil {
		t.Fatal(err)
	}
	stream := request(t, http.MethodGet, w.base+"/api/presence/stream?ticket="+ticket.Ticket)
	if stream.StatusCode != http.StatusOK {
		t.Fatalf("the event stream answers %d", stream.StatusCode)
	}

	if status, body := post("/api/auth/logout", guest.Token); status != http.StatusNoContent {
		t.Fatalf("logout: %d %s", status, body)
	}
	if code, reason := closeOf(t, mine); code != 4401 || !strings.Contains(reason, "login was ended") {
		t.Errorf("the socket closed with %d %q", code, reason)
	}
	if _, err := io.Copy(io.Discard, stream.Body); err != nil { // ends
		t.Errorf("the event stream: %v", err)
	}
	if status, _ := post("/api/auth/ticket", guest.Token); status != http.StatusUnauthorized {
		t.Errorf("the token still gets a ticket: %d", status)
	}

	// What another process writes reaches a live socket as well.
	now := time.Now()
	if _, err := w.store.Revoke(t.Context(), store.Revocation{Login: other.Viewer.Login, By: "operator", Now: now, Forget: now.Add(time.Hour)}); err != nil {
		t.Fatal(err)
	}
	if code, _ := closeOf(t, theirs); code != 4401 {
		t.Errorf("the other socket closed with %d", code)
	}
}

// closeOf reads until the server closes the socket.
func closeOf(t *testing.T, c *websocket.Conn) (code websocket.StatusCode, reason string) {
	t.Helper()
	for {
		_, _, err := c.Read(t.Context())
		if err == nil {
			continue
		}
		var closed websocket.CloseError
		if !errors.As(err, &closed) {
			t.Fatal(err)
		}
		return closed.Code, closed.Reason
	}
}
