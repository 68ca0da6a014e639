package migrations

import (
	"context"
	"log/slog"
	"time"

	"go.mau.fi/util/dbutil"
)

// slowQuery is far above any query of ours on a healthy disk.
const slowQuery = time.Second

// queryLog tells operators about upgrades and slow queries. It never logs
// arguments: sessions and tickets are among them.
type queryLog struct{ log *slog.Logger }

var _ dbutil.DatabaseLogger = queryLog{}

func (q queryLog) QueryTiming(ctx context.Context, method, query string, _ []any, _ int, took time.Duration, _ error) {
	if took >= slowQuery {
		q.log.WarnContext(ctx, "slow query", "method", method, "query", query, "took", took)
	}
}

func (q queryLog) WarnUnsupportedVersion(current, compat, latest int) {
	q.log.Warn("database has a newer schema", "version", current, "compatible", compat, "known", latest)
}

func (q queryLog) PrepareUpgrade(current, _, latest int) {
	if current < latest {
		q.log.Info("upgrading database", "from", current, "to", latest)
	}
}

func (q queryLog) DoUpgrade(from, to int, message string, _ dbutil.TxnMode) {
	q.log.Info("database upgrade", "from", from, "to", to, "adds", message)
}

func (q queryLog) Warn(msg string, args ...any) {
	q.log.Warn("database", "message", msg, "args", args)
}
