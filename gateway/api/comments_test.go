package api_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"presence/gateway/wire"
	"presence/spaces"
)

type commentsAnswer struct {
	Comments []wire.CommentRow `json:"comments"`
	HasMore  bool              `json:"has_more"`
	Node     string            `json:"node"`
}

type commentAnswer struct {
	Success bool            `json:"success"`
	Comment wire.CommentRow `json:"comment"`
	Node    string          `json:"node"`
}

// comment sends a request that must succeed.
func (w *square) comment(method, path, body string, header ...string) wire.CommentRow {
	w.t.Helper()
	answer := w.send(method, path, body, header...)
	if answer.Code != http.StatusOK {
		w.t.Fatalf("%s %s: %d %s", method, path, answer.Code, answer.Body)
	}
	var c commentAnswer
	decodeStrictly(w.t, answer.Body, &c)
	if !c.Success || c.Node == "" {
		w.t.Errorf("got %s", answer.Body)
	}
	return c.Comment
}

const (
	open = "/api/documents/7/comments"
	plan = "/api/documents/bob%2Fplan/comments"
)

// TestCommentsContract: the first API's paths, fields and order.
func TestCommentsContract(t *testing.T) {
	t.Parallel()
	w := newForum(t)
	carol := w.as("hive:carol")
	answer := w.send(http.MethodPost, open, `{"content":"unclear @bob","user_account":"alice","comment_type":"question","document_section":"intro",
		"position_data":{"from":3,"to":9},"parent_comment_id":null}`, carol...)
	var raw struct {
		Comment map[string]any `json:"comment"`
		Success bool           `json:"success"`
		Node    string         `json:"node"`
	}
	decodeStrictly(t, answer.Body, &raw)
	for field, want := range map[string]any{
		"document_id": 7.0, "user_account": "carol", "content": "unclear @bob", "comment_type": "question", "document_section": "intro",
		"position_data": map[string]any{"from": 3.0, "to": 9.0}, "parent_comment_id": nil, "thread_count": 0.0,
		"is_resolved": false, "is_edited": false, "is_deleted": false, "display_name": "carol",
	} {
		if got, there := raw.Comment[field]; !there || fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%s is %v, want %v", field, got, want)
		}
	}
	first := int64(raw.Comment["id"].(float64))
	reply := w.comment(http.MethodPost, "/api/presence/documents/7/comments", fmt.Sprintf(`{"content":"better","user_account":"carol","parent_comment_id":%d}`, first), w.as("hive:bob")...)
	if reply.UserAccount != "bob" || reply.ParentCommentID == nil || *reply.ParentCommentID != first || reply.CommentType != spaces.CommentPlain ||
		reply.DocumentSection != nil || string(reply.PositionData) != "null" {
		t.Errorf("got %+v", reply)
	}
	var page commentsAnswer
	w.get(open, &page)
	if len(page.Comments) != 2 || page.Comments[0].ID != first || page.Comments[0].ThreadCount != 1 || page.Comments[1].ID != reply.ID || page.HasMore {
		t.Errorf("got %+v", page)
	}
	w.get(open+"?limit=1", &page)
	if len(page.Comments) != 1 || page.Comments[0].ID != first || !page.HasMore {
		t.Errorf("got %+v", page)
	}
	for _, query := range []string{"?limit=1&offset=1", fmt.Sprint("?after=", first), fmt.Sprint("?parent_id=", first), fmt.Sprint("?limit=1&before=", reply.ID+1)} {
		w.get(open+query, &page)
		if len(page.Comments) != 1 || page.Comments[0].ID != reply.ID {
			t.Errorf("%s: %+v", query, page)
		}
	}
}

// TestCommentsOfOthers: who may read, write, change and delete them.
func TestCommentsOfOthers(t *testing.T) {
	t.Parallel()
	w := newForum(t)
	bob, carol, dave := w.as("hive:bob"), w.as("hive:carol"), w.as("hive:dave")
	mine := w.comment(http.MethodPost, plan, `{"content":"first","client_id":"a"}`, carol...)
	if again := w.comment(http.MethodPost, "/api/documents/8/comments", `{"content":"second","client_id":"a"}`, carol...); again.ID != mine.ID || again.Content != "first" {
		t.Errorf("a resend became %+v", again)
	}
	at := fmt.Sprint(plan, "/", mine.ID)
	if edited := w.comment(http.MethodPatch, at, `{"content":"better"}`, carol...); !edited.IsEdited || edited.Content != "better" {
		t.Errorf("got %+v", edited)
	}
	refused(t, w.do(http.MethodGet, plan), http.StatusNotFound, spaces.CodeNotFound)
	refused(t, w.do(http.MethodGet, plan, dave...), http.StatusNotFound, spaces.CodeNotFound)
	refused(t, w.send(http.MethodPost, plan, `{"content":"x"}`, dave...), http.StatusNotFound, spaces.CodeNotFound)
	refused(t, w.send(http.MethodPost, open, `{"content":"x"}`), http.StatusUnauthorized, spaces.CodeUnauthenticated)
	refused(t, w.send(http.MethodPost, open, `{"content":"x"}`, w.guest()...), http.StatusUnauthorized, spaces.CodeUnauthenticated)
	refused(t, w.send(http.MethodPatch, at, `{"content":"x"}`, bob...), http.StatusForbidden, spaces.CodeForbidden)
	refused(t, w.send(http.MethodDelete, fmt.Sprint(open, "/", mine.ID), ``, bob...), http.StatusNotFound, spaces.CodeNotFound)
	if gone := w.comment(http.MethodDelete, at, ``, bob...); !gone.IsDeleted || gone.Content != "" || gone.DocumentSection != nil {
		t.Errorf("the owner deleted %+v", gone)
	}
	var page commentsAnswer
	w.get(plan, &page, carol...)
	if len(page.Comments) != 0 || page.Comments == nil {
		t.Errorf("got %+v", page)
	}
}

// TestCommentsRefused: each fault names its field.
func TestCommentsRefused(t *testing.T) {
	t.Parallel()
	w := newForum(t)
	bob := w.as("hive:bob")
	for body, field := range map[string]string{
		`{"content":""}`: "content",
		`{"content":"` + strings.Repeat("a", 2001) + `"}`:                       "content",
		`{"content":"x","comment_type":"system"}`:                               "comment_type",
		`{"content":"x","document_section":"` + strings.Repeat("a", 256) + `"}`: "document_section",
		`{"content":"x","position_data":"here"}`:                                "position_data",
		`{"content":"x","parent_comment_id":99}`:                                "parent_comment_id",
		`{"content":"x","client_id":"a b"}`:                                     "client_id",
	} {
		answer := w.send(http.MethodPost, open, body, bob...)
		if p := refused(t, answer, http.StatusUnprocessableEntity, spaces.CodeInvalid); len(p.Errors) == 0 || !strings.HasSuffix(p.Errors[0].Location, field) {
			t.Errorf("%s: %s", body, answer.Body)
		}
	}
	refused(t, w.do(http.MethodGet, "/api/documents/seven/comments"), http.StatusUnprocessableEntity, spaces.CodeInvalid)
	refused(t, w.do(http.MethodGet, "/api/documents/99/comments"), http.StatusNotFound, spaces.CodeNotFound)
}

// TestCommentsAreNoChat: they are beside the chat of the document's space, and
// out of reach of its paths.
func TestCommentsAreNoChat(t *testing.T) {
	t.Parallel()
	w := newForum(t)
	bob := w.as("hive:bob")
	w.comment(http.MethodPost, open, `{"content":"x"}`, bob...)
	var page messagesAnswer
	w.get("/api/chat/document/7/messages", &page)
	if len(page.Messages) != 0 {
		t.Errorf("got %+v", page)
	}
	refused(t, w.do(http.MethodGet, "/api/chat/document/7/messages?subspace=_comments"), http.StatusNotFound, spaces.CodeNotFound)
	refused(t, w.send(http.MethodPost, "/api/chat/document/7/messages?subspace=_comments", `{"content":"x"}`, bob...), http.StatusNotFound, spaces.CodeNotFound)
	refused(t, w.send(http.MethodPost, "/api/spaces/document/7/join", `{"subspace":"_comments"}`, bob...), http.StatusNotFound, spaces.CodeNotFound)
}
