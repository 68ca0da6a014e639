package main

import (
	"strings"
	"testing"
)

func TestReport(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		in   string
		ok   bool
		want []string
	}{
		"pass": {
			`{"Action":"pass","Package":"p","Test":"TestA"}
{"Action":"pass","Package":"p","Elapsed":0.5}`,
			true,
			[]string{"ok       0.5 s  p", "1 packages in ", "\n1 passed, 0 failed, 0 skipped\n"},
		},
		"fail": {
			`{"Action":"output","Package":"p","Test":"TestA","Output":"a_test.go:3: no\n"}
{"Action":"fail","Package":"p","Test":"TestA"}
{"Action":"fail","Package":"p"}`,
			false,
			[]string{"a_test.go:3: no", "failed:  p TestA"},
		},
		"a skip is no success": {
			`{"Action":"output","Package":"p","Test":"TestA","Output":"no database\n"}
{"Action":"skip","Package":"p","Test":"TestA"}
{"Action":"pass","Package":"p"}`,
			false,
			[]string{"no database", "skipped: p TestA"},
		},
		"does not build": {
			`{"Action":"build-output","ImportPath":"p [p.test]","Output":"x.go:1: undefined: y\n"}
{"Action":"fail","Package":"p","FailedBuild":"p [p.test]"}`,
			false,
			[]string{"x.go:1: undefined: y", "p does not build"},
		},
		"a package without tests": {
			`{"Action":"skip","Package":"q"}
{"Action":"pass","Package":"p"}`,
			true,
			[]string{"\n0 passed, 0 failed"},
		},
		"a leaked goroutine": {
			`{"Action":"output","Package":"p","Output":"goleak: Errors on successful test run\n"}
{"Action":"fail","Package":"p"}`,
			false,
			[]string{"goleak", "failed:  p"},
		},
		"a race told in another test": {
			`{"Action":"output","Package":"p","Test":"TestA","Output":"WARNING: DATA RACE\n"}
{"Action":"pass","Package":"p","Test":"TestA"}
{"Action":"fail","Package":"p","Test":"TestB"}`,
			false,
			[]string{"DATA RACE", "failed:  p TestB"},
		},
		"nothing ran": {"", false, nil},
		"not JSON":    {"ld: warning", false, []string{"ld: warning"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var out strings.Builder
			r := newReport(&out)
			if err := r.read(strings.NewReader(tt.in)); err != nil {
				t.Fatal(err)
			}
			if ok := r.close(); ok != tt.ok {
				t.Errorf("passed: %v, want %v", ok, tt.ok)
			}
			for _, want := range tt.want {
				if !strings.Contains(out.String(), want) {
					t.Errorf("no %q in:\n%s", want, &out)
				}
			}
		})
	}
}
