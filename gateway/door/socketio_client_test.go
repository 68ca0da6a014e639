package door_test

import (
	"context"
	"os/exec"
	"testing"
)

func TestRealSocketIO(t *testing.T) {
	t.Parallel()
	for _, transports := range []string{"default", "websocket", "polling"} {
		t.Run(transports, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			ctx, cancel := context.WithTimeout(t.Context(), patience)
			defer cancel()
			out, err := exec.CommandContext(ctx, "node", "../../testdata/clients/socketio.mjs", w.base, w.token("hive:alice"), transports).CombinedOutput()
			if err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
		})
	}
}
