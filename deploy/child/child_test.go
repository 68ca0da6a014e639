package child_test

import (
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
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
	// The grandchild must go as well: it would keep the port.
	p := start(t, `trap "" TERM; sleep 1000 & wait; sleep 1000`)
	if err := p.Stop(50 * time.Millisecond); err != nil {
		t.Fatal(err)
	}
	gone := time.Now().Add(5 * time.Second)
	for syscall.Kill(-p.Pid(), 0) == nil && !allZombies(t, p.Pid()) {
		if time.Now().After(gone) {
			t.Fatal("a process of the group is still there")
		}
	}
	if err := p.Stop(time.Second); err != nil {
		t.Errorf("stopping a stopped process: %v", err)
	}
}

// allZombies reports whether only processes that await their parent are left
// in the group: in a container nobody may reap the grandchild.
func allZombies(t *testing.T, group int) bool {
	t.Helper()
	out, err := exec.Command("ps", "-eo", "pgid=,stat=").Output()
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(out)) {
		f := strings.Fields(line)
		if len(f) == 2 && f[0] == strconv.Itoa(group) && !strings.HasPrefix(f[1], "Z") {
			return false
		}
	}
	return true
}

func TestMissingProgram(t *testing.T) {
	t.Parallel()
	if _, err := child.Start(exec.Command("/no/such/program"), filepath.Join(t.TempDir(), "log")); err == nil {
		t.Error("no error for a program that is not there")
	}
}
