package dendrite

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
)

// stampName is the file beside the programs that says what they were built from.
const stampName = "built-from"

// Build returns the folder with the programs dendrite and generate-keys, which
// it builds when they are missing or older than the pinned version: about a
// minute and a half and 300 MB of downloads on two cores, once. The folder is
// $HOMESERVER_BIN (programs already there are used as they are) or
// .cache/dendrite in the repository. progress, which may be nil, hears what the
// compiler does, one short line at a time. Concurrent calls build once.
func Build(ctx context.Context, progress func(line string)) (string, error) {
	if own := os.Getenv("HOMESERVER_BIN"); own != "" && complete(own) && !exists(filepath.Join(own, stampName)) {
		return filepath.Abs(own)
	}
	root, err := repository()
	if err != nil {
		return "", err
	}
	tools := filepath.Join(root, "deploy", "dendrite", "tools")
	bin, err := binFolder(root)
	if err != nil {
		return "", err
	}
	stamp, err := sources(tools)
	if err != nil {
		return "", err
	}
	unlock, err := lock(filepath.Join(bin, "lock"))
	if err != nil {
		return "", err
	}
	defer unlock()
	if upToDate(bin, stamp) {
		return bin, nil
	}
	if err := compile(ctx, tools, bin, progress); err != nil {
		return "", err
	}
	return bin, os.WriteFile(filepath.Join(bin, stampName), []byte(stamp), 0o600)
}

func binFolder(root string) (string, error) {
	bin := os.Getenv("HOMESERVER_BIN")
	if bin == "" {
		bin = filepath.Join(root, ".cache", "dendrite")
	}
	bin, err := filepath.Abs(bin)
	if err != nil {
		return "", err
	}
	return bin, os.MkdirAll(bin, 0o750)
}

// repository finds the root of our module upwards from the working directory:
// tests run in their package's folder, programs anywhere inside.
func repository() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for ; ; dir = filepath.Dir(dir) {
		text, err := os.ReadFile(filepath.Join(dir, "go.mod"))
		if err == nil && strings.HasPrefix(string(text), "module presence\n") {
			return dir, nil
		}
		if dir == filepath.Dir(dir) {
			return "", errors.New("build Dendrite: run this inside the presence repository")
		}
	}
}

// sources is a digest of what decides the programs' contents.
func sources(tools string) (string, error) {
	sum := sha256.New()
	for _, name := range []string{"go.mod", "go.sum"} {
		text, err := os.ReadFile(filepath.Join(tools, name))
		if err != nil {
			return "", fmt.Errorf("read what Dendrite is built from: %w", err)
		}
		sum.Write(text)
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}

func upToDate(bin, stamp string) bool {
	was, err := os.ReadFile(filepath.Join(bin, stampName))
	return err == nil && string(was) == stamp && complete(bin)
}

func complete(bin string) bool {
	return exists(filepath.Join(bin, "dendrite")) && exists(filepath.Join(bin, "generate-keys"))
}

func exists(file string) bool {
	_, err := os.Stat(file)
	return err == nil
}

// lock keeps the tests of several packages, which are processes of their own,
// from building at once.
func lock(file string) (unlock func(), err error) {
	f, err := os.OpenFile(file, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX); err != nil {
		return nil, errors.Join(fmt.Errorf("lock %s: %w", file, err), f.Close())
	}
	return func() { f.Close() }, nil
}

// compile runs the Go tool in the module of the pinned version. "tool" is every
// tool named in its go.mod; `go install path@version` cannot be used because it
// asks the module proxy for the version list, which some proxies refuse.
func compile(ctx context.Context, tools, bin string, progress func(string)) error {
	cmd := exec.CommandContext(ctx, "go", "build", "-v", "-trimpath", "-ldflags=-s -w", "-o", bin+string(filepath.Separator), "tool")
	cmd.Dir = tools
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOWORK=off")
	out, err := cmd.StderrPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("build Dendrite: %w", err)
	}
	last := follow(out, progress)
	if err := cmd.Wait(); err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return fmt.Errorf("build Dendrite: %w\n%s", err, strings.Join(last, "\n"))
	}
	return nil
}

// follow reads the compiler's words to their end and keeps the last few, which
// hold the reason when it fails.
func follow(out io.Reader, progress func(string)) (last []string) {
	lines := bufio.NewScanner(out)
	for n := 0; lines.Scan(); {
		line := lines.Text()
		last = append(last[max(0, len(last)-9):], line)
		if progress == nil {
			continue
		}
		if note, ok := strings.CutPrefix(line, "go: "); ok {
			progress(note)
			continue
		}
		n++
		progress(fmt.Sprintf("%d packages compiled", n))
	}
	return last
}
