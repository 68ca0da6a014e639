//go:build linux

package main

// staleness gathers how old the poses are that people see.
type staleness struct {
	pairs, covered     int64 // of everybody
	nearPairs, nearOld int64 // of each one's nearest neighbours; old: not covered
	lost               int64 // pairs in which nothing was seen for farthest, or never
	ages               histogram
}

// farthest is the longest that anybody may wait for news of somebody far away.
const farthest = 2000 // ms

// sample looks at every pair of a watcher and somebody else.
func (s *staleness) sample(m *movers) {
	now := m.ms()
	for at, viewer := range m.watching {
		newest := m.newest[at*m.n : (at+1)*m.n]
		for mover, born := range newest {
			if mover == int(viewer) {
				continue
			}
			age := now - born
			s.pairs++
			if age <= fresh {
				s.covered++
			}
			if born == 0 || age > farthest {
				s.lost++
			}
			s.ages.add(int64(age) * 1000)
		}
		for _, mover := range m.near[at] {
			s.nearPairs++
			if now-newest[mover] > fresh {
				s.nearOld++
			}
		}
	}
}

func share(part, whole int64) float64 {
	if whole == 0 {
		return 0
	}
	return 100 * float64(part) / float64(whole)
}
