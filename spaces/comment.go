package spaces

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// CommentsSubspace is where the comments on a document are kept: lines like
// those of a chat, beside those of the document's space. Nobody enters it or
// writes into it as into a chat; [Decide] answers as if it were not there.
const CommentsSubspace = "_comments"

// Comments is the key under which the comments on a content are kept.
func (k Key) Comments() Key { return Key{k.Type, k.ID, CommentsSubspace} }

// CommentType is what a comment is meant as.
type CommentType string

// The closed set of comment types, the first server's.
const (
	CommentPlain      CommentType = "comment"
	CommentSuggestion CommentType = "suggestion"
	CommentApproval   CommentType = "approval"
	CommentQuestion   CommentType = "question"
)

var commentTypes = []CommentType{CommentPlain, CommentSuggestion, CommentApproval, CommentQuestion}

// Note is what a comment has beside its text: the metadata of its [Message].
type Note struct {
	Type     CommentType     `json:"comment_type"`
	Section  string          `json:"document_section,omitempty"` // of the document, in its own terms
	Position json.RawMessage `json:"position_data,omitempty"`    // an object of the document's editor; nil: none
}

// CommentDraft is a comment that somebody wants to write.
type CommentDraft struct {
	ClientID string // as that of a [Draft]
	Content  string
	ParentID int64 // the comment this one answers; 0: none
	Note
}

const (
	// MaxSection is how many characters the name of a section may have, the
	// width of the first server's column.
	MaxSection = 255
	// MaxPosition is how many bytes position_data may have.
	MaxPosition = 4 << 10
)

// Check returns the note as it is stored; an empty type is a plain comment. The
// error is an [Error] of the field comment_type, document_section or
// position_data.
func (n Note) Check() (Note, error) {
	if n.Type == "" {
		n.Type = CommentPlain
	}
	if !slices.Contains(commentTypes, n.Type) {
		return n, Invalid("comment_type", "must be comment, suggestion, approval or question")
	}
	n.Section = strings.TrimSpace(n.Section)
	if !utf8.ValidString(n.Section) || utf8.RuneCountInString(n.Section) > MaxSection || strings.ContainsFunc(n.Section, unicode.IsControl) {
		return n, Invalid("document_section", "must be at most %d characters without control characters", MaxSection)
	}
	position := bytes.TrimSpace(n.Position)
	if len(position) == 0 || string(position) == "null" {
		n.Position = nil
		return n, nil
	}
	if len(position) > MaxPosition || position[0] != '{' || !json.Valid(position) {
		return n, Invalid("position_data", "must be an object of at most %d bytes", MaxPosition)
	}
	n.Position = position
	return n, nil
}

// NoteOf reads the note of a comment; a deleted one has none, and is a plain
// comment.
func NoteOf(m Message) Note {
	n := Note{Type: CommentPlain}
	_ = json.Unmarshal(m.Metadata, &n) // empty once deleted
	return n
}
