package auth

import (
	"context"
	"crypto/rand"
	"fmt"
	"strings"
	"time"

	"presence/gateway/auth/hive"
	"presence/spaces"
	"presence/spaces/store"
)

// challengeLife is long enough to find the wallet.
const challengeLife = 5 * time.Minute

// PurposeLogin is what a challenge is for that logs its signer in.
const PurposeLogin = "login"

const maxPurpose = 300 // a Matrix id fits

// Challenge makes a text for the holder of a Hive account to sign. Their wallet
// shows it, so it says who asks and what for. It is good once, at any gateway.
func (a *Auth) Challenge(ctx context.Context, account, purpose string) (text string, expires time.Time, err error) {
	switch {
	case !spaces.ValidHiveAccount(account):
		return "", time.Time{}, spaces.Invalid("body.account", "is not a Hive account name: 3 to 16 of a-z, 0-9, - and .")
	case purpose == "" || len(purpose) > maxPurpose || strings.ContainsFunc(purpose, unprintable):
		return "", time.Time{}, spaces.Invalid("body.purpose", "must be 1 to %d printable ASCII characters", maxPurpose)
	}
	now := a.now().Truncate(time.Second)
	expires = now.Add(challengeLife)
	text = fmt.Sprintf("%s wants you to prove that you are @%s on Hive.\n\nPurpose: %s\nNonce: %s\nIssued: %s\nExpires: %s",
		a.domain, account, purpose, rand.Text(), now.UTC().Format(time.RFC3339), expires.UTC().Format(time.RFC3339))
	err = a.store.PutChallenge(ctx, store.Challenge{Hash: hashText("challenge", text), Account: account, Purpose: purpose, Expires: expires})
	if err != nil {
		return "", time.Time{}, loginsAway(err)
	}
	return text, expires, nil
}

// unprintable keeps a purpose from adding lines to the text that is signed, and
// from looking like something else.
func unprintable(r rune) bool { return r < ' ' || r > '~' }

// HiveLogin logs the holder of a Hive account in who signed a text of
// [Auth.Challenge] with the posting key.
func (a *Auth) HiveLogin(ctx context.Context, account, challenge, signature string) (Login, error) {
	p := proof{
		account: account, challenge: challenge, signature: signature,
		at: func(part string) string { return "body." + part },
	}
	if err := p.check(); err != nil {
		return Login{}, err
	}
	key, err := a.answered(ctx, p, PurposeLogin)
	if err != nil {
		return Login{}, p.refused(err)
	}
	return a.begin(ctx, hivePrefix+account, methodHive, string(key), loginLife)
}

// answered checks the answer to one of our challenges and uses it up. A wrong
// answer leaves it: whoever sees the text must not be able to spoil it.
func (a *Auth) answered(ctx context.Context, p proof, purpose string) (hive.Key, error) {
	hash, now := hashText("challenge", p.challenge), a.now()
	c, err := a.store.Challenge(ctx, hash, now)
	if err != nil {
		return "", challengeFault(err)
	}
	if c.Account != p.account || c.Purpose != purpose {
		return "", spaces.Invalid("challenge", "was made for another account or purpose")
	}
	key, err := p.recover()
	if err != nil {
		return "", err
	}
	if err := a.mayPost(ctx, p.account, key); err != nil {
		return "", err
	}
	if _, err := a.store.TakeChallenge(ctx, hash, now); err != nil {
		return "", challengeFault(err)
	}
	return key, nil
}

func challengeFault(err error) error {
	if spaces.ErrorCode(err) != spaces.CodeUnauthenticated {
		return loginsAway(err)
	}
	return err
}
