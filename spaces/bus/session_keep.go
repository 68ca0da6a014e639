package bus

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"presence/spaces"
)

const (
	// beatEvery is the time between two signs of life, unless that were less
	// than beatParts of them within GatewayTTL: some may be late.
	beatEvery = time.Second
	beatParts = 5
	// sessionLives is how many GatewayTTL a session lives on the bus without
	// being renewed: it must outlive the sign of life of its gateway by far.
	sessionLives = 12
)

// PutSession says that a session is inside, or has changed; Run publishes it
// and keeps it alive. The error is about the session itself.
func (g *Gateway) PutSession(n spaces.Session) error {
	n.Gateway = g.id
	data, err := encodeSession(n)
	if err != nil {
		return err
	}
	m := stored(sessionSubject(g.id, n.ID), data, sessionLives*g.bus.cfg.GatewayTTL)
	g.change(n.ID, m.Subject, func() { g.own[n.ID] = m })
	return nil
}

// DropSession says that a session has left. Dropping it twice is harmless.
func (g *Gateway) DropSession(id string) {
	g.change(id, sessionSubject(g.id, id), func() { delete(g.own, id) })
}

func (g *Gateway) change(id, subject string, do func()) {
	g.mu.Lock()
	do()
	g.dirty[id] = subject
	g.bus.metrics.ownSessions.Set(float64(len(g.own)))
	g.mu.Unlock()
	select {
	case g.poke <- struct{}{}:
	default:
	}
}

// stored is a message for the stream of sessions; without data it removes what
// is there.
func stored(subject string, data []byte, ttl time.Duration) *nats.Msg {
	if data == nil {
		ttl = markerTTL
	}
	return &nats.Msg{Subject: subject, Data: data, Header: nats.Header{
		jetstream.ExpectedStreamHeader: {sessionStreamName}, jetstream.MsgTTLHeader: {wholeSeconds(ttl)},
	}}
}

// keeper makes the stream hold what the gateway has, and nothing else. A sign
// of life follows only when all of it is acknowledged, and it expects the one
// before it to be the newest: a stream that was lost or made anew, or a server
// that was away for too long, refuses it, and everything is said again first.
type keeper struct {
	*Gateway
	whole bool              // nothing of what was published can be relied upon
	gone  map[string]string // subjects by session id, whose removal is not acknowledged
	fence uint64            // where the last sign of life is stored
	beats time.Time         // when that was
	renew time.Time         // when everything is published again
}

func (g *Gateway) keep(ctx context.Context) {
	every := min(beatEvery, g.bus.cfg.GatewayTTL/beatParts)
	k := &keeper{Gateway: g, whole: true, gone: map[string]string{}}
	defer k.stop(ctx)
	tick := time.NewTicker(every)
	defer tick.Stop()
	for failing := false; ; {
		if err := k.say(ctx, every); (err != nil) != failing && ctx.Err() == nil {
			failing = err != nil
			g.bus.log.InfoContext(ctx, "keeping the sessions on the bus", "failing", failing, "err", err)
		}
		poke := g.poke
		if failing {
			poke = nil // what comes meanwhile is said with the rest
		}
		select {
		case <-poke:
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// say publishes what is due. One more attempt mends a stream that was lost.
func (k *keeper) say(ctx context.Context, every time.Duration) error {
	if lost, _ := k.bus.writing.state(); !lost.IsZero() {
		k.whole = true
		return errDisconnected
	}
	ctx, stop := k.bus.writing.whileUp(ctx)
	defer stop()
	ctx, cancel := context.WithTimeout(ctx, min(openTimeout, k.bus.cfg.GatewayTTL))
	defer cancel()
	err := k.publish(ctx, every)
	if curable(err) {
		err = k.publish(ctx, every)
	}
	return err
}

func (k *keeper) publish(ctx context.Context, every time.Duration) error {
	now := time.Now()
	if k.whole {
		if _, err := sessionStream.ensure(ctx, k.js); err != nil {
			return err
		}
	}
	all := k.whole || now.After(k.renew)
	messages, total := k.due(all)
	for len(messages) > 0 {
		part := messages[:min(len(messages), maxUnacked)]
		messages = messages[len(part):]
		if err := errors.Join(sendAll(ctx, k.js, part)...); err != nil {
			k.whole = true
			return err
		}
	}
	clear(k.gone)
	if all {
		k.renew = now.Add(sessionLives * k.bus.cfg.GatewayTTL / 3)
	}
	if !k.whole && now.Sub(k.beats) < every/2 {
		return nil
	}
	return k.beat(ctx, now, total)
}

// due takes what is to be published: everything, or what has changed.
func (k *keeper) due(all bool) (messages []*nats.Msg, total int) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for id, subject := range k.dirty {
		m := k.own[id]
		if m == nil {
			k.gone[id] = subject
			continue
		}
		delete(k.gone, id)
		if !all {
			messages = append(messages, m)
		}
	}
	clear(k.dirty)
	for _, subject := range k.gone {
		messages = append(messages, stored(subject, nil, 0))
	}
	if all {
		for _, m := range k.own {
			messages = append(messages, m)
		}
	}
	return messages, len(k.own)
}

func (k *keeper) beat(ctx context.Context, now time.Time, total int) error {
	m := stored(aliveSubject(k.id), fmt.Appendf(nil, `{"sessions":%d}`, total), k.bus.cfg.GatewayTTL)
	if !k.whole {
		m.Header[jetstream.ExpectedLastSubjSeqHeader] = []string{strconv.FormatUint(k.fence, 10)}
	}
	ack, err := k.js.PublishMsg(ctx, m, jetstream.WithRetryAttempts(0))
	if err != nil {
		k.whole = true
		return err
	}
	k.whole, k.fence, k.beats = false, ack.Sequence, now
	return nil
}

// stop takes back the gateway with all it has inside, and tidies the stream.
func (k *keeper) stop(ctx context.Context) {
	if lost, _ := k.bus.writing.state(); !lost.IsZero() {
		return // the others will notice
	}
	// The caller's context is over, and this is its last word.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), tidyTimeout)
	defer cancel()
	_, err := k.js.PublishMsg(ctx, stored(aliveSubject(k.id), nil, 0), jetstream.WithRetryAttempts(0))
	if err == nil {
		err = k.forget(ctx)
	}
	if err != nil {
		k.bus.log.DebugContext(ctx, "the gateway was not taken back", "err", err)
	}
}

func (k *keeper) forget(ctx context.Context) error {
	s, err := k.js.Stream(ctx, sessionStreamName)
	if err != nil {
		return err
	}
	return s.Purge(ctx, jetstream.WithPurgeSubject(sessionPrefix+k.id+".*"))
}
