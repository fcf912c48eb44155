/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What certificates cost at the start: the time and the memory of `skua -t` for servers with a
 * certificate each, above that for the same servers without TLS. SOAK=1: 10,000 names, and the
 * figures are printed.
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
	double cpu_s;
	long memory_kib;
};

static struct cost check_configuration(const char *path)
{
	const char *skua = getenv("SKUA") ? getenv("SKUA") : "build/skua";
	struct rusage usage;
	int status;
	pid_t pid = fork();

	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		execl(skua, skua, "-t", "-q", "-p", path, "-c", path, (char *)NULL);
		_exit(127);
	}
	ck_assert_int_eq(wait4(pid, &status, 0, &usage), pid);
	ck_assert_int_eq(status, 0);
	return (struct cost){
		(double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
			(double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6,
		usage.ru_maxrss,
	};
}

static double own_cpu_s(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* Milliseconds in which OpenSSL's usual functions read a pair. */
static double usual_cost_ms(const char *dir, int names)
{
	double begin = own_cpu_s();

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
	return (own_cpu_s() - begin) * 1e3 / names;
}

static const char *write_configuration(const char *dir, int names, bool has_tls)
{
	const char *path = memory_printf("%s/%d.conf", dir, has_tls);
	FILE *file = fopen(path, "w");

	ck_assert_ptr_nonnull(file);
	fprintf(file, "error_log %s/log; pid %s/pid; events { } http { access_log off;\n", dir,
		dir);
	for (int i = 0; i < names; i++) {
		fprintf(file, "server { listen 127.0.0.1:18443%s; server_name n%d; return 200; ",
			has_tls ? " ssl" : "", i);
		if (has_tls)
			fprintf(file, "ssl_certificate %s/%d.pem; ssl_certificate_key %s/%d.key; ",
				dir, i, dir, i);
		fprintf(file, "}\n");
	}
	fprintf(file, "}\n");
	ck_assert_int_eq(fclose(file), 0);
	return path;
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

	struct cost plain = check_configuration(write_configuration(dir, names, false));
	struct cost tls = check_configuration(write_configuration(dir, names, true));
	double cpu_ms = (tls.cpu_s - plain.cpu_s) * 1e3 / names;
	double usual_ms = usual_cost_ms(dir, 400);
	double memory_kib = (double)(tls.memory_kib - plain.memory_kib) / names;

	if (getenv("SOAK"))
		fprintf(stderr,
			"%d names: %.2f s of CPU time, %ld KiB more than without TLS; "
			"OpenSSL alone: %.2f ms each, here %.2f ms\n",
			names, tls.cpu_s - plain.cpu_s, tls.memory_kib - plain.memory_kib, usual_ms,
			cpu_ms);
	scratch_remove(dir);
	ck_assert_msg(cpu_ms < 0.75 * usual_ms, "%.2f ms for each name, and %.2f ms by OpenSSL",
		      cpu_ms, usual_ms);
	/* 10 KiB each, and OpenSSL's own memory. A sanitizer takes more. */
	if (!getenv("CK_TIMEOUT_MULTIPLIER"))
		ck_assert_msg(memory_kib < 10 + 20000.0 / names, "%.1f KiB for each name",
			      memory_kib);
}
END_TEST

TESTS("many names", time_and_memory_of_many_names)
