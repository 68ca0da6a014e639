package turn_test

import (
	"slices"
	"testing"
	"time"

	"go.uber.org/goleak"

	"presence/gateway/turn"
	"presence/spaces"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// at makes the vector's user name one hour later.
func at() time.Time { return time.Unix(1795255894, 0).Add(-turn.TTL) }

func TestCredentials(t *testing.T) {
	t.Parallel()
	m, err := turn.New(turn.Config{URIs: []string{"stun:turn.example.org:3478", "turns:turn.example.org:5349?transport=tcp"}, Secret: "default_secret", Now: at})
	if err != nil {
		t.Fatal(err)
	}
	guest := m.For(spaces.Viewer{Subject: "guest:1", Guest: true})
	if guest.Username != "1795255894:temp" || guest.Password != "9FtsFDO0YDCtged8Aoz0lZY+V7M=" || guest.TTL != time.Hour {
		t.Errorf("the first server's vector: %+v", guest)
	}
	if len(guest.URIs) != 2 {
		t.Errorf("addresses %v", guest.URIs)
	}
	alice := m.For(spaces.Viewer{Subject: "hive:alice"})
	if alice.Username != "1795255894:alice" || alice.Password == guest.Password {
		t.Errorf("of an account: %+v", alice)
	}
	guest.URIs[0] = "turn:elsewhere"
	if slices.Contains(m.For(spaces.Viewer{}).URIs, "turn:elsewhere") {
		t.Error("a client's copy changed the configuration")
	}
}

func TestNothingDead(t *testing.T) {
	t.Parallel()
	m, err := turn.New(turn.Config{Secret: "default_secret", Now: at})
	if err != nil {
		t.Fatal(err)
	}
	if c := m.For(spaces.Viewer{}); c.Username != "" || c.Password != "" || c.URIs == nil || len(c.URIs) != 0 {
		t.Errorf("without a server: %+v", c)
	}
}

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	for name, cfg := range map[string]turn.Config{
		"no secret":  {URIs: []string{"turn:turn.example.org:3478"}},
		"a URL":      {URIs: []string{"https://turn.example.org"}, Secret: "s"},
		"no address": {URIs: []string{"turn:"}, Secret: "s"},
		"no scheme":  {URIs: []string{"turn.example.org"}, Secret: "s"},
	} {
		if _, err := turn.New(cfg); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	if _, err := turn.New(turn.Config{URIs: []string{"stun:turn.example.org:3478"}}); err != nil {
		t.Errorf("STUN needs no secret: %v", err)
	}
}
