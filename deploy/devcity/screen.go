package main

import (
	"fmt"
	"io"
	"time"
)

// detailEvery keeps progress readable: the compiler says hundreds of lines.
const detailEvery = 3 * time.Second

// screen shows what is going on, one line at a time, so that it reads the same
// on a terminal and in a log. It belongs to one goroutine at a time.
type screen struct {
	out     io.Writer
	began   time.Time // of the program
	stepped time.Time // of the current step
	shown   time.Time // when the last line was written
}

func newScreen(out io.Writer) *screen {
	return &screen{out: out, began: time.Now()}
}

// step says what begins now.
func (s *screen) step(what string) {
	s.stepped = time.Now()
	s.shown = s.stepped
	fmt.Fprintf(s.out, "== %s\n", what)
}

// detail says how the step goes, when nothing was said for a while.
func (s *screen) detail(line string) {
	if time.Since(s.shown) < detailEvery {
		return
	}
	s.shown = time.Now()
	fmt.Fprintf(s.out, "   %3.0f s  %s\n", time.Since(s.stepped).Seconds(), line)
}

func (s *screen) say(format string, args ...any) {
	fmt.Fprintf(s.out, format+"\n", args...)
}
