package socketio

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"

	"presence/gateway/conn/engineio"
	"presence/gateway/wire"
	"presence/spaces"
)

// session is one connection with its sockets. It is engineio's Receiver, whose
// methods are called one at a time; that guards all its fields.
type session struct {
	server  *Server
	engine  *engineio.Session
	request *http.Request
	sockets map[string]*Socket // by namespace; those that ended stay until the client connects again
	partial *partial           // a packet whose attachments are still to come
	asked   int                // how often the client wanted to enter a namespace
}

// partial is a packet that waits for its attachments.
type partial struct {
	packet packet
	binary [][]byte
}

// Receive takes one message: a packet, or an attachment of the last one.
func (c *session) Receive(ctx context.Context, m engineio.Message) {
	if err := c.receive(ctx, m); err != nil {
		c.engine.Close(wire.CloseProtocol)
	}
}

func (c *session) receive(ctx context.Context, m engineio.Message) error {
	if m.Binary {
		return c.attach(ctx, m.Data)
	}
	p, err := decodePacket(m.Data)
	if err != nil || c.partial != nil {
		return errPacket
	}
	if p.attachments > 0 {
		c.partial = &partial{packet: p}
		return nil
	}
	return c.handle(ctx, p, nil)
}

func (c *session) attach(ctx context.Context, data []byte) error {
	if c.partial == nil {
		return errPacket
	}
	c.partial.binary = append(c.partial.binary, data)
	if len(c.partial.binary) < c.partial.packet.attachments {
		return nil
	}
	whole := c.partial
	c.partial = nil
	return c.handle(ctx, whole.packet, whole.binary)
}

func (c *session) handle(ctx context.Context, p packet, binary [][]byte) error {
	if p.kind == kindConnect {
		return c.connect(ctx, p)
	}
	s := c.sockets[p.namespace]
	switch {
	case s == nil:
		return errPacket
	case s.told: // we ended it, and the client does not know yet
	case p.kind == kindDisconnect:
		s.leave(ctx, engineio.ReasonClient)
	case p.kind == kindEvent:
		s.client.Event(ctx, s.event(p, binary))
	default: // an ack, which nobody asked for
	}
	return nil
}

// maxConnects is how often one connection may ask to enter. Each may be a
// question to somebody else's server about a credential; a stock client asks
// once for each namespace, and opens a new connection to come back.
const maxConnects = 5

// connect lets the client into a namespace, or says why not.
func (c *session) connect(ctx context.Context, p packet) error {
	if c.asked++; c.asked > maxConnects {
		c.engine.Close(wire.CloseFlood)
		return nil
	}
	enter, exists := c.server.namespaces[p.namespace]
	if !exists {
		return c.refuse(p.namespace, refusal{Message: "Invalid namespace"})
	}
	if s := c.sockets[p.namespace]; s != nil && !s.told {
		return errPacket
	}
	s := newSocket(c, p.namespace)
	client, err := enter(ctx, s, p.auth, c.request)
	if err != nil {
		s.stop()
		return c.refuse(p.namespace, c.server.explain(err))
	}
	s.client = client
	c.sockets[p.namespace] = s
	c.engine.Established()
	return s.welcome()
}

// Closed ends the sockets that are left.
func (c *session) Closed(ctx context.Context, reason string) {
	for _, s := range c.sockets {
		s.leave(ctx, reason)
	}
}

// refusal is the body of a connect error.
type refusal struct {
	Message string  `json:"message"`
	Data    *detail `json:"data,omitempty"`
}

type detail struct {
	Code  spaces.Code `json:"code"`
	Field string      `json:"field,omitempty"`
	Fix   string      `json:"fix,omitempty"`
}

func (c *session) refuse(namespace string, why refusal) error {
	m, err := encodeObject(kindConnectError, namespace, why)
	if err != nil {
		return err
	}
	c.engine.Send(m)
	return nil
}

// explain is what a client is told: our own words, or nothing.
func (s *Server) explain(err error) refusal {
	var shown *spaces.Error
	if errors.As(err, &shown) {
		return refusal{shown.Message, &detail{shown.Code, shown.Field, shown.Fix}}
	}
	s.log.Error("a client could not be connected", "error", err)
	return refusal{"something went wrong on our side", &detail{Code: spaces.CodeInternal}}
}

// event is p for the application.
func (s *Socket) event(p packet, binary [][]byte) Event {
	e := Event{Name: p.name, Data: Data{Args: p.args, Binary: binary}}
	if p.id != nil {
		e.AckID = json.RawMessage(p.id)
		e.Ack = s.acknowledge(p.id)
	}
	return e
}
