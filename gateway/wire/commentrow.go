package wire

import (
	"encoding/json"
	"strconv"

	"presence/spaces"
)

// CommentRow is one comment on a document as the first API spells it, over REST
// and on sockets: its row of document_comments, with added fields at the end.
type CommentRow struct {
	ID              int64              `json:"id"`
	DocumentID      int64              `json:"document_id"`
	UserAccount     string             `json:"user_account" doc:"Hive name, Matrix id or city user"`
	Content         string             `json:"content" doc:"Empty once deleted"`
	CommentType     spaces.CommentType `json:"comment_type" enum:"comment,suggestion,approval,question"`
	DocumentSection *string            `json:"document_section"`
	PositionData    json.RawMessage    `json:"position_data" doc:"An object or null"`
	ParentCommentID *int64             `json:"parent_comment_id" doc:"The first comment of the thread; null outside of threads"`
	ThreadCount     int                `json:"thread_count"`
	IsResolved      bool               `json:"is_resolved" doc:"Always false: comments are not marked as resolved here"`
	IsEdited        bool               `json:"is_edited"`
	IsDeleted       bool               `json:"is_deleted"`
	CreatedAt       string             `json:"created_at" format:"date-time"`
	UpdatedAt       string             `json:"updated_at" format:"date-time"`
	DisplayName     string             `json:"display_name"`

	Subject  string   `json:"subject" doc:"The writer's name for programs"`
	ReplyTo  *int64   `json:"reply_to" doc:"The comment this one answers"`
	Mentions []string `json:"mentions" nullable:"false" doc:"Accounts named by @"`
	ClientID string   `json:"client_id" doc:"The writer's own name for the comment"`
}

// NewCommentRow spells a comment as the first API does.
func NewCommentRow(m spaces.Message) CommentRow {
	document, _ := strconv.ParseInt(m.Key.ID, 10, 64) // the canonical id of a document is its number
	note := spaces.NoteOf(m)
	return CommentRow{
		ID: m.ID, DocumentID: document, UserAccount: m.Account, Content: m.Content,
		CommentType: note.Type, DocumentSection: nullable(note.Section), PositionData: note.Position,
		ParentCommentID: nullableID(m.ParentID), ThreadCount: m.ThreadCount, IsEdited: m.Edited, IsDeleted: m.Deleted,
		CreatedAt: jsTime(m.CreatedAt), UpdatedAt: jsTime(m.UpdatedAt), DisplayName: displayName(m),
		Subject: m.Subject, ReplyTo: nullableID(m.ReplyTo), Mentions: m.Mentions, ClientID: m.ClientID,
	}
}
