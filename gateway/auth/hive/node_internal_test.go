package hive

import (
	"strings"
	"testing"
)

// FuzzAnswer: whatever a node says, the reader neither crashes nor lets a key in
// that is not in the answer.
func FuzzAnswer(f *testing.F) {
	f.Add([]byte(`{"result":[{"name":"alice","posting":{"weight_threshold":1,"key_auths":[["STMx",1]]}}]}`))
	f.Add([]byte(`{"result":[{"name":"alice","posting":{"weight_threshold":-1,"key_auths":[[null,null]]}}]}`))
	f.Add([]byte(`{"result":null,"error":null}`))
	f.Fuzz(func(t *testing.T, answer []byte) {
		posting, err := decodePosting(answer, "alice")
		if err == nil && posting.Alone("STM7P5kjwt7zj7VwnqVph3K9h3N1PJzYHSGNSkQcKhRCq8duNjxsY") && !strings.Contains(string(answer), "STM") && !strings.Contains(string(answer), `\u`) {
			t.Fatalf("%q lets the key in", answer)
		}
	})
}
