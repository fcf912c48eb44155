/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Attacks by what a worker may ask the compressor for. An answer with a descriptor would be a form
 * that other workers send to clients.
 */
#include "hostile.h"

#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

/* A message to the master without a payload, as core/process/ipc/ has it. */
struct want {
	uint16_t version, type;
	uint32_t number, len, fds_count;
};

enum {
	WANT = 15,
	HEAD = 16,
	MANY = 2000,
	HELPERS = 8,
	CHANNELS = 10,
	PENDING = 32, /* questions that a worker may have in one */
};

/*
 * Everything that the worker holds, by each coding: sockets, logs, the memory of counters. Then it
 * tries to write to a form of others, which it has mapped or got.
 */
void attack_compressor(struct report *report)
{
	static const char *const codings[] = { "gzip", "br", "zstd", "", "x", "=", "=xx" };
	int helper = find_helper(report);
	struct stat status;

	for (int fd = -1; helper >= 0 && fd < DESCRIPTORS; fd++) {
		if (fd >= 0 && fstat(fd, &status) < 0)
			continue;
		for (size_t i = 0; i < sizeof(codings) / sizeof(codings[0]); i++) {
			if (ask_helper(helper, codings[i], strlen(codings[i]), fd) < 0)
				continue;
			int got = receive_answer(helper);
			if (got < 0)
				continue;
			note(report, "%s of descriptor %d, mode %o\n", codings[i], fd,
			     (unsigned)status.st_mode);
			close(got);
		}
	}
}

/* A form of a file that it may read: it gets it, and can change nothing in it. */
void attack_form(struct report *report)
{
	int helper = find_helper(report);
	int file = open(pool_cstr(report->req->pool, report->req->args), O_RDONLY);

	if (helper < 0 || file < 0 || ask_helper(helper, "gzip", 4, file) < 0)
		return;
	int fd = receive_answer(helper);
	struct stat status = { 0 };
	note(report, "form %s\n", fd >= 0 && fstat(fd, &status) == 0 ? "got" : "missing");
	tried(report, "write", pwrite(fd, "evil", 4, 0));
	tried(report, "seals", fcntl(fd, F_ADD_SEALS, F_SEAL_SEAL));
	if (ftruncate(fd, 1) == 0 || ftruncate(fd, 1000000) == 0)
		note(report, "truncate: done\n");
	void *memory = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (memory != MAP_FAILED) {
		note(report, "map: done\n");
		munmap(memory, 4096);
	}
	close(fd);
	close(file);
}

/* More than it may ask, with and without files, and nothing is read. */
void attack_compressor_flood(struct report *report)
{
	int helper = find_helper(report);
	int file = open(pool_cstr(report->req->pool, report->req->args), O_RDONLY);

	for (int i = 0; helper >= 0 && i < MANY; i++)
		if (ask_helper(helper, "gzip", 4, file) < 0)
			usleep(100);
	close(file);
}

/* Asks the master for another channel to a helper. Returns it, or -1. */
static int want_channel(int master, uint32_t number)
{
	const struct want want = { .version = 1, .type = WANT, .number = number };

	send(master, &want, HEAD, MSG_NOSIGNAL | MSG_DONTWAIT);
	return receive_answer(master);
}

static int find_master(int helper)
{
	for (int fd = 0; fd < DESCRIPTORS; fd++) {
		int channel = fd != helper && is_message_socket(fd) ? want_channel(fd, 0) : -1;

		if (channel < 0)
			continue;
		close(channel);
		return fd;
	}
	return -1;
}

/* The error of the next answer; 1: none has come. */
static int receive_error(int helper)
{
	struct pollfd ready = { .fd = helper, .events = POLLIN };
	struct {
		char head[HEAD];
		int32_t error;
		char rest[300];
	} answer;

	if (poll(&ready, 1, 2000) != 1 ||
	    recv(helper, &answer, sizeof(answer), MSG_DONTWAIT) < HEAD + 4)
		return 1;
	return answer.error;
}

/* Whether the helper of this number knows the report that a form is in use. */
static bool is_compressor(int master, uint32_t number)
{
	int helper = want_channel(master, number);
	bool knows = helper >= 0 && ask_helper(helper, "=", 1, -1) > 0 &&
		     receive_error(helper) == 0;

	close(helper);
	return knows;
}

/* One new channel after another, each with as many questions that take long as one may have. */
void attack_channels(struct report *report)
{
	int file = open(pool_cstr(report->req->pool, report->req->args), O_RDONLY);
	int master = find_master(find_helper(report)), channels[CHANNELS], taken = 0;
	uint32_t number = 0;

	while (number < HELPERS && !is_compressor(master, number))
		number++;
	for (int i = 0; i < CHANNELS; i++) {
		channels[i] = want_channel(master, number);
		for (int j = 1; j < PENDING; j++)
			ask_helper(channels[i], "br", 2, file);
		/* This one is answered at once. */
		ask_helper(channels[i], "=", 1, -1);
		taken += receive_error(channels[i]) == 0;
	}
	note(report, "%d channels\n", taken);
	for (int i = 0; i < CHANNELS; i++)
		close(channels[i]);
	close(file);
}
