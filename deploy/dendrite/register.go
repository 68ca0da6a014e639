package dendrite

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // the registration protocol asks for HMAC-SHA1
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// client keeps no connection open, so that a stopped server leaves no goroutine.
var client = &http.Client{
	Timeout:   30 * time.Second,
	Transport: &http.Transport{DisableKeepAlives: true},
}

// ErrNameTaken is returned by Register for an account that exists.
var ErrNameTaken = errors.New("the account exists already")

// Register makes an account (@name:localhost) by the shared secret and returns
// an access token for it. Dendrite asks for passwords of 8 characters or more.
func (s *Server) Register(ctx context.Context, name, password string) (token string, err error) {
	var nonce struct{ Nonce string }
	if err := s.call(ctx, http.MethodGet, nil, &nonce); err != nil {
		return "", fmt.Errorf("register %s: %w", name, err)
	}
	mac := hmac.New(sha1.New, []byte(s.secret))
	mac.Write([]byte(strings.Join([]string{nonce.Nonce, name, password, "notadmin"}, "\x00")))
	var account struct {
		AccessToken string `json:"access_token"`
	}
	err = s.call(ctx, http.MethodPost, map[string]any{
		"nonce": nonce.Nonce, "username": name, "password": password,
		"admin": false, "mac": hex.EncodeToString(mac.Sum(nil)),
	}, &account)
	if err != nil {
		return "", fmt.Errorf("register %s: %w", name, err)
	}
	return account.AccessToken, nil
}

// call speaks to the registration endpoint, which is Synapse's and outside the
// client API.
func (s *Server) call(ctx context.Context, method string, body, into any) error {
	text, err := json.Marshal(body)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, method, s.URL()+"/_synapse/admin/v1/register", bytes.NewReader(text))
	if err != nil {
		return err
	}
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(resp.Body, 1<<16))
	if err != nil {
		return err
	}
	if bytes.Contains(answer, []byte("M_USER_IN_USE")) {
		return ErrNameTaken
	}
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s", resp.Status, bytes.TrimSpace(answer))
	}
	return json.Unmarshal(answer, into)
}
