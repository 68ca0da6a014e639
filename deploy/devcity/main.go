// Command devcity is what `make run` runs: a whole city on this machine.
//
// It builds and starts a Dendrite homeserver on loopback, makes accounts and
// rooms, starts presence, and lets a crowd of residents live in the city until
// Ctrl-C. With MATRIX_HS_URL set it only runs presence, which then follows that
// homeserver. `devcity build` stops after building the homeserver, `devcity
// wipe` removes the data.
//
// The main goroutine owns everything: it starts the parts in order, waits for
// the end of one of them or of the context, and stops them in reverse order.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"presence/deploy/dendrite"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	// After the first signal the default handler is back: a second one ends us
	// at once, and the kernel ends our children with us.
	context.AfterFunc(ctx, stop)
	if err := run(ctx, os.Args[1:], os.Getenv, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "\n"+err.Error())
		os.Exit(1)
	}
}

// run is the program with its surroundings passed in.
func run(ctx context.Context, args []string, getenv func(string) string, out io.Writer) error {
	set, err := readSettings(getenv)
	if err != nil {
		return err
	}
	switch command := strings.Join(args, " "); command {
	case "", "run":
		err = set.run(ctx, newScreen(out))
	case "build":
		_, err = buildHomeserver(ctx, newScreen(out))
	case "wipe":
		err = set.wipe(out)
	default:
		err = fmt.Errorf("unknown command %q: use run, build or wipe; settings come from the environment", command)
	}
	if ctx.Err() != nil && errors.Is(err, context.Canceled) {
		err = nil // somebody asked for the end
	}
	return err
}

func (set *settings) run(ctx context.Context, scr *screen) error {
	if err := set.checkPorts(ctx); err != nil {
		return err
	}
	release, err := set.claim()
	if err != nil {
		return err
	}
	defer release()
	if set.external {
		return set.follow(ctx, scr)
	}
	return set.localCity(ctx, scr)
}

func buildHomeserver(ctx context.Context, scr *screen) (string, error) {
	scr.step("Dendrite, the homeserver")
	return dendrite.Build(ctx, scr.detail)
}
