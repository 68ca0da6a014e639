package main

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"presence/deploy/dendrite"
)

// standIn makes this test's own program play presence: `devcity` starts what
// it is told to, and here that is us.
const standIn = "DEVCITY_TEST_STAND_IN"

func TestMain(m *testing.M) {
	if os.Getenv(standIn) != "" {
		playPresence()
	}
	os.Setenv(standIn, "1") // for the children of all tests
	goleak.VerifyTestMain(m, goleak.Cleanup(func(code int) {
		http.DefaultClient.CloseIdleConnections()
		os.Exit(code)
	}))
}

// playPresence is ready when it was told enough to follow the city. What it is
// told to import must be there.
func playPresence() {
	if args := os.Args[1:]; len(args) == 3 && args[0] == "post" && args[1] == "import" {
		if _, err := os.Stat(args[2]); err != nil {
			fmt.Println(err)
			os.Exit(4)
		}
		os.Exit(0)
	}
	for _, name := range []string{"MATRIX_HS_URL", "PRESENCE_LISTEN", "PRESENCE_DATA"} {
		if os.Getenv(name) == "" {
			fmt.Println(name + " is missing")
			os.Exit(3)
		}
	}
	_ = http.ListenAndServe(os.Getenv("PRESENCE_LISTEN"), http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, "{}")
	}))
	os.Exit(1)
}

// console is a terminal that tells when something was shown.
type console struct {
	mu   sync.Mutex
	text bytes.Buffer
	want string
	seen chan struct{}
}

func newConsole(want string) *console { return &console{want: want, seen: make(chan struct{})} }

func (c *console) Write(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	was := strings.Contains(c.text.String(), c.want)
	c.text.Write(p)
	if !was && strings.Contains(c.text.String(), c.want) {
		close(c.seen)
	}
	return len(p), nil
}

func (c *console) String() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.text.String()
}

func freeAddress(t *testing.T) string {
	t.Helper()
	addr, release, err := dendrite.KeepAddress(t.Context(), "127.0.0.1")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(release)
	return addr
}

// variables is an environment of a test's own.
func variables(t *testing.T, vars map[string]string) func(string) string {
	t.Helper()
	for name, value := range map[string]string{
		"PRESENCE_DATA": filepath.Join(t.TempDir(), "data"), "PRESENCE_LISTEN": freeAddress(t), "HOMESERVER_LISTEN": freeAddress(t),
	} {
		if vars[name] == "" {
			vars[name] = value
		}
	}
	return func(name string) string { return vars[name] }
}

// start runs a city with the stand-in until the test or the caller ends it.
func start(t *testing.T, getenv func(string) string, screenOut *console) (set *settings, stop func() error) {
	t.Helper()
	set, err := readSettings(getenv)
	if err != nil {
		t.Fatal(err)
	}
	if set.presence, err = os.Executable(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- set.run(ctx, newScreen(screenOut)) }()
	stop = sync.OnceValue(func() error { cancel(); return <-ended })
	t.Cleanup(func() { _ = stop() })
	select {
	case <-screenOut.seen:
	case err := <-ended:
		ended <- err
		t.Fatalf("it ended: %v\n%s", err, screenOut)
	}
	return set, stop
}

func TestCityStartsTwiceAndIsWiped(t *testing.T) {
	t.Parallel()
	getenv := variables(t, map[string]string{})
	for range 2 {
		out := newConsole("Ctrl-C stops")
		set, stop := start(t, getenv, out)
		for _, want := range []string{"ready: http://" + set.listen + "/city", "homeserver  http://" + set.hsListen, "alice", "bob", "make wipe"} {
			if !strings.Contains(out.String(), want) {
				t.Errorf("no %q in:\n%s", want, out)
			}
		}
		if err := set.wipe(out); err == nil || !strings.Contains(err.Error(), "in use") {
			t.Errorf("wiping a running city: %v", err)
		}
		if err := stop(); err != nil {
			t.Fatalf("stop: %v\n%s", err, out)
		}
		if err := set.checkPorts(t.Context()); err != nil {
			t.Errorf("after the stop: %v", err)
		}
	}
	set, err := readSettings(getenv)
	if err != nil {
		t.Fatal(err)
	}
	if err := set.wipe(newConsole("")); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(set.data); !os.IsNotExist(err) {
		t.Errorf("the data folder is still there (%v)", err)
	}
}

func TestFollowNeedsNoHomeserverOfItsOwn(t *testing.T) {
	t.Parallel()
	// presence takes its variables from the real environment; this test only
	// checks what is started, so the address may be anything.
	out := newConsole("Ctrl-C stops")
	set, err := readSettings(variables(t, map[string]string{"MATRIX_HS_URL": "http://x", "MATRIX_ACCESS_TOKEN": "t"}))
	if err != nil {
		t.Fatal(err)
	}
	set.presence = filepath.Join(t.TempDir(), "presence")
	script := "#!/bin/sh\nexport MATRIX_HS_URL=http://x\nexec " + must(os.Executable()) + "\n"
	if err := os.WriteFile(set.presence, []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- set.run(ctx, newScreen(out)) }()
	select {
	case <-out.seen:
		cancel()
		err = <-ended
	case err = <-ended:
	}
	cancel()
	if err != nil || strings.Contains(out.String(), "Dendrite") {
		t.Errorf("%v\n%s", err, out)
	}
	if _, err := os.Stat(set.hsData); !os.IsNotExist(err) {
		t.Error("a homeserver's folder was made")
	}
}

func must(s string, err error) string {
	if err != nil {
		panic(err)
	}
	return s
}

func TestDeadPresenceShowsItsLastWords(t *testing.T) {
	t.Parallel()
	set, err := readSettings(variables(t, map[string]string{"MATRIX_HS_URL": "http://x", "MATRIX_ACCESS_TOKEN": "t"}))
	if err != nil {
		t.Fatal(err)
	}
	set.presence = filepath.Join(t.TempDir(), "presence")
	if err := os.WriteFile(set.presence, []byte("#!/bin/sh\necho the token is wrong\nexit 3\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	err = set.run(t.Context(), newScreen(newConsole("")))
	if err == nil || !strings.Contains(err.Error(), "the token is wrong") || !strings.Contains(err.Error(), "exit status 3") {
		t.Errorf("got %v, want how it ended and its last words", err)
	}
}

func TestTakenPortNamesPortVariableAndHolder(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, port, _ := net.SplitHostPort(l.Addr().String())
	for _, variable := range []string{"PRESENCE_LISTEN", "HOMESERVER_LISTEN"} {
		err := run(t.Context(), nil, variables(t, map[string]string{variable: l.Addr().String()}), newConsole(""))
		for _, want := range []string{"port " + port + " is taken by", fmt.Sprintf("(pid %d)", os.Getpid()), variable + "="} {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("got %v, want it to say %q", err, want)
			}
		}
	}
}

func TestBadSettings(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		vars map[string]string
		args []string
		want string
	}{
		"no way to log in":  {map[string]string{"MATRIX_HS_URL": "http://x"}, nil, "MATRIX_ACCESS_TOKEN"},
		"user, no password": {map[string]string{"MATRIX_HS_URL": "http://x", "MATRIX_USER_ID": "@a:x"}, nil, "MATRIX_PASSWORD"},
		"no port":           {map[string]string{"PRESENCE_LISTEN": "localhost"}, nil, "PRESENCE_LISTEN"},
		"any port":          {map[string]string{"HOMESERVER_LISTEN": "127.0.0.1:0"}, nil, "HOMESERVER_LISTEN"},
		"not loopback":      {map[string]string{"HOMESERVER_LISTEN": "0.0.0.0:28008"}, nil, "loopback"},
		"unknown command":   {map[string]string{}, []string{"walk"}, `"walk"`},
		"too many words":    {map[string]string{}, []string{"run", "--help"}, `"run --help"`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := run(t.Context(), tt.args, variables(t, tt.vars), newConsole(""))
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want it to say %q", err, tt.want)
			}
		})
	}
}

func TestWipeLeavesForeignFoldersAlone(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	precious := filepath.Join(dir, "thesis.tex")
	if err := os.WriteFile(precious, []byte("words"), 0o600); err != nil {
		t.Fatal(err)
	}
	set, err := readSettings(variables(t, map[string]string{"PRESENCE_DATA": dir}))
	if err != nil {
		t.Fatal(err)
	}
	release, err := set.claim() // a city may run there all the same
	if err != nil {
		t.Fatal(err)
	}
	release()
	if err := set.wipe(newConsole("")); err == nil || !strings.Contains(err.Error(), "left alone") {
		t.Errorf("got %v", err)
	}
	if _, err := os.Stat(precious); err != nil {
		t.Error(err)
	}
}

func TestEnvironment(t *testing.T) {
	t.Parallel()
	got := environment([]string{"PATH=/bin", "A=old", "A_FILE=/a", "B=old"}, map[string]string{"A": "new", "B": ""})
	slices.Sort(got)
	if want := []string{"A=new", "PATH=/bin"}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestScreenIsNotFlooded(t *testing.T) {
	t.Parallel()
	out := newConsole("")
	scr := newScreen(out)
	scr.step("building")
	for range 1000 {
		scr.detail("a package")
	}
	scr.shown = scr.shown.Add(-2 * detailEvery)
	scr.detail("another package")
	if got := strings.Count(out.String(), "\n"); got != 2 {
		t.Errorf("%d lines:\n%s", got, out)
	}
}
