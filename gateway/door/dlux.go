package door

import (
	"context"
	"encoding/json"

	"presence/gateway/hub"
	"presence/gateway/wire"
	"presence/spaces"
)

// dlux is a client that speaks the first server's events, over Socket.IO or as
// the wallet script's objects.
type dlux struct {
	*visitor

	door     spaces.Door
	encoder  wire.DLUX
	room     string      // what the wallet script called the space when it joined
	rotation spaces.Quat // the last one heard; an update need not name it
	voice    bool
}

func newDLUX(v *visitor, door spaces.Door, encoder wire.DLUX) *dlux {
	return &dlux{visitor: v, door: door, encoder: encoder, rotation: spaces.Quat{W: 1}}
}

// answer is what an acknowledged event is answered with besides success.
type answer struct {
	Success bool          `json:"success"`
	Space   string        `json:"space,omitempty"`
	Message *wire.ChatRow `json:"message,omitempty"`
}

// dluxEvents are the events of the first server's doors by name.
var dluxEvents = map[string]func(*dlux, context.Context, json.RawMessage) (answer, error){
	"join-space":    (*dlux).join,
	"leave-space":   (*dlux).leaveSpace,
	"aframe-update": (*dlux).update,
	"chat-message":  (*dlux).write,
	"chat-edit":     (*dlux).edit,
	"chat-delete":   (*dlux).remove,
	"chat-reaction": (*dlux).react,
	"typing":        (*dlux).typing,
	"emote":         (*dlux).emote,
	"custom":        (*dlux).custom,
	"webrtc-offer": func(c *dlux, _ context.Context, b json.RawMessage) (answer, error) {
		return c.signal(b, wire.SignalOffer)
	},
	"webrtc-answer": func(c *dlux, _ context.Context, b json.RawMessage) (answer, error) {
		return c.signal(b, wire.SignalAnswer)
	},
	"webrtc-ice-candidate": func(c *dlux, _ context.Context, b json.RawMessage) (answer, error) {
		return c.signal(b, wire.SignalCandidate)
	},
}

// do handles one event. The error is a [spaces.Error] for the client, or ours.
func (c *dlux) do(ctx context.Context, event string, payload json.RawMessage) (answer, error) {
	handle, known := dluxEvents[event]
	if !known {
		return answer{}, &spaces.Error{Code: spaces.CodeInvalid, Message: "this server knows no such event"}
	}
	a, err := handle(c, ctx, payload)
	a.Success = err == nil
	return a, err
}

func (c *dlux) join(ctx context.Context, b json.RawMessage) (answer, error) {
	if err := c.doors.cfg.Hub.MayAsk(c.viewer); err != nil {
		return answer{}, err
	}
	wish, err := wire.DecodeJoinSpace(b)
	if err != nil {
		return answer{}, err
	}
	if err := c.enter(ctx, hub.Arrival{
		Key: wish.Key, Door: c.door, Avatar: wish.Avatar, Pose: wish.Pose, NSFW: wish.NSFW, Encoder: c.encoder,
	}); err != nil {
		return answer{}, err
	}
	c.voice, c.room = false, wire.RawRoom(wish.Key)
	if wish.Pose != nil {
		c.rotation = wish.Pose.Rotation
	}
	return answer{Space: c.member.Key().String()}, nil
}

func (c *dlux) leaveSpace(ctx context.Context, _ json.RawMessage) (answer, error) {
	return answer{}, c.leave(ctx)
}

// update moves the avatar, newest wins. What is about more than the avatar is
// relayed whole and in order.
func (c *dlux) update(_ context.Context, b json.RawMessage) (answer, error) {
	m, err := c.inside()
	if err != nil {
		return answer{}, err
	}
	u, err := wire.DecodeAFrame(b, c.rotation)
	if err != nil {
		return answer{}, err
	}
	if u.Voice != nil && *u.Voice != c.voice {
		if err := m.Change(nil, u.Voice); err != nil {
			return answer{}, err
		}
		c.voice = *u.Voice
	}
	if u.Pose != nil {
		own := b
		if u.Entities {
			own = nil // the relay brings it
		}
		if err := m.Move(*u.Pose, own, nil); err != nil {
			return answer{}, err
		}
		c.rotation = u.Pose.Rotation
	}
	if u.Entities || u.Pose == nil {
		return answer{}, m.Send(wire.EntityAFrame, "", b)
	}
	return answer{}, nil
}

func (c *dlux) signal(b json.RawMessage, kind string) (answer, error) {
	m, err := c.inside()
	if err != nil {
		return answer{}, err
	}
	s, err := wire.DecodeSignal(b, kind)
	if err != nil {
		return answer{}, err
	}
	return answer{}, m.Signal(s.To, kind, s.Data)
}

func (c *dlux) typing(_ context.Context, b json.RawMessage) (answer, error) {
	m, err := c.inside()
	if err != nil {
		return answer{}, err
	}
	on, err := wire.DecodeTyping(b)
	if err != nil {
		return answer{}, err
	}
	return answer{}, m.Typing(on)
}

func (c *dlux) emote(_ context.Context, b json.RawMessage) (answer, error) {
	m, err := c.inside()
	if err != nil {
		return answer{}, err
	}
	emote, err := wire.DecodeEmote(b)
	if err != nil {
		return answer{}, err
	}
	return answer{}, m.Emote(emote)
}

func (c *dlux) custom(_ context.Context, b json.RawMessage) (answer, error) {
	own, err := wire.DecodeCustom(b)
	if err != nil {
		return answer{}, err
	}
	return answer{}, c.sendCustom(own)
}

// sendCustom relays an application's own message.
func (v *visitor) sendCustom(own wire.Custom) error {
	m, err := v.inside()
	switch {
	case err != nil:
		return err
	case own.To != "":
		return m.SendTo(own.To, wire.EntityCustom, own.Name, own.Data)
	default:
		return m.Send(wire.EntityCustom, own.Name, own.Data)
	}
}
