package api

import (
	"cmp"
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"presence/gateway/wire"
	"presence/spaces"
)

type sendInput struct {
	ChatInput
	Body LineBody
}

// LineBody is a line to write. Who writes it is the proven viewer: fields that
// claim an author, which old clients send, are ignored.
type LineBody struct {
	Content  string             `json:"content" doc:"1 to 2000 characters of any script, without control characters"`
	Type     spaces.MessageType `json:"message_type,omitempty" doc:"text (when left out) or emoji"`
	Subspace string             `json:"subspace,omitempty" doc:"As in the query; main when left out"`
	Parent   *int64             `json:"parent_message_id,omitempty" nullable:"true" doc:"The line this one belongs under"`
	ReplyTo  *int64             `json:"reply_to,omitempty" nullable:"true" doc:"The line this one answers"`
	ClientID string             `json:"client_id,omitempty" doc:"The client's own name for the line, 1 to 64 visible ASCII characters: sending it again returns the line that is there"`
}

func (b LineBody) draft() spaces.Draft {
	d := spaces.Draft{ClientID: b.ClientID, Type: b.Type, Content: b.Content}
	if b.Parent != nil {
		d.ParentID = *b.Parent
	}
	if b.ReplyTo != nil {
		d.ReplyTo = *b.ReplyTo
	}
	return d
}

type oldSendInput struct {
	Body oldLineBody
}

type oldLineBody struct {
	SpaceType string `json:"space_type"`
	SpaceID   string `json:"space_id"`
	NSFW      bool   `json:"nsfw,omitempty"`
	LineBody
}

type oldSendOutput struct {
	Body struct {
		Success bool `json:"success"`
		MessageBody
	}
}

type editInput struct {
	LineInput
	Body struct {
		Content string `json:"content" doc:"As of a new line"`
	}
}

type reactionInput struct {
	LineInput
	Reaction string `path:"reaction" doc:"An emoji or a short word, percent-encoded, at most 50 bytes"`
}

func (a *API) registerChatWriting(h huma.API) {
	somebody := huma.Middlewares{a.somebody}
	register(a, h, huma.Operation{
		OperationID: "sendMessage", Method: http.MethodPost, Path: chatPath + "/messages", Tags: chatTags,
		Summary:     "Write a line",
		Description: "The answer means that it is stored. A guest's token will do where guests may write.",
		Security:    tokenNeeded, Middlewares: somebody,
	}, a.sendMessage)
	register(a, h, huma.Operation{
		OperationID: "sendPresenceMessage", Method: http.MethodPost, Path: "/api/presence/chat/messages", Tags: chatTags,
		Summary:  "Write a line, as clients of the first data service do",
		Security: tokenNeeded, Middlewares: somebody,
	}, a.sendOldMessage)
	register(a, h, huma.Operation{
		OperationID: "editMessage", Method: http.MethodPatch, Path: linePath, Tags: chatTags,
		Summary:  "Edit one's own line, for 24 hours",
		Security: tokenNeeded, Middlewares: somebody,
	}, a.editMessage)
	register(a, h, huma.Operation{
		OperationID: "deleteMessage", Method: http.MethodDelete, Path: linePath, Tags: chatTags,
		Summary:  "Delete one's own line, or as a moderator anybody's",
		Security: tokenNeeded, Middlewares: somebody,
	}, a.deleteMessage)
	register(a, h, huma.Operation{
		OperationID: "addReaction", Method: http.MethodPut, Path: linePath + "/reactions/{reaction}", Tags: chatTags,
		Summary:  "React to a line",
		Security: tokenNeeded, Middlewares: somebody,
	}, func(ctx context.Context, in *reactionInput) (*messageOutput, error) { return a.react(ctx, in, true) })
	register(a, h, huma.Operation{
		OperationID: "removeReaction", Method: http.MethodDelete, Path: linePath + "/reactions/{reaction}", Tags: chatTags,
		Summary:  "Take a reaction back",
		Security: tokenNeeded, Middlewares: somebody,
	}, func(ctx context.Context, in *reactionInput) (*messageOutput, error) { return a.react(ctx, in, false) })
}

func (a *API) sendMessage(ctx context.Context, in *sendInput) (*messageOutput, error) {
	in.Subspace = cmp.Or(in.Body.Subspace, in.Subspace)
	v, key, err := a.inChat(ctx, &in.ChatInput, spaces.ActWrite)
	if err != nil {
		return nil, err
	}
	return a.written(a.chat.Send(ctx, v, key, in.Body.draft()))
}

func (a *API) sendOldMessage(ctx context.Context, in *oldSendInput) (*oldSendOutput, error) {
	b := in.Body
	at := ChatInput{Type: b.SpaceType, ID: b.SpaceID, Subspace: b.Subspace, NSFW: b.NSFW}
	v, key, err := a.inChat(ctx, &at, spaces.ActWrite)
	if err != nil {
		return nil, err
	}
	written, err := a.written(a.chat.Send(ctx, v, key, b.draft()))
	if err != nil {
		return nil, err
	}
	out := &oldSendOutput{}
	out.Body.Success, out.Body.MessageBody = true, written.Body
	return out, nil
}

func (a *API) editMessage(ctx context.Context, in *editInput) (*messageOutput, error) {
	v, key, err := a.inChat(ctx, &in.ChatInput, spaces.ActWrite)
	if err != nil {
		return nil, err
	}
	return a.written(a.chat.Edit(ctx, v, key, in.Line, in.Body.Content))
}

// deleteMessage leaves the question of who may to the service: a moderator may
// where nobody writes.
func (a *API) deleteMessage(ctx context.Context, in *LineInput) (*messageOutput, error) {
	key, err := spaces.ParseKey(in.Type, in.ID, in.Subspace)
	if err != nil {
		return nil, err
	}
	return a.written(a.chat.Delete(ctx, askerOf(ctx).viewer, key, in.Line))
}

func (a *API) react(ctx context.Context, in *reactionInput, on bool) (*messageOutput, error) {
	v, key, err := a.inChat(ctx, &in.ChatInput, spaces.ActWrite)
	if err != nil {
		return nil, err
	}
	return a.written(a.chat.React(ctx, v, key, in.Line, in.Reaction, on))
}

func (a *API) written(m spaces.Message, err error) (*messageOutput, error) {
	if err != nil {
		return nil, err
	}
	return &messageOutput{Body: MessageBody{wire.NewChatRow(m), a.spaces.Node}}, nil
}
