//go:build linux

package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
)

// socketIOSpeech speaks the first server's events over Socket.IO.
func socketIOSpeech() speech {
	ids := map[string]int{}
	return speech{
		pose: func(b []byte, at place, _ int) []byte {
			return append(b, clientFrame(opText, fmt.Appendf(nil,
				`42["aframe-update",{"position":{"x":%.2f,"y":1.6,"z":%.2f},"rotation":{"x":0,"y":0,"z":0},"entities":{"avatar":{"color":"#4a90d9","pose":"walk"}}}]`, at.x, at.z))...)
		},
		hear: func(m *movers, c *client, f frame, seen func(mover, step int)) error {
			p := f.payload
			switch {
			case bytes.HasPrefix(p, []byte(`42["aframe-update",`)):
				readUpdate(m, ids, p, seen)
			case bytes.Equal(p, []byte("2")):
				return m.send(c, clientFrame(opText, []byte("3")))
			case bytes.HasPrefix(p, []byte(`40{`)):
				if err := noteID(ids, c.index, p[2:]); err != nil {
					return err
				}
				return m.send(c, clientFrame(opText, []byte(`42["join-space",{"spaceType":"global","spaceId":"lobby"}]`)))
			case bytes.HasPrefix(p, []byte(`42["space-joined"`)):
				m.entered++
			case bytes.HasPrefix(p, []byte(`42["space-error"`)), bytes.HasPrefix(p, []byte(`44`)):
				return fmt.Errorf("the server refused: %s", p)
			}
			return nil
		},
	}
}

func noteID(ids map[string]int, index int, connected []byte) error {
	var answer struct{ SID string }
	if err := json.Unmarshal(connected, &answer); err != nil || answer.SID == "" {
		return fmt.Errorf("no id in %.200s: %w", connected, err)
	}
	ids[answer.SID] = index
	return nil
}

func readUpdate(m *movers, ids map[string]int, p []byte, seen func(mover, step int)) {
	_, rest, _ := bytes.Cut(p, []byte(`"socketId":"`))
	id, _, _ := bytes.Cut(rest, []byte(`"`))
	mover, known := ids[string(id)]
	_, position, found := bytes.Cut(p, []byte(`"position":{"x":`))
	end := bytes.IndexAny(position, ",}")
	if !known || !found || end < 0 {
		return
	}
	x, err := strconv.ParseFloat(string(position[:end]), 64)
	if err != nil {
		return
	}
	if step, ok := m.stepOf(mover, x); ok {
		seen(mover, step)
	}
}
