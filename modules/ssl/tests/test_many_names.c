/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What certificates cost at the start: the time and the memory of `skua -t` for servers with a
 * certificate each, above that for the same servers without TLS. SOAK=1: 10,000 names, the server
 * is started, too, and the figures are printed, with those of nginx if it is installed, and held
 * against two seconds and 100 MB.
 */
#include "harness/memory.h"
#include "harness/scratch.h"
#include "harness/test.h"

#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tls_client.h"

struct cost {
	double wall_s, cpu_s;
	long memory_kib;
};

static double now_s(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* Of `PROGRAM -t`. */
static struct cost check_configuration(const char *program, const char *path)
{
	double begin = now_s(CLOCK_MONOTONIC);
	struct rusage usage;
	int status;
	pid_t pid = fork();

	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		execl(program, program, "-t", "-q", "-p", path, "-c", path, (char *)NULL);
		_exit(127);
	}
	ck_assert_int_eq(wait4(pid, &status, 0, &usage), pid);
	ck_assert_msg(status == 0, "%s -t -c %s: status %d", program, path, status);
	return (struct cost){
		now_s(CLOCK_MONOTONIC) - begin,
		(double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
			(double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6,
		usage.ru_maxrss,
	};
}

static const char *skua(void)
{
	return getenv("SKUA") ? getenv("SKUA") : "build/skua";
}

/* Milliseconds in which OpenSSL's usual functions read a pair. */
static double usual_cost_ms(const char *dir, int names)
{
	double begin = now_s(CLOCK_PROCESS_CPUTIME_ID);

	for (int i = 0; i < names; i++) {
		FILE *pem = fopen(memory_printf("%s/%d.pem", dir, i), "r");
		FILE *key_pem = fopen(memory_printf("%s/%d.key", dir, i), "r");
		X509 *certificate = PEM_read_X509(pem, NULL, NULL, NULL);
		EVP_PKEY *key = PEM_read_PrivateKey(key_pem, NULL, NULL, NULL);

		ck_assert_int_eq(X509_check_private_key(certificate, key), 1);
		X509_free(certificate);
		EVP_PKEY_free(key);
		fclose(pem);
		fclose(key_pem);
	}
	return (now_s(CLOCK_PROCESS_CPUTIME_ID) - begin) * 1e3 / names;
}

/* The blocks of the servers, for the caller to free; `port` is what stands in listen. */
static char *http_text(const char *dir, int names, bool has_tls, const char *port)
{
	char *text;
	size_t len;
	FILE *to = open_memstream(&text, &len);

	fprintf(to, "access_log off; server_names_hash_max_size 65536;\n");
	for (int i = 0; i < names; i++) {
		fprintf(to, "server { listen 127.0.0.1:%s%s; server_name n%d; return 200; ", port,
			has_tls ? " ssl" : "", i);
		if (has_tls)
			fprintf(to, "ssl_certificate %s/%d.pem; ssl_certificate_key %s/%d.key; ",
				dir, i, dir, i);
		fprintf(to, "}\n");
	}
	fclose(to);
	return text;
}

static const char *write_configuration(const char *dir, int names, bool has_tls)
{
	const char *path = memory_printf("%s/%d.conf", dir, has_tls);
	FILE *file = fopen(path, "w");
	char *text = http_text(dir, names, has_tls, "18443");

	ck_assert_ptr_nonnull(file);
	fprintf(file, "error_log %s/log; pid %s/pid; events { } http {\n%s}\n", dir, dir, text);
	free(text);
	ck_assert_int_eq(fclose(file), 0);
	return path;
}

/* Of a server, from its start until a client gets its response. */
static struct cost serve(const char *dir, int names, bool has_tls)
{
	char *text = http_text(dir, names, has_tls, "%PORT%");
	const char *configuration = memory_printf("worker_processes 1; http {\n%s}", text);
	double begin = now_s(CLOCK_MONOTONIC);
	struct server *server = server_start(configuration);

	free(text);
	if (has_tls) {
		struct tls *tls = tls_connect(server, .name = "n77");

		ck_assert_int_eq(tls_get(tls, "/").status, 200);
		tls_close(tls);
	} else {
		ck_assert_int_eq(get(server, "/").status, 200);
	}

	struct cost cost = { .wall_s = now_s(CLOCK_MONOTONIC) - begin };
	clockid_t clock;

	ck_assert_int_eq(clock_getcpuclockid(server->pid, &clock), 0);
	cost.cpu_s = now_s(clock);

	FILE *status = fopen(memory_printf("/proc/%d/status", server->pid), "r");
	char line[256];

	while (fgets(line, sizeof(line), status) &&
	       sscanf(line, "VmRSS: %ld", &cost.memory_kib) != 1)
		continue;
	fclose(status);
	server_stop(server);
	return cost;
}

/* What TLS needs in addition. */
static struct cost print_cost(const char *what, struct cost plain, struct cost tls)
{
	struct cost more = { tls.wall_s - plain.wall_s, tls.cpu_s - plain.cpu_s,
			     tls.memory_kib - plain.memory_kib };

	fprintf(stderr, "%-8s %5.2f s; more than without TLS: %5.2f s, CPU %5.2f s, %6ld KiB\n",
		what, tls.wall_s, more.wall_s, more.cpu_s, more.memory_kib);
	return more;
}

/* Two seconds and 100 MB for 10,000 names. A busy machine has the processor for others, too. */
static void check_cost(const char *what, struct cost more)
{
	bool is_busy = more.wall_s > 1.25 * more.cpu_s;

	if (server_is_sanitized)
		return;
	ck_assert_msg(more.cpu_s < 2, "%s: %.2f s of CPU time", what, more.cpu_s);
	ck_assert_msg(more.wall_s < 2 || is_busy, "%s: %.2f s", what, more.wall_s);
	ck_assert_msg(more.memory_kib < 100 * 1000, "%s: %ld KiB", what, more.memory_kib);
}

static void check_costs(const char *dir, int names, const char *plain, const char *tls)
{
	check_cost("-t", print_cost("skua -t", check_configuration(skua(), plain),
				    check_configuration(skua(), tls)));
	if (access("/usr/sbin/nginx", X_OK) == 0)
		print_cost("nginx -t", check_configuration("/usr/sbin/nginx", plain),
			   check_configuration("/usr/sbin/nginx", tls));
	check_cost("start",
		   print_cost("skua", serve(dir, names, false), serve(dir, names, true)));
}

START_TEST(time_and_memory_of_many_names)
{
	const char *dir = scratch_create();
	int names = getenv("SOAK") ? 10000 : 400;

	for (int i = 0; i < names; i++) {
		char name[16];
		struct identity identity;

		snprintf(name, sizeof(name), "%d", i);
		identity = identity_create(name, "EC", NULL);
		identity_put(&identity, dir, name);
		identity_destroy(&identity);
	}

	const char *plain_path = write_configuration(dir, names, false);
	const char *tls_path = write_configuration(dir, names, true);
	struct cost plain = check_configuration(skua(), plain_path);
	struct cost tls = check_configuration(skua(), tls_path);
	double cpu_ms = (tls.cpu_s - plain.cpu_s) * 1e3 / names;
	double usual_ms = usual_cost_ms(dir, 400);
	double memory_kib = (double)(tls.memory_kib - plain.memory_kib) / names;

	if (getenv("SOAK")) {
		fprintf(stderr,
			"%d names: OpenSSL alone needs %.2f ms of CPU time for each, skua %.2f\n",
			names, usual_ms, cpu_ms);
		check_costs(dir, names, plain_path, tls_path);
	}
	scratch_remove(dir);
	/* A sanitizer makes this program slow, and not OpenSSL. */
	ck_assert_msg(cpu_ms < (server_is_sanitized ? 0.6 : 0.25) * usual_ms,
		      "%.2f ms for each name, and %.2f ms by OpenSSL", cpu_ms, usual_ms);
	/* 8 KiB each, and OpenSSL's own memory. */
	if (!server_is_sanitized)
		ck_assert_msg(memory_kib < 8 + 20000.0 / names, "%.1f KiB for each name",
			      memory_kib);
}
END_TEST

TESTS_IN((&(struct test_suite){ .name = "many names", .timeout = 600 }),
	 time_and_memory_of_many_names)
