/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The opener where it is hard: disks that do not answer, other disks, policies of its own, and
 * descriptors that have run out.
 */
#include "harness/client.h"
#include "harness/fuse.h"
#include "harness/memory.h"
#include "harness/test.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

/* Below html/ the links "away" and "disk" lead to two directories beside it. */
static struct server *start(const char *main, const char *directives)
{
	const char *const files[] = { "/html/x", "", "/away/a", "away", NULL };
	struct server *server = server_start_with(&(const struct server_setup){
		.conf = memory_printf("%s worker_processes 1; http { access_log off; types { }"
				      "default_type text/plain; server {"
				      "listen 127.0.0.1:%%PORT%%; %s } }", main, directives),
		.files = files,
	});

	log_wait(server, "generation 1 of the configuration serves");
	if (log_has(server, "sandbox: instrumented") || log_has(server, "sandbox: this kernel")) {
		server_stop(server);
		test_skip("this kernel or this build has no whole sandbox");
	}
	ck_assert_int_eq(symlink("../away", file_path(server, "/html/away")), 0);
	ck_assert_int_eq(symlink("../disk", file_path(server, "/html/disk")), 0);
	return server;
}

static void link_to(struct server *server, const char *name, const char *target)
{
	const char *path = file_path(server, name), *new = memory_printf("%s.new", path);

	ck_assert_int_eq(symlink(target, new), 0);
	ck_assert_int_eq(rename(new, path), 0);
}

static void send_get(struct client *client, const char *directory, int name)
{
	client_send(client, memory_printf("GET %s%d HTTP/1.1\r\nHost: a\r\n\r\n", directory, name));
}

/* Many requests wait for a disk; those for others do not, as far as nothing of them is known. */
START_TEST(a_disk_that_does_not_answer_stops_no_other)
{
	enum { CLIENTS = 40 };
	struct client *clients[CLIENTS];
	struct deadline wait = { 0 };

	namespace_enter();
	struct server *server = start("", "");
	struct fuse *disk = fuse_mount(file_path(server, "/disk"));
	ck_assert_str_eq(get(server, "/disk/a").body, FUSE_TEXT);
	fuse_hold(disk, true);
	for (int i = 0; i < CLIENTS; i++) {
		clients[i] = client_open(server);
		send_get(clients[i], "/disk/", i);
	}
	while (fuse_opens(disk) < 3)
		deadline_wait(&wait, "files of the disk are being opened");
	for (int i = 0; i < 5; i++) {
		put_file(server, memory_printf("/away/%d", i), "away");
		ck_assert_str_eq(get(server, memory_printf("/away/%d", i)).body, "away");
	}
	/* One before, and two shares: some may have counted for the disk of the link at first. */
	ck_assert_uint_le(fuse_opens(disk), 9);
	fuse_hold(disk, false);
	for (int i = 0; i < CLIENTS; i++)
		ck_assert_str_eq(client_reply(clients[i]).body, FUSE_TEXT);
	fuse_unmount(disk);
	server_stop(server);
}
END_TEST

/* After ten seconds a request is refused, and those that come then are refused at once. */
START_TEST(waiting_for_a_disk_has_an_end)
{
	namespace_enter();
	struct server *server = start("", "");
	struct fuse *disk = fuse_mount(file_path(server, "/disk"));
	struct deadline wait = { 0 };

	fuse_hold(disk, true);
	long began = now_ms();
	ck_assert_int_eq(get(server, "/disk/a").status, 503);
	ck_assert_int_ge(now_ms() - began, 9000);
	ck_assert(log_has(server, "does not answer"));
	do {
		deadline_wait(&wait, "a request is refused at once");
		began = now_ms();
		ck_assert_int_eq(get(server, memory_printf("/disk/%ld", began)).status, 503);
	} while (now_ms() - began > 3000);
	ck_assert_str_eq(get(server, "/away/a").body, "away");
	fuse_hold(disk, false);
	while (get(server, "/disk/b").status != 200)
		deadline_wait(&wait, "the disk is used again");
	fuse_unmount(disk);
	server_stop(server);
}
END_TEST

START_TEST(a_root_goes_to_another_disk)
{
	namespace_enter();
	struct server *server = start("", "root %DIR%/www;");
	const char *disk = file_path(server, "/disk");

	ck_assert_str_eq(get(server, "/a").body, get(server, "/b").body);
	put_file(server, "/first/a", "first");
	link_to(server, "/www", "first");
	ck_assert_str_eq(get(server, "/a").body, "first");
	tmpfs_mount(disk);
	put_file(server, "/disk/www/a", "second");
	link_to(server, "/www", "disk/www");
	ck_assert_str_eq(get(server, "/a").body, "second");
	/* A disk in the place of the root itself. */
	link_to(server, "/www", "first");
	tmpfs_mount(file_path(server, "/first"));
	put_file(server, "/first/a", "third");
	ck_assert_str_eq(get(server, "/a").body, "third");
	umount2(file_path(server, "/first"), MNT_DETACH);
	ck_assert_str_eq(get(server, "/a").body, "first");
	umount2(disk, MNT_DETACH);
	server_stop(server);
}
END_TEST

static void mount_overlay(struct server *server)
{
	const char *disk = file_path(server, "/disk"), *merged = file_path(server, "/merged");

	tmpfs_mount(disk);
	put_file(server, "/disk/lower/a", "lower");
	put_file(server, "/disk/lower/b", "lower");
	put_file(server, "/disk/upper/b", "upper");
	mkdir(file_path(server, "/disk/work"), 0755);
	mkdir(merged, 0755);
	if (mount("overlay", merged, "overlay", 0,
		  memory_printf("lowerdir=%s/lower,upperdir=%s/upper,workdir=%s/work", disk, disk,
				disk)) < 0)
		test_skip(memory_printf("overlay cannot be mounted here: %s", strerror(errno)));
}

START_TEST(a_root_of_layers)
{
	namespace_enter();
	struct server *server = start("", "root %DIR%/www;");

	mount_overlay(server);
	link_to(server, "/www", "merged");
	ck_assert_str_eq(get(server, "/a").body, "lower");
	ck_assert_str_eq(get(server, "/b").body, "upper");
	put_file(server, "/merged/a", "changed");
	ck_assert_str_eq(get(server, "/a").body, "changed");
	umount2(file_path(server, "/merged"), MNT_DETACH);
	umount2(file_path(server, "/disk"), MNT_DETACH);
	server_stop(server);
}
END_TEST

/* Its own check: the worker cannot open anything below the new root. */
START_TEST(the_opener_keeps_links_in_the_root)
{
	struct server *server = start("", "root %DIR%/www; symlinks in_root; dotfiles deny;");

	put_file(server, "/new/a", "a");
	put_file(server, "/new/sub/b", "b");
	put_file(server, "/new/.git/c", "c");
	put_file(server, "/secret", "secret");
	link_to(server, "/new/in", "sub/b");
	link_to(server, "/new/absolute", file_path(server, "/new/sub"));
	link_to(server, "/new/out", "../secret");
	link_to(server, "/new/sub/up", "../../secret");
	link_to(server, "/www", "new");
	for (int i = 0; i < 2; i++) {
		ck_assert_str_eq(get(server, "/a").body, "a");
		ck_assert_str_eq(get(server, "/in").body, "b");
		ck_assert_str_eq(get(server, "/absolute/b").body, "b");
		ck_assert_int_eq(get(server, "/out").status, 403);
		ck_assert_int_eq(get(server, "/sub/up").status, 403);
		ck_assert_int_eq(get(server, "/.git/c").status, 403);
	}
	ck_assert(server_helper(server, "opener") != 0);
	server_stop(server);
}
END_TEST

static rlim_t descriptors_of(pid_t pid)
{
	DIR *list = opendir(memory_printf("/proc/%d/fd", pid));
	rlim_t count = 0;

	ck_assert_ptr_nonnull(list);
	for (struct dirent *entry; (entry = readdir(list));)
		count += entry->d_name[0] != '.';
	closedir(list);
	return count;
}

static void limit_descriptors(pid_t pid, rlim_t limit)
{
	struct rlimit now;

	ck_assert_int_eq(prlimit(pid, RLIMIT_NOFILE, NULL, &now), 0);
	now.rlim_cur = limit ? limit : now.rlim_max;
	ck_assert_int_eq(prlimit(pid, RLIMIT_NOFILE, &now, NULL), 0);
}

/*
 * Two answers of the opener come at once, and there is a descriptor for one of them, or for
 * none. What cannot be served then is 503, and it goes on afterwards.
 */
START_TEST(a_worker_without_descriptors)
{
	static char text[100000];
	/* Whose limits the test may change without a capability. */
	struct server *server = start(geteuid() == 0 ? "user root;" : "", "");
	pid_t worker;

	memset(text, 'x', sizeof(text) - 1);
	for (int i = 0; i < 8; i++)
		put_file(server, memory_printf("/away/%d", i), text);
	ck_assert_int_eq(server_workers(server, &worker, 1), 1);
	struct client *one = client_open(server), *other = client_open(server);
	ck_assert_int_eq(client_get(one, "/away/a").status, 200);
	ck_assert_int_eq(client_get(other, "/away/a").status, 200);
	rlim_t used = descriptors_of(worker);
	for (int i = 0; i < 6; i += 2) {
		kill(worker, SIGSTOP);
		limit_descriptors(worker, used + (rlim_t)i / 2);
		send_get(one, "/away/", i);
		send_get(other, "/away/", i + 1);
		kill(worker, SIGCONT);
		struct reply first = client_reply(one), second = client_reply(other);
		ck_assert(first.status == 200 || first.status == 503);
		ck_assert(second.status == 200 || second.status == 503);
	}
	limit_descriptors(worker, 0);
	ck_assert_uint_eq(client_get(one, "/away/6").body_len, sizeof(text) - 1);
	ck_assert_uint_eq(client_get(other, "/away/7").body_len, sizeof(text) - 1);
	server_forgive(server);
	server_stop(server);
}
END_TEST

TESTS_IN((&(struct test_suite){ .name = "opener", .timeout = 120 }),
	 a_disk_that_does_not_answer_stops_no_other, waiting_for_a_disk_has_an_end,
	 a_root_goes_to_another_disk, a_root_of_layers, the_opener_keeps_links_in_the_root,
	 a_worker_without_descriptors)
