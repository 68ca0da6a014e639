package bus

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"time"

	"presence/spaces"
)

// comeback is how long after an outage a gateway may take, beyond its usual
// time, to connect again and to speak.
const comeback = maxRedial + 2*time.Second

// roster is who is inside on which gateway, as far as a watch can tell. It
// decides and does no I/O.
type roster struct {
	ttl   time.Duration
	live  bool // the snapshot is over
	peers map[string]*peer
	// What may differ from what the watcher was told, with what it was told.
	touched map[seat]*spaces.Session // nil: it was not inside
	gone    map[string]bool
}

// seat names a session of a gateway.
type seat struct{ gateway, token string }

// peer is one gateway.
type peer struct {
	alive  bool
	fresh  bool                      // judged in the feed of now: stored is everything it has
	spoke  bool                      // its sign of life is to be judged at the end of the snapshot
	round  uint64                    // of its last sign of life
	until  time.Time                 // dead then, unless it is heard before
	stored map[string]said           // what the feed of now has brought
	shown  map[string]spaces.Session // what the watcher knows
}

// said is a session with the round in which its gateway spoke of it last.
type said struct {
	spaces.Session
	round uint64
}

func newRoster(ttl time.Duration) *roster {
	return &roster{ttl: ttl, peers: map[string]*peer{}, touched: map[seat]*spaces.Session{}, gone: map[string]bool{}}
}

// begin forgets what an earlier feed has brought, but not what was shown.
func (r *roster) begin() {
	r.live = false
	for _, p := range r.peers {
		p.fresh, p.spoke = false, false
		clear(p.stored)
	}
}

// resume ends a snapshot: who was alive before an outage and has not been heard
// yet gets time to come back.
func (r *roster) resume(now time.Time) {
	r.live = true
	for id, p := range r.peers {
		if p.spoke {
			r.judge(id, p, p.round)
		}
		if p.alive && !p.fresh {
			p.until = now.Add(r.ttl + comeback)
		}
	}
}

// errRound means that a snapshot is needed to know what a gateway has.
var errRound = errors.New("a gateway has said everything anew")

// apply takes one message.
func (r *roster) apply(news sessionNews, now time.Time) error {
	p := r.peers[news.gateway]
	if p == nil {
		p = &peer{stored: map[string]said{}, shown: map[string]spaces.Session{}}
		r.peers[news.gateway] = p
	}
	switch {
	case news.token == "" && news.end:
		clear(p.stored)
		r.dies(news.gateway, p)
	case news.token == "":
		return r.heard(news.gateway, p, news.round, now)
	case news.session == nil:
		delete(p.stored, news.token)
		if news.expired && !p.fresh {
			return nil // the gateway will say what it has
		}
		r.hide(news.gateway, p, news.token)
	default:
		p.stored[news.token] = said{*news.session, news.round}
		if p.alive {
			r.show(news.gateway, p, news.token, *news.session)
		}
	}
	return nil
}

// heard is a sign of life. A gateway gives one after it has said everything, so
// what it did not say in this feed, or not in the round of now, is over. Only a
// whole snapshot can tell: what was said before the sign of life comes after it
// when it was replaced meanwhile.
func (r *roster) heard(id string, p *peer, round uint64, now time.Time) error {
	p.until = now.Add(r.ttl)
	switch {
	case p.fresh && p.round == round:
		return nil
	case !r.live:
		p.round, p.spoke = round, true
		return nil
	case p.unsaid(round):
		return errRound
	}
	r.judge(id, p, round)
	return nil
}

// unsaid reports whether a session is shown that the gateway has not said.
func (p *peer) unsaid(round uint64) bool {
	for token := range p.shown {
		if s, there := p.stored[token]; !there || s.round < round {
			return true
		}
	}
	return false
}

// judge shows what the gateway has, and nothing else.
func (r *roster) judge(id string, p *peer, round uint64) {
	p.alive, p.fresh, p.spoke, p.round = true, true, false, round
	delete(r.gone, id)
	maps.DeleteFunc(p.stored, func(_ string, s said) bool { return s.round < round })
	for token := range p.shown {
		if _, still := p.stored[token]; !still {
			r.hide(id, p, token)
		}
	}
	for token, s := range p.stored {
		r.show(id, p, token, s.Session)
	}
}

func (r *roster) dies(id string, p *peer) {
	if !p.alive {
		return
	}
	p.alive, p.fresh, p.spoke = false, false, false
	r.gone[id] = true
	for token := range p.shown {
		r.hide(id, p, token)
	}
}

// bury finds the gateways that have been silent for too long.
func (r *roster) bury(now time.Time) {
	for id, p := range r.peers {
		if p.alive && !p.until.After(now) {
			r.dies(id, p)
		}
	}
}

// nextDeath is how long until bury may find one.
func (r *roster) nextDeath(now time.Time) time.Duration {
	next := r.ttl
	for _, p := range r.peers {
		if p.alive {
			next = min(next, p.until.Sub(now))
		}
	}
	return max(next, time.Millisecond)
}

func (r *roster) show(id string, p *peer, token string, n spaces.Session) {
	if was, shown := p.shown[token]; shown && sameSession(was, n) {
		return // renewed
	}
	r.touch(id, p, token)
	p.shown[token] = n
}

func (r *roster) hide(id string, p *peer, token string) {
	if _, shown := p.shown[token]; shown {
		r.touch(id, p, token)
		delete(p.shown, token)
	}
}

func (r *roster) touch(id string, p *peer, token string) {
	at := seat{id, token}
	if _, noted := r.touched[at]; noted {
		return
	}
	if was, shown := p.shown[token]; shown {
		r.touched[at] = &was
		return
	}
	r.touched[at] = nil
}

// flush returns what has changed since the last time, and forgets gateways of
// which nothing is left.
func (r *roster) flush() (entered, left []spaces.Session, gone []string) {
	for at, was := range r.touched {
		now, inside := r.peers[at.gateway].shown[at.token]
		switch {
		case inside && (was == nil || !sameSession(*was, now)):
			entered = append(entered, now)
		case !inside && was != nil:
			left = append(left, *was)
		}
	}
	for id := range r.gone {
		gone = append(gone, id)
	}
	clear(r.touched)
	clear(r.gone)
	for id, p := range r.peers {
		if !p.alive && !p.spoke && len(p.stored) == 0 {
			delete(r.peers, id)
		}
	}
	sortSessions(entered)
	sortSessions(left)
	slices.Sort(gone)
	return entered, left, gone
}

func (r *roster) sessions() []spaces.Session {
	all := []spaces.Session{}
	for _, p := range r.peers {
		for _, n := range p.shown {
			all = append(all, n)
		}
	}
	sortSessions(all)
	return all
}

func (r *roster) alive() []string {
	ids := []string{}
	for id, p := range r.peers {
		if p.alive {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids
}

type rosterCount struct{ gateways, sessions int }

func (r *roster) count() map[string]rosterCount {
	n := map[string]rosterCount{gatewayAlive: {}, gatewayDoubtful: {}}
	for _, p := range r.peers {
		if !p.alive {
			continue
		}
		state := gatewayAlive
		if !p.fresh {
			state = gatewayDoubtful
		}
		n[state] = rosterCount{n[state].gateways + 1, n[state].sessions + len(p.shown)}
	}
	return n
}

func sameSession(a, b spaces.Session) bool {
	return a.ID == b.ID && a.Key == b.Key && a.Subject == b.Subject && a.Account == b.Account && a.Name == b.Name &&
		a.Guest == b.Guest && a.Door == b.Door && a.Voice == b.Voice && a.ConnectedAt.Equal(b.ConnectedAt) && string(a.Avatar) == string(b.Avatar)
}

// sortSessions puts sessions in the order of arrival.
func sortSessions(list []spaces.Session) {
	slices.SortFunc(list, func(a, b spaces.Session) int {
		if c := a.ConnectedAt.Compare(b.ConnectedAt); c != 0 {
			return c
		}
		return strings.Compare(a.ID, b.ID)
	})
}
