// Command presence makes Matrix rooms and VR spaces one live place: it follows
// a Matrix homeserver, decides who is where, carries that over NATS, and
// serves browsers a live city.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"runtime/debug"
	"slices"
	"syscall"

	"github.com/alecthomas/kong"
	"github.com/rs/zerolog"

	"presence/spaces"
)

// init sets what zerolog keeps for the whole process: durations with their unit,
// times to the millisecond.
func init() {
	zerolog.DurationFieldFormat = zerolog.DurationFormatString
	zerolog.TimeFieldFormat = "2006-01-02T15:04:05.000Z07:00"
}

// cli is the command line: the settings, which every command shares, and the
// commands.
type cli struct {
	Settings settings         `embed:""`
	Version  kong.VersionFlag `help:"Print the version and stop."`

	Serve  serveCmd  `cmd:"" default:"withargs" help:"Run the city: aggregator and gateway in one process (the default)."`
	Link   linkCmd   `cmd:"" help:"Tie Matrix rooms to places in the city."`
	Member memberCmd `cmd:"" help:"Say who belongs to a microDAO and may see its private rooms."`
	Post   postCmd   `cmd:"" help:"Bring, list and hide the posts whose spaces people enter."`
	Role   roleCmd   `cmd:"" help:"Say who may do what in a space."`
	Login  loginCmd  `cmd:"" help:"Show who is logged in, and end logins."`
	Token  tokenCmd  `cmd:"" help:"Make an access token for an operator or a test."`
	Doctor doctorCmd `cmd:"" help:"Check homeserver, token, rooms, NATS, database and clock, and say what to do."`
	Config configCmd `cmd:"" help:"Print the effective settings, secrets hidden."`
}

// env is what a command runs with.
type env struct {
	settings *settings
	log      *slog.Logger
	out      io.Writer // answers
	hints    io.Writer // what a person should know beside an answer that a script may capture
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	// After the first signal the default handler is back, so that a second one
	// ends the process at once.
	context.AfterFunc(ctx, stop)
	if err := run(ctx, os.Args[1:], os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "presence:", err)
		os.Exit(1)
	}
}

// run is the whole program with its surroundings passed in, so that tests can
// be the shell.
func run(ctx context.Context, args []string, out, logOut io.Writer) error {
	var c cli
	parser, err := kong.New(&c,
		kong.Name("presence"),
		kong.Description("Makes Matrix rooms and VR spaces one live place."),
		kong.Writers(out, logOut),
		kong.Resolvers(fileResolver()),
		kong.Help(printHelp),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}),
		kong.Vars{"version": version()},
		kong.Exit(func(int) {}),
		kong.BindTo(ctx, (*context.Context)(nil)),
	)
	if err != nil {
		return fmt.Errorf("build the command line: %w", err)
	}
	if slices.ContainsFunc(args, func(a string) bool { return a == "--help" || a == "-h" || a == "--version" }) {
		_, _ = parser.Parse(args) // prints what was asked for; there is nothing to run
		return nil
	}
	command, err := parser.Parse(args)
	if err != nil {
		return fmt.Errorf("%w\nTry: presence --help", err)
	}
	e := &env{settings: &c.Settings, log: slog.New(zerolog.NewSlogHandler(newLogger(logOut, &c.Settings))), out: out, hints: logOut}
	if err := command.Run(e); err != nil && !errors.Is(err, context.Canceled) {
		return withFix(err)
	}
	return nil
}

// withFix puts what to do about an error below it, as the doctor does.
func withFix(err error) error {
	var told *spaces.Error
	if !errors.As(err, &told) || told.Fix == "" {
		return err
	}
	return fmt.Errorf("%w\n-> %s", err, told.Fix)
}

// printHelp leaves the settings, which every command shares, to the program's
// own help: a command's help is about the command.
func printHelp(options kong.HelpOptions, ctx *kong.Context) error {
	command := slices.ContainsFunc(ctx.Path, func(p *kong.Path) bool { return p.Command != nil })
	for _, f := range ctx.Model.Flags {
		f.Hidden = command && len(f.Envs) > 0
	}
	if err := kong.DefaultHelpPrinter(options, ctx); err != nil || !command {
		return err
	}
	_, err := fmt.Fprintln(ctx.Stdout, "\nSettings (variables and flags) are the same for every command: presence --help")
	return err
}

// version is the module's, as the build stamped it.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "presence (unknown build)"
	}
	return "presence " + info.Main.Version + " " + info.GoVersion
}

func newLogger(w io.Writer, s *settings) zerolog.Logger {
	if s.LogFormat == "text" {
		w = zerolog.ConsoleWriter{Out: w, NoColor: true, TimeFormat: "15:04:05.000"}
	}
	return zerolog.New(w).Level(zerologLevel(s.LogLevel)).With().Timestamp().Logger()
}

func zerologLevel(l slog.Level) zerolog.Level {
	switch {
	case l < slog.LevelInfo:
		return zerolog.DebugLevel
	case l < slog.LevelWarn:
		return zerolog.InfoLevel
	case l < slog.LevelError:
		return zerolog.WarnLevel
	default:
		return zerolog.ErrorLevel
	}
}
