package hub

import (
	"context"
	"encoding/json"

	"presence/gateway/wire"
	"presence/spaces"
)

// Member is one client in one space, inside or in line. Its methods may be
// called from any goroutine, never wait for other members, and answer with a
// [spaces.Error] once the stay is over.
type Member struct {
	arrival Arrival
	session spaces.Session
}

// Session is the client as the others see it.
func (m *Member) Session() spaces.Session { return m.session }

// Key is the space's canonical key.
func (m *Member) Key() spaces.Key { return m.session.Key }

// Gone is closed when the stay is over, whoever ended it.
func (m *Member) Gone() <-chan struct{} { return nil }

// Move says where the client is. The latest call before a tick wins. dlux and
// naf are what the client's own door said, for viewers of the same family; nil
// for other doors. A pose that is not sane, or further away than anybody can
// have walked when jumps are used up, is refused and changes nothing.
func (m *Member) Move(p spaces.Pose, dlux, naf json.RawMessage) error { return nil }

// Send relays data to all other members as [wire.Entity], in order. It is
// refused over 16 KB, or too often.
func (m *Member) Send(kind, typ string, data json.RawMessage) error { return nil }

// SendTo is Send for one member, named by session id.
func (m *Member) SendTo(session, kind, typ string, data json.RawMessage) error { return nil }

// Signal passes a WebRTC message (offer, answer or candidate) to a member of
// the same space, named by session id.
func (m *Member) Signal(session, kind string, data json.RawMessage) error { return nil }

// Emote shows a gesture, named by 1 to 32 characters of a-z, 0-9, _ and -.
func (m *Member) Emote(emote string) error { return nil }

// Change replaces the avatar (at most 2 KB), the voice flag, or both; nil leaves
// one as it is.
func (m *Member) Change(avatar json.RawMessage, voice *bool) error { return nil }

// Typing says that the client writes, or no longer does. It ends by itself
// after 6 s.
func (m *Member) Typing(on bool) error { return nil }

// Reply sends an event to this client alone, in order with everything else.
func (m *Member) Reply(e wire.SpaceEvent) {}

// Speak changes the client's format from now on, and sends it everybody's
// newest place in it.
func (m *Member) Speak(e wire.SpaceEncoder) {}

// Leave ends the stay: the roster, chat, typing, signalling, the seat and the
// session on the bus, in one step. [wire.Left] without a reason is the last
// that comes through Conn. Leaving twice is harmless.
func (m *Member) Leave(ctx context.Context) error { return nil }
