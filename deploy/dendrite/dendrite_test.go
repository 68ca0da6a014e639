package dendrite_test

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"

	"go.uber.org/goleak"
	"maunium.net/go/mautrix"
	"maunium.net/go/mautrix/event"
	"maunium.net/go/mautrix/id"

	"presence/deploy/dendrite"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// start runs a throw-away homeserver for one test.
func start(t *testing.T, opt dendrite.Options) *dendrite.Server {
	t.Helper()
	bin, err := dendrite.Build(t.Context(), func(line string) { t.Log(line) })
	if err != nil {
		t.Fatal(err)
	}
	opt.Bin = bin
	s, err := dendrite.Start(t.Context(), opt)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Wipe(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func login(t *testing.T, s *dendrite.Server, name string) *mautrix.Client {
	t.Helper()
	token, err := s.Register(t.Context(), name, "correct-horse")
	if err != nil {
		t.Fatal(err)
	}
	c, err := mautrix.NewClient(s.URL(), id.NewUserID(name, "localhost"), token)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Client.CloseIdleConnections)
	return c
}

func TestAccountsSurviveARestart(t *testing.T) {
	t.Parallel()
	s := start(t, dendrite.Options{})
	c := login(t, s, "olena")
	if _, err := s.Register(t.Context(), "olena", "correct-horse"); !errors.Is(err, dendrite.ErrNameTaken) {
		t.Errorf("registering twice: got %v, want %v", err, dendrite.ErrNameTaken)
	}
	url := s.URL()
	if err := s.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	if s.URL() != url {
		t.Errorf("the address changed from %s to %s", url, s.URL())
	}
	who, err := c.Whoami(t.Context())
	if err != nil || who.UserID != "@olena:localhost" {
		t.Errorf("after a restart the token belongs to %v (%v)", who, err)
	}
	if _, err := s.Register(t.Context(), "marta", "correct-horse"); err != nil {
		t.Errorf("register after a restart: %v", err)
	}
}

func TestPresenceSwitch(t *testing.T) {
	t.Parallel()
	for name, off := range map[string]bool{"on": false, "off": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := login(t, start(t, dendrite.Options{PresenceOff: off}), "olena")
			if err := c.SetPresence(t.Context(), mautrix.ReqPresence{Presence: event.PresenceOnline}); err != nil {
				t.Fatal(err)
			}
			// The PUT is answered before it is applied.
			resp, err := c.FullSyncRequest(t.Context(), mautrix.ReqSync{Timeout: 2000, SetPresence: event.PresenceOnline})
			if err != nil {
				t.Fatal(err)
			}
			if got := len(resp.Presence.Events) > 0; got == off {
				t.Errorf("own presence in the first sync: %v", got)
			}
		})
	}
}

func TestRateLimit(t *testing.T) {
	t.Parallel()
	c := login(t, start(t, dendrite.Options{RateLimit: true}), "olena")
	c.DefaultHTTPRetries = 0
	room, err := c.CreateRoom(t.Context(), &mautrix.ReqCreateRoom{})
	if err != nil {
		t.Fatal(err)
	}
	for range 20 {
		if _, err = c.UserTyping(t.Context(), room.RoomID, true, 1000); err != nil {
			break
		}
	}
	if !errors.Is(err, mautrix.MLimitExceeded) {
		t.Errorf("twenty quick typing calls: got %v, want %v", err, mautrix.MLimitExceeded)
	}
}

func TestClearErrors(t *testing.T) {
	t.Parallel()
	s := start(t, dendrite.Options{})
	for name, tt := range map[string]struct {
		opt  dendrite.Options
		want string
	}{
		"open to the world": {dendrite.Options{Listen: "0.0.0.0:0"}, "loopback only"},
		"no port":           {dendrite.Options{Listen: "localhost"}, "missing port"},
		"no program":        {dendrite.Options{Bin: t.TempDir()}, "generate-keys"},
		"taken port":        {dendrite.Options{Listen: strings.TrimPrefix(s.URL(), "http://")}, "address already in use"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tt.opt.Dir = t.TempDir()
			if tt.opt.Bin == "" {
				bin, err := dendrite.Build(context.Background(), nil)
				if err != nil {
					t.Fatal(err)
				}
				tt.opt.Bin = bin
			}
			other, err := dendrite.Start(t.Context(), tt.opt)
			if err == nil {
				t.Fatal("no error", other.Wipe())
			}
			if !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want it to say %q", err, tt.want)
			}
		})
	}
}

func TestWipeRemovesTheFolder(t *testing.T) {
	t.Parallel()
	s := start(t, dendrite.Options{})
	if err := s.Wipe(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(s.Dir()); !os.IsNotExist(err) {
		t.Errorf("the data folder is still there (%v)", err)
	}
}
