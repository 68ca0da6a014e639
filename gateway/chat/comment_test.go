package chat_test

import (
	"encoding/json"
	"testing"
	"time"

	"presence/spaces"
	"presence/spaces/store"
)

// TestComments: they are kept under the document's number by whatever name it
// was called, told on other gateways, and moderated as the document is.
func TestComments(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		here, there := w.gateway(), w.gateway()
		ctx := t.Context()
		number, err := here.store.PutDocument(ctx, store.Document{Name: "alice/plan", Creator: "alice", Title: "Plan", Public: true, CreatedAt: time.Now()})
		ok(t, err)
		plan := spaces.Key{Type: spaces.TypeDocument, ID: "alice/plan", Subspace: "main-notes"}
		draft := spaces.CommentDraft{ClientID: "1", Content: "why? @alice", Note: spaces.Note{
			Type: spaces.CommentQuestion, Section: "nul \u2400", Position: json.RawMessage(`{"text":"a\u0000b"}`),
		}}
		first, err := here.Comment(ctx, bob, plan, draft)
		ok(t, err)
		e := there.followed(first.Key)
		second, err := here.Comment(ctx, alice, plan, spaces.CommentDraft{Content: "because", ParentID: first.ID})
		ok(t, err)
		if got := e.until(e.from + 1)[0]; got.Message.ID != second.ID || got.Message.ParentID != first.ID || got.Message.Type != spaces.MessageComment {
			t.Errorf("another gateway heard %+v", got)
		}
		if first.Key.ID == "alice/plan" || first.Key.Subspace != spaces.CommentsSubspace || number == 0 {
			t.Errorf("kept under %s", first.Key)
		}
		page, err := there.Comments(ctx, spaces.Viewer{}, plan, spaces.HistoryQuery{})
		ok(t, err)
		if len(page.Messages) != 2 || page.Messages[0].ThreadCount != 1 || string(spaces.NoteOf(page.Messages[0]).Position) != `{"text":"a\u0000b"}` {
			t.Errorf("got %+v", page)
		}
		for _, v := range []spaces.Viewer{guest, {}} {
			if _, err := here.Comment(ctx, v, plan, draft); spaces.ErrorCode(err) != spaces.CodeUnauthenticated {
				t.Errorf("%q: %v", v.Subject, err)
			}
		}
		gone, err := here.DeleteComment(ctx, alice, plan, first.ID) // whose document it is
		ok(t, err)
		if !gone.Deleted || gone.Metadata != nil {
			t.Errorf("got %+v", gone)
		}
		log, err := here.store.AuditLog(ctx, first.Key.Parent(), 0, 10)
		ok(t, err)
		if len(log) != 1 || log[0].Action != "delete_message" || log[0].Target != bob.Subject {
			t.Errorf("the audit log has %+v", log)
		}
	})
}
