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
