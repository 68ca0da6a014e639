package api

import (
	"context"
	"encoding/json"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"presence/gateway/wire"
	"presence/spaces"
)

const (
	commentsPath    = "/api/documents/{document_id}/comments"
	oldCommentsPath = "/api/presence/documents/{document_id}/comments" // where the first data service took them
	commentPath     = commentsPath + "/{comment_id}"
)

var commentTags = []string{"comments"}

// DocumentInput names a document. It is exported for huma, which passes over
// embedded types that are not.
type DocumentInput struct {
	Document string `path:"document_id" doc:"The document's number or owner/permlink (encoded or not)"`
}

func (in *DocumentInput) key() (spaces.Key, error) {
	key, err := spaces.ParseKey(string(spaces.TypeDocument), in.Document, "")
	if err != nil {
		return key, spaces.Invalid("path.document_id", "must be the document's number or owner/permlink")
	}
	return key, nil
}

// CommentInput names a comment.
type CommentInput struct {
	DocumentInput
	Comment int64 `path:"comment_id" minimum:"1"`
}

type commentsInput struct {
	DocumentInput
	Limit  int   `query:"limit" minimum:"1" maximum:"200" default:"100"`
	Offset int   `query:"offset" minimum:"0" maximum:"10000" doc:"Leave out so many; after costs the same on every page"`
	After  int64 `query:"after" minimum:"1" doc:"Comments newer than this one"`
	Before int64 `query:"before" minimum:"1" doc:"The last comments older than this one"`
	Parent int64 `query:"parent_id" minimum:"1" doc:"Only answers to this comment"`
}

type commentsOutput struct {
	Body struct {
		Comments []wire.CommentRow `json:"comments" nullable:"false" doc:"Oldest first"`
		HasMore  bool              `json:"has_more" doc:"There are more in the direction that was asked for"`
		Node     string            `json:"node"`
	}
}

type commentInput struct {
	DocumentInput
	Body struct {
		Content  string             `json:"content" doc:"1 to 2000 characters of any script, without control characters"`
		Type     spaces.CommentType `json:"comment_type,omitempty" doc:"comment (when left out), suggestion, approval or question"`
		Section  *string            `json:"document_section,omitempty" nullable:"true" doc:"The part of the document that is meant, in its own terms, at most 255 characters"`
		Position json.RawMessage    `json:"position_data,omitempty" doc:"An object of at most 4 KB: where in the document, in its editor's terms"`
		Parent   *int64             `json:"parent_comment_id,omitempty" nullable:"true" doc:"The comment this one answers"`
		ClientID string             `json:"client_id,omitempty" doc:"The client's own name for the comment, 1 to 64 visible ASCII characters: sending it again returns the comment that is there"`
	}
}

type commentOutput struct {
	Body struct {
		Success bool            `json:"success"`
		Comment wire.CommentRow `json:"comment"`
		Node    string          `json:"node"`
	}
}

type editCommentInput struct {
	CommentInput
	Body struct {
		Content string `json:"content" doc:"As of a new comment"`
	}
}

func (a *API) registerComments(h huma.API) {
	get(a, h, huma.Operation{
		OperationID: "listComments", Path: commentsPath, Tags: commentTags,
		Summary:     "Comments on a document",
		Description: "From the oldest on, unless before is given. Deleted ones are left out unless they hold a thread. Whoever may read the chat of the document's space may read them.",
		Security:    openToAll, Middlewares: huma.Middlewares{a.anyone},
	}, a.listComments)
	somebody := huma.Middlewares{a.somebody}
	both(a, h, huma.Operation{
		OperationID: "addComment", Method: http.MethodPost, Path: commentsPath, Tags: commentTags,
		Summary:     "Comment on a document",
		Description: "The answer means that it is stored; everybody in the document's space hears of it. For proven accounts, where they may write in the chat.",
		Security:    tokenNeeded, Middlewares: somebody,
	}, a.addComment, oldCommentsPath)
	register(a, h, huma.Operation{
		OperationID: "editComment", Method: http.MethodPatch, Path: commentPath, Tags: commentTags,
		Summary:  "Edit one's own comment, for 24 hours",
		Security: tokenNeeded, Middlewares: somebody,
	}, a.editComment)
	register(a, h, huma.Operation{
		OperationID: "deleteComment", Method: http.MethodDelete, Path: commentPath, Tags: commentTags,
		Summary:  "Delete one's own comment, or as a moderator anybody's",
		Security: tokenNeeded, Middlewares: somebody,
	}, a.deleteComment)
}

func (a *API) listComments(ctx context.Context, in *commentsInput) (*commentsOutput, error) {
	key, err := in.key()
	if err != nil {
		return nil, err
	}
	page, err := a.chat.Comments(ctx, askerOf(ctx).viewer, key, spaces.HistoryQuery{
		After: in.After, Before: in.Before, ParentID: in.Parent, Limit: in.Limit, Offset: in.Offset,
	})
	if err != nil {
		return nil, err
	}
	out := &commentsOutput{}
	out.Body.Comments, out.Body.HasMore, out.Body.Node = make([]wire.CommentRow, len(page.Messages)), page.More, a.spaces.Node
	for i, m := range page.Messages {
		out.Body.Comments[i] = wire.NewCommentRow(m)
	}
	return out, nil
}

func (a *API) addComment(ctx context.Context, in *commentInput) (*commentOutput, error) {
	key, err := in.key()
	if err != nil {
		return nil, err
	}
	b := &in.Body
	d := spaces.CommentDraft{ClientID: b.ClientID, Content: b.Content, Note: spaces.Note{Type: b.Type, Position: b.Position}}
	if b.Section != nil {
		d.Section = *b.Section
	}
	if b.Parent != nil {
		d.ParentID = *b.Parent
	}
	return a.commented(a.chat.Comment(ctx, askerOf(ctx).viewer, key, d))
}

func (a *API) editComment(ctx context.Context, in *editCommentInput) (*commentOutput, error) {
	key, err := in.key()
	if err != nil {
		return nil, err
	}
	return a.commented(a.chat.EditComment(ctx, askerOf(ctx).viewer, key, in.Comment, in.Body.Content))
}

func (a *API) deleteComment(ctx context.Context, in *CommentInput) (*commentOutput, error) {
	key, err := in.key()
	if err != nil {
		return nil, err
	}
	return a.commented(a.chat.DeleteComment(ctx, askerOf(ctx).viewer, key, in.Comment))
}

func (a *API) commented(m spaces.Message, err error) (*commentOutput, error) {
	if err != nil {
		return nil, err
	}
	out := &commentOutput{}
	out.Body.Success, out.Body.Comment, out.Body.Node = true, wire.NewCommentRow(m), a.spaces.Node
	return out, nil
}
