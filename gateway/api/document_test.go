package api_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"maps"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write openapi.yaml anew")

// TestDocument fails when openapi.yaml is not what the types say.
func TestDocument(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	served := w.do(http.MethodGet, "/openapi.yaml").Body.Bytes()
	if *update {
		if err := os.WriteFile("openapi.yaml", served, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	checkedIn, err := os.ReadFile("openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(served, checkedIn) {
		t.Error("openapi.yaml is stale: go test ./gateway/api -run TestDocument -update")
	}
}

func TestDocumentHasEveryPathOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	answer := w.do(http.MethodGet, "/openapi.json")
	if got := answer.Header().Get("Content-Type"); got != "application/openapi+json" {
		t.Errorf("got content type %q", got)
	}
	var doc struct {
		OpenAPI string
		Paths   map[string]any
	}
	if err := json.Unmarshal(answer.Body.Bytes(), &doc); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{
		"/api/auth/guest", "/api/auth/ticket", "/api/auth/hive/challenge", "/api/auth/hive", "/api/auth/matrix",
		"/api/auth/refresh", "/api/auth/logout", "/api/auth/me", "/api/presence/summary", "/api/city/rooms", "/api/city/map",
		"/internal/city/rooms", "/status", "/.well-known/jwks.json",
		"/api/chat/unread", "/api/presence/chat/messages", "/api/chat/{space_type}/{space_id}/messages",
		"/api/chat/{space_type}/{space_id}/messages/{message_id}", "/api/chat/{space_type}/{space_id}/messages/{message_id}/thread",
		"/api/chat/{space_type}/{space_id}/messages/{message_id}/reactions/{reaction}", "/api/chat/{space_type}/{space_id}/events",
		"/api/chat/{space_type}/{space_id}/read", "/api/chat/{space_type}/{space_id}/subscription", "/api/chat/{space_type}/{space_id}/export",
		"/api/documents/{document_id}/comments", "/api/documents/{document_id}/comments/{comment_id}",
		"/api/spaces", "/api/spaces/{space_type}/{space_id}", "/api/spaces/{space_type}/{space_id}/join", "/api/spaces/{space_type}/{space_id}/settings",
		"/api/spaces/{space_type}/{space_id}/subspaces", "/api/spaces/{space_type}/{space_id}/capacity", "/api/spaces/{space_type}/{space_id}/queue",
		"/api/spaces/{space_type}/{space_id}/roles", "/api/spaces/{space_type}/{space_id}/roles/{subject}", "/api/spaces/{space_type}/{space_id}/kick",
		"/api/spaces/{space_type}/{space_id}/bans", "/api/spaces/{space_type}/{space_id}/bans/{subject}", "/api/spaces/{space_type}/{space_id}/audit",
		"/api/presence/sessions", "/api/presence/sessions/{socket_id}", "/api/presence/users/{socket_id}/spaces",
		"/api/presence/waitlist/{socket_id}/status", "/api/presence/waitlist/{socket_id}/leave", "/api/turn-credentials", "/api/webrtc/turn-config",
	} {
		if doc.Paths[path] == nil {
			t.Errorf("%s is not documented", path)
		}
		delete(doc.Paths, path)
	}
	if len(doc.Paths) > 0 {
		t.Errorf("also documented: %v", slices.Sorted(maps.Keys(doc.Paths)))
	}
	if !strings.HasPrefix(doc.OpenAPI, "3.1") {
		t.Errorf("got OpenAPI %s", doc.OpenAPI)
	}
}
