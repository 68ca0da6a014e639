package door

import (
	"context"
	"encoding/json"

	"presence/gateway/hub"
	"presence/gateway/wire"
	"presence/spaces"
)

// writer is who may be written as: the member, and the viewer with the rights
// of this moment.
func (v *visitor) writer() (*hub.Member, spaces.Viewer, error) {
	m, err := v.inside()
	if err != nil {
		return nil, spaces.Viewer{}, err
	}
	viewer, ok := v.current()
	if !ok {
		return nil, spaces.Viewer{}, revoked()
	}
	return m, viewer, nil
}

// written answers with the line as it is stored.
func written(line spaces.Message, err error) (answer, error) {
	if err != nil {
		return answer{}, err
	}
	row := wire.NewChatRow(line)
	return answer{Message: &row}, nil
}

func (c *dlux) write(ctx context.Context, b json.RawMessage) (answer, error) {
	m, viewer, err := c.writer()
	if err != nil {
		return answer{}, err
	}
	draft, err := wire.DecodeChatMessage(b)
	if err != nil {
		return answer{}, err
	}
	return written(c.doors.cfg.Chat.Send(ctx, viewer, m.Key(), draft))
}

func (c *dlux) edit(ctx context.Context, b json.RawMessage) (answer, error) {
	m, viewer, change, err := c.change(b)
	if err != nil {
		return answer{}, err
	}
	return written(c.doors.cfg.Chat.Edit(ctx, viewer, m.Key(), change.MessageID, change.Content))
}

func (c *dlux) remove(ctx context.Context, b json.RawMessage) (answer, error) {
	m, viewer, change, err := c.change(b)
	if err != nil {
		return answer{}, err
	}
	return written(c.doors.cfg.Chat.Delete(ctx, viewer, m.Key(), change.MessageID))
}

func (c *dlux) react(ctx context.Context, b json.RawMessage) (answer, error) {
	m, viewer, change, err := c.change(b)
	if err != nil {
		return answer{}, err
	}
	return written(c.doors.cfg.Chat.React(ctx, viewer, m.Key(), change.MessageID, change.Reaction, change.On))
}

// change reads what somebody wants to do to a line that is there.
func (c *dlux) change(b json.RawMessage) (*hub.Member, spaces.Viewer, wire.ChatChange, error) {
	m, viewer, err := c.writer()
	if err != nil {
		return nil, spaces.Viewer{}, wire.ChatChange{}, err
	}
	change, err := wire.DecodeChatChange(b)
	return m, viewer, change, err
}
