//go:build !unix

package engineio

// writing is empty where connections cannot be written without waiting; every
// batch goes through a flusher there.
type writing struct{}

func (l *link) initWriting() {}

func (l *link) tryWrite([]byte) int { return 0 }
