package turn

import (
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // the scheme's own; an HMAC needs no collision resistance
	"encoding/base64"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"presence/spaces"
)

// TTL is how long a credential is good, as the first server had it.
const TTL = time.Hour

// guestName stands for whoever proved no account.
const guestName = "temp"

// Config is where the TURN servers are.
type Config struct {
	URIs   []string // stun:host:port, turn:host:port?transport=udp, turns:...; empty: none is offered
	Secret string   // shared with them; needed for turn: and turns:
	Now    func() time.Time
}

// Maker makes credentials. It never changes after New.
type Maker struct {
	uris   []string
	secret []byte
	now    func() time.Time
}

// Credentials are for one client, until they expire. All of it is empty when no
// server is configured: a client must not wait for one that is not there.
type Credentials struct {
	Username string
	Password string
	TTL      time.Duration
	URIs     []string // never nil
}

// New checks the addresses.
func New(cfg Config) (*Maker, error) {
	for _, uri := range cfg.URIs {
		scheme, rest, found := strings.Cut(uri, ":")
		if !found || rest == "" || !slices.Contains([]string{"stun", "stuns", "turn", "turns"}, scheme) {
			return nil, fmt.Errorf("%q is not a STUN or TURN address such as turn:turn.example.org:3478?transport=udp", uri)
		}
		if strings.HasPrefix(scheme, "turn") && cfg.Secret == "" {
			return nil, fmt.Errorf("%s needs the secret that the server shares with us", uri)
		}
	}
	return &Maker{uris: append([]string{}, cfg.URIs...), secret: []byte(cfg.Secret), now: cfg.Now}, nil
}

// For makes credentials for a viewer. The account in the user name is for the
// server's log; nobody is known by it.
func (m *Maker) For(v spaces.Viewer) Credentials {
	c := Credentials{TTL: TTL, URIs: slices.Clone(m.uris)}
	if len(m.uris) == 0 || len(m.secret) == 0 {
		return c
	}
	name := spaces.Account(v)
	if name == "" {
		name = guestName
	}
	c.Username = strconv.FormatInt(m.now().Add(TTL).Unix(), 10) + ":" + name
	c.Password = sign(m.secret, c.Username)
	return c
}

func sign(secret []byte, username string) string {
	mac := hmac.New(sha1.New, secret)
	mac.Write([]byte(username))
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}
