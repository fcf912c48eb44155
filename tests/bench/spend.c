/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * spend PID FILE COMMAND...   runs a command and writes into FILE how many
 *                             microseconds of CPU process PID and its
 *                             descendants have used meanwhile
 *
 * So that foreign clients (ab, wrk) can be measured by the same figure.
 */
#include "cpu.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static int run(char **command)
{
	pid_t pid = fork();
	if (pid == 0) {
		execvp(command[0], command);
		perror(command[0]);
		_exit(127);
	}

	int status = 0;
	if (pid < 0 || waitpid(pid, &status, 0) < 0)
		return 127;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int main(int argc, char **argv)
{
	struct cpu_meter meter;
	uint64_t before = 0, after = 0;

	if (argc < 4) {
		fprintf(stderr, "usage: spend PID FILE COMMAND...\n");
		return 2;
	}
	int err = cpu_meter_init(&meter, atoi(argv[1]));
	if (err == 0)
		err = cpu_meter_read(&meter, &before);
	int status = run(argv + 3);
	if (err == 0)
		err = cpu_meter_read(&meter, &after);
	if (err != 0) {
		fprintf(stderr, "spend: processes of the server %s: %s\n", argv[1], strerror(-err));
		return 1;
	}

	FILE *file = fopen(argv[2], "we");
	if (file == NULL || fprintf(file, "%.0f\n", (double)(after - before) / 1000) < 0 ||
	    fclose(file) != 0) {
		perror(argv[2]);
		return 1;
	}
	return status;
}
