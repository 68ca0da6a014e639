package dendrite

import (
	"bytes"
	"context"
	"crypto/rand"
	_ "embed"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"text/template"
)

//go:embed dendrite.yaml
var settingsText string

var settingsTemplate = template.Must(template.New("dendrite.yaml").Parse(settingsText))

// prepare writes the settings and, the first time, the signing key. The
// registration secret is new at every start: only this process needs it.
func (s *Server) prepare(ctx context.Context) error {
	s.secret = rand.Text()
	if err := os.MkdirAll(s.dir, 0o700); err != nil {
		return fmt.Errorf("make the homeserver's folder: %w", err)
	}
	var text bytes.Buffer
	err := settingsTemplate.Execute(&text, map[string]any{
		"Secret":    s.secret,
		"Presence":  !s.opt.PresenceOff,
		"RateLimit": s.opt.RateLimit,
	})
	if err != nil {
		return fmt.Errorf("fill the homeserver's settings: %w", err)
	}
	if err := os.WriteFile(filepath.Join(s.dir, "dendrite.yaml"), text.Bytes(), 0o600); err != nil {
		return fmt.Errorf("write the homeserver's settings: %w", err)
	}
	return s.makeKey(ctx)
}

func (s *Server) makeKey(ctx context.Context) error {
	if exists(filepath.Join(s.dir, "matrix_key.pem")) {
		return nil
	}
	cmd := exec.CommandContext(ctx, filepath.Join(s.opt.Bin, "generate-keys"), "--private-key", "matrix_key.pem")
	cmd.Dir = s.dir
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("make the homeserver's key: %w: %s", err, bytes.TrimSpace(out))
	}
	return nil
}
