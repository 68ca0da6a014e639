//go:build linux

package main

import (
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
)

// movers is the crowd of W2: the same sockets send and see. It belongs to one
// goroutine.
type movers struct {
	*load
	say      speech
	n        int
	base     []place
	near     [][]int32 // each one's nearest neighbours
	socket   []*client
	sent     []int64 // poses sent by each
	due      []time.Duration
	newest   []int32 // by viewer*n+mover: when the newest pose that was seen was sent, ms; 0 never
	born     []int32 // when a mover's last `steps` poses were sent, ms
	entered  int
	received int64 // bytes of messages
	start    time.Time
}

// place is where somebody stands, in metres.
type place struct{ x, z float64 }

// speech is how a mover of one server speaks.
type speech struct {
	pose func(at place, step int) []byte // one whole client frame
	// hear reads one server frame: seen is told of every pose in it.
	hear func(m *movers, c *client, f frame, seen func(mover int, step int)) error
}

func newMovers(l *load, n int, say speech) *movers {
	m := &movers{
		load: l, say: say, n: n, base: make([]place, n), socket: make([]*client, n), sent: make([]int64, n),
		due: make([]time.Duration, n), newest: make([]int32, n*n), born: make([]int32, n*steps), start: time.Now(),
	}
	side := int(math.Ceil(math.Sqrt(float64(n))))
	for i := range m.base {
		m.base[i] = place{spacing * float64(i%side-side/2), spacing * float64(i/side-side/2)}
		m.due[i] = time.Duration(i) * poseEvery / time.Duration(n)
	}
	m.near = nearest(m.base)
	l.hear = m.heard
	return m
}

// nearest returns for each place the indexes of its neighbours.
func nearest(base []place) [][]int32 {
	near := make([][]int32, len(base))
	for i, p := range base {
		others := make([]int32, 0, len(base)-1)
		for j := range base {
			if j != i {
				others = append(others, int32(j))
			}
		}
		away := func(j int32) float64 { return math.Hypot(base[j].x-p.x, base[j].z-p.z) }
		slices.SortFunc(others, func(a, b int32) int {
			switch d := away(a) - away(b); {
			case d < 0:
				return -1
			case d > 0:
				return 1
			}
			return 0
		})
		near[i] = others[:min(neighbours, len(others))]
	}
	return near
}

// ms is the time since the start; never 0.
func (m *movers) ms() int32 { return 1 + int32(time.Since(m.start).Milliseconds()) }

func (m *movers) heard(c *client, f frame, _ int64) error {
	m.socket[c.index] = c
	m.received += int64(len(f.payload))
	switch f.op {
	case opPing:
		return m.send(c, clientFrame(opPong, f.payload))
	case opClose:
		return fmt.Errorf("the server closed a socket: %q", f.payload)
	}
	return m.say.hear(m, c, f, func(mover, step int) {
		if born := m.born[mover*steps+step]; born > m.newest[c.index*m.n+mover] {
			m.newest[c.index*m.n+mover] = born
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

// sampling is how often a crowd is asked how old what everybody sees is: there
// are n² pairs to look at.
func sampling(n int) time.Duration {
	if n > 1000 {
		return time.Second
	}
	return 250 * time.Millisecond
}

// move lets everybody move for d, and asks now and then how old what they
// see is.
func (m *movers) move(d time.Duration, ask func()) error {
	start := time.Now()
	for i := range m.due {
		m.due[i] = time.Duration(i) * poseEvery / time.Duration(m.n)
	}
	sampling := sampling(m.n)
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
		m.due[i] += poseEvery
		if m.due[i] < since { // we came late; the next one is due in its time
			m.due[i] = since + poseEvery
		}
		step := int(m.sent[i] % steps)
		m.born[i*steps+step] = m.ms()
		m.sent[i]++
		at := place{m.base[i].x + float64(step*stepCM)/100, m.base[i].z}
		if err := m.send(m.socket[i], m.say.pose(at, step)); err != nil {
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
