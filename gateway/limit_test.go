package gateway_test

import (
	"net/http"
	"testing"

	"presence/spaces"
)

// TestTicketsAreLimitedPerAddress: each is a write to the database, and one
// guest's token is good for any number of them.
func TestTicketsAreLimitedPerAddress(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for range 200 {
		answer := w.do(http.MethodPost, "/api/auth/ticket").Result()
		if answer.StatusCode == http.StatusUnauthorized {
			continue
		}
		refused(t, answer, http.StatusTooManyRequests, spaces.CodeRateLimited)
		if answer.Header.Get("Retry-After") == "" {
			t.Error("no Retry-After")
		}
		if guest := w.do(http.MethodPost, "/api/auth/guest"); guest.Code != http.StatusOK {
			t.Errorf("a guest is limited by tickets: %d", guest.Code)
		}
		return
	}
	t.Error("200 tickets at once from one address")
}

// TestSocketsAreLimitedPerAddress: each may be a guest with a seat, whichever
// door it takes. What goes on with a session of Engine.IO is not a new one.
func TestSocketsAreLimitedPerAddress(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	doors := []string{"/ws/space", "/socket.io/?EIO=4&transport=polling", "/naf", "/api/naf"}
	for i := range 5000 {
		answer := w.do(http.MethodGet, doors[i%len(doors)]).Result()
		if answer.StatusCode != http.StatusTooManyRequests {
			continue
		}
		refused(t, answer, http.StatusTooManyRequests, spaces.CodeRateLimited)
		if i < 2000 {
			t.Errorf("refused after %d", i)
		}
		if poll := w.do(http.MethodGet, "/socket.io/?EIO=4&transport=polling&sid=x"); poll.Code != http.StatusTeapot {
			t.Errorf("a poll is limited by sockets: %d", poll.Code)
		}
		return
	}
	t.Error("5,000 sockets at once from one address")
}

// TestLoginsAreLimitedPerAddress: each may be a question to somebody else's
// server. Hive signatures are limited wherever they come.
func TestLoginsAreLimitedPerAddress(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		method, path string
		header       []string
	}{
		"challenges": {http.MethodPost, "/api/auth/hive/challenge", nil},
		"Hive":       {http.MethodPost, "/api/auth/hive", nil},
		"Matrix":     {http.MethodPost, "/api/auth/matrix", nil},
		"refreshes":  {http.MethodPost, "/api/auth/refresh", nil},
		"headers":    {http.MethodGet, "/api/city/rooms", []string{"X-Account", "alice"}},
		"bearer":     {http.MethodGet, "/status", []string{"Authorization", "Bearer x:alice"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			for range 2000 {
				answer := w.do(c.method, c.path, c.header...).Result()
				if answer.StatusCode != http.StatusTooManyRequests {
					continue
				}
				refused(t, answer, http.StatusTooManyRequests, spaces.CodeRateLimited)
				if guest := w.do(http.MethodPost, "/api/auth/guest"); guest.Code != http.StatusOK {
					t.Errorf("a guest is limited by %s: %d", name, guest.Code)
				}
				return
			}
			t.Errorf("2000 %s at once from one address", name)
		})
	}
}
