package chat

import (
	"cmp"
	"context"
	"time"

	"presence/spaces"
)

const (
	defaultSince = 200
	maxSince     = 500
)

// History reads lines.
func (s *Service) History(ctx context.Context, v spaces.Viewer, key spaces.Key, q spaces.HistoryQuery) (spaces.History, error) {
	q.Limit = cmp.Or(q.Limit, spaces.DefaultHistory)
	if err := checkHistory(q); err != nil {
		return spaces.History{}, err
	}
	key, err := s.may(ctx, v, key, spaces.ActRead)
	if err != nil {
		return spaces.History{}, err
	}
	h, err := s.store.ChatHistory(ctx, key, q)
	return h, unavailable(err)
}

func checkHistory(q spaces.HistoryQuery) error {
	chosen := 0
	for _, cursor := range []struct {
		name string
		id   int64
	}{{"before", q.Before}, {"after", q.After}, {"around", q.Around}, {"parent_id", q.ParentID}} {
		if cursor.id < 0 {
			return spaces.Invalid(cursor.name, "must be the id of a line")
		}
		if cursor.id > 0 && cursor.name != "parent_id" {
			chosen++
		}
	}
	if chosen > 1 {
		return spaces.Invalid("before", "only one of before, after and around may be given")
	}
	if q.Limit < 1 || q.Limit > spaces.MaxHistory {
		return spaces.Invalid("limit", "must be 1 to %d", spaces.MaxHistory)
	}
	if q.Offset < 0 || q.Offset > spaces.MaxHistoryOffset {
		return spaces.Invalid("offset", "must be 0 to %d; use before to go further back", spaces.MaxHistoryOffset)
	}
	return nil
}

// Message reads one line.
func (s *Service) Message(ctx context.Context, v spaces.Viewer, key spaces.Key, id int64) (spaces.Message, error) {
	key, err := s.may(ctx, v, key, spaces.ActRead)
	if err != nil {
		return spaces.Message{}, err
	}
	m, err := s.store.ChatMessage(ctx, key, id)
	return m, unavailable(err)
}

// Since reads what happened after seq; limit is 1 to 500, 200 when 0. Lines that
// were edited or deleted meanwhile are told as they are now.
func (s *Service) Since(ctx context.Context, v spaces.Viewer, key spaces.Key, seq int64, limit int) (spaces.ChatSince, error) {
	limit = cmp.Or(limit, defaultSince)
	if seq < 0 {
		return spaces.ChatSince{}, spaces.Invalid("since", "must be the seq of an event, or 0")
	}
	if limit < 1 || limit > maxSince {
		return spaces.ChatSince{}, spaces.Invalid("limit", "must be 1 to %d", maxSince)
	}
	key, err := s.may(ctx, v, key, spaces.ActRead)
	if err != nil {
		return spaces.ChatSince{}, err
	}
	since, err := s.store.ChatSince(ctx, key, seq, limit)
	return since, unavailable(err)
}

// MarkRead notes that everything up to a line was read, and subscribes. It never
// goes back. Guests have no read markers: CodeUnauthenticated.
func (s *Service) MarkRead(ctx context.Context, v spaces.Viewer, key spaces.Key, id int64) (spaces.Subscription, error) {
	key, err := s.subscriber(ctx, v, key)
	if err != nil {
		return spaces.Subscription{}, err
	}
	sub, err := s.store.MarkChatRead(ctx, v, key, id, time.Now())
	return sub, unavailable(err)
}

// Subscription returns the viewer's; CodeNotFound when there is none.
func (s *Service) Subscription(ctx context.Context, v spaces.Viewer, key spaces.Key) (spaces.Subscription, error) {
	if err := proven(v); err != nil {
		return spaces.Subscription{}, err
	}
	key, err := s.may(ctx, v, key, spaces.ActRead)
	if err != nil {
		return spaces.Subscription{}, err
	}
	sub, err := s.store.ChatSubscription(ctx, v.Subject, key)
	return sub, unavailable(err)
}

// Subscribe subscribes, or changes what the viewer wants to be told about.
func (s *Service) Subscribe(ctx context.Context, v spaces.Viewer, key spaces.Key, n spaces.Notify) (spaces.Subscription, error) {
	key, err := s.subscriber(ctx, v, key)
	if err != nil {
		return spaces.Subscription{}, err
	}
	sub, err := s.store.PutChatSubscription(ctx, v, key, n, time.Now())
	return sub, unavailable(err)
}

// Unsubscribe ends a subscription; doing it twice is harmless.
func (s *Service) Unsubscribe(ctx context.Context, v spaces.Viewer, key spaces.Key) error {
	key, err := s.subscriber(ctx, v, key)
	if err != nil {
		return err
	}
	return unavailable(s.store.DropChatSubscription(ctx, v.Subject, key))
}

// Unread counts what waits for the viewer in each subscribed space that they
// may still read.
func (s *Service) Unread(ctx context.Context, v spaces.Viewer) ([]spaces.Unread, error) {
	if err := proven(v); err != nil {
		return nil, err
	}
	all, err := s.store.ChatUnread(ctx, v.Subject, spaces.Account(v))
	if err != nil {
		return nil, unavailable(err)
	}
	unread := []spaces.Unread{}
	for _, u := range all {
		_, err := s.may(ctx, v, u.Key, spaces.ActRead)
		switch spaces.ErrorCode(err) {
		case "":
			unread = append(unread, u)
		case spaces.CodeNotFound, spaces.CodeForbidden, spaces.CodeUnauthenticated:
			// no longer theirs to read
		default:
			return nil, unavailable(err)
		}
	}
	return unread, nil
}

// subscriber is a proven viewer who may read, and does not change too often.
func (s *Service) subscriber(ctx context.Context, v spaces.Viewer, key spaces.Key) (spaces.Key, error) {
	if err := proven(v); err != nil {
		return spaces.Key{}, err
	}
	key, err := s.may(ctx, v, key, spaces.ActRead)
	if err != nil {
		return spaces.Key{}, err
	}
	return key, s.pace(v)
}

// proven refuses guests: a row for each would be a table of strangers.
func proven(v spaces.Viewer) error {
	if v.Guest || v.Subject == "" {
		return &spaces.Error{Code: spaces.CodeUnauthenticated, Message: "subscriptions and read markers are kept for people who signed in", Fix: "Sign in with a Hive or Matrix account"}
	}
	return nil
}
