package aggregator

import (
	"time"

	"presence/spaces"
)

// pulse is the heartbeat: how the daemon is, every few seconds and at once
// when that changes.
type pulse struct {
	due     time.Time
	status  *spaces.Status // to be published
	settled bool           // every room was published once since the homeserver was first heard
}

// beat renews the status, for the bus and for readiness.
func (t *term) beat(now time.Time) {
	p := &t.pulse
	if p.due.After(now) {
		return
	}
	p.due = now.Add(heartbeatEvery)
	status := t.status()
	t.report(Health{Leading: true, Stopped: t.poll.stage == stageStopped, Status: status})
	if !t.settled(now) {
		status.Sync = spaces.SyncStarting
	}
	p.status = &status
}

func (t *term) status() spaces.Status {
	stats := t.engine.Stats()
	s := spaces.Status{
		Type: "city.status", Epoch: t.epoch, Sync: t.sight.state, Presence: t.support.words, Source: spaces.SourceMatrix,
		Rooms: stats.Rooms, Joined: stats.Joined, Users: stats.Users, Message: t.poll.message,
	}
	if !t.sight.asOf.IsZero() {
		s.AsOf = t.sight.asOf.UnixMilli()
	}
	if city, known := t.engine.City(); known {
		s.Source = city.Source
	} else if t.support.words == "disabled" {
		s.Source = spaces.SourceInferred
	}
	if s.Sync == spaces.SyncOK && s.Message == "" && s.Joined < s.Rooms {
		// Without numbers or names: they would betray private rooms.
		s.Message = "the daemon is not in every linked room; presence doctor names the others"
	}
	t.metrics.linked.Set(float64(s.Rooms))
	t.metrics.joined.Set(float64(s.Joined))
	return s
}

// settled reports whether the rooms have been published once. Gateways that
// fill from an empty stream hold their last picture until a status says more
// than starting, so that must not be said before the rooms are there.
func (t *term) settled(now time.Time) bool {
	if t.pulse.settled || t.sight.state == spaces.SyncStarting {
		return true
	}
	at, some := t.out.rooms.Next()
	t.pulse.settled = !t.out.busy && t.links.known && (!some || at.After(now))
	if !t.pulse.settled {
		t.pulse.due = now.Add(time.Second / 4)
	}
	return t.pulse.settled
}
