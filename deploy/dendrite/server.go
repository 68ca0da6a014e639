package dendrite

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"presence/deploy/child"
)

const (
	// startLimit covers a slow disk: starting takes 0.1 to 0.4 s, 2 s were seen.
	startLimit = 60 * time.Second
	// stopLimit is for writing what is queued: stopping takes 0.06 s.
	stopLimit = 10 * time.Second
	// startTries is for the panic that launch tells of.
	startTries = 8
	pollEvery  = 20 * time.Millisecond
)

// Options say how a homeserver runs.
type Options struct {
	Bin         string // folder with the programs, from Build
	Dir         string // data folder; empty: a new one, in memory (/dev/shm) when the system has that
	Listen      string // loopback host:port; port 0 or empty: a free one, kept over restarts
	PresenceOff bool   // the server accepts presence and tells nobody, as some public ones do
	RateLimit   bool   // answer 429 to quick typing and receipts, as an untuned server does
}

// Server is one homeserver process and its data folder. It belongs to one
// goroutine, except for URL and Register, which any may call while it runs.
type Server struct {
	opt    Options
	dir    string
	addr   string
	free   func() // gives up the chosen port; harmless a second time
	secret string
	proc   *child.Process
}

// Start runs a homeserver and returns when it answers. The caller must call
// Stop or Wipe. Its server name is "localhost".
func Start(ctx context.Context, opt Options) (*Server, error) {
	s := &Server{opt: opt, dir: opt.Dir}
	var err error
	if s.opt.Bin, err = filepath.Abs(opt.Bin); err != nil {
		return nil, err
	}
	if s.addr, s.free, err = address(ctx, opt.Listen); err != nil {
		return nil, err
	}
	if s.dir == "" {
		s.dir, err = os.MkdirTemp(memoryFolder(), "presence-dendrite-")
	} else {
		s.dir, err = filepath.Abs(s.dir)
	}
	if err != nil {
		s.free()
		return nil, fmt.Errorf("choose the homeserver's folder: %w", err)
	}
	if err := s.launch(ctx); err != nil {
		s.free()
		if opt.Dir == "" {
			err = errors.Join(err, s.Wipe())
		}
		return nil, err
	}
	return s, nil
}

// URL is the address of the client API, without a slash at the end.
func (s *Server) URL() string { return "http://" + s.addr }

// Dir is the data folder.
func (s *Server) Dir() string { return s.dir }

// Log is the file that holds what the server said.
func (s *Server) Log() string { return filepath.Join(s.dir, "dendrite.log") }

// Pid is the process number, for tests that break it.
func (s *Server) Pid() int { return s.proc.Pid() }

// Done is closed when the process that runs now has ended; Restart makes a new one.
func (s *Server) Done() <-chan struct{} { return s.proc.Done() }

// Err waits for the end of the process and says how it ended.
func (s *Server) Err() error { return s.proc.Err() }

// Stop ends the process (SIGTERM, then SIGKILL) and keeps the data.
func (s *Server) Stop() error {
	if s.proc == nil {
		return nil
	}
	return s.proc.Stop(stopLimit)
}

// Restart starts the server again with its data and its address, after
// stopping it when it runs.
func (s *Server) Restart(ctx context.Context) error {
	if err := s.Stop(); err != nil {
		return err
	}
	return s.launch(ctx)
}

// Wipe stops the server for good and removes its data folder.
func (s *Server) Wipe() error {
	defer s.free()
	return errors.Join(s.Stop(), os.RemoveAll(s.dir))
}

// launch starts the process and waits until it answers. Dendrite 0.15.2 sometimes
// panics when it starts with work left in its queue (a join just before the stop):
// it reads the queue before it is put together. Trying again then works.
func (s *Server) launch(ctx context.Context) error {
	for try := 1; ; try++ {
		err := s.launchOnce(ctx)
		var exit *exec.ExitError
		panicked := errors.As(err, &exit) && exit.ExitCode() == 2
		if !panicked || try == startTries {
			return err
		}
	}
}

// launchOnce stops a server again that never answered.
func (s *Server) launchOnce(ctx context.Context) error {
	if err := Listenable(ctx, s.addr); err != nil {
		return fmt.Errorf("start the homeserver: %w", err)
	}
	if err := s.prepare(ctx); err != nil {
		return err
	}
	cmd := exec.Command(filepath.Join(s.opt.Bin, "dendrite"), "-http-bind-address", s.addr, "-config", "dendrite.yaml") //nolint:noctx // Stop ends it
	cmd.Dir = s.dir
	proc, err := child.Start(cmd, s.Log())
	if err != nil {
		return err
	}
	s.proc = proc
	if err := s.awaitAnswer(ctx); err != nil {
		return errors.Join(fmt.Errorf("start the homeserver on %s: %w", s.addr, err), s.Stop())
	}
	return nil
}

func (s *Server) awaitAnswer(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	for {
		select {
		case <-s.proc.Done():
			return fmt.Errorf("it ended: %w", s.proc.Err())
		case <-ctx.Done():
			return fmt.Errorf("no answer: %w", ctx.Err())
		case <-tick.C:
		}
		if s.answers(ctx) {
			return nil
		}
	}
}

func (s *Server) answers(ctx context.Context) bool {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.URL()+"/_dendrite/monitor/up", http.NoBody)
	if err != nil {
		return false
	}
	resp, err := client.Do(req)
	if err != nil {
		return false
	}
	return resp.Body.Close() == nil && resp.StatusCode == http.StatusOK
}

// memoryFolder is where a throw-away server lives: on a tmpfs Dendrite handles
// three times as many presence changes per second. Empty: the system's default.
func memoryFolder() string {
	const shm = "/dev/shm"
	probe, err := os.MkdirTemp(shm, "presence-probe-")
	if err != nil {
		return ""
	}
	if err := os.Remove(probe); err != nil {
		return ""
	}
	return shm
}
