package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// The measured server and the load generator understand each other: every
// socket proves its token, gets its snapshot and then every change.
func TestTheCrowdHearsEveryChange(t *testing.T) {
	t.Setenv("JWT_SECRET", secret)
	in, commands := io.Pipe()
	answers, out := io.Pipe()
	done := make(chan error, 1)
	go func() { done <- serve(context.WithoutCancel(t.Context()), in, out) }()
	t.Cleanup(func() {
		_ = commands.Close()
		if err := <-done; err != nil {
			t.Errorf("serve: %v", err)
		}
	})
	line, err := bufio.NewReader(answers).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	var port int
	if _, err := fmt.Sscanf(line, "ready %d", &port); err != nil {
		t.Fatal(err)
	}

	const sockets, changes = 20, 50
	crowd, err := newLoad(port, native)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(crowd.close)
	if err := crowd.connect(sockets, 0, time.Minute); err != nil {
		t.Fatal(err)
	}
	if _, err := fmt.Fprintf(commands, "more %d\n", changes); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(time.Minute); crowd.deliveries < sockets*changes; {
		if time.Now().After(deadline) {
			t.Fatalf("%d of %d deliveries", crowd.deliveries, sockets*changes)
		}
		if err := crowd.poll(10 * time.Millisecond); err != nil {
			t.Fatal(err)
		}
	}
	if p99 := crowd.latency.quantile(0.99); p99 <= 0 || p99 > time.Minute {
		t.Errorf("p99 is %s", p99)
	}
}

func TestServeRefusesUnknownCommands(t *testing.T) {
	t.Setenv("JWT_SECRET", secret)
	for _, command := range []string{"dance 5\n", "rate\n", "more many\n"} {
		if err := serve(t.Context(), strings.NewReader(command), io.Discard); err == nil {
			t.Errorf("%q was obeyed", command)
		}
	}
}

func TestNextFrame(t *testing.T) {
	t.Parallel()
	for _, size := range []int{0, 1, 125, 126, 65535, 65536} {
		var b []byte
		switch {
		case size < 126:
			b = []byte{0x81, byte(size)}
		case size < 1<<16:
			b = []byte{0x81, 126, byte(size >> 8), byte(size)}
		default:
			b = []byte{0x81, 127, 0, 0, 0, 0, 0, byte(size >> 16), byte(size >> 8), byte(size)}
		}
		b = append(b, make([]byte, size)...)
		if f, n := nextFrame(append(b, 0x81)); n != len(b) || f.op != opText || len(f.payload) != size {
			t.Errorf("a frame of %d bytes is read as %d bytes with %d of payload", size, n, len(f.payload))
		}
		if _, n := nextFrame(b[:len(b)-1]); n != 0 {
			t.Errorf("half a frame of %d bytes is taken for a whole one", size)
		}
	}
}

func TestQuantiles(t *testing.T) {
	t.Parallel()
	var h histogram
	for us := range int64(100_000) {
		h.add(us)
	}
	for q, want := range map[float64]float64{0.5: 50, 0.99: 99, 0.0001: 0.01} {
		if got := milliseconds(h.quantile(q)); got < want*0.96 || got > want*1.04 {
			t.Errorf("quantile %g is %g ms, want %g", q, got, want)
		}
	}
}

func TestMedian(t *testing.T) {
	t.Parallel()
	of := func(v ...float64) (rounds []figures) {
		for _, x := range v {
			rounds = append(rounds, figures{idleKB: x})
		}
		return rounds
	}
	if m := median(of(9, 1, 5)); m[idleKB] != 5 {
		t.Errorf("median of three is %g", m[idleKB])
	}
	if m := median(of(4, 2)); m[idleKB] != 3 {
		t.Errorf("median of two is %g", m[idleKB])
	}
}
