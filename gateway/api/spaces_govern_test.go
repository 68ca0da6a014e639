package api_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"presence/gateway/auth"
	"presence/spaces"
)

func TestSettings(t *testing.T) {
	t.Parallel()
	w := newSquare(t)
	const path = "/api/spaces/post/alice%2Fmoon/settings"
	body := w.fetch(path)
	keys(t, "the settings", body, "settings", "chat_enabled", "voice_enabled", "max_users", "guests_enter", "guests_chat")
	if fmt.Sprint(body) != "map[chat_enabled:true guests_chat:true guests_enter:true max_users:50 settings:map[] voice_enabled:true]" {
		t.Errorf("unchanged: %v", body)
	}
	body = w.answer(w.send(http.MethodPut, path, `{"settings":{"theme":"dusk"},"max_users":7,"guests_enter":false}`, w.as("hive:alice")...), http.StatusOK)
	if body["max_users"] != 7.0 || body["chat_enabled"] != true || fmt.Sprint(body["settings"]) != "map[theme:dusk]" {
		t.Errorf("changed: %v", body)
	}
	if again := w.fetch(path); fmt.Sprint(again) != fmt.Sprint(body) {
		t.Errorf("read again: %v", again)
	}
	// What is left out stays.
	if body := w.answer(w.send(http.MethodPut, path, `{"chat_enabled":false}`, w.as("hive:alice")...), http.StatusOK); body["max_users"] != 7.0 || body["guests_enter"] != false {
		t.Errorf("changed once more: %v", body)
	}
	refused(t, w.send(http.MethodPost, "/api/spaces/post/alice%2Fmoon/join", `{}`), http.StatusUnauthorized, spaces.CodeUnauthenticated)
	refused(t, w.send(http.MethodPut, path, `{"max_users":7}`, w.as("hive:bob")...), http.StatusForbidden, spaces.CodeForbidden)
	refused(t, w.send(http.MethodPut, path, `{"max_users":7}`, w.guest()...), http.StatusUnauthorized, spaces.CodeUnauthenticated)
	refused(t, w.send(http.MethodPut, path, `{"max_users":7}`), http.StatusUnauthorized, spaces.CodeUnauthenticated)
	for _, bad := range []string{`{"max_users":0}`, `{"max_users":1000000}`, `{"settings":[]}`, `{"settings":"x"}`, `{"settings":{"a":"\u0000"}}`, `{"settings":{"a":"` + strings.Repeat("x", 17<<10) + `"}}`} {
		refused(t, w.send(http.MethodPut, path, bad, w.as("hive:alice")...), http.StatusUnprocessableEntity, spaces.CodeInvalid)
	}
}

func TestSubspaces(t *testing.T) {
	t.Parallel()
	w := newSquare(t)
	const path = "/api/spaces/post/alice%2Fmoon"
	w.answer(w.send(http.MethodPost, path+"/subspaces", `{"subspace":"main-garden","title":"The garden"}`, w.as("hive:alice")...), http.StatusOK)
	refused(t, w.send(http.MethodPost, path+"/subspaces", `{"subspace":"main-garden"}`, w.as("hive:alice")...), http.StatusConflict, spaces.CodeConflict)
	refused(t, w.send(http.MethodPost, path+"/subspaces", `{"subspace":"a:b"}`, w.as("hive:alice")...), http.StatusUnprocessableEntity, spaces.CodeInvalid)
	refused(t, w.send(http.MethodPost, path+"/subspaces", `{"subspace":"x"}`, w.as("hive:bob")...), http.StatusForbidden, spaces.CodeForbidden)
	w.enter("s1", "post:alice/moon:main-made-up", "guest:1")
	w.enter("s2", "post:alice/moon:main-garden", "guest:2")
	for _, below := range []string{"/subspaces", "/subrooms"} {
		body := w.fetch(path + below)
		const want = "[map[active_users:0 subspace:main title:] map[active_users:1 subspace:main-garden title:The garden] map[active_users:1 subspace:main-made-up title:]]"
		if got := fmt.Sprint(body["subrooms"]); got != want {
			t.Errorf("%s: %s", below, got)
		}
	}
}

func TestRolesBansAudit(t *testing.T) {
	t.Parallel()
	w := newSquare(t)
	const path = "/api/spaces/post/alice%2Fmoon"
	alice, mod := w.as("hive:alice"), w.as("matrix:@mod:example.org")
	w.answer(w.send(http.MethodPut, path+"/roles/matrix:@mod:example.org", `{"role":"moderator"}`, alice...), http.StatusOK)
	roles := w.fetch(path+"/roles", alice...)
	keys(t, "a role", roles["roles"].([]any)[0], "subject", "user_account", "role", "granted_by", "created_at", "expires_at")
	if roles["owner"] != "hive:alice" || roles["roles"].([]any)[0].(map[string]any)["user_account"] != "@mod:example.org" {
		t.Errorf("roles %v", roles)
	}
	refused(t, w.do(http.MethodGet, path+"/roles", mod...), http.StatusForbidden, spaces.CodeForbidden)
	refused(t, w.do(http.MethodGet, path+"/roles"), http.StatusUnauthorized, spaces.CodeUnauthenticated)
	refused(t, w.send(http.MethodPut, path+"/roles/guest:1", `{"role":"moderator"}`, alice...), http.StatusUnprocessableEntity, spaces.CodeInvalid)
	refused(t, w.send(http.MethodPut, path+"/roles/hive:bob", `{"role":"god"}`, alice...), http.StatusUnprocessableEntity, spaces.CodeInvalid)
	refused(t, w.send(http.MethodPut, path+"/roles/hive:bob", `{"role":"admin","expires_at":"2001-01-01T00:00:00Z"}`, alice...), http.StatusUnprocessableEntity, spaces.CodeInvalid)

	w.enter("s1", "post:alice/moon", "guest:1")
	w.enter("s9", "global:lobby", "guest:9")
	w.answer(w.send(http.MethodPost, path+"/kick", `{"socket_id":"s1","reason":"loud"}`, mod...), http.StatusOK)
	refused(t, w.send(http.MethodPost, path+"/kick", `{"socket_id":"s9"}`, mod...), http.StatusNotFound, spaces.CodeNotFound) // of another space
	refused(t, w.send(http.MethodPost, path+"/kick", `{}`, mod...), http.StatusUnprocessableEntity, spaces.CodeInvalid)
	refused(t, w.send(http.MethodPost, path+"/kick", `{"subject":"hive:alice"}`, mod...), http.StatusForbidden, spaces.CodeForbidden)
	refused(t, w.send(http.MethodPost, path+"/kick", `{"socket_id":"s1"}`, w.as("hive:bob")...), http.StatusForbidden, spaces.CodeForbidden)
	w.answer(w.send(http.MethodPost, path+"/bans", `{"subject":"hive:bob","reason":"spam","minutes":60}`, mod...), http.StatusOK)
	w.answer(w.send(http.MethodPost, path+"/ban", `{"subject":"hive:carol"}`, mod...), http.StatusOK)
	problem := refused(t, w.send(http.MethodPost, path+"/join", `{}`, w.as("hive:bob")...), http.StatusForbidden, spaces.CodeForbidden)
	if !strings.Contains(problem.Detail, "spam") {
		t.Errorf("the banned are told %q", problem.Detail)
	}
	bans := w.fetch(path+"/bans", mod...)["bans"].([]any)
	keys(t, "a ban", bans[0], "subject", "user_account", "reason", "banned_by", "created_at", "expires_at")
	if len(bans) != 2 {
		t.Errorf("bans %v", bans)
	}
	w.answer(w.do(http.MethodDelete, path+"/bans/hive:bob", mod...), http.StatusOK)
	w.answer(w.do(http.MethodDelete, path+"/ban/hive:carol", mod...), http.StatusOK)
	w.answer(w.send(http.MethodPost, path+"/join", `{}`, w.as("hive:bob")...), http.StatusOK)
	w.answer(w.do(http.MethodDelete, path+"/roles/matrix:@mod:example.org", alice...), http.StatusOK)
	refused(t, w.do(http.MethodGet, path+"/bans", mod...), http.StatusForbidden, spaces.CodeForbidden)

	refused(t, w.do(http.MethodGet, path+"/audit", mod...), http.StatusForbidden, spaces.CodeForbidden)
	acts := w.fetch(path+"/audit?limit=3", alice...)["acts"].([]any)
	keys(t, "an act", acts[0], "id", "subject", "user_account", "action", "target", "details", "created_at")
	last := acts[2].(map[string]any)
	older := w.fetch(fmt.Sprintf("%s/audit?before=%v", path, last["id"]), alice...)["acts"].([]any)
	var names []string
	for _, act := range append(acts, older...) {
		names = append(names, act.(map[string]any)["action"].(string))
	}
	if got := strings.Join(names, " "); got != "revoke unban unban ban ban kick grant" {
		t.Errorf("audit: %s", got)
	}
	if got := strings.Join(w.kicked, "|"); got != "post:alice/moon:main guest:1 loud|post:alice/moon:main hive:bob spam|post:alice/moon:main hive:carol " {
		t.Errorf("kicked: %s", got)
	}
}

// TestBanOfAGuest: who was banned and comes back as another guest is kept out;
// nobody else is.
func TestBanOfAGuest(t *testing.T) {
	t.Parallel()
	w := newSquare(t)
	const path, home, elsewhere = "/api/spaces/post/alice%2Fmoon", "203.0.113.7", "203.0.113.8"
	from := func(address, path string, header ...string) *httptest.ResponseRecorder {
		r := httptest.NewRequestWithContext(auth.WithAddress(t.Context(), netip.MustParseAddr(address)), http.MethodPost, path, strings.NewReader(`{}`))
		r.Header.Set("Content-Type", "application/json")
		for i := 0; i < len(header); i += 2 {
			r.Header.Set(header[i], header[i+1])
		}
		recorder := httptest.NewRecorder()
		w.mux.ServeHTTP(recorder, r)
		return recorder
	}
	join := path + "/join"
	troll := w.answer(from(home, join), http.StatusOK)
	alice, classmate := w.as("hive:alice"), w.guest()
	w.answer(from(home, join, classmate...), http.StatusOK)
	subject := troll["viewer"].(map[string]any)["subject"].(string)
	w.advance(time.Second)
	banned := w.answer(w.send(http.MethodPost, path+"/bans", `{"subject":"`+subject+`","reason":"spam"}`, alice...), http.StatusOK)
	until := w.clock().Add(12 * time.Hour).UTC().Format(time.RFC3339)
	if told, err := time.Parse(time.RFC3339, fmt.Sprint(banned["newcomers_until"])); err != nil || told.Format(time.RFC3339) != until {
		t.Errorf("the moderator is told %v, want %s", banned, until)
	}

	problem := refused(t, from(home, join), http.StatusUnauthorized, spaces.CodeUnauthenticated)
	if !strings.Contains(problem.Detail, "new guests") || !strings.Contains(problem.Detail, until) || !strings.Contains(problem.Detail, "Sign in") {
		t.Errorf("a new guest is told %q", problem.Detail)
	}
	w.answer(from(home, join, classmate...), http.StatusOK)
	w.answer(from(home, join, w.as("hive:carol")...), http.StatusOK)
	w.answer(from(elsewhere, join), http.StatusOK)
	w.answer(from(home, "/api/spaces/global/lobby/join"), http.StatusOK)

	w.advance(12 * time.Hour)
	w.answer(from(home, join), http.StatusOK)
	w.answer(w.do(http.MethodDelete, path+"/bans/"+subject, alice...), http.StatusOK)
	if answer := w.answer(w.send(http.MethodPost, path+"/bans", `{"subject":"hive:bob"}`, alice...), http.StatusOK); answer["newcomers_until"] != nil {
		t.Errorf("the ban of an account: %v", answer)
	}
}
