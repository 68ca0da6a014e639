package bus

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/nats-io/nats-server/v2/server"

	"presence/spaces"
)

// startTimeout is generous: 5 ms is usual, a store of a crashed run is checked first.
const startTimeout = 30 * time.Second

// embedded is a NATS server inside this process that opens no port. Its folder
// is locked, so that a second process can neither damage the store nor mistake
// a living leader for one that crashed.
type embedded struct {
	srv  *server.Server
	lock *os.File
}

func startEmbedded(dir string, log *slog.Logger) (*embedded, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, &spaces.Error{
			Code: spaces.CodeUnavailable, Message: "the folder " + dir + " for the built-in NATS server cannot be made",
			Fix: "choose a data folder that can be written to", Err: err,
		}
	}
	lock, err := lockFile(filepath.Join(dir, "lock"))
	if err != nil {
		return nil, &spaces.Error{
			Code: spaces.CodeConflict, Message: "the folder " + dir + " cannot be locked; is another presence running on it?",
			Fix: "stop the other one, or give this one a data folder of its own", Err: err,
		}
	}
	srv, err := server.NewServer(&server.Options{
		ServerName: "presence",
		DontListen: true,
		JetStream:  true,
		StoreDir:   dir,
		NoSigs:     true,
	})
	if err != nil {
		return nil, errors.Join(err, lock.Close())
	}
	srv.SetLogger(serverLog{log}, false, false)
	e := &embedded{srv: srv, lock: lock}
	srv.Start()
	if !srv.ReadyForConnections(startTimeout) {
		e.stop()
		return nil, fmt.Errorf("not ready after %s", startTimeout)
	}
	return e, nil
}

func (e *embedded) stop() {
	e.srv.Shutdown()
	e.srv.WaitForShutdown()
	_ = e.lock.Close() // releases the lock; nothing was written through it
}

// serverLog lets nats-server write through slog. What it notices about its own
// start and stop is detail to us.
type serverLog struct{ log *slog.Logger }

func (l serverLog) Noticef(format string, v ...any) { l.write(slog.LevelDebug, format, v) }
func (l serverLog) Warnf(format string, v ...any)   { l.write(slog.LevelWarn, format, v) }
func (l serverLog) Errorf(format string, v ...any)  { l.write(slog.LevelError, format, v) }
func (l serverLog) Fatalf(format string, v ...any)  { l.write(slog.LevelError, format, v) }
func (l serverLog) Debugf(format string, v ...any)  { l.write(slog.LevelDebug, format, v) }
func (l serverLog) Tracef(string, ...any)           {}

func (l serverLog) write(level slog.Level, format string, v []any) {
	l.log.Log(context.Background(), level, "nats-server", "text", fmt.Sprintf(format, v...))
}
