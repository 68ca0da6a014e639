//go:build unix && !linux

package child

import "syscall"

// attributes gives the child a process group of its own. Only Linux can end it
// when we are killed.
func attributes() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }
