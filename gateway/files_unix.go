//go:build unix

package gateway

import "syscall"

// maxFiles is how many descriptors this process may have; 0: not known.
func maxFiles() int {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return 0
	}
	return int(min(uint64(limit.Cur), 1<<30)) //nolint:unconvert // FreeBSD's is signed
}
