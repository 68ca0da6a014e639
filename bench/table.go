//go:build linux

package main

import (
	"fmt"
	"io"
	"slices"
	"text/tabwriter"
)

// row says how a measure is shown. Its ratio is ours to theirs.
type row struct {
	measure measure
	name    string
	format  string
	goal    string // for the ratio, or for ours alone
}

var rows = []row{
	{fewRate, "W1    1,000 sockets, 50,000/s offered: deliveries/s", "%.0f", ""},
	{fewCPU, "W1    1,000 sockets, 50,000/s offered: CPU s per million deliveries", "%.2f", "at most 0.25"},
	{fewP50, "W1    1,000 sockets, 50,000/s offered: p50 ms", "%.1f", ""},
	{fewP99, "W1    1,000 sockets, 50,000/s offered: p99 ms", "%.1f", "ours at most 100 ms"},
	{manyRate, "W1   10,000 sockets, 50,000/s offered: deliveries/s", "%.0f", ""},
	{manyCPU, "W1   10,000 sockets, 50,000/s offered: CPU s per million deliveries", "%.2f", "at most 0.25"},
	{manyP50, "W1   10,000 sockets, 50,000/s offered: p50 ms", "%.1f", ""},
	{manyP99, "W1   10,000 sockets, 50,000/s offered: p99 ms", "%.1f", "ours at most 100 ms"},
	{fewSaturated, "W1    1,000 sockets, saturated: deliveries/s", "%.0f", "at least 4"},
	{manySaturated, "W1   10,000 sockets, saturated: deliveries/s", "%.0f", "at least 4"},
	{stormSeconds, "W3    5,000 sockets at once: s until all have the snapshot", "%.2f", "at most 0.33"},
	{stormCPU, "W3    5,000 sockets at once: CPU s per 1,000", "%.2f", ""},
	{idleKB, "W4   10,000 idle sockets: KB each", "%.1f", "ours at most 12 KB"},
}

// median returns the median of each measure.
func median(rounds []figures) (m figures) {
	for i := range m {
		values := make([]float64, len(rounds))
		for j, r := range rounds {
			values[j] = r[i]
		}
		slices.Sort(values)
		m[i] = (values[(len(values)-1)/2] + values[len(values)/2]) / 2
	}
	return m
}

// printTable writes the medians of both peers side by side.
func printTable(w io.Writer, ours, theirs []figures) error {
	a, b := median(ours), median(theirs)
	t := tabwriter.NewWriter(w, 0, 0, 3, ' ', 0)
	fmt.Fprintf(t, "\npresence beside Socket.IO, medians of %d rounds\n\nworkload\tpresence\tSocket.IO\tgoal\tratio\n", len(ours))
	for _, r := range rows {
		fmt.Fprintf(t, "%s\t"+r.format+"\t"+r.format+"\t%s\t%.2f\n", r.name, a[r.measure], b[r.measure], r.goal, a[r.measure]/b[r.measure])
	}
	return t.Flush()
}
