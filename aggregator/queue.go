package aggregator

import (
	"container/heap"
	"time"

	"presence/spaces"
)

// errand is something to ask of the homeserver beside the poll. It is its own
// key: asking for the same errand twice is once.
type errand struct {
	kind   errandKind
	target string      // room id or alias
	slug   spaces.Slug // of the link concerned, where there is one
}

type errandKind uint8

const (
	errandProbe   errandKind = iota // find out whether the homeserver has presence
	errandResolve                   // find the room behind an alias
	errandJoin
	errandMembers // compare a room's members with ours
	errandMove    // record that a link moved to an upgraded room
)

// task is an errand with its time. index is -1 while it runs.
type task struct {
	errand
	due   time.Time
	fails int // in a row
	index int
}

// errands is what is to be asked, the most urgent first.
type errands struct {
	tasks   map[errand]*task
	queue   taskQueue // those that do not run
	running int
	paused  time.Time // the server asked for quiet until then
}

func newErrands() errands { return errands{tasks: map[errand]*task{}} }

// add plans an errand unless it is planned already.
func (e *errands) add(at time.Time, what errand) {
	if e.tasks[what] == nil {
		e.put(at, what)
	}
}

// bring plans an errand for a moment at the latest.
func (e *errands) bring(at time.Time, what errand) {
	if one := e.tasks[what]; one == nil || one.due.After(at) {
		e.put(at, what)
	}
}

// put plans an errand for exactly that moment.
func (e *errands) put(at time.Time, what errand) {
	one := e.tasks[what]
	switch {
	case one == nil:
		one = &task{errand: what, due: at}
		e.tasks[what] = one
		heap.Push(&e.queue, one)
	case one.index < 0:
		one.due = at // it runs; its end decides
	default:
		one.due = at
		heap.Fix(&e.queue, one.index)
	}
}

// remove forgets an errand; one that runs is forgotten when it ends.
func (e *errands) remove(what errand) {
	if one := e.tasks[what]; one != nil {
		delete(e.tasks, what)
		if one.index >= 0 {
			heap.Remove(&e.queue, one.index)
		}
	}
}

// take starts the most urgent errand that is due, or returns nil.
func (e *errands) take(now time.Time) *task {
	if len(e.queue) == 0 || e.running >= errandsAtOnce || e.next().After(now) {
		return nil
	}
	e.running++
	return heap.Pop(&e.queue).(*task)
}

// done ends an errand: it is over, or again at a later moment. It reports
// false when nobody wants its result any more.
func (e *errands) done(one *task) bool {
	e.running--
	return e.tasks[one.errand] == one
}

func (e *errands) again(at time.Time, one *task) {
	one.due = at
	heap.Push(&e.queue, one)
}

// next is when take next has something.
func (e *errands) next() time.Time {
	if len(e.queue) == 0 {
		return e.paused
	}
	if e.paused.After(e.queue[0].due) {
		return e.paused
	}
	return e.queue[0].due
}

// taskQueue implements heap.Interface.
type taskQueue []*task

func (q taskQueue) Len() int           { return len(q) }
func (q taskQueue) Less(i, j int) bool { return q[i].due.Before(q[j].due) }
func (q taskQueue) Swap(i, j int) {
	q[i], q[j] = q[j], q[i]
	q[i].index, q[j].index = i, j
}

func (q *taskQueue) Push(x any) {
	one := x.(*task)
	one.index = len(*q)
	*q = append(*q, one)
}

func (q *taskQueue) Pop() any {
	old := *q
	one := old[len(old)-1]
	old[len(old)-1] = nil
	*q = old[:len(old)-1]
	one.index = -1
	return one
}
