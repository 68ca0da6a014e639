package bus

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"golang.org/x/sync/errgroup"

	"presence/spaces"
)

const (
	// maxQueued and maxQueuedBytes bound what waits to be sent to other
	// gateways; what comes on top of it is dropped.
	maxQueued      = 4096
	maxQueuedBytes = 16 << 20
	// maxPayload keeps a message below the server's limit of 1 MB.
	maxPayload = 512 << 10
	// heardMessages and heardBytes bound what waits to be taken by one follower.
	heardMessages = 8192
	heardBytes    = 16 << 20
	// stuckAfter ends a write to a connection that takes nothing any more.
	stuckAfter = 2 * time.Second
)

// originHeader names the gateway that sent a message.
const originHeader = "Presence-Gateway"

// Gateway is this process as one of the gateways: what it says about its own
// sessions, and what it and the others tell each other about the spaces they
// share. Its methods may be called from any goroutine and never wait for NATS.
//
// It has a connection of its own, which never hears what it sends.
type Gateway struct {
	bus    *Bus
	id     string
	js     jetstream.JetStream // beside the publisher's, so that neither fills the other's window
	moving *line

	queue  chan *nats.Msg
	queued atomic.Int64 // bytes in queue

	mu    sync.Mutex           // guards what follows
	own   map[string]*nats.Msg // by session id
	dirty map[string]string    // subjects by session id, of what is to be published or taken back
	poke  chan struct{}
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

// Gateway names this process among the gateways. The id must be of this run
// alone (a name and something random), 1 to 64 characters of a-z, A-Z, 0-9, _
// and -. A Bus can be one gateway.
func (b *Bus) Gateway(ctx context.Context, id string) (*Gateway, error) {
	if !validGateway(id) {
		return nil, spaces.Invalid("gateway", "must be 1 to 64 characters of a-z, A-Z, 0-9, _ and -")
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.moving != nil {
		return nil, &spaces.Error{Code: spaces.CodeConflict, Field: "gateway", Message: "this bus is a gateway already"}
	}
	js, err := jetstream.New(b.writing.nc, jetstream.WithPublishAsyncMaxPending(maxUnacked), jetstream.WithPublishAsyncTimeout(ackWait))
	if err != nil {
		return nil, err
	}
	moving, err := b.dial(ctx, "moving", nats.FlusherTimeout(stuckAfter))
	if err != nil {
		return nil, b.cfg.explain(err)
	}
	b.moving = moving
	return &Gateway{
		bus: b, id: id, js: js, moving: moving, queue: make(chan *nats.Msg, maxQueued),
		own: map[string]*nats.Msg{}, dirty: map[string]string{}, poke: make(chan struct{}, 1),
	}, nil
}

// ID is the name given to [Bus.Gateway], the Gateway of its sessions.
func (g *Gateway) ID() string { return g.id }

// Run keeps this gateway and its sessions alive on the bus until ctx ends, and
// gives r what others send. At the end it takes its sessions back. It heals by
// itself and returns nil when ctx ends.
func (g *Gateway) Run(ctx context.Context, r Receiver) error {
	direct, err := g.follow(directSubject(g.id), r.Direct)
	if err != nil {
		return err
	}
	defer direct()
	control, err := g.follow(subjectControl, func(from string, payload []byte) {
		c, err := decodeControl(payload)
		if err != nil {
			g.bus.metrics.malformed.Inc()
			g.bus.log.Debug("dropped a malformed order", "from", from, "err", err)
			return
		}
		r.Control(from, c)
	})
	if err != nil {
		return err
	}
	defer control()
	var work errgroup.Group
	work.Go(func() error { g.speak(ctx); return nil })
	work.Go(func() error { g.keep(ctx); return nil })
	return work.Wait()
}

// PublishSpace sends a payload to every other gateway that follows the space:
// at most once, in order. It reports false when it was dropped, because NATS is
// away or takes too long.
func (g *Gateway) PublishSpace(key spaces.Key, payload []byte) bool {
	return g.send(liveSubject(key), payload)
}

// SendGateway sends a payload to one other gateway, at most once, in order. It
// reports false when it was dropped.
func (g *Gateway) SendGateway(to string, payload []byte) bool {
	return validGateway(to) && g.send(directSubject(to), payload)
}

// SendControl gives every other gateway an order, at most once. It reports
// false when it was dropped. The sender carries it out itself.
func (g *Gateway) SendControl(c Control) bool {
	payload, err := encodeControl(c)
	if err != nil {
		g.bus.log.Error("an order was not sent", "err", err)
		return false
	}
	return g.send(subjectControl, payload)
}

// send puts a message into the queue. The payload must not change afterwards.
func (g *Gateway) send(subject string, payload []byte) bool {
	lost, _ := g.moving.state()
	m := &nats.Msg{Subject: subject, Data: payload, Header: nats.Header{originHeader: {g.id}}}
	if lost.IsZero() && len(payload) <= maxPayload && g.queued.Load() < maxQueuedBytes {
		g.queued.Add(int64(len(payload)))
		select {
		case g.queue <- m:
			return true
		default:
			g.queued.Add(-int64(len(payload)))
		}
	}
	g.bus.metrics.dropped.Inc()
	return false
}

// speak sends what is in the queue. A connection that takes nothing holds it
// up, and nobody else.
func (g *Gateway) speak(ctx context.Context) {
	for {
		select {
		case m := <-g.queue:
			g.queued.Add(-int64(len(m.Data)))
			if err := g.moving.nc.PublishMsg(m); err != nil {
				g.bus.metrics.dropped.Inc()
				continue
			}
			g.bus.metrics.sent.Inc()
		case <-ctx.Done():
			return
		}
	}
}

// FollowSpace gives deliver what other gateways publish about the space, from
// one goroutine of the client's, until stop is called; deliver must not wait
// and may still be running when stop returns.
func (g *Gateway) FollowSpace(key spaces.Key, deliver func(from string, payload []byte)) (stop func(), err error) {
	return g.follow(liveSubject(key), deliver)
}

func (g *Gateway) follow(subject string, deliver func(from string, payload []byte)) (stop func(), err error) {
	sub, err := g.moving.nc.Subscribe(subject, func(m *nats.Msg) {
		if from := m.Header.Get(originHeader); validGateway(from) && from != g.id {
			deliver(from, m.Data)
		}
	})
	if err != nil {
		return nil, publishError(err)
	}
	if err := sub.SetPendingLimits(heardMessages, heardBytes); err != nil {
		return nil, publishError(err)
	}
	return func() {
		// Fails only when the connection is closed, which ends it as well.
		_ = sub.Unsubscribe()
	}, nil
}
