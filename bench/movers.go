//go:build linux

package main

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"time"
)

// W2: everybody in one space sends a pose ten times a second, out of phase, and
// should see everybody else's.
const (
	poseEvery  = 100 * time.Millisecond
	fresh      = 200 // ms; a pair is covered while its newest pose is at most this old
	spacing    = 1.2 // metres between people: a full square
	stepCM     = 1   // each pose is this much further than the one before
	steps      = 128 // then back to the start, which is no faster than anybody may run
	neighbours = 64

	// watchers is of how many people it is known what they see. All others take
	// what they are sent without looking at it: to read every pose that 5,000 are
	// told of takes more than a core.
	watchers = 1000
	sparse   = 250 // in a vast crowd
)

// movers is the crowd of W2: the same sockets send and see. It belongs to one
// goroutine.
type movers struct {
	*load
	say      speech
	n        int
	base     []place
	watching []int32   // who looks at what they are sent
	place    []int32   // of each one in watching; -1: does not look
	near     [][]int32 // each watcher's nearest neighbours
	socket   []*client
	frame    []byte  // scratch of step
	sent     []int64 // poses sent by each
	due      []time.Duration
	newest   []int32 // by place in watching*n+mover: when the newest pose that was seen was sent, ms; 0 never
	born     []int32 // when a mover's last `steps` poses were sent, ms
	entered  int
	moving   bool      // everybody is inside
	received int64     // bytes
	late     histogram // how long after their time poses were sent
	start    time.Time
}

// place is where somebody stands, in metres.
type place struct{ x, z float64 }

// speech is how a mover of one server speaks.
type speech struct {
	pose func(dst []byte, at place, step int) []byte // appends one whole client frame
	// hear reads one server frame: seen is told of every pose in it.
	hear func(m *movers, c *client, f frame, seen func(mover int, step int)) error
}

func newMovers(l *load, n int, say speech) *movers {
	watching := watching(n)
	m := &movers{
		load: l, say: say, n: n, base: make([]place, n), watching: watching, place: make([]int32, n), socket: make([]*client, n), sent: make([]int64, n),
		due: make([]time.Duration, n), newest: make([]int32, len(watching)*n), born: make([]int32, n*steps), start: time.Now(),
	}
	side := int(math.Ceil(math.Sqrt(float64(n))))
	for i := range m.base {
		m.base[i] = place{spacing * float64(i%side-side/2), spacing * float64(i/side-side/2)}
		m.place[i] = -1
	}
	for at, i := range watching {
		m.place[i] = int32(at)
		m.near = append(m.near, nearest(m.base, int(i)))
	}
	l.hear, l.skip = m.heard, m.skipped
	return m
}

// watching chooses who looks, spread over the whole square.
func watching(n int) []int32 {
	count := n
	if n > watchers {
		count = sparse
	}
	chosen := make([]int32, count)
	for i := range chosen {
		chosen[i] = int32(i * n / count)
	}
	return chosen
}

// nearest returns the indexes of the neighbours of a place.
func nearest(base []place, i int) []int32 {
	others := make([]int32, 0, len(base)-1)
	for j := range base {
		if j != i {
			others = append(others, int32(j))
		}
	}
	away := func(j int32) float64 { return math.Hypot(base[j].x-base[i].x, base[j].z-base[i].z) }
	slices.SortFunc(others, func(a, b int32) int { return cmp.Compare(away(a), away(b)) })
	return others[:min(neighbours, len(others))]
}

// ms is the time since the start; never 0.
func (m *movers) ms() int32 { return 1 + int32(time.Since(m.start).Milliseconds()) }

// skipped reports whether c takes what it is sent without looking at it: it is
// inside, and not a watcher.
func (m *movers) skipped(c *client, n int) bool {
	m.received += int64(n)
	return m.moving && m.place[c.index] < 0
}

func (m *movers) heard(c *client, f frame, _ int64) error {
	m.socket[c.index] = c
	switch f.op {
	case opPing:
		return m.send(c, clientFrame(opPong, f.payload))
	case opClose:
		return fmt.Errorf("the server closed a socket: %q", f.payload)
	}
	at := int(m.place[c.index])
	return m.say.hear(m, c, f, func(mover, step int) {
		if at < 0 {
			return
		}
		if born, seen := m.born[mover*steps+step], &m.newest[at*m.n+mover]; born > *seen {
			*seen = born
		}
	})
}

// enter opens the sockets and returns when everybody is inside.
func (m *movers) enter(limit time.Duration) error {
	deadline := time.Now().Add(limit)
	for i := range m.n {
		t, err := token(i)
		if err != nil {
			return err
		}
		if err := m.dial(t); err != nil {
			return err
		}
		for m.entered < i+1-32 { // a few at a time: the entrance is not what is measured
			if err := m.wait(deadline); err != nil {
				return err
			}
		}
	}
	for m.entered < m.n {
		if err := m.wait(deadline); err != nil {
			return err
		}
	}
	return nil
}

func (m *movers) wait(deadline time.Time) error {
	if time.Now().After(deadline) || m.closed > 0 {
		return fmt.Errorf("%d of %d are inside; the server closed %d sockets", m.entered, m.n, m.closed)
	}
	return m.poll(time.Millisecond)
}

// sampling is how often it is asked how old what the watchers see is.
const sampling = 250 * time.Millisecond

// move lets everybody move for d, and asks now and then how old what they
// see is.
func (m *movers) move(d time.Duration, ask func()) error {
	start := time.Now()
	for i := range m.due {
		m.due[i] = time.Duration(i) * poseEvery / time.Duration(m.n)
	}
	m.moving = true
	asked := sampling
	for {
		since := time.Since(start)
		if since >= d {
			return nil
		}
		if err := m.step(since); err != nil {
			return err
		}
		if since >= asked {
			asked += sampling
			ask()
		}
		if err := m.poll(time.Millisecond); err != nil {
			return err
		}
		if m.closed > 0 {
			return fmt.Errorf("the server closed %d sockets", m.closed)
		}
	}
}

// step sends the poses that are due.
func (m *movers) step(since time.Duration) error {
	for i := range m.due {
		if m.due[i] > since {
			continue
		}
		m.late.add((since - m.due[i]).Microseconds())
		m.due[i] += poseEvery
		if m.due[i] < since { // we came late; the next one is due in its time
			m.due[i] = since + poseEvery
		}
		step := int(m.sent[i] % steps)
		m.born[i*steps+step] = m.ms()
		m.sent[i]++
		at := place{m.base[i].x + float64(step*stepCM)/100, m.base[i].z}
		m.frame = m.say.pose(m.frame[:0], at, step)
		if err := m.send(m.socket[i], m.frame); err != nil {
			return err
		}
	}
	return nil
}

// stepOf finds which pose of a mover one at x was.
func (m *movers) stepOf(mover int, x float64) (int, bool) {
	step := int(math.Round((x - m.base[mover].x) * 100 / stepCM))
	return step, step >= 0 && step < steps
}
