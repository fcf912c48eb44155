/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The compressor: its forms come after the first ones, under other tags, once for all workers, and
 * what goes wrong in it costs nobody else anything.
 */
#include "http/decode.h"
#include "harness/test.h"
#include "harness/upgrade.h"

#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <utime.h>

enum {
	SIZE = 60000,
	THEN = 784111777,
	OLD_MS = 2200, /* after so long a file counts as old */
};

/* Text of `size` bytes, the first of which is `first`. */
static void put_text(struct server *server, const char *name, char first, size_t size)
{
	char *text = memory_alloc(size + 16);
	unsigned seed = 1;

	for (size_t len = 0; len < size; len += 8) {
		seed = seed * 1103515245 + 12345;
		sprintf(text + len, "word%03u ", seed >> 16 & 511);
	}
	text[0] = first;
	text[size] = '\0';
	put_file(server, name, text);
	utime(file_path(server, name), &(struct utimbuf){ THEN, THEN });
}

static struct server *start_with(const char *main, const char *http)
{
	return server_start(memory_printf(
		"%s http { access_log off; types { } default_type text/html;"
		"gzip on; brotli on; zstd on; fragile on; %s"
		"server { listen 127.0.0.1:%%PORT%%; } }", main, http));
}

static struct server *start(const char *main)
{
	struct server *server = start_with(memory_printf("worker_processes 1; %s", main), "");

	put_text(server, "a", 'a', SIZE);
	return server;
}

static void grow_old(void)
{
	usleep(OLD_MS * 1000);
}

static struct reply ask_by(struct server *server, const char *target, const char *coding)
{
	return ask(server, target, .fields = memory_printf("Accept-Encoding: %s\r\n", coding));
}

static const char *tag_of(const struct reply *reply)
{
	const char *tag = reply_header(reply, "ETag");

	ck_assert_int_eq(reply->status, 200);
	ck_assert_ptr_nonnull(tag);
	return tag;
}

/* Asks until the tag has this mark, "-gz9", and returns the response. */
static struct reply wait_for(struct server *server, const char *target, const char *coding,
			     const char *mark)
{
	struct deadline wait = { 0 };
	struct reply reply = ask_by(server, target, coding);

	while (!strstr(tag_of(&reply), mark)) {
		deadline_wait(&wait, mark);
		reply = ask_by(server, target, coding);
	}
	return reply;
}

static pid_t compressor(const struct server *server)
{
	struct deadline wait = { 0 };
	pid_t pid;

	while (!(pid = server_helper(server, "compressor")))
		deadline_wait(&wait, "there is a compressor");
	return pid;
}

static int descriptors_of_forms(pid_t pid)
{
	const char *path = memory_printf("/proc/%d/fd", pid);
	DIR *directory = opendir(path);
	int count = 0;

	for (struct dirent *entry; directory && (entry = readdir(directory));) {
		char target[200] = "";

		if (readlink(memory_printf("%s/%s", path, entry->d_name), target, 199) > 0)
			count += strstr(target, "skua-form") != NULL;
	}
	if (directory)
		closedir(directory);
	return count;
}

/* --- what comes when ---------------------------------------------------------------- */

START_TEST(the_best_form_comes_later)
{
	static const struct {
		const char *coding, *first, *best;
	} forms[] = { { "gzip", "-gz1.", "-gz9." },
		      { "br", "-br6.", "-br11." },
		      { "zstd", "-zst1.", "-zst19." } };
	struct server *server = start("");
	const char *text = file_text(server, "a");

	grow_old();
	for (int i = 0; i < 3; i++) {
		struct reply first = ask_by(server, "/a", forms[i].coding);

		ck_assert_ptr_nonnull(strstr(tag_of(&first), forms[i].first));
		struct reply best = wait_for(server, "/a", forms[i].coding, forms[i].best);

		ck_assert_str_eq(decode(&first), text);
		ck_assert_str_eq(decode(&best), text);
		ck_assert_uint_lt(best.body_len, first.body_len);
		ck_assert_str_eq(reply_header(&best, "Content-Encoding"), forms[i].coding);
		ck_assert_str_eq(reply_header(&best, "Vary"), "Accept-Encoding");
		ck_assert_int_eq(atoi(reply_header(&best, "Content-Length")), (int)best.body_len);
	}
	server_stop(server);
}
END_TEST

static struct reply ask_part(struct server *server, const char *tag)
{
	return ask(server, "/a", .fields = memory_printf("Accept-Encoding: gzip\r\n"
							 "Range: bytes=100-199\r\n"
							 "If-Range: %s\r\n", tag));
}

static struct reply ask_if_none(struct server *server, const char *tag)
{
	return ask(server, "/a", .fields = memory_printf("Accept-Encoding: gzip\r\n"
							 "If-None-Match: %s\r\n", tag));
}

START_TEST(a_download_goes_on_with_the_form_it_began_with)
{
	struct server *server = start("");

	grow_old();
	struct reply first = ask_by(server, "/a", "gzip");
	struct reply best = wait_for(server, "/a", "gzip", "-gz9.");
	struct reply part = ask_part(server, tag_of(&first));

	ck_assert_int_eq(part.status, 206);
	ck_assert_mem_eq(part.body, first.body + 100, 100);
	ck_assert_str_eq(reply_header(&part, "ETag"), tag_of(&first));
	part = ask_part(server, tag_of(&best));
	ck_assert_int_eq(part.status, 206);
	ck_assert_mem_eq(part.body, best.body + 100, 100);
	ck_assert_str_eq(reply_header(&part, "ETag"), tag_of(&best));

	/* Who has one of the forms needs no other. */
	part = ask_if_none(server, tag_of(&first));
	ck_assert_int_eq(part.status, 304);
	ck_assert_str_eq(reply_header(&part, "ETag"), tag_of(&first));
	part = ask_if_none(server, tag_of(&best));
	ck_assert_int_eq(part.status, 304);
	ck_assert_str_eq(reply_header(&part, "ETag"), tag_of(&best));
	server_stop(server);

	/* A worker that has neither of them. */
	server = start("");
	part = ask_if_none(server, tag_of(&best));
	ck_assert_int_eq(part.status, 304);
	ck_assert_str_eq(reply_header(&part, "ETag"), tag_of(&best));
	part = ask_part(server, tag_of(&best));
	ck_assert_int_eq(part.status, 200);
	ck_assert_str_eq(tag_of(&part), tag_of(&first));
	server_stop(server);
}
END_TEST

/* Short ones, of which the worker has no descriptor; and a long one. */
START_TEST(files_that_only_the_opener_opens_have_both_forms)
{
	struct server *server = start("");

	put_text(server, "/away/short", 'a', 5000);
	put_text(server, "/away/long", 'a', SIZE);
	ck_assert_int_eq(symlink("../away", file_path(server, "/html/away")), 0);
	grow_old();
	struct reply reply = wait_for(server, "/away/short", "gzip", "-gz9.");
	ck_assert_str_eq(decode(&reply), file_text(server, "/away/short"));
	reply = wait_for(server, "/away/long", "br", "-br11.");
	ck_assert_str_eq(decode(&reply), file_text(server, "/away/long"));
	/* Another version of each, which the opener opens again. */
	put_text(server, "/away/short", 'b', 5001);
	put_text(server, "/away/long", 'b', SIZE + 1);
	grow_old();
	reply = wait_for(server, "/away/short", "gzip", "-gz9.");
	ck_assert_str_eq(decode(&reply), file_text(server, "/away/short"));
	reply = wait_for(server, "/away/long", "br", "-br11.");
	ck_assert_str_eq(decode(&reply), file_text(server, "/away/long"));
	server_stop(server);
}
END_TEST

/* Where links are judged, the way to a file is looked up again each second. */
START_TEST(files_behind_a_policy_for_links_are_encoded_once)
{
	struct server *server = start_with("worker_processes 1;", "symlinks in_root;");

	put_text(server, "a", 'a', SIZE);
	grow_old();
	wait_for(server, "/a", "gzip", "-gz9.");
	for (int i = 0; i < 4; i++) {
		struct reply reply = ask_by(server, "/a", i % 2 ? "gzip" : "zstd");

		ck_assert_str_eq(decode(&reply), file_text(server, "a"));
		usleep(700000);
	}
	/* One at the level of the worker, by each of the two codings. */
	ck_assert_int_le(server_counter(server, "compress", "forms"), 2);
	server_stop(server);
}
END_TEST

START_TEST(young_large_and_rare_files_have_one_form)
{
	struct server *server = start("compress_cache file=50k;");

	grow_old();
	put_text(server, "young", 'a', 5000);
	for (long until = now_ms() + 1000; now_ms() < until; usleep(20000)) {
		struct reply young = ask_by(server, "/young", "gzip"),
			     large = ask_by(server, "/a", "gzip");

		ck_assert_ptr_nonnull(strstr(tag_of(&young), "-gz1."));
		ck_assert_ptr_nonnull(strstr(tag_of(&large), "-gz1."));
	}
	ck_assert(!log_has(server, "start compressor process"));
	wait_for(server, "/young", "gzip", "-gz9.");
	server_stop(server);
}
END_TEST

START_TEST(a_level_that_is_the_best_stays)
{
	struct server *server = start_with("worker_processes 1;", "gzip_comp_level 9;");

	put_text(server, "a", 'a', SIZE);
	grow_old();
	for (int i = 0; i < 5; i++)
		ask_by(server, "/a", "gzip");
	wait_for(server, "/a", "zstd", "-zst19.");
	server_stop(server);
	server = start("compress_cache off;");
	grow_old();
	for (int i = 0; i < 5; i++)
		ask_by(server, "/a", "gzip");
	ck_assert(!log_has(server, "start compressor process"));
	server_stop(server);
}
END_TEST

START_TEST(it_can_be_configured)
{
	static const char *const wrong[] = {
		"compress_cache bytes=4;",   "compress_cache size=x;", "compress_cache cpu=0;",
		"compress_cache cpu=101;",   "compress_cache off size=4m;",
		"compress_cache results=0;", "compress_cache jobs=-1;",
	};
	const char *output;

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		ck_assert_int_ne(server_fails(memory_printf("%s http { server { listen "
							    "127.0.0.1:%%PORT%%; } }",
							    wrong[i]), &output), 0);
		ck_assert_ptr_nonnull(strstr(output, "compress_cache"));
	}
	struct server *server = start("compress_cache size=4m results=5 jobs=7 file=1m cpu=50;");
	grow_old();
	wait_for(server, "/a", "gzip", "-gz9.");
	server_stop(server);
}
END_TEST

/* Beyond its limits forms wait, and those that were not used for the longest time are dropped. */
START_TEST(its_limits_hold)
{
	enum { FILES = 8, RESULTS = 3 };
	struct server *server = start("compress_cache cpu=100 jobs=2 results=3;");
	struct deadline wait = { 0 };

	put_text(server, "w", 'w', SIZE);
	for (int i = 0; i < FILES; i++)
		put_text(server, memory_printf("%d", i), 'a', 3000);
	grow_old();
	for (int j = 0; j < 3; j++)
		ask_by(server, "/w", "fragile");
	for (int i = 0; i < FILES; i++)
		for (int j = 0; j < 3; j++)
			ask_by(server, memory_printf("/%d", i), "gzip");
	while (server_counter(server, "compress", "compressor_failures") < FILES - 3)
		deadline_wait(&wait, "the compressor refuses what does not fit into its queue");
	pid_t pid = compressor(server);
	for (int i = 0; i < FILES; i++) {
		wait_for(server, memory_printf("/%d", i), "gzip", "-gz9.");
		ck_assert_int_le(descriptors_of_forms(pid), RESULTS + 1); /* one is being made */
	}
	server_stop(server);
}
END_TEST

/* CPU time of its children that have ended, in milliseconds; field 16 of proc_pid_stat(5). */
static long child_time(pid_t pid)
{
	FILE *file = fopen(memory_printf("/proc/%d/stat", pid), "r");
	long user, system;

	ck_assert_ptr_nonnull(file);
	ck_assert_int_eq(fscanf(file,
				"%*d (%*[^)]) %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u "
				"%*u %*u %ld %ld", &user, &system), 2);
	fclose(file);
	return (user + system) * 1000 / sysconf(_SC_CLK_TCK);
}

START_TEST(it_takes_its_share_of_the_cpu)
{
	enum { FILES = 4, PERCENT = 10 };
	struct server *server = start("compress_cache cpu=10;");

	for (int i = 0; i < FILES; i++)
		put_text(server, memory_printf("%d", i), 'a', SIZE);
	grow_old();
	long began = now_ms();
	for (int i = 0; i < FILES; i++)
		wait_for(server, memory_printf("/%d", i), "br", "-br11.");
	long elapsed = now_ms() - began, used = child_time(compressor(server));
	/* After the last one nobody waits. */
	ck_assert_int_gt(used, 0);
	ck_assert_int_le(used - used * 3 / 2 / FILES, elapsed * PERCENT / 100);
	server_stop(server);
}
END_TEST

/* --- many workers -------------------------------------------------------------------- */

/* The inodes of the forms that a process has mapped, for the number of different ones. */
static int count_forms(pid_t pid, unsigned long *inodes, int count, int max)
{
	FILE *maps = fopen(memory_printf("/proc/%d/maps", pid), "r");
	char line[1000];

	while (maps && fgets(line, sizeof(line), maps)) {
		unsigned long inode;
		int i = 0;

		if (!strstr(line, "memfd:skua-form") ||
		    sscanf(line, "%*s %*s %*s %*s %lu", &inode) != 1)
			continue;
		while (i < count && inodes[i] != inode)
			i++;
		if (i == count && count < max)
			inodes[count++] = inode;
	}
	if (maps)
		fclose(maps);
	return count;
}

START_TEST(all_workers_map_one_copy)
{
	struct server *server = start_with("worker_processes 4;", "");
	struct deadline wait = { 0 };
	unsigned long inodes[8];
	pid_t pids[4];
	int having = 0;

	put_text(server, "a", 'a', 20000);
	grow_old();
	while (having < 4) {
		deadline_wait(&wait, "each worker has the form");
		for (int i = 0; i < 20; i++)
			ask_by(server, "/a", "br");
		ck_assert_int_eq(server_workers(server, pids, 4), 4);
		having = 0;
		for (int i = 0; i < 4; i++)
			having += count_forms(pids[i], inodes, 0, 8);
	}
	int different = 0;
	for (int i = 0; i < 4; i++) {
		different = count_forms(pids[i], inodes, different, 8);
		ck_assert_int_eq(descriptors_of_forms(pids[i]), 0);
	}
	ck_assert_int_eq(different, 1);
	ck_assert_uint_eq(file_count(server, "/error.log", "start compressor process"), 1);
	server_stop(server);
}
END_TEST

/* --- reload and upgrade --------------------------------------------------------------- */

/* The inode of the only form that the workers have mapped; waits until one of them has it. */
static unsigned long form_of_workers(struct server *server)
{
	struct deadline wait = { 0 };
	unsigned long inodes[8];
	int count = 0;

	while (count == 0) {
		pid_t pids[8];
		int workers = server_workers(server, pids, 8);

		deadline_wait(&wait, "a worker has the form");
		for (int i = 0; i < workers && i < 8; i++)
			count = count_forms(pids[i], inodes, count, 8);
	}
	ck_assert_int_eq(count, 1);
	return inodes[0];
}

START_TEST(results_survive_a_reload)
{
	struct server *server = start("");

	grow_old();
	wait_for(server, "/a", "gzip", "-gz9.");
	unsigned long form = form_of_workers(server);
	for (int i = 2; i < 5; i++) {
		struct deadline wait = { 0 };
		pid_t before = compressor(server);

		kill(server->pid, SIGHUP);
		log_wait(server,
			 memory_printf("generation %d of the configuration serves", i));
		while (kill(before, 0) == 0)
			deadline_wait(&wait, "the old compressor has ended");
		wait_for(server, "/a", "gzip", "-gz9.");
		ck_assert_uint_eq(form_of_workers(server), form);
	}
	server_stop(server);
}
END_TEST

/* The second server of upgrade_start(), at the port of index 1, serves html/ in codings. */
static void serve_files(struct server *server)
{
	put_text(server, "a", 'a', SIZE);
	put_file(server, "/http.conf",
		 server_text(server, "server { listen 127.0.0.1:%PORT2%; root %DIR%/html; gzip on;"
				     "types { } default_type text/html; }"));
	ck_assert_int_eq(upgrade_command(server, "-s reload").status, 0);
	grow_old();
}

static void wait_for_best(struct server *server)
{
	struct deadline wait = { 0 };
	struct reply reply;

	do {
		deadline_wait(&wait, "the best form");
		reply = ask(server, "/a", .port = 1, .fields = "Accept-Encoding: gzip\r\n");
	} while (!strstr(tag_of(&reply), "-gz9."));
}

static void check_upgrades(struct server *server, bool is_beside)
{
	serve_files(server);
	wait_for_best(server);
	unsigned long form = form_of_workers(server);
	for (int i = 0; i < 2; i++) {
		put_program();
		upgrade_check(server, 0, "");
		if (is_beside)
			upgrade_settle(server);
		wait_for_best(server);
		ck_assert_uint_eq(form_of_workers(server), form);
	}
	upgrade_stop(server);
}

START_TEST(results_survive_an_upgrade)
{
	check_upgrades(upgrade_start("worker_processes 1;"), false);
}
END_TEST

START_TEST(results_survive_an_upgrade_beside)
{
	check_upgrades(upgrade_start_in_background("worker_processes 1;"), true);
}
END_TEST

/* Also if there are more than fit into the channel. */
START_TEST(many_results_survive_a_reload)
{
	enum { FILES = 200 };
	struct server *server = start("compress_cache cpu=100;");
	struct deadline wait = { 0 };

	for (int i = 0; i < FILES; i++)
		put_text(server, memory_printf("%d", i), 'a', 2000);
	grow_old();
	for (int i = 0; i < FILES; i++)
		for (int j = 0; j < 3; j++)
			ask_by(server, memory_printf("/%d", i), "gzip");
	for (int i = 0; i < FILES; i++)
		wait_for(server, memory_printf("/%d", i), "gzip", "-gz9.");
	pid_t before = compressor(server);
	ck_assert_int_eq(descriptors_of_forms(before), FILES);
	kill(server->pid, SIGHUP);
	while (kill(before, 0) == 0)
		deadline_wait(&wait, "the old compressor has ended");
	while (descriptors_of_forms(compressor(server)) < FILES)
		deadline_wait(&wait, "the new compressor has all results");
	server_stop(server);
}
END_TEST

/* --- what goes wrong ------------------------------------------------------------------ */

START_TEST(an_encoder_that_breaks_down_costs_its_job)
{
	static const char kinds[] = "cxgl";
	struct server *server = start("compress_cache cpu=100;");
	struct deadline wait = { 0 };

	put_text(server, "open", 'o', SIZE);
	for (size_t i = 0; kinds[i]; i++)
		put_text(server, memory_printf("bad-%c", kinds[i]), kinds[i], SIZE);
	grow_old();
	wait_for(server, "/a", "gzip", "-gz9.");
	for (size_t i = 0; kinds[i]; i++)
		for (int j = 0; j < 3; j++)
			ask_by(server, memory_printf("/bad-%c", kinds[i]), "fragile");
	wait_for(server, "/a", "fragile", "-f2");
	while (file_count(server, "/error.log", "the encoder of fragile has failed") < 2)
		deadline_wait(&wait, "encoders have failed");
	for (size_t i = 0; kinds[i]; i++) {
		struct reply reply = ask_by(server, memory_printf("/bad-%c", kinds[i]), "fragile");

		ck_assert_ptr_nonnull(strstr(tag_of(&reply), "-f1"));
		ck_assert_uint_eq(reply.body_len, SIZE / 2);
	}
	wait_for(server, "/open", "fragile", "-f2");
	if (!log_has(server, "sandbox: instrumented") && !log_has(server, "sandbox: this kernel"))
		ck_assert_mem_eq(ask_by(server, "/open", "fragile").body, "no ", 3);
	/* The same process has lived on, with the results. */
	ck_assert_uint_eq(file_count(server, "/error.log", "start compressor process"), 1);
	ck_assert_int_eq(kill(compressor(server), 0), 0);
	server_stop(server);
}
END_TEST

/* Field 19 of proc_pid_stat(5). */
static int niceness(int pid)
{
	FILE *file = fopen(memory_printf("/proc/%d/stat", pid), "r");
	int nice = -100;

	ck_assert_ptr_nonnull(file);
	ck_assert_int_eq(fscanf(file,
				"%*d (%*[^)]) %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u "
				"%*u %*u %*d %*d %*d %d",
				&nice),
			 1);
	fclose(file);
	return nice;
}

START_TEST(encoding_has_the_lowest_priority)
{
	struct server *server = start("");
	struct deadline wait = { 0 };
	int child = 0;

	put_text(server, "w", 'w', SIZE);
	grow_old();
	for (int j = 0; j < 3; j++)
		ask_by(server, "/w", "fragile");
	pid_t pid = compressor(server);
	const char *children = memory_printf("/proc/%d/task/%d/children", pid, pid);
	while (child == 0 || niceness(child) != 19) {
		FILE *file = fopen(children, "r");

		deadline_wait(&wait, "a child encodes");
		ck_assert_ptr_nonnull(file);
		if (fscanf(file, "%d", &child) != 1)
			child = 0;
		fclose(file);
	}
	ck_assert_int_lt(niceness(pid), 19);
	server_stop(server);
}
END_TEST

START_TEST(its_death_delays_forms_and_no_requests)
{
	struct server *server = start("");

	put_text(server, "w", 'w', SIZE);
	grow_old();
	for (int i = 0; i < 2; i++) {
		pid_t before = i ? compressor(server) : 0;

		/* It works at this one for a second. */
		for (int j = 0; j < 3; j++)
			ask_by(server, i ? "/a" : "/w", "fragile");
		log_wait(server, "start compressor process");
		usleep(i ? 1000 : 200000);
		kill(compressor(server), SIGKILL);
		struct reply reply = ask_by(server, "/w", "fragile");
		ck_assert_ptr_nonnull(strstr(tag_of(&reply), "-f1"));
		wait_for(server, "/a", i ? "br" : "gzip", i ? "-br11." : "-gz9.");
		ck_assert_int_ne(compressor(server), before);
	}
	wait_for(server, "/w", "fragile", "-f2");
	server_forgive(server);
	server_stop(server);
}
END_TEST

/* It stops no request while it does nothing at all. */
START_TEST(requests_do_not_wait_for_it)
{
	struct server *server = start("");

	grow_old();
	wait_for(server, "/a", "gzip", "-gz9.");
	kill(compressor(server), SIGSTOP);
	for (int i = 0; i < 100; i++) {
		const char *name = memory_printf("%d", i);

		put_text(server, name, 'a', 3000);
		ask_by(server, memory_printf("/%s", name), "gzip");
	}
	grow_old();
	for (int j = 0; j < 3; j++)
		for (int i = 0; i < 100; i++) {
			struct reply reply = ask_by(server, memory_printf("/%d", i), "gzip");

			ck_assert_ptr_nonnull(strstr(tag_of(&reply), "-gz1."));
		}
	kill(compressor(server), SIGCONT);
	wait_for(server, "/50", "gzip", "-gz9.");
	server_stop(server);
}
END_TEST

START_TEST(a_file_that_changes_gets_no_wrong_form)
{
	struct server *server = start("compress_cache cpu=100;");

	put_text(server, "w", 'w', SIZE);
	grow_old();
	for (int j = 0; j < 3; j++)
		ask_by(server, "/w", "fragile");
	log_wait(server, "start compressor process");
	usleep(300000);
	/* The first one still works at the version before, which the file then is no longer. */
	put_text(server, "w", 'v', SIZE / 2);
	grow_old();
	struct reply reply = wait_for(server, "/w", "fragile", "-f2");
	ck_assert_uint_eq(reply.body_len, SIZE / 2 / 3);
	ck_assert_int_eq(reply.body[0], 'v');
	/* Its times may change alone, before the compressor looks at the descriptor. */
	pid_t stopped = compressor(server);
	kill(stopped, SIGSTOP);
	for (int j = 0; j < 3; j++)
		ask_by(server, "/w", "gzip");
	utime(file_path(server, "w"), &(struct utimbuf){ THEN + 1, THEN + 1 });
	grow_old();
	kill(stopped, SIGCONT);
	usleep(500000);
	wait_for(server, "/w", "gzip", "-gz9.");
	/* A file that becomes shorter while it waits, or is sparse, costs nothing either. */
	put_text(server, "w", 'w', SIZE);
	put_text(server, "short", 's', SIZE);
	put_text(server, "sparse", 's', SIZE);
	ck_assert_int_eq(truncate(file_path(server, "sparse"), 1LL << 40), 0);
	grow_old();
	for (int j = 0; j < 3; j++) {
		ask_by(server, "/w", "fragile");
		ask_by(server, "/short", "fragile");
		ask(server, "/sparse", .method = "HEAD", .fields = "Accept-Encoding: gzip\r\n");
	}
	ck_assert_int_eq(truncate(file_path(server, "short"), 10000), 0);
	wait_for(server, "/w", "fragile", "-f2");
	grow_old();
	reply = wait_for(server, "/short", "fragile", "-f2");
	ck_assert_uint_eq(reply.body_len, 10000 / 3);
	server_stop(server);
}
END_TEST

TESTS("compressor", the_best_form_comes_later, a_download_goes_on_with_the_form_it_began_with,
      files_that_only_the_opener_opens_have_both_forms,
      files_behind_a_policy_for_links_are_encoded_once, its_limits_hold,
      it_takes_its_share_of_the_cpu,
      young_large_and_rare_files_have_one_form, a_level_that_is_the_best_stays,
      it_can_be_configured, all_workers_map_one_copy, results_survive_a_reload,
      many_results_survive_a_reload, results_survive_an_upgrade,
      results_survive_an_upgrade_beside, an_encoder_that_breaks_down_costs_its_job,
      encoding_has_the_lowest_priority, its_death_delays_forms_and_no_requests,
      requests_do_not_wait_for_it,
      a_file_that_changes_gets_no_wrong_form)
