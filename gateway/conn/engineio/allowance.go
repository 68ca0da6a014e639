package engineio

import "time"

// burst is how many seconds' worth a client may send at once.
const burst = 5

// allowance is what a client may still send: it fills up at the configured
// rate, to [burst] times that.
type allowance struct {
	bytes, messages       float64
	perSecond, perSecondM float64
	most, mostM           float64
	at                    time.Time
}

func newAllowance(cfg *Config, now time.Time) allowance {
	a := allowance{
		perSecond: float64(cfg.BytesPerSecond), perSecondM: float64(cfg.MessagesPerSecond),
		most: float64(burst*cfg.BytesPerSecond + cfg.MaxPayload), mostM: float64(burst * cfg.MessagesPerSecond),
		at: now,
	}
	a.bytes, a.messages = a.most, a.mostM
	return a
}

// take reports false when there is not so much left.
func (a *allowance) take(bytes, messages int, now time.Time) bool {
	if passed := now.Sub(a.at).Seconds(); passed > 0 {
		a.bytes = min(a.most, a.bytes+passed*a.perSecond)
		a.messages = min(a.mostM, a.messages+passed*a.perSecondM)
		a.at = now
	}
	a.bytes -= float64(bytes)
	a.messages -= float64(messages)
	return a.bytes >= 0 && a.messages >= 0
}
