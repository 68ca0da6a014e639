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
	"slices"
	"strconv"
	"syscall"
	"time"
)

// roundLimit bounds a round of everything; it takes about five minutes.
const roundLimit = 12 * time.Minute

// descriptors is what the largest crowd needs.
const descriptors = many + 200

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	var err error
	switch args := os.Args[1:]; {
	case len(args) == 1 && args[0] == "serve":
		err = serve(ctx, os.Stdin, os.Stdout)
	case len(args) == 2 && args[0] == "serve-space":
		err = serveCrowd(ctx, args[1])
	default:
		err = run(ctx, args, os.Stdout)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, out io.Writer) error {
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	rounds := flags.Int("rounds", 3, "how often everything is measured; the table shows medians")
	only := flags.String("only", "", "city or space: measure one of the two")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *rounds < 1 {
		return errors.New("-rounds: must be at least 1")
	}
	if !slices.Contains([]string{"", "city", "space"}, *only) {
		return errors.New("-only: must be city or space")
	}
	if command := pinCommand(); command != nil {
		return syscall.Exec(command[0], command, append(os.Environ(), pinnedEnv+"=1"))
	}
	if err := allowDescriptors(); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, time.Duration(*rounds)*roundLimit)
	defer cancel()
	if !pinned() {
		fmt.Fprintln(out, "servers and load generator share their cores: no taskset, or one core only")
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	node, err := nodePeer(ctx)
	if err != nil {
		return err
	}
	if *only != "space" {
		if err := measureCity(ctx, out, *rounds, self, node); err != nil {
			return err
		}
	}
	if *only == "city" {
		return nil
	}
	return measureSpaces(ctx, out, *rounds, spacePeers(self, node))
}

// measureCity runs W1, W3 and W4.
func measureCity(ctx context.Context, out io.Writer, rounds int, self, node string) error {
	peers := [2]peer{
		{"presence", native, []string{self, "serve"}},
		{"Socket.IO", socketIO, []string{"node", filepath.Join(node, "server.js")}},
	}
	var results [2][]figures
	for i := range rounds {
		for j, p := range peers {
			fmt.Fprintf(out, "round %d of %d: %s\n", i+1, rounds, p.name)
			f, err := round(ctx, p)
			if err != nil {
				return err
			}
			results[j] = append(results[j], f)
		}
	}
	return printTable(out, results[0], results[1])
}

// spacePeers are the servers of W2. A crowd that nobody reaches means that
// everybody is told of everybody at full rate.
func spacePeers(self, node string) []spacePeer {
	return []spacePeer{
		{peer{"presence, everybody at full rate", nativeSpace, []string{self, "serve-space", "100000"}}, nativeSpeech, false},
		{peer{"presence, near people at full rate", nativeSpace, []string{self, "serve-space", "100"}}, nativeSpeech, true},
		{peer{"presence, Socket.IO door", socketIO, []string{self, "serve-space", "100"}}, socketIOSpeech, false},
		{peer{"Socket.IO", socketIO, []string{"node", filepath.Join(node, "space.js")}}, socketIOSpeech, false},
	}
}

// serveCrowd reads the argument of serve-space.
func serveCrowd(ctx context.Context, crowd string) error {
	n, err := strconv.Atoi(crowd)
	if err != nil {
		return fmt.Errorf("serve-space: %w", err)
	}
	return serveSpace(ctx, n, os.Stdin, os.Stdout)
}

// nodePeer is the folder of the Node servers, with what they need installed.
func nodePeer(ctx context.Context) (string, error) {
	_, file, _, _ := runtime.Caller(0)
	dir := filepath.Join(filepath.Dir(file), "peer")
	if _, err := os.Stat(filepath.Join(dir, "node_modules")); errors.Is(err, fs.ErrNotExist) {
		npm := exec.CommandContext(ctx, "npm", "ci", "--no-audit", "--no-fund")
		npm.Dir, npm.Stdout, npm.Stderr = dir, os.Stderr, os.Stderr
		if err := npm.Run(); err != nil {
			return "", fmt.Errorf("install Socket.IO (Node 20 or later and npm are needed): %w", err)
		}
	}
	return dir, nil
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
