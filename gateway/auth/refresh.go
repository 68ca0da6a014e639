package auth

import (
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// refreshGrace is how long the refresh token before the current one still gets
// the answer that its first use got: a client that lost it in a dead connection
// asks again within seconds, and two tabs ask at once.
const refreshGrace = 10 * time.Second

const refreshKeyInfo = "presence refresh token key 1"

const maxRefreshToken = 128

func deriveRefreshKey(secret []byte) ([]byte, error) {
	key, err := hkdf.Key(sha256.New, secret, nil, refreshKeyInfo, sha256.Size)
	if err != nil {
		return nil, fmt.Errorf("derive the refresh token key: %w", err)
	}
	return key, nil
}

// refreshToken is the login, the generation and their MAC. So the store needs
// to keep no token, not even hashed: whoever reads it cannot make one, a token
// of any earlier generation is told from a guess, and the answer that a client
// lost can be given again.
func (a *Auth) refreshToken(login string, generation int64) string {
	body := login + "." + strconv.FormatInt(generation, 10)
	return body + "." + a.refreshMAC(body)
}

func (a *Auth) refreshMAC(body string) string {
	mac := hmac.New(sha256.New, a.refreshKey)
	_, _ = mac.Write([]byte(body)) // never fails (hash.Hash)
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

func (a *Auth) readRefreshToken(token string) (login string, generation int64, ok bool) {
	cut := strings.LastIndexByte(token, '.')
	if cut < 0 || len(token) > maxRefreshToken || !hmac.Equal([]byte(token[cut+1:]), []byte(a.refreshMAC(token[:cut]))) {
		return "", 0, false
	}
	login, number, _ := strings.Cut(token[:cut], ".")
	generation, err := strconv.ParseInt(number, 10, 64)
	return login, generation, err == nil
}
