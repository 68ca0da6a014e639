package throttle_test

import (
	"fmt"
	"testing"
	"time"

	"presence/aggregator/throttle"
)

// BenchmarkSet is one change of one key among many, published as windows and
// budget allow.
func BenchmarkSet(b *testing.B) {
	for _, keys := range []int{100, 1_000, 5_000} {
		b.Run(fmt.Sprintf("keys=%d", keys), func(b *testing.B) {
			cfg := config()
			cfg.PerSec, cfg.Renew = 10_000, 100*time.Second
			th := throttle.New[string](cfg)
			names := make([]string, keys)
			for i := range names {
				names[i] = fmt.Sprintf("room-%d", i)
			}
			now := time.UnixMilli(1_700_000_000_000)
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				now = now.Add(time.Millisecond)
				th.Set(now, names[i%keys], 1+i)
				th.Sent(th.Due(now))
			}
		})
	}
}
