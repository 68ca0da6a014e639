package door

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"time"

	"presence/gateway/hub"
	"presence/gateway/wire"
	"presence/spaces"
)

// naf is a client that speaks networked-aframe, over its uws or its socketio
// adapter.
type naf struct {
	*visitor

	encoder wire.NAF
	rig     rig
	changes pace // of the template, each of which brings everybody's place anew
}

func newNAF(v *visitor, encoder wire.NAF) *naf {
	return &naf{visitor: v, encoder: encoder, changes: pace{most: 4, every: 10 * time.Second}}
}

// nafEvents are the events of the adapters by name.
var nafEvents = map[string]func(*naf, context.Context, json.RawMessage) error{
	"joinRoom":  (*naf).join,
	"send":      (*naf).packet,
	"broadcast": (*naf).packet,
}

// join enters the space that the scene's room names.
func (c *naf) join(ctx context.Context, b json.RawMessage) error {
	if err := c.doors.cfg.Hub.MayAsk(c.viewer); err != nil {
		return err
	}
	name, err := wire.DecodeNAFRoom(b)
	if err != nil {
		return err
	}
	key, err := c.doors.room(ctx, c.viewer, name)
	if err != nil {
		return err
	}
	c.rig, c.encoder.Template = rig{owner: c.id}, ""
	return c.enter(ctx, hub.Arrival{Key: key, Door: spaces.DoorNAF, Encoder: c.encoder})
}

// packet handles send and broadcast, which differ in having a receiver.
func (c *naf) packet(ctx context.Context, b json.RawMessage) error {
	m, err := c.inside()
	if err != nil {
		return err
	}
	p, err := wire.DecodeNAFPacket(b)
	if err != nil {
		return err
	}
	switch p.Type {
	case "u", "um":
		return c.update(m, p)
	case "r":
		return c.remove(m, p)
	case wire.NAFChat:
		if text, ok := wire.DecodeNAFChat(p.Data); ok {
			return c.write(ctx, text)
		}
		return relay(m, p.To, wire.EntityNAF, p.Type, p.Data)
	default:
		return relay(m, p.To, wire.EntityCustom, p.Type, p.Data)
	}
}

// relay passes data to one member or to all others.
func relay(m *hub.Member, to, kind, typ string, data json.RawMessage) error {
	if to != "" {
		return m.SendTo(to, kind, typ, data)
	}
	return m.Send(kind, typ, data)
}

// update takes entities: the avatar's become motion, the others are relayed.
func (c *naf) update(m *hub.Member, p wire.NAFPacket) error {
	all, err := wire.DecodeNAFUpdate(p.Type, p.Data)
	if err != nil {
		return err
	}
	var others []wire.NAFEntity
	moved := false
	for _, e := range all {
		if e.Owner != c.id {
			return spaces.Invalid("owner", "you do not own that entity")
		}
		if err := c.doors.entities.own(m.Key(), c.id, e); err != nil {
			return err
		}
		if c.rig.take(e) {
			moved = true
			continue
		}
		others = append(others, e)
	}
	if moved {
		if err := c.move(m); err != nil {
			return err
		}
	}
	if len(others) == 0 {
		return nil
	}
	return relay(m, p.To, wire.EntityNAF, p.Type, wire.NAFUpdate(p.Type, others))
}

// move says where the avatar is, and in which template it sees the others.
func (c *naf) move(m *hub.Member) error {
	pose, ok := c.rig.pose()
	if !ok {
		return nil
	}
	if err := m.Move(pose, nil, c.rig.avatar()); err != nil {
		return err
	}
	if t := c.rig.template(); t != c.encoder.Template && c.changes.allow(c.doors.cfg.Now()) {
		c.encoder.Template = t
		m.Speak(c.encoder)
	}
	return nil
}

// remove takes away an entity of the client's own.
func (c *naf) remove(m *hub.Member, p wire.NAFPacket) error {
	id, err := wire.DecodeNAFRemove(p.Data)
	if err != nil {
		return err
	}
	if !c.doors.entities.disown(m.Key(), c.id, id) {
		return spaces.Invalid("networkId", "you do not own that entity")
	}
	c.rig.drop(id)
	return relay(m, p.To, wire.EntityNAF, p.Type, p.Data)
}

// write makes a real chat line of networked-aframe's example chat. It goes to
// the clients of the same kind as the data they know, because they show their
// own lines without an echo; everybody else hears of it as of any line.
func (c *naf) write(ctx context.Context, text string) error {
	m, viewer, err := c.writer()
	if err != nil {
		return err
	}
	line, err := c.doors.cfg.Chat.Send(ctx, viewer, m.Key(), spaces.Draft{ClientID: wire.NAFChatID + rand.Text(), Content: text})
	if err != nil {
		return err
	}
	return m.Send(wire.EntityNAF, wire.NAFChat, wire.NAFChatData(line))
}

// uwsClient is networked-aframe's uws adapter.
type uwsClient struct{ *naf }

func newUWSClient(v *visitor) plainClient { return uwsClient{newNAF(v, wire.NAF{})} }

func (c uwsClient) visits() *visitor { return c.visitor }

func (c uwsClient) refusal(event string, err error) []byte {
	return c.encoder.Event(nil, wire.Refused{Op: event, Err: err})
}

func (c uwsClient) receive(ctx context.Context, b []byte) (string, error) {
	f, err := wire.DecodeNAFFrame(b)
	if err != nil {
		return "", err
	}
	handle, known := nafEvents[f.Event]
	if !known {
		return f.Event, spaces.Invalid("event", "must be joinRoom, send or broadcast")
	}
	return f.Event, handle(c.naf, ctx, f.Data)
}
