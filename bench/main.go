//go:build linux

package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"syscall"
	"time"
)

// roundLimit bounds a round of both peers; it takes about a minute and a half.
const roundLimit = 6 * time.Minute

// descriptors is what the largest crowd needs.
const descriptors = many + 200

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	var err error
	if len(os.Args) == 2 && os.Args[1] == "serve" {
		err = serve(ctx, os.Stdin, os.Stdout)
	} else {
		err = run(ctx, os.Args[1:], os.Stdout)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, out io.Writer) error {
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	rounds := flags.Int("rounds", 3, "how often everything is measured; the table shows medians")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *rounds < 1 {
		return errors.New("-rounds: must be at least 1")
	}
	if command := pinCommand(); command != nil {
		return syscall.Exec(command[0], command, append(os.Environ(), pinnedEnv+"=1"))
	}
	if err := allowDescriptors(); err != nil {
		return err
	}
	peers, err := peers(ctx)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, time.Duration(*rounds)*roundLimit)
	defer cancel()
	var results [2][]figures
	for i := range *rounds {
		for j, p := range peers {
			fmt.Fprintf(out, "round %d of %d: %s\n", i+1, *rounds, p.name)
			f, err := round(ctx, p)
			if err != nil {
				return err
			}
			results[j] = append(results[j], f)
		}
	}
	if !pinned() {
		fmt.Fprintln(out, "servers and load generator shared their cores: no taskset, or one core only")
	}
	return printTable(out, results[0], results[1])
}

// peers finds the two servers and installs what the second one needs.
func peers(ctx context.Context) ([2]peer, error) {
	self, err := os.Executable()
	if err != nil {
		return [2]peer{}, err
	}
	_, file, _, _ := runtime.Caller(0)
	dir := filepath.Join(filepath.Dir(file), "peer")
	if _, err := os.Stat(filepath.Join(dir, "node_modules")); errors.Is(err, fs.ErrNotExist) {
		npm := exec.CommandContext(ctx, "npm", "ci", "--no-audit", "--no-fund")
		npm.Dir, npm.Stdout, npm.Stderr = dir, os.Stderr, os.Stderr
		if err := npm.Run(); err != nil {
			return [2]peer{}, fmt.Errorf("install Socket.IO (Node 20 or later and npm are needed): %w", err)
		}
	}
	return [2]peer{
		{"presence", native, []string{self, "serve"}},
		{"Socket.IO", socketIO, []string{"node", filepath.Join(dir, "server.js")}},
	}, nil
}

// allowDescriptors raises the limit on open files, for the servers as well.
func allowDescriptors() error {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return fmt.Errorf("ulimit -n: %w", err)
	}
	if limit.Max < descriptors {
		return fmt.Errorf("ulimit -n: %d open files are allowed, %d are needed", limit.Max, descriptors)
	}
	limit.Cur = limit.Max
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return fmt.Errorf("ulimit -n: %w", err)
	}
	return nil
}
