/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * signalfd(2). The signals stay blocked in all processes and threads; the actions of this
 * process say what is done at each.
 */
#include "process/os/signals.h"

#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "event/loop.h"

static struct {
	const struct signal_action *actions; /* of this process */
	struct event event; /* of the signalfd; fd -1: nothing is watched */
	bool hangup_is_ignored;
} signals = { .event.fd = -1 };

static const int handled[] = { SIGHUP,	SIGINT,	 SIGQUIT, SIGTERM,
			       SIGUSR1, SIGUSR2, SIGWINCH, SIGCHLD };

static sigset_t handled_set(void)
{
	sigset_t set;

	sigemptyset(&set);
	for (size_t i = 0; i < sizeof(handled) / sizeof(handled[0]); i++)
		sigaddset(&set, handled[i]);
	return set;
}

bool signals_hangup_is_ignored(void)
{
	return signals.hangup_is_ignored;
}

void signals_block(void)
{
	sigset_t set = handled_set();
	struct sigaction action;

	signals.hangup_is_ignored = sigaction(SIGHUP, NULL, &action) == 0 &&
				    action.sa_handler == SIG_IGN;
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN);
	/* The caller may have ignored SIGCHLD. Then the kernel would not report ended children. */
	signal(SIGCHLD, SIG_DFL);
}

const char *signal_name(int number)
{
	static const char *const names[] = {
		[SIGHUP] = "HUP",     [SIGINT] = "INT",	      [SIGQUIT] = "QUIT",
		[SIGILL] = "ILL",     [SIGTRAP] = "TRAP",     [SIGABRT] = "ABRT",
		[SIGBUS] = "BUS",     [SIGFPE] = "FPE",	      [SIGKILL] = "KILL",
		[SIGUSR1] = "USR1",   [SIGSEGV] = "SEGV",     [SIGUSR2] = "USR2",
		[SIGPIPE] = "PIPE",   [SIGALRM] = "ALRM",     [SIGTERM] = "TERM",
		[SIGCHLD] = "CHLD",   [SIGCONT] = "CONT",     [SIGSTOP] = "STOP",
		[SIGTSTP] = "TSTP",   [SIGTTIN] = "TTIN",     [SIGTTOU] = "TTOU",
		[SIGURG] = "URG",     [SIGXCPU] = "XCPU",     [SIGXFSZ] = "XFSZ",
		[SIGPROF] = "PROF",   [SIGVTALRM] = "VTALRM", [SIGWINCH] = "WINCH",
		[SIGIO] = "IO",	      [SIGSYS] = "SYS",
	};
	static char text[16];

	if (number >= 0 && (size_t)number < sizeof(names) / sizeof(names[0]) && names[number])
		return names[number];
	snprintf(text, sizeof(text), "%d", number);
	return text;
}

static void on_ready(struct event *ready, uint32_t events)
{
	struct signalfd_siginfo info;

	(void)events;
	while (ready->fd >= 0 && read(ready->fd, &info, sizeof(info)) == sizeof(info))
		for (const struct signal_action *action = signals.actions; action->number; action++)
			if (action->number == (int)info.ssi_signo)
				action->act(action->number);
}

int signals_watch(const struct signal_action *actions)
{
	sigset_t set = handled_set();

	/* A descriptor from before a fork would read the signals of this process, too. */
	if (signals.event.fd >= 0)
		close(signals.event.fd);
	signals.actions = actions;
	signals.event.ready = on_ready;
	signals.event.fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	if (signals.event.fd < 0)
		return -errno;
	return event_add(&signals.event, EPOLLIN);
}

void signals_finish(void)
{
	if (signals.event.fd < 0)
		return;
	event_remove(&signals.event);
	close(signals.event.fd);
	signals.event.fd = -1;
}
