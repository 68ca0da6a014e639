package api_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"presence/spaces"
)

func (w *square) bearer(body map[string]any) []string {
	return []string{"Authorization", "Bearer " + body["token"].(string)}
}

const takeMoon = `{"socket_id":"page-1","user_account":"alice","space_type":"post","space_id":"alice/moon","position":{"x":1,"y":2,"z":3},"creator_account":"rich"}`

func TestRESTSession(t *testing.T) {
	t.Parallel()
	w := newSquare(t)
	// The shipped page sends no credential and calls itself whatever it likes.
	body := w.answer(w.send(http.MethodPost, "/api/presence/sessions", takeMoon), http.StatusOK)
	keys(t, "the answer", body, "success", "session", "capacity", "is_premium", "node", "token")
	if fmt.Sprint(body["capacity"]) != "map[available:49 premiumBonus:0 total:50 used:1]" {
		t.Errorf("capacity %v", body["capacity"])
	}
	session := body["session"].(map[string]any)
	keys(t, "the session", session, "socket_id", "user_account", "space_type", "space_id", "subspace", "avatar_data", "voice_enabled", "connected_at")
	if session["socket_id"] != "page-1" || session["user_account"] != nil {
		t.Errorf("a made-up account: %v", session)
	}
	mine, other := w.bearer(body), w.guest()
	if spaces := w.fetch("/api/presence/users/page-1/spaces", mine...); fmt.Sprint(spaces["spaces"].([]any)[0].(map[string]any)["space_id"]) != "alice/moon" || spaces["is_guest"] != true {
		t.Errorf("where I am: %v", spaces)
	}
	// Nobody reaches another's session, whatever name they send.
	refused(t, w.send(http.MethodPut, "/api/presence/sessions/page-1", `{}`, other...), http.StatusNotFound, spaces.CodeNotFound)
	refused(t, w.do(http.MethodDelete, "/api/presence/sessions/page-1", other...), http.StatusNotFound, spaces.CodeNotFound)
	refused(t, w.do(http.MethodDelete, "/api/presence/sessions/page-1"), http.StatusUnauthorized, spaces.CodeUnauthenticated)
	if spaces := w.fetch("/api/presence/users/page-1/spaces", other...); len(spaces["spaces"].([]any)) != 0 {
		t.Errorf("where somebody else is: %v", spaces)
	}
	w.enter("socket", "post:alice/moon", "hive:carol")
	refused(t, w.do(http.MethodDelete, "/api/presence/sessions/socket", mine...), http.StatusNotFound, spaces.CodeNotFound)

	w.advance(50 * time.Second)
	w.answer(w.send(http.MethodPut, "/api/presence/sessions/page-1", `{"position":{"x":4,"y":5,"z":6},"voice_enabled":true}`, mine...), http.StatusOK)
	w.advance(50 * time.Second)
	users := w.fetch("/api/spaces/post/alice%2Fmoon")["space"].(map[string]any)["connected_users"].([]any)
	if len(users) != 1 || users[0].(map[string]any)["voice_enabled"] != true || fmt.Sprint(users[0].(map[string]any)["position"]) != "map[x:4 y:5 z:6]" {
		t.Errorf("touched: %v", users)
	}
	w.advance(11 * time.Second)
	if people := w.fetch("/api/spaces/post/alice%2Fmoon")["space"].(map[string]any)["active_users"]; people != 0.0 {
		t.Errorf("a page that is gone left %v behind", people)
	}
}

func TestRESTSessionEnds(t *testing.T) {
	t.Parallel()
	w := newSquare(t)
	alice := w.as("hive:alice")
	body := w.answer(w.send(http.MethodPost, "/api/presence/sessions", takeMoon, alice...), http.StatusOK)
	if body["session"].(map[string]any)["user_account"] != "alice" {
		t.Errorf("a proven account: %v", body)
	}
	again := w.answer(w.send(http.MethodPost, "/api/presence/sessions", takeMoon, alice...), http.StatusOK)
	if fmt.Sprint(again["capacity"]) != fmt.Sprint(body["capacity"]) {
		t.Errorf("a second click took a second seat: %v", again)
	}
	gone := w.answer(w.do(http.MethodDelete, "/api/presence/sessions/page-1", alice...), http.StatusOK)
	keys(t, "the answer", gone, "success", "removed", "node")
	refused(t, w.do(http.MethodDelete, "/api/presence/sessions/page-1", alice...), http.StatusNotFound, spaces.CodeNotFound)
	for name, bad := range map[string]string{
		"no name": `{"space_type":"post","space_id":"alice/moon"}`, "no space": `{"socket_id":"x"}`,
		"a type of no space": `{"socket_id":"x","space_type":"hall","space_id":"y"}`,
	} {
		if answer := w.send(http.MethodPost, "/api/presence/sessions", bad, alice...); answer.Code != http.StatusUnprocessableEntity {
			t.Errorf("%s: %d %s", name, answer.Code, answer.Body)
		}
	}
	refused(t, w.send(http.MethodPost, "/api/presence/sessions", `{"socket_id":"x","space_type":"document","space_id":"8"}`, alice...), http.StatusNotFound, spaces.CodeNotFound)
}

func TestWaitlist(t *testing.T) {
	t.Parallel()
	w := newSquare(t)
	w.answer(w.send(http.MethodPut, "/api/spaces/post/alice%2Fmoon/settings", `{"max_users":1}`, w.as("hive:alice")...), http.StatusOK)
	first := w.bearer(w.answer(w.send(http.MethodPost, "/api/presence/sessions", takeMoon), http.StatusOK))
	body := w.answer(w.send(http.MethodPost, "/api/presence/sessions", takeMoon, w.as("hive:carol")...), http.StatusAccepted)
	keys(t, "the answer", body, "success", "queued", "message", "queue_info", "capacity", "node")
	keys(t, "queue_info", body["queue_info"], "position", "user_type", "estimated_wait", "priority_message")
	info := body["queue_info"].(map[string]any)
	if body["success"] != false || body["queued"] != true || info["position"] != 1.0 || info["user_type"] != "hive" {
		t.Errorf("%v", body)
	}
	w.answer(w.send(http.MethodPost, "/api/presence/sessions", takeMoon, w.as("hive:dave")...), http.StatusAccepted)
	for _, path := range []string{"/api/spaces", "/api/presence/spaces"} {
		queue := w.fetch(path + "/post/alice%2Fmoon/queue")
		keys(t, "queue_info", queue["queue_info"], "current_queue", "today_admissions", "priority_system")
		if fmt.Sprint(queue["queue_info"].(map[string]any)["current_queue"]) != "map[avg_wait_minutes:<nil> guest_waiting:0 hive_waiting:2 total_waiting:2]" {
			t.Errorf("%v", queue)
		}
		capacity := w.fetch(path + "/post/alice%2Fmoon/capacity")
		keys(t, "the space", capacity["space"], "space_type", "space_id", "capacity", "users", "viral_metrics")
		if fmt.Sprint(capacity["space"].(map[string]any)["capacity"]) != "map[available:0 premiumBonus:0 total:1 used:1]" {
			t.Errorf("%v", capacity)
		}
		if fmt.Sprint(capacity["space"].(map[string]any)["users"]) != "map[guests:1 premium:0 regular:0 total:1]" {
			t.Errorf("%v", capacity)
		}
	}
	if full := w.answer(w.send(http.MethodPost, "/api/spaces/post/alice%2Fmoon/join", `{}`), http.StatusOK); full["is_full"] != true {
		t.Errorf("a full space says %v", full["is_full"])
	}
	status := func(who string) string {
		body := w.fetch("/api/presence/waitlist/page-1/status", w.as(who)...)
		entries := body["waitlist_entries"].([]any)
		if len(entries) == 0 {
			return fmt.Sprint("not in line, inside: ", body["admitted"])
		}
		keys(t, "an entry", entries[0], "socket_id", "queue_position", "users_ahead", "estimated_wait", "status", "user_type")
		entry := entries[0].(map[string]any)
		return fmt.Sprint(entry["status"], " ", entry["queue_position"], " ", entry["users_ahead"])
	}
	if got := status("hive:dave"); got != "waiting 2 1" {
		t.Errorf("the second in line: %s", got)
	}
	w.answer(w.do(http.MethodDelete, "/api/presence/sessions/page-1", first...), http.StatusOK)
	if got := status("hive:carol"); got != "not in line, inside: true" {
		t.Errorf("the first in line after a seat was given back: %s", got)
	}
	left := w.answer(w.send(http.MethodDelete, "/api/presence/waitlist/page-1/leave", `{"space_type":"post","space_id":"alice/moon"}`, w.as("hive:dave")...), http.StatusOK)
	keys(t, "the answer", left, "success", "removed_entries", "message", "node")
	if left["removed_entries"] != 1.0 {
		t.Errorf("%v", left)
	}
	if got := status("hive:dave"); got != "not in line, inside: false" {
		t.Errorf("who left the line: %s", got)
	}
	again := w.answer(w.do(http.MethodDelete, "/api/presence/waitlist/page-1/leave", w.as("hive:dave")...), http.StatusOK)
	if again["success"] != true || again["removed_entries"] != 0.0 {
		t.Errorf("leaving twice: %v", again)
	}
	if kept := w.answer(w.do(http.MethodDelete, "/api/presence/waitlist/page-1/leave", w.as("hive:carol")...), http.StatusOK); kept["removed_entries"] != 0.0 {
		t.Errorf("leaving the line took somebody's seat: %v", kept)
	}
}
