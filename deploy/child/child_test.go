package child_test

import (
	"bufio"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"presence/deploy/child"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func start(t *testing.T, script string) *child.Process {
	t.Helper()
	p, err := child.Start(exec.Command("sh", "-c", script), filepath.Join(t.TempDir(), "log"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Kill(); err != nil {
			t.Error(err)
		}
	})
	return p
}

func TestDeathIsToldWithTheLastLines(t *testing.T) {
	t.Parallel()
	p := start(t, "seq 100; echo the disk is full >&2; exit 3")
	err := p.Err()
	if err == nil || !strings.Contains(err.Error(), "exit status 3") || !strings.Contains(err.Error(), "the disk is full") {
		t.Errorf("got %v, want the exit status and the last line of the log", err)
	}
	if strings.Contains(err.Error(), "\n  1\n") {
		t.Errorf("the whole log is repeated: %v", err)
	}
}

func TestStopKillsWhatDoesNotListen(t *testing.T) {
	t.Parallel()
	// Whoever still runs holds this pipe open, the grandchild included: it would
	// keep a port in the same way.
	alive, held, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer alive.Close()
	cmd := exec.Command("sh", "-c", `trap "" TERM; echo ready >&3; sleep 1000 & wait; sleep 1000`)
	cmd.ExtraFiles = []*os.File{held}
	p, err := child.Start(cmd, filepath.Join(t.TempDir(), "log"))
	if err != nil {
		t.Fatal(err)
	}
	held.Close()
	lines := bufio.NewReader(alive)
	if _, err := lines.ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	if err := p.Stop(10 * time.Millisecond); err != nil {
		t.Fatal(err)
	}
	if rest, err := io.ReadAll(lines); err != nil || len(rest) > 0 {
		t.Errorf("after the stop: %q, %v", rest, err)
	}
	if err := p.Stop(time.Second); err != nil {
		t.Errorf("stopping a stopped process: %v", err)
	}
}

func TestMissingProgram(t *testing.T) {
	t.Parallel()
	if _, err := child.Start(exec.Command("/no/such/program"), filepath.Join(t.TempDir(), "log")); err == nil {
		t.Error("no error for a program that is not there")
	}
}
