package gateway_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"presence/gateway/auth"
	"presence/spaces"
	"presence/spaces/store"
)

// TestBothFormsOfAnID: on every path about a space, an id with a slash may be
// encoded or not, and means the same.
func TestBothFormsOfAnID(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if err := w.store.PutPosts(t.Context(), []store.Post{{Author: "alice", Permlink: "moon", Kind: spaces.Kind360, CreatedAt: time.Now()}}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.store.PutDocument(t.Context(), store.Document{ID: 7, Name: "alice/plan", Creator: "alice", CreatedAt: time.Now()}); err != nil {
		t.Fatal(err)
	}
	token, err := w.auth.Mint(auth.Grant{Subject: "hive:alice"})
	if err != nil {
		t.Fatal(err)
	}
	forms := [][]string{{"post/alice%2Fmoon", "post/alice%2fmoon", "post/alice/moon"}, {"document/7", "document/alice%2Fplan", "document/alice/plan"}}
	tried := 0
	for _, operation := range spacePaths(t, w) {
		method, path, _ := strings.Cut(operation, " ")
		for _, form := range forms {
			want := 0
			for _, id := range form {
				url := strings.Replace(path, "{space_type}/{space_id}", id, 1)
				url = strings.Replace(url, "{subject}", "hive:nobody", 1)
				answer := w.do(method, url, "Authorization", "Bearer "+token.Token)
				if want == 0 {
					want = answer.Code
				}
				body := answer.Body.String()
				if answer.Code != want || strings.Contains(body, "nothing at this path") || strings.Contains(body, "does not know the method") || strings.HasPrefix(body, "<") {
					t.Errorf("%s %s: %d %s, want %d", method, url, answer.Code, body, want)
				}
				tried++
			}
		}
	}
	if tried < 60 {
		t.Errorf("only %d requests", tried)
	}
}

// spacePaths are the documented operations on one space and their names from
// before.
func spacePaths(t *testing.T, w *world) []string {
	t.Helper()
	operations := []string{
		"GET /api/presence/spaces/{space_type}/{space_id}", "POST /api/presence/spaces/{space_type}/{space_id}/join",
		"GET /api/presence/spaces/{space_type}/{space_id}/capacity", "GET /api/presence/spaces/{space_type}/{space_id}/queue",
		"GET /api/spaces/{space_type}/{space_id}/subrooms", "POST /api/spaces/{space_type}/{space_id}/ban", "DELETE /api/spaces/{space_type}/{space_id}/ban/{subject}",
	}
	var document struct {
		Paths map[string]map[string]any `json:"paths"`
	}
	if err := json.Unmarshal(w.do(http.MethodGet, "/openapi.json").Body.Bytes(), &document); err != nil {
		t.Fatal(err)
	}
	for path, methods := range document.Paths {
		if !strings.HasPrefix(path, "/api/spaces/{space_type}/{space_id}") {
			continue
		}
		for method := range methods {
			operations = append(operations, strings.ToUpper(method)+" "+path)
		}
	}
	return operations
}

// TestFirstServersFaults are faults of the first server that a REST path could
// share: answers in HTML, stack traces, other people's addresses.
func TestFirstServersFaults(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, path := range []string{
		"/api/spaces/nowhere", "/api/spaces/post", "/api/presence/nothing", "/test-turn", "/chat/x", "/rooms/x", "/event/3",
		// What the first server's README has and nobody serves here.
		"/api/spaces/post/alice/moon/audio/mode", "/api/microphones/3/request", "/api/payments/purchase", "/api/webhooks/subscribe",
		"/api/events", "/api/user/tickets", "/api/presence/viral/analytics", "/api/subscriptions/user/alice", "/api/collab/invr",
	} {
		refused(t, w.do(http.MethodGet, path).Result(), http.StatusNotFound, spaces.CodeNotFound)
	}
	for _, path := range []string{"/health", "/api/health", "/api/presence/health"} {
		if answer := w.do(http.MethodGet, path); answer.Code != http.StatusOK || !strings.Contains(answer.Body.String(), `"timestamp"`) {
			t.Errorf("%s: %d %s", path, answer.Code, answer.Body)
		}
	}
	for range 400 {
		answer := w.do(http.MethodPost, "/api/presence/sessions").Result()
		if answer.StatusCode == http.StatusTooManyRequests {
			refused(t, answer, http.StatusTooManyRequests, spaces.CodeRateLimited)
			return
		}
	}
	t.Error("400 seats at once from one address")
}
