package bus

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
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
// before it (the first in a round, what was said first) to be in its place: a
// stream that was lost or made anew, or a server that was away for too long,
// refuses it, and everything is said again first.
//
// That begins a new round, which everything said from then on carries. A stream
// that is emptied leaves no gap in what its consumers receive: a watcher may
// never hear what was said last before it, such as that somebody has left, so
// what it does not hear again in the new round is over.
type keeper struct {
	*Gateway
	whole bool              // nothing of what was published can be relied upon
	round uint64            // rises; also from one process to the next of the same name
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
		k.round = max(k.round+1, uint64(now.UnixNano()))
		if _, err := sessionStream.again(ctx, k.js); err != nil {
			return err
		}
	}
	all := k.whole || now.After(k.renew)
	messages, total := k.due(all)
	ground, err := k.send(ctx, messages)
	if err != nil {
		k.whole = true
		return err
	}
	clear(k.gone)
	if all {
		k.renew = now.Add(sessionLives * k.bus.cfg.GatewayTTL / 3)
	}
	if !k.whole && now.Sub(k.beats) < every/2 {
		return nil
	}
	if !k.whole {
		ground = place{aliveSubject(k.id), k.fence}
	}
	return k.beat(ctx, now, total, ground)
}

// place is where a message is stored. It says that the stream has lost nothing
// since: whatever empties the stream takes this message as well.
type place struct {
	subject string
	seq     uint64
}

// send publishes messages. Of a whole round it returns the place of the first.
func (k *keeper) send(ctx context.Context, messages []*nats.Msg) (ground place, err error) {
	if k.whole && len(messages) > 0 {
		ack, err := k.js.PublishMsg(ctx, messages[0], jetstream.WithRetryAttempts(0))
		if err != nil {
			return place{}, err
		}
		ground, messages = place{messages[0].Subject, ack.Sequence}, messages[1:]
	}
	for part := range slices.Chunk(messages, maxUnacked) {
		if err := errors.Join(sendAll(ctx, k.js, part)...); err != nil {
			return place{}, err
		}
	}
	return ground, nil
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
			messages = append(messages, k.inRound(m))
		}
	}
	clear(k.dirty)
	for _, subject := range k.gone {
		messages = append(messages, stored(subject, nil, 0))
	}
	if all {
		for _, m := range k.own {
			messages = append(messages, k.inRound(m))
		}
	}
	return messages, len(k.own)
}

func (k *keeper) inRound(m *nats.Msg) *nats.Msg {
	header := maps.Clone(m.Header)
	header[roundHeader] = []string{strconv.FormatUint(k.round, 10)}
	return &nats.Msg{Subject: m.Subject, Data: m.Data, Header: header}
}

func (k *keeper) beat(ctx context.Context, now time.Time, total int, ground place) error {
	m := k.inRound(stored(aliveSubject(k.id), fmt.Appendf(nil, `{"sessions":%d}`, total), k.bus.cfg.GatewayTTL))
	if ground.seq > 0 {
		m.Header[jetstream.ExpectedLastSubjSeqSubjHeader] = []string{ground.subject}
		m.Header[jetstream.ExpectedLastSubjSeqHeader] = []string{strconv.FormatUint(ground.seq, 10)}
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
