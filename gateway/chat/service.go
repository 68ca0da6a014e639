package chat

import (
	"context"
	"io"

	"presence/spaces"
)

// Service is the chat of every space. Its methods may be called from any
// goroutine. Errors that a person can do something about are *spaces.Error.
//
// Every method asks whether the viewer may do it. The gate before content that
// is not safe for work stands at the entrance and is not asked again: whoever
// comes here from outside (REST) asks [Service.Allowed] first.
type Service struct{}

// New builds the service; Run makes events travel.
func New() (*Service, error) { return &Service{}, nil }

// Run publishes, polls and forgets what is too old, until ctx ends.
func (s *Service) Run(ctx context.Context) error { <-ctx.Done(); return nil }

// Allowed returns nil when the viewer may do this in the space; nsfw says that
// they asked for such content.
func (s *Service) Allowed(ctx context.Context, v spaces.Viewer, key spaces.Key, a spaces.Action, nsfw bool) error {
	return nil
}

// Send writes a line. It is committed when Send returns nil; the same draft
// (by its ClientID) sent again returns the line that is there.
func (s *Service) Send(ctx context.Context, v spaces.Viewer, key spaces.Key, d spaces.Draft) (spaces.Message, error) {
	return spaces.Message{}, nil
}

// System writes a line of the program's own. clientID makes a repeat harmless.
func (s *Service) System(ctx context.Context, key spaces.Key, clientID, content string) (spaces.Message, error) {
	return spaces.Message{}, nil
}

// Edit replaces the content of one's own line, for a day after it was written.
func (s *Service) Edit(ctx context.Context, v spaces.Viewer, key spaces.Key, id int64, content string) (spaces.Message, error) {
	return spaces.Message{}, nil
}

// Delete empties one's own line, or as a moderator anybody's.
func (s *Service) Delete(ctx context.Context, v spaces.Viewer, key spaces.Key, id int64) (spaces.Message, error) {
	return spaces.Message{}, nil
}

// React adds or takes back a reaction. Doing it twice is harmless.
func (s *Service) React(ctx context.Context, v spaces.Viewer, key spaces.Key, id int64, reaction string, on bool) (spaces.Message, error) {
	return spaces.Message{}, nil
}

// History reads lines.
func (s *Service) History(ctx context.Context, v spaces.Viewer, key spaces.Key, q spaces.HistoryQuery) (spaces.History, error) {
	return spaces.History{}, nil
}

// Message reads one line.
func (s *Service) Message(ctx context.Context, v spaces.Viewer, key spaces.Key, id int64) (spaces.Message, error) {
	return spaces.Message{}, nil
}

// Since reads what happened after seq; limit is 1 to 500, 200 when 0.
func (s *Service) Since(ctx context.Context, v spaces.Viewer, key spaces.Key, seq int64, limit int) (spaces.ChatSince, error) {
	return spaces.ChatSince{}, nil
}

// MarkRead notes that everything up to a line was read, and subscribes. It never
// goes back. Guests have no read markers: CodeUnauthenticated.
func (s *Service) MarkRead(ctx context.Context, v spaces.Viewer, key spaces.Key, id int64) (spaces.Subscription, error) {
	return spaces.Subscription{}, nil
}

// Subscription returns the viewer's; CodeNotFound when there is none.
func (s *Service) Subscription(ctx context.Context, v spaces.Viewer, key spaces.Key) (spaces.Subscription, error) {
	return spaces.Subscription{}, nil
}

// Subscribe subscribes or changes what the viewer wants to be told about.
func (s *Service) Subscribe(ctx context.Context, v spaces.Viewer, key spaces.Key, n spaces.Notify) (spaces.Subscription, error) {
	return spaces.Subscription{}, nil
}

// Unsubscribe ends a subscription; doing it twice is harmless.
func (s *Service) Unsubscribe(ctx context.Context, v spaces.Viewer, key spaces.Key) error { return nil }

// Unread counts what waits for the viewer in each subscribed space that they
// may still read.
func (s *Service) Unread(ctx context.Context, v spaces.Viewer) ([]spaces.Unread, error) {
	return nil, nil
}

// Export writes every line of a space as JSON lines, oldest first, for its
// admins.
func (s *Service) Export(ctx context.Context, v spaces.Viewer, key spaces.Key, w io.Writer) error {
	return nil
}

// Follow gives deliver the events of a space in order and without gaps, from
// seq+1 on, whichever gateway they come from, until stop is called. deliver is
// called from one goroutine, should not wait, and may still be running when
// stop returns. The key must be the canonical one of a Standing. It fails when
// the database cannot be read.
func (s *Service) Follow(key spaces.Key, deliver func([]spaces.ChatEvent)) (seq int64, stop func(), err error) {
	return 0, func() {}, nil
}
