//go:build linux

package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// peer is one of the servers that are compared.
type peer struct {
	name    string
	speak   dialect
	command []string
}

// process is a running server. It ends when its standard input does.
type process struct {
	cmd  *exec.Cmd
	in   io.WriteCloser
	port int
}

// startServer starts a peer on a core of its own and waits until it listens.
func startServer(ctx context.Context, p peer) (*process, error) {
	args := p.command
	if pinned() {
		args = append([]string{"taskset", "-c", serverCore}, args...)
	}
	cmd := exec.CommandContext(ctx, args[0], args[1:]...)
	cmd.Env = append(os.Environ(), "JWT_SECRET="+secret, "NODE_ENV=production")
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", p.name, err)
	}
	s := &process{cmd: cmd, in: in}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err == nil {
		_, err = fmt.Sscanf(line, "ready %d", &s.port)
	}
	if err != nil {
		s.stop()
		return nil, fmt.Errorf("%s did not start (%q): %w", p.name, line, err)
	}
	return s, nil
}

// stop ends the server, by its pid when it does not end by itself.
func (s *process) stop() {
	_ = s.in.Close()
	ended := time.AfterFunc(5*time.Second, func() { _ = s.cmd.Process.Kill() })
	_ = s.cmd.Wait() // how a server that was told to end did so is no result
	ended.Stop()
}

func (s *process) tell(format string, args ...any) error {
	if _, err := fmt.Fprintf(s.in, format+"\n", args...); err != nil {
		return fmt.Errorf("tell the server: %w", err)
	}
	return nil
}

// cpu returns the processor time the server has used, user and system.
func (s *process) cpu() (time.Duration, error) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", s.cmd.Process.Pid))
	if err != nil {
		return 0, err
	}
	// The name may hold spaces; it ends with the last parenthesis (proc(5)).
	fields := strings.Fields(string(b[bytes.LastIndexByte(b, ')')+1:]))
	const user, system = 14 - 3, 15 - 3
	var ticks int64
	for _, f := range []string{fields[user], fields[system]} {
		n, err := strconv.ParseInt(f, 10, 64)
		if err != nil {
			return 0, fmt.Errorf("read CPU time: %w", err)
		}
		ticks += n
	}
	return time.Duration(ticks) * (time.Second / 100), nil // USER_HZ is 100 on every Linux
}

// ownCPU is the processor time of the load generator, user and system.
func ownCPU() (time.Duration, error) {
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		return 0, fmt.Errorf("read CPU time: %w", err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano()), nil
}

// resident returns the server's memory in KB.
func (s *process) resident() (float64, error) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.cmd.Process.Pid))
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(b)) {
		if rest, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			return strconv.ParseFloat(strings.Fields(rest)[0], 64)
		}
	}
	return 0, fmt.Errorf("no VmRSS in /proc/%d/status", s.cmd.Process.Pid)
}

// One core for the servers, another for the load generator, so that neither
// takes time from what is measured.
const (
	serverCore = "0"
	loadCore   = "1"
)

// pinned reports whether this process was pinned by pin.
func pinned() bool { return os.Getenv(pinnedEnv) != "" }

const pinnedEnv = "PRESENCE_BENCH_PINNED"

// pinCommand returns how to start this program again on the load generator's
// core, nil when it cannot or need not be.
func pinCommand() []string {
	taskset, err := exec.LookPath("taskset")
	if err != nil || pinned() || runtime.NumCPU() < 2 {
		return nil
	}
	self, err := os.Executable()
	if err != nil {
		return nil
	}
	return append([]string{taskset, "-c", loadCore, self}, os.Args[1:]...)
}
