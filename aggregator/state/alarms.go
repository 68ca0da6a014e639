package state

import (
	"container/heap"
	"time"
)

// alarm is a moment at which time alone changes something: a person's class or
// the end of a room's typing list.
type alarm struct {
	at     instant // 0: not set
	index  int     // in the heap
	person *person
	room   *room
}

// alarms is a heap of the alarms that are set, the earliest first.
type alarms struct{ queue alarmQueue }

// set moves, adds or (at 0) removes an alarm.
func (a *alarms) set(one *alarm, at instant) {
	was := one.at
	if was == at {
		return
	}
	one.at = at
	switch {
	case at == 0:
		heap.Remove(&a.queue, one.index)
	case was == 0:
		heap.Push(&a.queue, one)
	default:
		heap.Fix(&a.queue, one.index)
	}
}

// due removes and returns the earliest alarm that is not after now, or nil.
func (a *alarms) due(now instant) *alarm {
	if len(a.queue) == 0 || a.queue[0].at > now {
		return nil
	}
	one := a.queue[0]
	a.set(one, 0)
	return one
}

// alarmQueue implements heap.Interface.
type alarmQueue []*alarm

func (q alarmQueue) Len() int           { return len(q) }
func (q alarmQueue) Less(i, j int) bool { return q[i].at < q[j].at }
func (q alarmQueue) Swap(i, j int) {
	q[i], q[j] = q[j], q[i]
	q[i].index, q[j].index = i, j
}

func (q *alarmQueue) Push(x any) {
	one := x.(*alarm)
	one.index = len(*q)
	*q = append(*q, one)
}

func (q *alarmQueue) Pop() any {
	old := *q
	one := old[len(old)-1]
	old[len(old)-1] = nil
	*q = old[:len(old)-1]
	return one
}

// Tick does everything that happens by time alone: the typing cap, the end of
// grace, of signs of life and of an unconfirmed "online". It does nothing while
// sync is starting, degraded or lost.
func (e *Engine) Tick(now time.Time) {
	if e.blind() {
		return
	}
	e.now = max(e.now, toInstant(now))
	e.expire()
}

// NextTick says when Tick next has something to do, false when only a new fact
// can change anything.
func (e *Engine) NextTick() (time.Time, bool) {
	if e.blind() || len(e.alarms.queue) == 0 {
		return time.Time{}, false
	}
	return e.alarms.queue[0].at.time(), true
}

// expire rings every alarm that is due. What time does is not softened by
// grace: it was slow already.
func (e *Engine) expire() {
	for {
		one := e.alarms.due(e.now)
		switch {
		case one == nil:
			e.settle(noGrace)
			return
		case one.person != nil:
			e.reclassify(one.person)
		default:
			e.capTyping(one.room)
		}
	}
}
