package socketio

import (
	"bytes"
	"encoding/json"
	"testing"
)

// FuzzPacket: what a client says, encoded anew, is the same packet.
func FuzzPacket(f *testing.F) {
	for _, seed := range []string{
		`0`, `0/custom,{"token":"x"}`, `1`, `2["x",1,{"a":[]}]`, `2/ns?q=1,12["x"]`, `312[]`, `4{}`, `52-["x",{"_placeholder":true,"num":0}]`,
		`61-3[{"_placeholder":true,"num":0}]`, `2[ "a\"]" , "\\", [ [ ] ] ]`, `2{}`, `2["disconnect"]`, `5-`, `5999-["x"]`, "",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		p, err := decodePacket(text)
		if err != nil || p.kind != kindEvent && p.kind != kindAck {
			return
		}
		binary := make([][]byte, p.attachments)
		d := Data{Args: p.args, Binary: binary}
		encoded := encodeAck(p.namespace, p.id, d)
		if p.kind == kindEvent {
			encoded = encodeEvent(p.namespace, p.name, d)
		}
		again, err := decodePacket(encoded[0].Data)
		if err != nil || len(encoded) != 1+p.attachments {
			t.Fatalf("%q became %q: %v", text, encoded[0].Data, err)
		}
		if again.kind != p.kind || again.namespace != p.namespace || again.name != p.name || again.attachments != p.attachments || len(again.args) != len(p.args) {
			t.Fatalf("%q became %q", text, encoded[0].Data)
		}
		for i := range p.args {
			if !bytes.Equal(again.args[i], p.args[i]) {
				t.Fatalf("argument %q became %q", p.args[i], again.args[i])
			}
		}
	})
}

// FuzzSplitArray: our own splitting of an array is the library's.
func FuzzSplitArray(f *testing.F) {
	for _, seed := range []string{`[]`, `[ 1 , "a,]" ]`, `[[1,2],{"a":[3]},"\\\"",null]`, `[{}]`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		data = bytes.Trim(data, " \t\r\n")
		var want []json.RawMessage
		if len(data) == 0 || data[0] != '[' || json.Unmarshal(data, &want) != nil {
			return
		}
		got := splitArray(data)
		if len(got) != len(want) {
			t.Fatalf("%q was split into %q", data, got)
		}
		for i := range want {
			if !bytes.Equal(got[i], want[i]) {
				t.Fatalf("%q was split into %q", data, got)
			}
		}
	})
}
