package chat

import (
	"bufio"
	"context"
	"encoding/json"
	"io"

	"presence/gateway/wire"
	"presence/spaces"
)

// Export writes every line of a space that is kept as JSON lines in the form of
// [wire.ChatRow], oldest first, for its admins. An error after the first line
// leaves w with a part.
func (s *Service) Export(ctx context.Context, v spaces.Viewer, key spaces.Key, w io.Writer) error {
	key, err := s.may(ctx, v, key, spaces.ActSettings)
	if err != nil {
		return err
	}
	buffered := bufio.NewWriter(w)
	encoder := json.NewEncoder(buffered)
	encoder.SetEscapeHTML(false)
	for after := int64(-1); ; { // forward from before the first
		page, err := s.store.ChatHistory(ctx, key, spaces.HistoryQuery{After: after, Limit: spaces.MaxHistory})
		if err != nil {
			return unavailable(err)
		}
		for _, m := range page.Messages {
			if err := encoder.Encode(wire.NewChatRow(m)); err != nil {
				return err
			}
			after = m.ID
		}
		if !page.More {
			return buffered.Flush()
		}
	}
}
