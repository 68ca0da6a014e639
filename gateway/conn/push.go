package conn

import "sync"

// gathered lends memory in which the frames of one write are put together:
// copying a few kilobytes is cheaper than telling the kernel of ten places.
var gathered = sync.Pool{New: func() any { return new([]byte) }}

// maxGathered bounds what is lent again, in bytes: a socket that is busy keeps
// what it was lent, whatever it needs of it.
const maxGathered = 64 << 10

// Write sends whole frames in one write, without waiting: what the kernel does
// not take now is written by a flusher. It reports false, having taken nothing,
// while an older batch is under way. The bytes are never changed, and must
// never be. A socket that is over takes everything.
func (s *Socket) Write(frames ...[]byte) bool {
	s.mu.Lock()
	defer s.unlock()
	switch {
	case !s.open():
		return true
	case s.flushing:
		s.count.conflated.Inc()
		return false
	}
	s.count.frames.Add(float64(len(frames)))
	if len(frames) == 1 {
		s.begin(frames[0])
		return true
	}
	all := gathered.Get().(*[]byte)
	*all = (*all)[:0]
	for _, f := range frames {
		*all = append(*all, f...)
	}
	if s.begin(*all) && cap(*all) <= maxGathered {
		gathered.Put(all)
	}
	return true
}

// begin makes out the batch under way and reports whether all of it is written;
// otherwise the flusher keeps it. Called with mu held and nothing under way.
func (s *Socket) begin(out []byte) (written bool) {
	s.count.bytes.Add(float64(len(out)))
	n := s.eager.Write(out)
	if n < len(out) {
		s.startFlush(out[n:])
		return false
	}
	return true
}
