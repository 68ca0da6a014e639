package auth

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"

	"presence/gateway/auth/hive"
	"presence/spaces"
	"presence/spaces/store"
)

// The rules of challenges that old clients make themselves.
const (
	// A decimal number of seconds, signed once a day and sent with every request:
	// the old page keeps the four headers for 23 hours. So they cannot be good
	// once, and whoever copies them is their owner until the day is over, as on the
	// first server, where nothing could end them. Here they are a login like any
	// other: it is listed, it is the same for all requests with one challenge, and
	// ending it ends them and their sockets at every gateway (logging out does).
	// They are tied to no address, because phones change theirs. Clients that can
	// do better exchange a challenge of ours, which is good once, for tokens.
	secondsLife  = 24 * time.Hour
	secondsAhead = 5 * time.Minute
	// dlux_vr_<milliseconds>_<random>, signed for one join.
	joinWindow = 5 * time.Minute

	// clockDifference is how much longer a used challenge is remembered, for
	// gateways whose clocks are late.
	clockDifference = time.Hour

	maxChallenge = 1024
	maxSignature = 256
)

var (
	secondsForm = regexp.MustCompile(`^[1-9][0-9]{8,10}$`)
	joinForm    = regexp.MustCompile(`^dlux_vr_([1-9][0-9]{11,13})_[0-9A-Za-z]{1,32}$`)
)

// fixSigned is for people whose client signs a text of its own.
const fixSigned = "Sign in again; programs should ask for a challenge by POST /api/auth/hive/challenge and exchange it by POST /api/auth/hive"

// signatures remembers which signatures were found good, so that a client that
// sends the same one with every request costs one look at the account's keys
// and no arithmetic. Guarded by mu.
type signatures struct {
	mu    sync.Mutex
	known map[[sha256.Size]byte]signed
}

// signed is a signature that was found good: its key and its login.
type signed struct {
	key     hive.Key
	login   string
	expires time.Time
}

// maxSignatures bounds the table to about two megabytes.
const maxSignatures = 10_000

func (s *signatures) get(hash [sha256.Size]byte, now time.Time) (signed, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	found, ok := s.known[hash]
	return found, ok && now.Before(found.expires)
}

func (s *signatures) put(hash [sha256.Size]byte, found signed) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.known == nil || len(s.known) >= maxSignatures {
		s.known = map[[sha256.Size]byte]signed{} // everybody's next request is checked once more
	}
	s.known[hash] = found
}

// fromSignature is the viewer who signed a challenge of their own.
func (a *Auth) fromSignature(ctx context.Context, p proof) (spaces.Viewer, time.Time, error) {
	if err := p.check(); err != nil {
		return spaces.Viewer{}, time.Time{}, err
	}
	found, err := a.signer(ctx, p)
	if err != nil {
		return spaces.Viewer{}, time.Time{}, p.refused(err)
	}
	if a.revoked.has(found.login) {
		return spaces.Viewer{}, time.Time{}, loginEnded()
	}
	return a.identify(identity{Subject: hivePrefix + p.account, Name: p.account, Login: found.login}), found.expires, nil
}

// signer checks the signature, that its key may act for the account now, and
// that the challenge is good.
func (a *Auth) signer(ctx context.Context, p proof) (signed, error) {
	window, err := a.windowOf(p.challenge)
	if err != nil {
		return signed{}, err
	}
	hash := sha256.Sum256([]byte(strings.Join([]string{p.account, p.challenge, p.publicKey, p.signature}, "\n")))
	found, again := a.signed.get(hash, a.now())
	if !again {
		if found.key, err = p.recover(); err != nil {
			return signed{}, err
		}
	}
	if err := a.mayPost(ctx, p.account, found.key); err != nil || again {
		return found, err
	}
	found.login, found.expires = oldLogin(p), window.ends
	if err := a.admit(ctx, p, found, window); err != nil {
		return signed{}, err
	}
	if !window.once {
		a.signed.put(hash, found)
	}
	return found, nil
}

// window is what a challenge says about its own time.
type window struct {
	ends time.Time // when the right ends that it gives
	once bool
	over time.Time // when it is refused for its age
}

func (a *Auth) windowOf(challenge string) (window, error) {
	now := a.now()
	if secondsForm.MatchString(challenge) {
		seconds, err := strconv.ParseInt(challenge, 10, 64)
		made := time.Unix(seconds, 0)
		if err != nil || made.After(now.Add(secondsAhead)) || !now.Before(made.Add(secondsLife)) {
			return window{}, spaces.Invalid("challenge", "must be the time of signing in seconds, at most %d hours ago and %d minutes ahead", secondsLife/time.Hour, secondsAhead/time.Minute)
		}
		return window{ends: made.Add(secondsLife), over: made.Add(secondsLife)}, nil
	}
	if parts := joinForm.FindStringSubmatch(challenge); parts != nil {
		ms, err := strconv.ParseInt(parts[1], 10, 64)
		made := time.UnixMilli(ms)
		if err != nil || made.After(now.Add(joinWindow)) || !now.Before(made.Add(joinWindow)) {
			return window{}, spaces.Invalid("challenge", "must be at most %d minutes old", joinWindow/time.Minute)
		}
		return window{ends: now.Add(socketLife), once: true, over: made.Add(joinWindow)}, nil
	}
	return window{}, spaces.Invalid("challenge", "must be the time in seconds or dlux_vr_<ms>_<random>")
}

// admit uses a challenge up that is good once and keeps the login, so that it
// can be revoked like any other.
func (a *Auth) admit(ctx context.Context, p proof, found signed, w window) error {
	now := a.now()
	if w.once {
		err := a.store.UseOnce(ctx, hashText("hive challenge", p.account, p.challenge), now, w.over.Add(clockDifference))
		switch {
		case spaces.ErrorCode(err) == spaces.CodeUnauthenticated:
			return spaces.Invalid("challenge", "was used already: it is good once")
		case err != nil:
			return loginsAway(err)
		}
	}
	err := a.store.AddLogin(ctx, store.Login{
		ID: found.login, Subject: hivePrefix + p.account, Method: methodSignature, Proof: string(found.key),
		Created: now, Expires: found.expires, Rotated: now,
	})
	if err != nil {
		return loginsAway(err)
	}
	return nil
}

// mayPost asks whether key alone may post for the account.
func (a *Auth) mayPost(ctx context.Context, account string, key hive.Key) error {
	posting, err := a.accounts.Posting(ctx, account)
	if err != nil {
		return err
	}
	if !posting.Alone(key) {
		return &spaces.Error{
			Code: spaces.CodeUnauthenticated, Field: "signature",
			Message: "was not made with the posting key of this account",
		}
	}
	return nil
}

// check bounds the parts before anything is computed from them.
func (p proof) check() error {
	switch {
	case p.signature == "":
		return p.refused(spaces.Invalid("signature", "is missing: an account without a signature proves nothing"))
	case !spaces.ValidHiveAccount(p.account):
		return p.refused(spaces.Invalid("account", "is not a Hive account name: 3 to 16 of a-z, 0-9, - and ."))
	case p.challenge == "":
		return p.refused(spaces.Invalid("challenge", "is missing: send the text that was signed"))
	case len(p.challenge) > maxChallenge:
		return p.refused(spaces.Invalid("challenge", "is over %d bytes", maxChallenge))
	case len(p.signature) > maxSignature:
		return p.refused(spaces.Invalid("signature", "is over %d characters", maxSignature))
	}
	return nil
}

// recover returns the key that made the signature; it must be the claimed one
// when one is claimed.
func (p proof) recover() (hive.Key, error) {
	key, err := hive.Recover(p.challenge, p.signature)
	if err != nil || p.publicKey == "" {
		return key, err
	}
	claimed, err := hive.ParseKey(p.publicKey)
	if err != nil {
		return "", err
	}
	if claimed != key {
		return "", spaces.Invalid("pubkey", "is not the key that made the signature")
	}
	return key, nil
}

// refused says that a proof proves nothing, and where its fault is.
func (p proof) refused(err error) error {
	fault, ok := errors.AsType[*spaces.Error](err)
	if !ok {
		return err
	}
	name, ofProof := partNames[fault.Field]
	if !ofProof || fault.Code != spaces.CodeInvalid && fault.Code != spaces.CodeUnauthenticated {
		return err
	}
	return &spaces.Error{
		Code: spaces.CodeUnauthenticated, Field: p.at(fault.Field),
		Message: name + " " + fault.Message, Fix: fixSigned, Err: fault.Err,
	}
}

// partNames are the parts of a proof in words.
var partNames = map[string]string{
	"account": "the account", "challenge": "the challenge", "pubkey": "the public key", "signature": "the signature",
}

// oldLogin names the login of a challenge that was not ours: the same for every
// request that carries it, at every gateway.
func oldLogin(p proof) string { return hashText("hive login", p.account, p.challenge)[:32] }

// hashText is the form in which credentials are stored: what reads the table
// cannot use them. use keeps the same text in two tables apart.
func hashText(use string, parts ...string) string {
	sum := sha256.Sum256([]byte(use + "\n" + strings.Join(parts, "\n")))
	return hex.EncodeToString(sum[:])
}
