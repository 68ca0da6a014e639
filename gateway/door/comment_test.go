package door_test

import (
	"testing"
	"time"

	"presence/gateway/wire"
	"presence/spaces"
	"presence/spaces/store"
)

// TestDocumentComments: whoever is in any subspace of a document hears of the
// comments on it, in the first server's words at its doors; nobody joins what
// keeps them, and no script speaks in the server's name.
func TestDocumentComments(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, err := w.store.PutDocument(t.Context(), store.Document{ID: 7, Name: "alice/plan", Creator: "alice", Title: "Plan", Public: true, CreatedAt: time.Now()})
	ok(t, err)
	io, script, native := w.socketio(""), w.raw(), w.native(w.token("hive:bob"))
	io.join(`{"spaceType":"document","spaceId":"alice/plan"}`)
	script.join(`{"type":"join-space","spaceType":"document","spaceId":"7","subspace":"main-notes"}`)
	native.emit("", `{"type":"join","space":"document:7"}`)
	native.want("joined", nil)

	document := spaces.Key{Type: spaces.TypeDocument, ID: "alice/plan", Subspace: spaces.MainSubspace}
	carol := spaces.Viewer{Subject: "hive:carol", Name: "carol"}
	written, err := w.chat.Comment(t.Context(), carol, document, spaces.CommentDraft{Content: "why?", Note: spaces.Note{Type: spaces.CommentQuestion, Section: "intro"}})
	ok(t, err)
	for _, c := range []*client{io, script} {
		var row wire.CommentRow
		c.want("document-comment", &row)
		if row.ID != written.ID || row.DocumentID != 7 || row.UserAccount != "carol" || row.Content != "why?" ||
			row.CommentType != spaces.CommentQuestion || row.DocumentSection == nil || *row.DocumentSection != "intro" {
			t.Errorf("got %+v", row)
		}
	}
	var told struct{ Event spaces.ChatEvent }
	native.want("comment", &told)
	if told.Event.Message.Content != "why?" || spaces.NoteOf(told.Event.Message).Section != "intro" {
		t.Errorf("got %+v", told)
	}
	_, err = w.chat.EditComment(t.Context(), carol, document, written.ID, "why not?")
	ok(t, err)
	var row wire.CommentRow
	io.want("document-comment", &row)
	if !row.IsEdited || row.Content != "why not?" {
		t.Errorf("got %+v", row)
	}

	io.emit("join-space", `{"spaceType":"document","spaceId":"7","subspace":"_comments"}`)
	io.want("space-error", nil)
	script.emit("", `{"type":"document-comment","content":"forged"}`)
	script.want("space-error", nil)
}
