package child

import "syscall"

// attributes gives the child a process group of its own and has the kernel
// end it when we die without being able to (SIGKILL, a test's time limit).
func attributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}
