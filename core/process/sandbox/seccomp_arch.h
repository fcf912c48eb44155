/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The differences between processor architectures: the kernel's number of the architecture, and
 * the place of a system call's result in the context that a signal handler gets.
 */
#ifndef SKUA_PROCESS_SANDBOX_SECCOMP_ARCH_H
#define SKUA_PROCESS_SANDBOX_SECCOMP_ARCH_H

#include <linux/audit.h>
#include <ucontext.h>

#if defined(__x86_64__) && defined(__LP64__)

#define SECCOMP_ARCH AUDIT_ARCH_X86_64

static inline void seccomp_set_result(ucontext_t *context, int result)
{
	const int rax = 13; /* REG_RAX, which only _GNU_SOURCE shows */

	context->uc_mcontext.gregs[rax] = result;
}

#elif defined(__aarch64__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__

#define SECCOMP_ARCH AUDIT_ARCH_AARCH64

static inline void seccomp_set_result(ucontext_t *context, int result)
{
	context->uc_mcontext.regs[0] = (unsigned long long)(long long)result;
}

#else

#define SECCOMP_ARCH 0 /* no filter is made for it */

static inline void seccomp_set_result(ucontext_t *context, int result)
{
	(void)context;
	(void)result;
}

#endif
#endif
