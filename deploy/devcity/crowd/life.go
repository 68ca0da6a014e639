package crowd

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"
	"time"
)

// Presence states as the client API spells them.
const (
	online      = "online"
	unavailable = "unavailable"
	offline     = "offline"
)

// mostRooms is in how many rooms a resident stays before leaving the oldest.
const mostRooms = 3

// typingLimit is how long the server shows somebody as typing who says nothing
// more. Clients use 20 to 30 s.
const typingLimit = 20 * time.Second

// life is one resident's day. Everything in it is owned by live.
type life struct {
	Resident
	crowd *Crowd
	start time.Time
	rng   *rand.Rand

	state   string  // presence as last told to the server; empty: not told yet
	in      []Place // rooms joined, oldest first; nil: not asked yet
	failing bool    // the last step failed and was logged
}

func (l *life) live(ctx context.Context) {
	// Nobody does anything at the same moment as everybody else.
	wait := l.between(0, 5*time.Second)
	for pause(ctx, wait) {
		err := l.step(ctx)
		if ctx.Err() != nil {
			return
		}
		if err != nil && !l.failing {
			l.crowd.log.WarnContext(ctx, "a resident failed and will try again", "resident", l.Name, "error", err)
		}
		l.failing = err != nil
		wait = l.rest()
	}
}

// rest is the time between two things a resident does.
func (l *life) rest() time.Duration {
	switch {
	case l.failing, l.Agent:
		return l.between(10*time.Second, 25*time.Second)
	case l.state == offline:
		return l.between(5*time.Second, 15*time.Second)
	default:
		return l.between(2*time.Second, 9*time.Second)
	}
}

func (l *life) step(ctx context.Context) error {
	if l.in == nil {
		return l.lookAround(ctx)
	}
	switch awake := l.awake(time.Now()); {
	case !awake && l.state != offline:
		return l.show(ctx, offline)
	case !awake:
		return nil
	case l.state != online:
		return l.show(ctx, online)
	}
	return l.choose()(ctx)
}

// lookAround learns where the last run left the resident.
func (l *life) lookAround(ctx context.Context) error {
	joined, err := l.Account.Rooms(ctx)
	if err != nil {
		return err
	}
	l.in = []Place{}
	for _, p := range l.Haunts {
		if slices.Contains(joined, p.Room) {
			l.in = append(l.in, p)
		}
	}
	return nil
}

// choose picks what an awake resident does next.
func (l *life) choose() func(context.Context) error {
	n := l.rng.IntN(100)
	switch {
	case n < 30:
		return l.talk
	case n < 60:
		return l.read
	case l.Agent:
		return func(context.Context) error { return nil }
	case n < 72:
		return l.walk
	case n < 80:
		return func(ctx context.Context) error { return l.show(ctx, unavailable) }
	default:
		return func(context.Context) error { return nil }
	}
}

// show tells the homeserver how present the resident is. Who is idle stays so
// for a while.
func (l *life) show(ctx context.Context, state string) error {
	if err := l.Account.Presence(ctx, state, l.mood(state)); err != nil {
		return err
	}
	l.state = state
	if state == unavailable {
		pause(ctx, l.between(15*time.Second, 50*time.Second))
	}
	return nil
}

// talk types for some seconds in one room and mostly says something then.
func (l *life) talk(ctx context.Context) error {
	p, ok := l.somewhere()
	if !ok {
		return nil
	}
	if err := l.Account.Typing(ctx, p.Room, true, typingLimit); err != nil {
		return err
	}
	if !pause(ctx, l.between(2*time.Second, 8*time.Second)) {
		return nil
	}
	if l.rng.IntN(4) > 0 {
		event, err := l.Account.Say(ctx, p.Room, l.words(p.Slug))
		if err != nil {
			return err
		}
		l.crowd.said(p.Room, event)
	}
	return l.Account.Typing(ctx, p.Room, false, 0)
}

// read acknowledges the newest message of one room.
func (l *life) read(ctx context.Context) error {
	p, ok := l.somewhere()
	if !ok {
		return nil
	}
	event := l.crowd.lastSaid(p.Room)
	if event == "" {
		return nil
	}
	return l.Account.Read(ctx, p.Room, event)
}

// walk enters a room the resident likes and, when that makes too many, leaves
// the one it has been in longest.
func (l *life) walk(ctx context.Context) error {
	to := l.Haunts[l.rng.IntN(len(l.Haunts))]
	if !slices.Contains(l.in, to) {
		if err := l.Account.Join(ctx, to.Room); err != nil {
			return err
		}
		l.in = append(l.in, to)
	}
	oldest := slices.IndexFunc(l.in, func(p Place) bool { return !p.Home })
	if len(l.in) <= mostRooms || oldest < 0 {
		return nil
	}
	if err := l.Account.Leave(ctx, l.in[oldest].Room); err != nil {
		return err
	}
	l.in = slices.Delete(l.in, oldest, oldest+1)
	return nil
}

// awake tells whether the city's hour is one of the resident's waking hours.
func (l *life) awake(now time.Time) bool {
	if l.Agent {
		return true
	}
	hour := firstHour + 24*now.Sub(l.start).Seconds()/day.Seconds()
	return math.Mod(hour-l.Wakes+24, 24) < awakeHours
}

// somewhere is one of the rooms the resident is in, mostly the newest one.
func (l *life) somewhere() (Place, bool) {
	if len(l.in) == 0 {
		return Place{}, false
	}
	if l.rng.IntN(2) == 0 {
		return l.in[len(l.in)-1], true
	}
	return l.in[l.rng.IntN(len(l.in))], true
}

func (l *life) between(least, most time.Duration) time.Duration {
	return least + time.Duration(l.rng.Int64N(int64(most-least)))
}
