package api_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"presence/gateway/api"
	"presence/gateway/auth"
	"presence/gateway/chat"
	"presence/gateway/wire"
	"presence/spaces"
	"presence/spaces/bus"
	"presence/spaces/store"
)

// newForum is a square whose spaces have a chat.
func newForum(t *testing.T) *square {
	t.Helper()
	b, err := bus.Open(t.Context(), bus.Config{Dir: t.TempDir()})
	check(t, err)
	t.Cleanup(b.Close)
	return newSquare(t, func(cfg *api.Config) {
		service, err := chat.New(chat.Config{Store: cfg.Spaces.Rooms.(*store.Store), Bus: b, Access: cfg.Spaces.Access})
		check(t, err)
		cfg.Chat = service
	})
}

type messagesAnswer struct {
	Messages []wire.ChatRow `json:"messages"`
	HasMore  bool           `json:"has_more"`
	Node     string         `json:"node"`
}

type messageAnswer struct {
	Message wire.ChatRow `json:"message"`
	Node    string       `json:"node"`
}

// write sends a request that must succeed and decodes the line of the answer.
func (w *square) write(method, path, body string, header ...string) wire.ChatRow {
	w.t.Helper()
	answer := w.send(method, path, body, header...)
	if answer.Code != http.StatusOK {
		w.t.Fatalf("%s %s: %d %s", method, path, answer.Code, answer.Body)
	}
	var m messageAnswer
	decodeStrictly(w.t, answer.Body, &m)
	return m.Message
}

const (
	moon  = "/api/chat/post/alice%2Fmoon"
	plaza = "/api/chat/city/plaza"
)

// TestChatContract: the first API's paths, fields and order, for its clients.
func TestChatContract(t *testing.T) {
	t.Parallel()
	w := newForum(t)
	bob := w.as("hive:bob")
	answer := w.send(http.MethodPost, moon+"/messages", `{"content":"שלום 👋","user_account":"alice","guest_id":"x","subspace":"main","message_type":"text","parent_message_id":null}`, bob...)
	if answer.Code != http.StatusOK {
		t.Fatalf("got %d %s", answer.Code, answer.Body)
	}
	var raw struct {
		Message map[string]any `json:"message"`
		Node    string         `json:"node"`
	}
	decodeStrictly(t, answer.Body, &raw)
	for field, want := range map[string]any{
		"space_type": "post", "space_id": "alice/moon", "subspace": "main", "user_account": "bob", "guest_id": nil, "message_type": "text",
		"content": "שלום 👋", "metadata": nil, "parent_message_id": nil, "thread_count": 0.0, "is_edited": false, "is_deleted": false,
	} {
		if got, there := raw.Message[field]; !there || got != want {
			t.Errorf("%s is %v, want %v", field, got, want)
		}
	}
	for _, field := range []string{"created_at", "updated_at"} {
		if _, err := time.Parse("2006-01-02T15:04:05.000Z", raw.Message[field].(string)); err != nil {
			t.Error(err)
		}
	}
	if raw.Node != "gw-1" || raw.Message["display_name"] == "" {
		t.Errorf("got %v", raw)
	}
	guest := w.write(http.MethodPost, moon+"/messages", `{"content":"from a guest"}`, w.guest()...)
	if guest.UserAccount != nil || guest.GuestID == nil || !strings.HasPrefix(guest.DisplayName, "Guest-") {
		t.Errorf("a guest's line: %+v", guest)
	}
	var old struct {
		Success bool `json:"success"`
		messageAnswer
	}
	answer = w.send(http.MethodPost, "/api/presence/chat/messages", `{"space_type":"post","space_id":"alice/moon","content":"from the data service","user_account":"alice"}`, bob...)
	decodeStrictly(t, answer.Body, &old)
	if !old.Success || *old.Message.UserAccount != "bob" {
		t.Errorf("got %d %+v", answer.Code, old)
	}
	var page messagesAnswer
	w.get(moon+"/messages?limit=2&offset=1", &page)
	if len(page.Messages) != 2 || page.Messages[0].Content != "שלום 👋" || page.Messages[1].ID != guest.ID || page.HasMore {
		t.Errorf("got %+v", page)
	}
	w.get(moon+"/messages?limit=2", &page)
	if len(page.Messages) != 2 || page.Messages[1].Content != "from the data service" || !page.HasMore {
		t.Errorf("got %+v", page)
	}
	w.get(moon+"/messages?subspace=main-attic", &page)
	if len(page.Messages) != 0 || page.Messages == nil {
		t.Errorf("got %+v", page)
	}
}

// TestChatOfALine: edit, react, reply, delete.
func TestChatOfALine(t *testing.T) {
	t.Parallel()
	w := newForum(t)
	bob, carol := w.as("hive:bob"), w.as("hive:carol")
	line := w.write(http.MethodPost, plaza+"/messages", `{"content":"first","client_id":"a"}`, bob...)
	if again := w.write(http.MethodPost, plaza+"/messages", `{"content":"second","client_id":"a"}`, bob...); again.ID != line.ID || again.Content != "first" {
		t.Errorf("a resend became %+v", again)
	}
	at := fmt.Sprint(plaza, "/messages/", line.ID)
	if edited := w.write(http.MethodPatch, at, `{"content":"better @carol"}`, bob...); !edited.IsEdited || edited.Content != "better @carol" || edited.Mentions[0] != "carol" {
		t.Errorf("got %+v", edited)
	}
	thumb := at + "/reactions/" + url.PathEscape("👍🏽")
	if liked := w.write(http.MethodPut, thumb, ``, carol...); len(liked.Reactions) != 1 || liked.Reactions[0].Reaction != "👍🏽" {
		t.Errorf("got %+v", liked)
	}
	if unliked := w.write(http.MethodDelete, thumb, ``, carol...); len(unliked.Reactions) != 0 || unliked.Reactions == nil {
		t.Errorf("got %+v", unliked)
	}
	reply := w.write(http.MethodPost, plaza+"/messages", fmt.Sprintf(`{"content":"reply","parent_message_id":%d}`, line.ID), carol...)
	var thread struct {
		Parent wire.ChatRow `json:"parent"`
		messagesAnswer
	}
	w.get(at+"/thread", &thread)
	if thread.Parent.ThreadCount != 1 || len(thread.Messages) != 1 || thread.Messages[0].ID != reply.ID {
		t.Errorf("got %+v", thread)
	}
	refused(t, w.send(http.MethodDelete, at, ``, carol...), http.StatusForbidden, spaces.CodeForbidden)
	admin := w.token(auth.Grant{Subject: "hive:root", Roles: []string{spaces.RoleAdmin}})
	if gone := w.write(http.MethodDelete, at, ``, admin...); !gone.IsDeleted || gone.Content != "" {
		t.Errorf("got %+v", gone)
	}
	var events struct {
		Events []struct {
			Seq     int64           `json:"seq"`
			Kind    spaces.ChatKind `json:"kind"`
			Message wire.ChatRow    `json:"message"`
			By      string          `json:"by"`
			At      time.Time       `json:"at"`
		} `json:"events"`
		Next  int64  `json:"next"`
		More  bool   `json:"more"`
		Reset bool   `json:"reset"`
		Node  string `json:"node"`
	}
	w.get(plaza+"/events?since=1&limit=4", &events)
	kinds := ""
	for _, e := range events.Events {
		kinds += string(e.Kind) + " "
	}
	if kinds != "edited reaction reaction new " || !events.More || events.Next != 5 || events.Reset {
		t.Errorf("got %s %+v", kinds, events)
	}
	export := w.do(http.MethodGet, plaza+"/export", admin...)
	lines := bufio.NewScanner(export.Body)
	for n := 0; lines.Scan(); n++ {
		var row wire.ChatRow
		if err := json.Unmarshal(lines.Bytes(), &row); err != nil || n > 1 {
			t.Errorf("line %d: %s %v", n, lines.Bytes(), err)
		}
	}
	if export.Header().Get("Content-Type") != "application/x-ndjson" {
		t.Errorf("got %v", export.Header())
	}
	refused(t, w.do(http.MethodGet, plaza+"/export", bob...), http.StatusForbidden, spaces.CodeForbidden)
}

func TestChatReaders(t *testing.T) {
	t.Parallel()
	w := newForum(t)
	bob, carol := w.as("hive:bob"), w.as("hive:carol")
	type subscription struct {
		Subscription map[string]any `json:"subscription"`
		Node         string         `json:"node"`
	}
	refused(t, w.do(http.MethodGet, plaza+"/subscription", bob...), http.StatusNotFound, spaces.CodeNotFound)
	var sub subscription
	decode(t, w.send(http.MethodPut, plaza+"/subscription", `{"notification_settings":{"mentions":true,"all_messages":true}}`, bob...), &sub)
	if sub.Subscription["space_id"] != "plaza" || sub.Subscription["last_read_at"] != nil || sub.Subscription["notification_settings"].(map[string]any)["all_messages"] != true {
		t.Errorf("got %v", sub)
	}
	line := w.write(http.MethodPost, plaza+"/messages", `{"content":"hello @bob"}`, carol...)
	unread := func(messages, mentions int) {
		t.Helper()
		var body struct {
			Spaces             []map[string]any
			Messages, Mentions int
			Node               string
		}
		w.get("/api/chat/unread", &body, bob...)
		if body.Messages != messages || body.Mentions != mentions || len(body.Spaces) != 1 || body.Spaces[0]["messages"] != float64(messages) {
			t.Errorf("got %+v, want %d and %d", body, messages, mentions)
		}
	}
	unread(1, 1)
	decode(t, w.send(http.MethodPut, plaza+"/read", fmt.Sprintf(`{"message_id":%d}`, line.ID), bob...), &sub)
	if sub.Subscription["last_read_message_id"] != float64(line.ID) || sub.Subscription["last_read_at"] == nil {
		t.Errorf("got %v", sub)
	}
	unread(0, 0)
	if answer := w.do(http.MethodDelete, plaza+"/subscription", bob...); answer.Code != http.StatusNoContent {
		t.Errorf("got %d %s", answer.Code, answer.Body)
	}
	refused(t, w.send(http.MethodPut, plaza+"/read", `{"message_id":1}`, w.guest()...), http.StatusUnauthorized, spaces.CodeUnauthenticated)
}

// TestChatRefuses: each refusal in the one form, and nothing told to strangers.
func TestChatRefuses(t *testing.T) {
	t.Parallel()
	w := newForum(t)
	bob, guest := w.as("hive:bob"), w.guest()
	for _, c := range []struct {
		method, path, body string
		as                 []string
		status             int
		code               spaces.Code
		location           string
	}{
		{"POST", moon + "/messages", `{"content":"x"}`, nil, 401, spaces.CodeUnauthenticated, ""},
		{"POST", moon + "/messages", `{"content":" "}`, bob, 422, spaces.CodeInvalid, "content"},
		{"POST", moon + "/messages", `{"content":{"a":1}}`, bob, 422, spaces.CodeInvalid, "body.content"},
		{"POST", moon + "/messages", `{"content":["a"]}`, bob, 422, spaces.CodeInvalid, "body.content"},
		{"POST", moon + "/messages", `{}`, bob, 422, spaces.CodeInvalid, "body"},
		{"POST", moon + "/messages", `{"content":"` + strings.Repeat("é", 2001) + `"}`, bob, 422, spaces.CodeInvalid, "content"},
		{"POST", moon + "/messages", `{"content":"a\u0000b"}`, bob, 422, spaces.CodeInvalid, "content"},
		{"POST", moon + "/messages", `{"content":"x","message_type":"system"}`, guest, 422, spaces.CodeInvalid, "message_type"},
		{"POST", moon + "/messages", `{"content":"x","parent_message_id":99}`, bob, 422, spaces.CodeInvalid, "parent_message_id"},
		{"POST", moon + "/messages", `{"content":"x","client_id":"a b"}`, bob, 422, spaces.CodeInvalid, "client_id"},
		{"POST", "/api/chat/post/alice%2Fnothing/messages", `{"content":"x"}`, bob, 404, spaces.CodeNotFound, ""},
		{"POST", "/api/chat/post/alice%2Fhidden/messages", `{"content":"x"}`, bob, 404, spaces.CodeNotFound, ""},
		{"POST", "/api/chat/document/8/messages", `{"content":"x"}`, guest, 404, spaces.CodeNotFound, ""},
		{"GET", "/api/chat/document/8/messages", ``, guest, 404, spaces.CodeNotFound, ""},
		{"GET", "/api/chat/document/8/events", ``, nil, 404, spaces.CodeNotFound, ""},
		{"GET", "/api/chat/city/council/messages", ``, nil, 404, spaces.CodeNotFound, ""},
		{"GET", "/api/chat/post/alice%2Fnaked/messages", ``, bob, 403, spaces.CodeForbidden, "nsfw"},
		{"POST", "/api/chat/post/alice%2Fnaked/messages", `{"content":"x"}`, bob, 403, spaces.CodeForbidden, "nsfw"},
		{"GET", "/api/chat/universe/x/messages", ``, bob, 422, spaces.CodeInvalid, "space_type"},
		{"GET", moon + "/messages?limit=201", ``, nil, 422, spaces.CodeInvalid, "query.limit"},
		{"GET", moon + "/messages?limit=abc", ``, nil, 422, spaces.CodeInvalid, "query.limit"},
		{"GET", moon + "/messages?offset=10001", ``, nil, 422, spaces.CodeInvalid, "query.offset"},
		{"GET", moon + "/messages?before=1&after=1", ``, nil, 422, spaces.CodeInvalid, "before"},
		{"GET", moon + "/messages?since=yesterday", ``, nil, 422, spaces.CodeInvalid, "query.since"},
		{"GET", moon + "/events?since=-1", ``, nil, 422, spaces.CodeInvalid, "query.since"},
		{"PATCH", moon + "/messages/99", `{"content":"x"}`, bob, 404, spaces.CodeNotFound, "message_id"},
		{"DELETE", moon + "/messages/99", ``, bob, 404, spaces.CodeNotFound, "message_id"},
		{"PUT", moon + "/messages/99/reactions/%3Cb%3E", ``, bob, 422, spaces.CodeInvalid, "reaction"},
		{"GET", "/api/chat/unread", ``, guest, 401, spaces.CodeUnauthenticated, ""},
		{"GET", "/api/chat/unread", ``, nil, 401, spaces.CodeUnauthenticated, ""},
	} {
		p := refused(t, w.send(c.method, c.path, c.body, c.as...), c.status, c.code)
		if c.location != "" && (len(p.Errors) != 1 || p.Errors[0].Location != c.location) {
			t.Errorf("%s %s: %+v, want location %s", c.method, c.path, p.Errors, c.location)
		}
	}
	var page messagesAnswer
	w.get("/api/chat/post/alice%2Fnaked/messages?nsfw=true", &page)
	w.get("/api/chat/document/8/messages", &page, w.as("hive:carol")...)
}
