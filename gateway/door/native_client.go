package door

import (
	"context"
	"time"

	"presence/gateway/conn"
	"presence/gateway/hub"
	"presence/gateway/wire"
	"presence/spaces"
)

// nativeClient is one native socket. Everything but viewer, id and socket
// belongs to the sequence of the client's messages.
type nativeClient struct {
	door   *Native
	viewer spaces.Viewer
	id     string // of its sessions
	socket *conn.Socket

	member  *hub.Member // nil: in no space
	refused pace        // errors about poses
}

// answer goes in order with what the space says, or straight to the socket of
// a client that is in none.
func (c *nativeClient) answer(e wire.SpaceEvent) {
	if c.member != nil {
		select {
		case <-c.member.Gone():
		default:
			c.member.Reply(e)
			return
		}
	}
	if frame := (wire.Native{}).Event(nil, e); len(frame) > 0 {
		c.socket.Reply(frame)
	}
}

func (c *nativeClient) refuse(r wire.NativeRequest, err error) {
	c.answer(wire.Refused{Request: r.ID, Op: r.Op, Err: err})
}

// move takes a pose. What is wrong with poses is said once a second at most.
func (c *nativeClient) move(message []byte) error {
	p, err := wire.DecodeClientPose(message)
	if err == nil {
		var m *hub.Member
		if m, err = c.inside(); err == nil {
			err = m.Move(p, nil, nil)
		}
	}
	if err != nil && !c.refused.allow(time.Now()) {
		return nil // said a moment ago
	}
	return err
}

// inside returns the member the client is, or why it is none: it may have been
// sent away since.
func (c *nativeClient) inside() (*hub.Member, error) {
	if c.member != nil {
		select {
		case <-c.member.Gone():
		default:
			return c.member, nil
		}
	}
	return nil, &spaces.Error{Code: spaces.CodeConflict, Message: "you are in no space", Fix: "Send join first"}
}

// do carries out one request and returns what its answer holds.
func (c *nativeClient) do(ctx context.Context, request any) (any, error) {
	switch r := request.(type) {
	case wire.NativePing:
		return struct {
			Now int64 `json:"now"`
		}{time.Now().UnixMilli()}, nil
	case wire.NativeJoin:
		return nil, c.join(ctx, r)
	}
	m, err := c.inside()
	if err != nil {
		return nil, err
	}
	switch r := request.(type) {
	case wire.NativeLeave:
		c.member = nil
		return nil, m.Leave(ctx)
	case wire.NativeAvatar:
		return nil, m.Change(r.Avatar, nil)
	case wire.NativeVoice:
		return nil, m.Change(nil, &r.On)
	case wire.NativeTyping:
		return nil, m.Typing(r.On)
	case wire.NativeEmote:
		return nil, m.Emote(r.Emote)
	case wire.NativeSignal:
		return nil, m.Signal(r.To, r.Kind, r.Data)
	case wire.NativeEntity:
		return nil, m.Send(wire.EntityAFrame, "", r.Data)
	case wire.NativeCustom:
		if r.To != "" {
			return nil, m.SendTo(r.To, wire.EntityCustom, r.Name, r.Data)
		}
		return nil, m.Send(wire.EntityCustom, r.Name, r.Data)
	}
	return c.chat(ctx, m, request)
}

func (c *nativeClient) join(ctx context.Context, j wire.NativeJoin) error {
	if err := c.door.cfg.Hub.MayAsk(c.viewer); err != nil {
		return err
	}
	viewer, holds := c.door.cfg.Auth.Current(c.viewer)
	if !holds {
		c.socket.Close(wire.CloseRevoked)
		return revoked()
	}
	m, err := c.door.cfg.Hub.Enter(ctx, hub.Arrival{
		Key: j.Space, Viewer: viewer, ID: c.id, Door: spaces.DoorNative,
		Avatar: j.Avatar, Pose: j.Pose, NSFW: j.NSFW, Encoder: wire.Native{}, Conn: c.socket,
	})
	if err != nil {
		return err
	}
	c.member = m
	return nil
}

// Answers of the chat, as fields of an ack.
type (
	ackMessage struct {
		Message spaces.Message `json:"message"`
	}
	ackHistory struct {
		Messages []spaces.Message `json:"messages"`
		More     bool             `json:"has_more"`
	}
	ackSince struct {
		Events []spaces.ChatEvent `json:"events"`
		Next   int64              `json:"next"`
		More   bool               `json:"more"`
		Reset  bool               `json:"reset"`
	}
)

// chat carries out one request about the chat of the space.
func (c *nativeClient) chat(ctx context.Context, m *hub.Member, request any) (any, error) {
	chat := c.door.cfg.Chat
	viewer, holds := c.door.cfg.Auth.Current(c.viewer)
	if !holds {
		return nil, revoked()
	}
	if chat == nil {
		return nil, &spaces.Error{Code: spaces.CodeUnavailable, Message: "this server has no chat"}
	}
	key := m.Key()
	switch r := request.(type) {
	case wire.NativeChatSend:
		return withMessage(chat.Send(ctx, viewer, key, r.Draft))
	case wire.NativeChatEdit:
		return withMessage(chat.Edit(ctx, viewer, key, r.MessageID, r.Content))
	case wire.NativeChatDelete:
		return withMessage(chat.Delete(ctx, viewer, key, r.MessageID))
	case wire.NativeChatReact:
		return withMessage(chat.React(ctx, viewer, key, r.MessageID, r.Reaction, r.On))
	case wire.NativeChatHistory:
		h, err := chat.History(ctx, viewer, key, r.Query)
		return ackHistory{h.Messages, h.More}, err
	case wire.NativeChatSince:
		s, err := chat.Since(ctx, viewer, key, r.Seq, r.Limit)
		return ackSince(s), err
	case wire.NativeChatRead:
		_, err := chat.MarkRead(ctx, viewer, key, r.MessageID)
		return nil, err
	}
	return nil, &spaces.Error{Code: spaces.CodeInternal, Message: "this request is not carried out"}
}

func withMessage(m spaces.Message, err error) (any, error) { return ackMessage{m}, err }
