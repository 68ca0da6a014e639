package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"presence/spaces"
)

type readInput struct {
	ChatInput
	Body struct {
		MessageID int64 `json:"message_id" minimum:"1"`
	}
}

type subscribeInput struct {
	ChatInput
	Body struct {
		Settings spaces.Notify `json:"notification_settings"`
	}
}

type subscriptionOutput struct {
	Body struct {
		Subscription SubscriptionBody `json:"subscription"`
		Node         string           `json:"node"`
	}
}

// SubscriptionBody has the columns of chat_subscriptions.
type SubscriptionBody struct {
	SpaceType  spaces.Type   `json:"space_type"`
	SpaceID    string        `json:"space_id"`
	Subspace   string        `json:"subspace"`
	Settings   spaces.Notify `json:"notification_settings"`
	LastRead   int64         `json:"last_read_message_id" doc:"0: none"`
	LastReadAt *time.Time    `json:"last_read_at" doc:"null: never"`
	CreatedAt  time.Time     `json:"created_at"`
}

func newSubscription(s spaces.Subscription) SubscriptionBody {
	body := SubscriptionBody{
		SpaceType: s.Key.Type, SpaceID: s.Key.ID, Subspace: s.Key.Subspace,
		Settings: s.Notify, LastRead: s.LastRead, CreatedAt: jsonTime(s.CreatedAt),
	}
	if !s.LastReadAt.IsZero() {
		at := jsonTime(s.LastReadAt)
		body.LastReadAt = &at
	}
	return body
}

type unreadOutput struct {
	Body struct {
		Spaces   []unreadBody `json:"spaces" nullable:"false"`
		Messages int          `json:"messages" doc:"In all spaces"`
		Mentions int          `json:"mentions" doc:"In all spaces"`
		Node     string       `json:"node"`
	}
}

type unreadBody struct {
	SubscriptionBody
	Messages int `json:"messages" doc:"Others' lines since the last one read; counting stops at 1000"`
	Mentions int `json:"mentions" doc:"Of those that name the reader"`
}

func (a *API) registerChatReaders(h huma.API) {
	somebody := huma.Middlewares{a.somebody}
	get(a, h, huma.Operation{
		OperationID: "listUnread", Path: "/api/chat/unread", Tags: chatTags,
		Summary:  "What waits in each subscribed space",
		Security: tokenNeeded, Middlewares: somebody,
	}, a.listUnread)
	register(a, h, huma.Operation{
		OperationID: "markRead", Method: http.MethodPut, Path: chatPath + "/read", Tags: chatTags,
		Summary:     "Note that everything up to a line was read",
		Description: "Subscribes who is not. The marker never goes back.",
		Security:    tokenNeeded, Middlewares: somebody,
	}, a.markRead)
	get(a, h, huma.Operation{
		OperationID: "getSubscription", Path: chatPath + "/subscription", Tags: chatTags,
		Summary:  "One's subscription of a space",
		Security: tokenNeeded, Middlewares: somebody,
	}, a.getSubscription)
	register(a, h, huma.Operation{
		OperationID: "putSubscription", Method: http.MethodPut, Path: chatPath + "/subscription", Tags: chatTags,
		Summary:  "Subscribe, or change what one is told about",
		Security: tokenNeeded, Middlewares: somebody,
	}, a.putSubscription)
	register(a, h, huma.Operation{
		OperationID: "deleteSubscription", Method: http.MethodDelete, Path: chatPath + "/subscription", Tags: chatTags,
		Summary: "End a subscription", DefaultStatus: http.StatusNoContent,
		Security: tokenNeeded, Middlewares: somebody,
	}, a.deleteSubscription)
}

func (a *API) listUnread(ctx context.Context, _ *struct{}) (*unreadOutput, error) {
	unread, err := a.chat.Unread(ctx, askerOf(ctx).viewer)
	if err != nil {
		return nil, err
	}
	out := &unreadOutput{}
	out.Body.Spaces, out.Body.Node = make([]unreadBody, len(unread)), a.spaces.Node
	for i, u := range unread {
		out.Body.Spaces[i] = unreadBody{newSubscription(u.Subscription), u.Messages, u.Mentions}
		out.Body.Messages += u.Messages
		out.Body.Mentions += u.Mentions
	}
	return out, nil
}

func (a *API) markRead(ctx context.Context, in *readInput) (*subscriptionOutput, error) {
	v, key, err := a.inChat(ctx, &in.ChatInput, spaces.ActRead)
	if err != nil {
		return nil, err
	}
	return a.subscription(a.chat.MarkRead(ctx, v, key, in.Body.MessageID))
}

func (a *API) getSubscription(ctx context.Context, in *ChatInput) (*subscriptionOutput, error) {
	v, key, err := a.inChat(ctx, in, spaces.ActRead)
	if err != nil {
		return nil, err
	}
	return a.subscription(a.chat.Subscription(ctx, v, key))
}

func (a *API) putSubscription(ctx context.Context, in *subscribeInput) (*subscriptionOutput, error) {
	v, key, err := a.inChat(ctx, &in.ChatInput, spaces.ActRead)
	if err != nil {
		return nil, err
	}
	return a.subscription(a.chat.Subscribe(ctx, v, key, in.Body.Settings))
}

func (a *API) deleteSubscription(ctx context.Context, in *ChatInput) (*struct{}, error) {
	key, err := spaces.ParseKey(in.Type, in.ID, in.Subspace)
	if err != nil {
		return nil, err
	}
	return nil, a.chat.Unsubscribe(ctx, askerOf(ctx).viewer, key)
}

func (a *API) subscription(s spaces.Subscription, err error) (*subscriptionOutput, error) {
	if err != nil {
		return nil, err
	}
	out := &subscriptionOutput{}
	out.Body.Subscription, out.Body.Node = newSubscription(s), a.spaces.Node
	return out, nil
}
