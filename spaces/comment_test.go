package spaces_test

import (
	"encoding/json"
	"strings"
	"testing"

	"presence/spaces"
)

// TestNotes: what a comment may carry beside its text.
func TestNotes(t *testing.T) {
	t.Parallel()
	note, err := spaces.Note{Section: " intro ", Position: json.RawMessage(` {"from":3} `)}.Check()
	if err != nil || note.Type != spaces.CommentPlain || note.Section != "intro" || string(note.Position) != `{"from":3}` {
		t.Errorf("got %+v, %v", note, err)
	}
	if note, err = (spaces.Note{Position: json.RawMessage(`null`)}).Check(); err != nil || note.Position != nil {
		t.Errorf("got %+v, %v", note, err)
	}
	for field, bad := range map[string]spaces.Note{
		"comment_type":     {Type: "praise"},
		"document_section": {Section: strings.Repeat("ä", spaces.MaxSection+1)},
		"position_data":    {Position: json.RawMessage(`[1]`)},
	} {
		_, err := bad.Check()
		if e := spaces.Told(err); e.Code != spaces.CodeInvalid || e.Field != field {
			t.Errorf("%s: %v", field, err)
		}
	}
	for _, bad := range []spaces.Note{
		{Section: "a\nb"},
		{Section: "\xff"},
		{Position: json.RawMessage(`{"a":`)},
		{Position: json.RawMessage(`{"a":"` + strings.Repeat("x", spaces.MaxPosition) + `"}`)},
	} {
		if _, err := bad.Check(); spaces.ErrorCode(err) != spaces.CodeInvalid {
			t.Errorf("%+v: %v", bad, err)
		}
	}
}

// TestNobodyEntersTheComments: they are no space, not even for an admin.
func TestNobodyEntersTheComments(t *testing.T) {
	t.Parallel()
	key := spaces.Key{Type: spaces.TypeDocument, ID: "7", Subspace: spaces.MainSubspace}.Comments()
	s := spaces.Standing{
		Viewer: spaces.Viewer{Subject: "hive:bob"}, Role: spaces.SpaceAdmin,
		Space: spaces.Space{Key: key, Public: true, Settings: spaces.DefaultSettings(spaces.TypeDocument)},
	}
	for _, a := range []spaces.Action{spaces.ActSee, spaces.ActEnter, spaces.ActRead, spaces.ActWrite, spaces.ActModerate, spaces.ActSettings} {
		if err := spaces.Decide(s, a); spaces.ErrorCode(err) != spaces.CodeNotFound {
			t.Errorf("%s: %v", a, err)
		}
	}
}
