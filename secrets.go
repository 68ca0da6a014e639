package main

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// minSecret is the shortest HS256 secret we accept: RFC 7518 section 3.2 asks
// for at least the hash's size.
const minSecret = 32

// jwtSecret returns JWT_SECRET, or the one made at the first start and kept in
// the data folder. A made secret is refused when other machines can reach the
// listener: there the operator must know and be able to rotate it.
func (s *settings) jwtSecret() ([]byte, error) {
	if s.JWTSecret != "" {
		if len(s.JWTSecret) < minSecret {
			return nil, fmt.Errorf("JWT_SECRET: must have at least %d bytes, got %d; make one with: openssl rand -hex 32", minSecret, len(s.JWTSecret))
		}
		return []byte(s.JWTSecret), nil
	}
	if !s.onLoopback() {
		return nil, fmt.Errorf("JWT_SECRET: must be set because PRESENCE_LISTEN=%s can be reached from other machines; make one with: openssl rand -hex 32", s.Listen)
	}
	return keptSecret(filepath.Join(s.Data, "jwt_secret"))
}

// keptSecret reads the secret file, making it with mode 0600 when it is absent.
func keptSecret(path string) ([]byte, error) {
	kept, err := os.ReadFile(path)
	if err == nil {
		kept = []byte(strings.TrimSpace(string(kept)))
		if len(kept) < minSecret {
			return nil, fmt.Errorf("%s: holds fewer than %d bytes; remove the file to have a new secret made", path, minSecret)
		}
		return kept, nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("read the kept secret: %w", err)
	}
	raw := make([]byte, minSecret)
	if _, err := rand.Read(raw); err != nil {
		return nil, fmt.Errorf("make a secret: %w", err)
	}
	made := []byte(hex.EncodeToString(raw))
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("make the data folder: %w", err)
	}
	// O_EXCL: of two processes that start at once, one makes it and the other reads it.
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return keptSecret(path)
	}
	if err != nil {
		return nil, fmt.Errorf("keep the secret: %w", err)
	}
	_, err = f.Write(append(made, '\n'))
	if err = errors.Join(err, f.Close()); err != nil {
		return nil, fmt.Errorf("keep the secret: %w", err)
	}
	return made, nil
}
