package engineio

import (
	"bytes"
	"errors"
	"os"
	"sync"
	"time"
)

// startFlush leaves the queue to a goroutine that may wait. Called with mu
// held, on behalf of a session that is not finished.
func (l *link) startFlush() {
	if !l.flushing {
		l.flushing = true
		l.server.running.Go(l.flush)
	}
}

// writeNow hands the kernel what it takes at once and leaves the rest to a
// flusher. Called with mu held.
func (l *link) writeNow() {
	if l.flushing {
		return
	}
	scratch := scratches.Get().(*[]byte)
	defer scratches.Put(scratch)
	batch, buffer := l.take((*scratch)[:0])
	if cap(buffer) <= maxPooled {
		*scratch = buffer
	}
	n := l.eager.Write(batch)
	if n < len(batch) { // a copy: the scratch is only lent, and what is shared may be part of something large
		l.queue, l.stuck = append(l.queue, bytes.Clone(batch[n:])), true
		l.startFlush()
	}
}

// flush writes until nothing waits, then ends. Each batch has its own
// deadline; a client that does not take one in time is too slow.
func (l *link) flush() {
	scratch := scratches.Get().(*[]byte)
	defer scratches.Put(scratch)
	for {
		batch, buffer := l.nextBatch((*scratch)[:0])
		if batch == nil {
			return
		}
		if cap(buffer) <= maxPooled {
			*scratch = buffer
		}
		if n := l.eager.Write(batch); n < len(batch) {
			if err := l.writeWaiting(batch[n:]); err != nil {
				l.fail(err)
				return
			}
		}
	}
}

// nextBatch takes all that waits as one piece, in buffer when it has to be
// joined. nil ends the flusher.
func (l *link) nextBatch(buffer []byte) (batch, joined []byte) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.stuck = false
	if len(l.queue) > 0 {
		return l.take(buffer)
	}
	l.flushing = false
	if l.down {
		_ = l.tcp.Close()
	} else if !l.closed {
		_ = l.tcp.SetWriteDeadline(time.Time{}) // or writes without waiting would fail once it has passed
	}
	return nil, buffer
}

// take empties the queue. Frames that are alone are not copied. Called with mu
// held.
func (l *link) take(buffer []byte) (batch, joined []byte) {
	frames := l.queue
	l.queue, l.said = nil, 0
	if len(frames) == 1 {
		return frames[0], buffer
	}
	for _, f := range frames {
		buffer = append(buffer, f...)
	}
	return buffer, buffer
}

// writeWaiting writes what the kernel did not take at once.
func (l *link) writeWaiting(rest []byte) error {
	l.mu.Lock()
	l.stuck = true
	if !l.closed { // close and shut have set a deadline of their own
		_ = l.tcp.SetWriteDeadline(time.Now().Add(l.server.cfg.WriteWait))
	}
	l.mu.Unlock()
	_, err := l.tcp.Write(rest)
	return err
}

// fail ends a link whose flusher could not write, and wakes its reader, which
// cleans up.
func (l *link) fail(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.slow = !l.closed && errors.Is(err, os.ErrDeadlineExceeded)
	if l.slow {
		l.server.metrics.dropped.Add(float64(1 + len(l.queue)))
	}
	l.flushing, l.closed, l.queue = false, true, nil
	if l.down {
		_ = l.tcp.Close()
	}
	_ = l.tcp.SetReadDeadline(time.Now())
}

// scratches lends room for a joined batch each.
var scratches = sync.Pool{New: func() any { return new([]byte) }}
