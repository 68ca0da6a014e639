package city_test

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"testing"
	"time"

	"presence/gateway/city"
	"presence/spaces/bus"
)

// BenchmarkFanOut is 50,000 deliveries a second of single room changes: what one
// delivery costs this process, and how long it takes.
func BenchmarkFanOut(b *testing.B) {
	for _, n := range []int{1000, 10_000} {
		b.Run(fmt.Sprintf("sockets=%d", n), func(b *testing.B) {
			w := newWorld(b, func(c *city.Config) { c.Tick = 0 })
			w.city.CityReset(state(roomLinks(200)...))
			clients := startLoad(b, w.url, n, 1)
			b.ResetTimer()
			before := cpu()
			perSecond := 50_000 / n
			every := time.NewTicker(time.Second / time.Duration(perSecond))
			sent := 0
			for start := time.Now(); sent < b.N*perSecond || time.Since(start) < 4*time.Second; sent++ {
				<-every.C
				w.change(stamped(sent))
			}
			every.Stop()
			settle(w, sent*n)
			used := cpu() - before
			report(b, clients.finish(), used)
		})
	}
}

// BenchmarkSaturated offers far more changes than can be written.
func BenchmarkSaturated(b *testing.B) {
	for _, n := range []int{1000, 10_000} {
		b.Run(fmt.Sprintf("sockets=%d", n), func(b *testing.B) {
			w := newWorld(b, func(c *city.Config) { c.Tick = 0 })
			w.city.CityReset(state(roomLinks(200)...))
			clients := startLoad(b, w.url, n, 1)
			b.ResetTimer()
			before, start := cpu(), time.Now()
			every := time.NewTicker(10 * time.Millisecond)
			for sent := 0; time.Since(start) < 4*time.Second; {
				<-every.C
				changes := make([]bus.CityChange, 0, 40)
				for range 40 {
					changes = append(changes, stamped(sent))
					sent++
				}
				w.change(changes...)
			}
			every.Stop()
			used := cpu() - before
			l := clients.finish()
			report(b, l, used)
			b.ReportMetric(float64(l.Frames)/time.Since(start).Seconds()/1000, "kdeliveries/s")
		})
	}
}

// stamped is a change of one room that says when it was made, in µs.
func stamped(i int) bus.CityChange {
	c := online(fmt.Sprintf("room-%03d", i%200), i)
	c.Room.AsOf = time.Now().UnixMicro()
	return c
}

func settle(w *world, frames int) {
	for deadline := time.Now().Add(2 * time.Second); time.Now().Before(deadline); {
		if w.metric("presence_city_frames_total", "v1") >= float64(frames) {
			return
		}
		runtime.Gosched()
		time.Sleep(5 * time.Millisecond)
	}
}

func report(b *testing.B, l load, used time.Duration) {
	b.ReportMetric(float64(used.Microseconds())/float64(l.Frames), "µs/delivery")
	b.ReportMetric(l.P50, "p50-ms")
	b.ReportMetric(l.P99, "p99-ms")
	b.ReportMetric(0, "ns/op")
}

// BenchmarkStorm is 5,000 connections at once, each waiting for a snapshot of
// 200 rooms.
func BenchmarkStorm(b *testing.B) {
	const n = 5000
	w := newWorld(b, nil)
	w.city.CityReset(state(roomLinks(200)...))
	for b.Loop() {
		before, start := cpu(), time.Now()
		clients := startLoad(b, w.url, n, 1)
		b.ReportMetric(time.Since(start).Seconds(), "s")
		b.ReportMetric((cpu()-before).Seconds()*1000/n, "cpu-s/1000")
		clients.finish()
		for w.metric("presence_city_sockets", "v1") > 0 {
			time.Sleep(5 * time.Millisecond)
		}
	}
}

// BenchmarkIdle is the memory of 10,000 connected sockets that do nothing.
func BenchmarkIdle(b *testing.B) {
	const n = 10_000
	w := newWorld(b, nil)
	w.city.CityReset(state(roomLinks(200)...))
	startLoad(b, w.url, 1, 1).finish()
	before := resident(b)
	clients := startLoad(b, w.url, n, 1)
	time.Sleep(3 * time.Second)
	grown := resident(b) - before
	b.ReportMetric(float64(grown)/n/1024, "KB/socket")
	var m runtime.MemStats
	debug.FreeOSMemory()
	runtime.ReadMemStats(&m)
	b.ReportMetric(float64(resident(b)-before)/n/1024, "KB/socket-after-gc")
	b.ReportMetric(float64(m.HeapInuse)/n/1024, "heap-KB")
	b.ReportMetric(float64(m.StackInuse)/n/1024, "stack-KB")
	clients.finish()
	b.ReportMetric(0, "ns/op")
}
