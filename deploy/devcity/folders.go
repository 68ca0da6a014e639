package main

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

const (
	// marker says that a folder was made here and may be removed by `make wipe`;
	// it is locked while a city runs on the folder.
	marker = ".made-by-make-run"
	// seedFile holds what the accounts' passwords are derived from.
	seedFile = "city-seed"
)

// claim makes the folders that are not there, marks those it made or found
// empty, and holds them until release: two programs on one SQLite file would
// break it.
func (set *settings) claim() (release func(), err error) {
	data, err := claim(set.data)
	if err != nil || set.external {
		return data, err
	}
	homeserver, err := claim(set.hsData)
	if err != nil {
		data()
		return nil, err
	}
	return func() { homeserver(); data() }, nil
}

func claim(dir string) (release func(), err error) {
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	name := filepath.Join(dir, marker)
	if len(entries) == 0 {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return nil, err
		}
		if err := os.WriteFile(name, []byte("make wipe may remove this folder\n"), 0o600); err != nil {
			return nil, err
		}
	}
	return hold(dir)
}

// hold locks a folder through its marker, or through the folder itself when
// somebody else made it.
func hold(dir string) (release func(), err error) {
	f, err := os.Open(filepath.Join(dir, marker))
	if errors.Is(err, fs.ErrNotExist) {
		f, err = os.Open(dir)
	}
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return nil, errors.Join(fmt.Errorf("%s is in use by a city that runs; stop that one with Ctrl-C first", dir), f.Close())
	}
	return func() { f.Close() }, nil
}

// wipe removes what `make run` made, and nothing else.
func (set *settings) wipe(out io.Writer) error {
	for _, dir := range []string{set.hsData, set.data} {
		if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
			fmt.Fprintf(out, "%s is not there\n", dir)
			continue
		}
		release, err := hold(dir)
		if err != nil {
			return err
		}
		defer release()
		if _, err := os.Stat(filepath.Join(dir, marker)); err != nil {
			return fmt.Errorf("%s was not made by make run, so it is left alone; remove it by hand if you mean it", dir)
		}
		if err := os.RemoveAll(dir); err != nil {
			return err
		}
		fmt.Fprintf(out, "removed %s\n", dir)
	}
	return nil
}

// seed reads the city's seed and makes it the first time.
func (set *settings) seed() (string, error) {
	file := filepath.Join(set.hsData, seedFile)
	text, err := os.ReadFile(file)
	if err == nil {
		return strings.TrimSpace(string(text)), nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return "", err
	}
	seed := rand.Text()
	return seed, os.WriteFile(file, []byte(seed+"\n"), 0o600)
}
