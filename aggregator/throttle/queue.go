package throttle

import (
	"cmp"
	"container/heap"
	"time"
)

// queue is a heap of entries by rank, then by key so that the order is the same
// in every run. An entry is in one queue at most.
type queue[K cmp.Ordered, V any] struct{ entries []*entry[K, V] }

// push puts the entry into the queue under that rank, out of any other place.
func (q *queue[K, V]) push(en *entry[K, V], rank time.Time) {
	if en.queue != q {
		en.leaveQueue()
		en.queue, en.rank = q, rank
		heap.Push(q, en)
		return
	}
	if !en.rank.Equal(rank) {
		en.rank = rank
		heap.Fix(q, en.index)
	}
}

// leaveQueue takes the entry out of the queue it is in, if any.
func (en *entry[K, V]) leaveQueue() {
	if en.queue != nil {
		heap.Remove(en.queue, en.index)
		en.queue = nil
	}
}

func (q *queue[K, V]) first() *entry[K, V] {
	if len(q.entries) == 0 {
		return nil
	}
	return q.entries[0]
}

// Len, Less, Swap, Push and Pop implement heap.Interface.

func (q *queue[K, V]) Len() int { return len(q.entries) }

func (q *queue[K, V]) Less(i, j int) bool {
	a, b := q.entries[i], q.entries[j]
	if order := a.rank.Compare(b.rank); order != 0 {
		return order < 0
	}
	return a.key < b.key
}

func (q *queue[K, V]) Swap(i, j int) {
	q.entries[i], q.entries[j] = q.entries[j], q.entries[i]
	q.entries[i].index, q.entries[j].index = i, j
}

func (q *queue[K, V]) Push(x any) {
	en := x.(*entry[K, V])
	en.index = len(q.entries)
	q.entries = append(q.entries, en)
}

func (q *queue[K, V]) Pop() any {
	last := len(q.entries) - 1
	en := q.entries[last]
	q.entries[last] = nil
	q.entries = q.entries[:last]
	return en
}

// older orders entries by the age of their change.
func older[K cmp.Ordered, V any](a, b *entry[K, V]) int {
	return cmp.Or(a.since.Compare(b.since), cmp.Compare(a.key, b.key))
}
