package child

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"time"
)

// Process is a running program. Its methods may be called from any goroutine;
// what they read is written before done closes.
type Process struct {
	cmd  *exec.Cmd
	log  string
	done chan struct{}
	exit error // owned by the waiting goroutine until done closes
}

// Start runs cmd with its output appended to the file log. The caller must
// call Stop, also after the program ended by itself. cmd must not carry a
// context: ending it is Stop's business.
func Start(cmd *exec.Cmd, log string) (*Process, error) {
	out, err := os.OpenFile(log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open the log of %s: %w", cmd.Path, err)
	}
	defer out.Close()
	cmd.Stdout, cmd.Stderr, cmd.SysProcAttr = out, out, attributes()

	p := &Process{cmd: cmd, log: log, done: make(chan struct{})}
	started := make(chan error, 1)
	go p.run(started)
	if err := <-started; err != nil {
		return nil, fmt.Errorf("start %s: %w", cmd.Path, err)
	}
	return p, nil
}

// run starts the program and waits for it on one locked thread: Linux ends
// the child when the thread that made it ends, not when the process does.
func (p *Process) run(started chan<- error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	defer close(p.done)
	err := p.cmd.Start()
	started <- err
	if err == nil {
		p.exit = p.cmd.Wait()
	}
}

// Pid is the operating system's number of the program.
func (p *Process) Pid() int { return p.cmd.Process.Pid }

// Done is closed when the program has ended.
func (p *Process) Done() <-chan struct{} { return p.done }

// Err waits for the end of the program and says how it ended, with the last
// lines of its log; nil means exit status 0.
func (p *Process) Err() error {
	<-p.done
	if p.exit == nil {
		return nil
	}
	return fmt.Errorf("%w; the last lines of %s:\n%s", p.exit, p.log, Tail(p.log, 12))
}

// Stop asks the program to end (SIGTERM), kills its process group after
// patience, and returns when it is gone. It is harmless on an ended program.
func (p *Process) Stop(patience time.Duration) error {
	err := p.cmd.Process.Signal(syscall.SIGTERM)
	if err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("ask process %d to end: %w", p.Pid(), err)
	}
	timer := time.NewTimer(patience)
	defer timer.Stop()
	select {
	case <-p.done:
		return nil
	case <-timer.C:
		return p.Kill()
	}
}

// Kill ends the program and what it started at once and returns when it is gone.
func (p *Process) Kill() error {
	err := syscall.Kill(-p.Pid(), syscall.SIGKILL)
	if err != nil && !errors.Is(err, syscall.ESRCH) {
		return fmt.Errorf("kill process group %d: %w", p.Pid(), err)
	}
	<-p.done
	return nil
}
