package city_test

import (
	"testing"

	"go.uber.org/goleak"
)

// asClients runs this process as the benchmarks' clients if it was started as
// them. Where there are no such benchmarks it does nothing.
var asClients = func() bool { return false }

func TestMain(m *testing.M) {
	if asClients() {
		return
	}
	goleak.VerifyTestMain(m)
}
