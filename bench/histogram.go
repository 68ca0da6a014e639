//go:build linux

package main

import (
	"math/bits"
	"time"
)

// histogram counts durations in µs in buckets of at most 3 % width.
type histogram struct {
	buckets [64 * subBuckets]int64
	count   int64
}

const (
	subBits    = 5
	subBuckets = 1 << subBits
)

func (h *histogram) add(us int64) {
	h.buckets[bucketOf(uint64(max(us, 0)))]++
	h.count++
}

func bucketOf(v uint64) int {
	if v < subBuckets {
		return int(v)
	}
	shift := bits.Len64(v) - 1 - subBits
	return (shift+1)*subBuckets + int(v>>shift) - subBuckets
}

// quantile returns the middle of the bucket that holds the q-th part.
func (h *histogram) quantile(q float64) time.Duration {
	rank := int64(q * float64(h.count))
	var seen int64
	for i, n := range h.buckets {
		if seen += n; n > 0 && seen > rank {
			return time.Duration(bucketMiddle(i)) * time.Microsecond
		}
	}
	return 0
}

func bucketMiddle(i int) int64 {
	if i < subBuckets {
		return int64(i)
	}
	shift := i/subBuckets - 1
	low := int64(subBuckets+i%subBuckets) << shift
	return low + int64(1)<<shift/2
}
