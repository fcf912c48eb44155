/* SPDX-License-Identifier: BSD-2-Clause */
/* Certificates whose paths have variables. */
#include "harness/memory.h"
#include "harness/scratch.h"
#include "harness/test.h"

#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "named.h"
#include "tls_client.h"

static struct identity one, two;
static struct server *server;
static const char *dir;

/* The workers' user must be able to read them. */
static void put(const struct identity *identity, const char *name)
{
	identity_put(identity, dir, name);
	chmod(memory_printf("%s/%s.pem", dir, name), 0644);
	chmod(memory_printf("%s/%s.key", dir, name), 0644);
}

static void setup(void)
{
	dir = scratch_create();
	chmod(dir, 0755);
	one = identity_create("one", "EC", NULL);
	two = identity_create("two", "RSA", NULL);
	put(&one, "one");
	put(&two, "two");
}

static void teardown(void)
{
	server_stop(server);
	identity_destroy(&one);
	identity_destroy(&two);
	scratch_remove(dir);
}

static void start(const char *rest)
{
	server = server_start(memory_printf(
		"worker_processes 1; http { server { listen 127.0.0.1:%%PORT%% ssl;"
		"ssl_certificate %s/$ssl_server_name.pem;"
		"ssl_certificate_key %s/$ssl_server_name.key; %s return 200 $ssl_server_name; } }",
		dir, dir, rest));
}

static void ck_certificate(const char *name, const struct identity *identity)
{
	struct tls *tls = tls_connect(server, .name = name);

	ck_assert_msg(!tls->failed, "%s: %s", name, file_text(server, "/error.log"));
	ck_assert_int_eq(X509_cmp(SSL_get0_peer_certificate(tls->ssl), identity->certificate), 0);
	ck_assert_str_eq(tls_get(tls, "/").body, name);
	tls_close(tls);
}

static void ck_fails(const char *name)
{
	struct tls *tls = tls_connect(server, .name = name);

	ck_assert_msg(tls->failed, "%s", name ? name : "without a name");
	tls_close(tls);
}

START_TEST(a_name_chooses_the_file)
{
	start("");
	for (int i = 0; i < 3; i++) {
		ck_certificate("one", &one);
		ck_certificate("two", &two);
	}
	ck_fails("three");
	log_once(server, memory_printf("\"%s/three.pem\": No such file", dir));
	/* A failure is not kept. */
	put(&two, "three");
	ck_certificate("three", &two);
	server_forgive(server);
}
END_TEST

START_TEST(names_that_make_no_file)
{
	static const char *const names[] = { "../one",
					     "a/../one",
					     "/one",
					     "..",
					     "./one",
					     "x/one",
					     "on\x01"
					     "e",
					     "one/",
					     "",
					     NULL };

	start("");
	for (size_t i = 0; names[i]; i++)
		ck_fails(names[i][0] ? names[i] : NULL);
	log_wait(server, "make no name of a file: one is empty, or has a slash");
	ck_certificate("one", &one);
	server_forgive(server);
}
END_TEST

START_TEST(files_that_cannot_be_used)
{
	start("ssl_certificate_cache off;");
	ck_assert_int_eq(mkfifo(memory_printf("%s/fifo.pem", dir), 0644), 0);
	put_file(server, "/error.log", "");
	ck_fails("fifo");
	log_wait(server, "fifo.pem\": it is not a regular file");
	put(&one, "mixed");
	identity_put(&two, dir, "other");
	ck_assert_int_eq(
		rename(memory_printf("%s/other.key", dir), memory_printf("%s/mixed.key", dir)), 0);
	chmod(memory_printf("%s/mixed.key", dir), 0644);
	usleep(1100 * 1000); /* one error each second */
	ck_fails("mixed");
	log_wait(server, "mixed.key\": this is not the key of the certificate");
	ck_assert_int_eq(truncate(memory_printf("%s/mixed.pem", dir), 1 << 20), 0);
	usleep(1100 * 1000);
	ck_fails("mixed");
	log_wait(server, "mixed.pem\": it is too large");
	ck_certificate("one", &one);
	server_forgive(server);
}
END_TEST

START_TEST(links_are_followed)
{
	start("");
	ck_assert_int_eq(symlink("one.pem", memory_printf("%s/link.pem", dir)), 0);
	ck_assert_int_eq(
		symlink(memory_printf("%s/one.key", dir), memory_printf("%s/link.key", dir)), 0);
	ck_certificate("link", &one);
}
END_TEST

START_TEST(what_the_cache_keeps)
{
	start("ssl_certificate_cache max=1 inactive=1h valid=1h;");
	ck_certificate("one", &one);
	put(&two, "one");
	ck_certificate("one", &one);
	ck_fails("none"); /* it takes no place */
	ck_certificate("one", &one);
	ck_certificate("two", &two);
	ck_certificate("one", &two);
	server_forgive(server);
	server_stop(server);
	start("ssl_certificate_cache off;");
	ck_certificate("one", &two);
	put(&one, "one");
	ck_certificate("one", &one);
	server_stop(server);
	start("ssl_certificate_cache max=10 valid=300ms;");
	ck_certificate("one", &one);
	put(&two, "one");
	usleep(400 * 1000);
	ck_certificate("one", &two);
	server_stop(server);
	start("ssl_certificate_cache max=10 inactive=300ms valid=1h;");
	ck_certificate("one", &two);
	put(&one, "one");
	usleep(600 * 1000);
	ck_certificate("one", &one);
}
END_TEST

/* A text with its line ends as the configuration can have it. */
static const char *text_of(const char *name)
{
	static char text[8192];
	FILE *file = fopen(memory_printf("%s/%s", dir, name), "r");

	ck_assert_ptr_nonnull(file);
	text[fread(text, 1, sizeof(text) - 1, file)] = '\0';
	fclose(file);
	return memory_printf("%s", text);
}

START_TEST(data_and_a_map)
{
	server = server_start(memory_printf(
		"http { map $ssl_server_name $cert { one \"%s\"; two '%s'; }"
		"map $ssl_server_name $key { one \"%s\"; two '%s'; }"
		"map $ssl_server_name $name { ~^x\\.(.+)$ $1; default one; }"
		"server { listen 127.0.0.1:%%PORT%% ssl; ssl_certificate data:$cert;"
		"ssl_certificate_key data:$key; return 200 $ssl_server_name; }"
		"server { listen 127.0.0.1:%%PORT%% ssl; server_name *.two x.one;"
		"ssl_certificate %s/$name.pem; ssl_certificate_key data:$key$name; return 200 "
		"$ssl_server_name; }"
		"server { listen 127.0.0.1:%%PORT%% ssl; server_name static;"
		"ssl_certificate %s/$name.pem; ssl_certificate_key %s/one.key; "
		"return 200 $ssl_server_name; } }",
		text_of("one.pem"), text_of("two.pem"), text_of("one.key"), text_of("two.key"), dir,
		dir, dir));
	ck_certificate("one", &one);
	ck_certificate("two", &two);
	ck_certificate("static", &one);
	ck_fails("three"); /* "data:" without a text */
	log_wait(server, "\"data:\" of the configuration");
	ck_fails("x.one"); /* the key is no key */
	server_forgive(server);
}
END_TEST

START_TEST(a_resumed_session_reads_no_file)
{
	start("ssl_certificate_cache off;");

	struct tls *tls = tls_connect(server, .name = "one");

	ck_assert_str_eq(tls_get(tls, "/").body, "one");

	SSL_SESSION *session = SSL_get1_session(tls->ssl);

	tls_close(tls);
	ck_assert_int_eq(unlink(memory_printf("%s/one.pem", dir)), 0);
	tls = tls_connect(server, .name = "one", .session = session);
	ck_assert(!tls->failed);
	ck_assert_int_eq(SSL_session_reused(tls->ssl), 1);
	ck_assert_str_eq(tls_get(tls, "/").body, "one");
	tls_close(tls);
	SSL_SESSION_free(session);
	ck_fails("one");
	server_forgive(server);
}
END_TEST

/* A client in a process of its own, because it waits. Its exit status is 0 if it was served. */
static pid_t start_client(const char *name)
{
	pid_t pid = fork();

	if (pid != 0)
		return pid;

	struct tls *tls = tls_connect(server, .name = name);

	_exit(tls->failed ? 1 : strcmp(tls_get(tls, "/").body, name) != 0);
}

static int result_of(pid_t pid)
{
	int status;

	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* While the helper stands still, handshakes wait, others don't feel it, and clients may go. */
START_TEST(handshakes_wait_for_the_helper)
{
	enum { CLIENTS = 8 };
	pid_t clients[CLIENTS];

	start("ssl_certificate_cache max=10 inactive=1h valid=1h; ssl_handshake_timeout 60s;");
	ck_certificate("one", &one);

	pid_t helper = server_helper(server, "certificates");

	ck_assert_int_gt(helper, 0);
	kill(helper, SIGSTOP);
	for (int i = 0; i < CLIENTS; i++)
		clients[i] = start_client("two");
	usleep(200 * 1000);
	ck_certificate("one", &one);
	for (int i = 0; i < CLIENTS / 2; i++) {
		kill(clients[i], SIGKILL);
		ck_assert_int_eq(result_of(clients[i]), -1);
	}
	usleep(50 * 1000);
	kill(helper, SIGCONT);
	for (int i = CLIENTS / 2; i < CLIENTS; i++)
		ck_assert_int_eq(result_of(clients[i]), 0);
	/* It dies: those that wait fail, and the next ones ask another one. */
	kill(helper, SIGSTOP);
	clients[0] = start_client("three");
	usleep(200 * 1000);
	kill(helper, SIGKILL);
	ck_assert_int_eq(result_of(clients[0]), 1);
	put(&one, "three");

	struct deadline p = { 0 };

	while (result_of(start_client("three")) != 0)
		deadline_wait(&p, "another helper");
	server_forgive(server);
}
END_TEST

/* A key whose password takes long to try. */
static void put_slow_key(const struct identity *identity, const char *name)
{
	PKCS8_PRIV_KEY_INFO *plain = EVP_PKEY2PKCS8(identity->key);
	unsigned char salt[] = "salt";
	X509_SIG *sealed = PKCS8_encrypt(-1, EVP_aes_128_cbc(), "right", 5, salt, sizeof(salt),
					 100 * 1000, plain);
	FILE *file = fopen(memory_printf("%s/%s.key", dir, name), "w");

	ck_assert_ptr_nonnull(file);
	ck_assert_int_eq(PEM_write_PKCS8(file, sealed), 1);
	fclose(file);
	X509_SIG_free(sealed);
	PKCS8_PRIV_KEY_INFO_free(plain);
}

/* While the worker tries passwords, others don't feel it. A failure is remembered for a second. */
START_TEST(a_key_that_takes_long)
{
	put(&one, "slow");
	put_slow_key(&one, "slow");

	FILE *file = fopen(memory_printf("%s/passwords", dir), "w");

	ck_assert_ptr_nonnull(file);
	fputs("none\nof\nthese\nfits\n", file);
	fclose(file);
	start(memory_printf("ssl_password_file %s/passwords; ssl_handshake_timeout 60s;"
			    "keepalive_requests 1000000;",
			    dir));

	struct tls *other = tls_connect(server, .name = "one");
	long began = now_ms(), longest = 0;
	pid_t slow = start_client("slow");
	int status;

	while (waitpid(slow, &status, WNOHANG) == 0) {
		long asked = now_ms();

		ck_assert_str_eq(tls_get(other, "/").body, "one");
		if (now_ms() - asked > longest)
			longest = now_ms() - asked;
		usleep(10 * 1000);
	}

	long took = now_ms() - began;

	tls_close(other);
	ck_assert_int_eq(WEXITSTATUS(status), 1);
	ck_assert_msg(longest < took / 2, "a request takes %ld ms of %ld ms", longest, took);
	log_wait(server, "slow.key\": bad decrypt");
	began = now_ms();
	ck_fails("slow");
	ck_fails("slow");
	ck_assert_int_lt(now_ms() - began, took / 2);
	server_forgive(server);
}
END_TEST

/* Also if others fill the cache meanwhile, or nothing has been used for `inactive`. */
static void ck_share_a_question(const char *cache)
{
	server = server_start(memory_printf(
		"worker_processes 1; http { ssl_certificate_cache %s; ssl_handshake_timeout 60s;"
		"map $ssl_server_name $cert { memory1 \"%s\"; memory2 \"%s\"; }"
		"map $ssl_server_name $key { memory1 \"%s\"; memory2 \"%s\"; }"
		"server { listen 127.0.0.1:%%PORT%% ssl; ssl_certificate %s/$ssl_server_name.pem;"
		"ssl_certificate_key %s/$ssl_server_name.key; return 200 $ssl_server_name; }"
		"server { listen 127.0.0.1:%%PORT%% ssl; server_name memory1 memory2;"
		"ssl_certificate data:$cert; ssl_certificate_key data:$key;"
		"return 200 $ssl_server_name; } }",
		cache, text_of("one.pem"), text_of("two.pem"), text_of("one.key"),
		text_of("two.key"), dir, dir));
	ck_certificate("one", &one);

	pid_t helper = server_helper(server, "certificates");

	kill(helper, SIGSTOP);

	pid_t first = start_client("ghost");

	usleep(200 * 1000);
	ck_certificate("memory1", &one);
	ck_certificate("memory2", &two);
	usleep(300 * 1000);

	pid_t second = start_client("ghost");

	usleep(200 * 1000);
	kill(helper, SIGCONT);
	ck_assert_int_eq(result_of(first), 1);
	ck_assert_int_eq(result_of(second), 1);
	/* Each answer with an error is a line, if only at the level info. */
	ck_assert_uint_eq(file_count(server, "/error.log", "ghost.pem\": No such file"), 1);
	server_forgive(server);
}

START_TEST(handshakes_share_a_question)
{
	ck_share_a_question("max=1 inactive=1h valid=1h");
	server_stop(server);
	ck_share_a_question("max=10 inactive=100ms valid=1h");
}
END_TEST

/* Clients that choose ever new names must not make the worker remember them. */
START_TEST(questions_of_handshakes_that_ended_are_withdrawn)
{
	start("ssl_certificate_cache max=10 inactive=1h valid=1h; ssl_handshake_timeout 300ms;");
	ck_certificate("one", &one);

	pid_t helper = server_helper(server, "certificates");

	kill(helper, SIGSTOP);
	for (int i = 0; i < 4; i++) {
		pid_t client = start_client(memory_printf("ghost%d", i));

		ck_assert_int_eq(result_of(client), 1);
	}
	kill(helper, SIGCONT);
	ck_certificate("two", &two);
	ck_assert(!log_has(server, "ghost"));
	ck_fails("ghost0");
	ck_assert(log_has(server, "ghost0"));
}
END_TEST

START_TEST(a_handshake_does_not_wait_for_ever)
{
	start("ssl_handshake_timeout 300ms; ssl_certificate_cache off;");
	ck_certificate("one", &one);

	pid_t helper = server_helper(server, "certificates");

	kill(helper, SIGSTOP);

	pid_t client = start_client("two");

	ck_assert_int_eq(result_of(client), 1);
	kill(helper, SIGCONT);
	ck_certificate("two", &two);
}
END_TEST

START_TEST(a_reload_while_handshakes_wait)
{
	start("ssl_handshake_timeout 60s;");
	ck_certificate("one", &one);

	pid_t helper = server_helper(server, "certificates");

	kill(helper, SIGSTOP);

	pid_t client = start_client("two");

	usleep(200 * 1000);
	kill(server->pid, SIGHUP);
	log_wait(server, "generation 2 of the configuration serves");
	kill(helper, SIGCONT);
	ck_assert_int_eq(result_of(client), 0);
	ck_certificate("two", &two);
}
END_TEST

START_TEST(without_a_master_no_file_is_read)
{
	server = server_start(memory_printf(
		"master_process off; http { server { listen 127.0.0.1:%%PORT%% ssl;"
		"ssl_certificate %s/$ssl_server_name.pem; ssl_certificate_key %s/one.key; } }",
		dir, dir));
	ck_assert(file_count(server, "/output.log",
			     "no process reads certificates whose paths have variables") == 1);
	ck_fails("one");
	log_wait(server, "no process reads it: there is none with \"master_process off\"");
	server_forgive(server);
}
END_TEST

/* Each beginning of a question, and each byte of it changed. */
START_TEST(questions_of_a_hostile_worker)
{
	char bytes[NAMED_QUESTION_MAX + 1];
	struct named_question question = { 7, STR("one.pem"), STR("one.key") }, read;
	size_t len = named_question_write(bytes, &question);

	start("");
	ck_assert(named_question_read((struct str){ bytes, len }, &read));
	ck_assert_uint_eq(read.number, 7);
	ck_assert(str_eq(read.certificate, STR("one.pem")) && str_eq(read.key, STR("one.key")));
	for (size_t i = 0; i < len; i++)
		ck_assert(!named_question_read((struct str){ bytes, i }, &read) ||
			  i == len - 1 - strlen("one.key"));
	for (size_t i = 4; i < len; i++) {
		char kept = bytes[i];

		bytes[i] = kept ? '\0' : 'x';
		ck_assert(!named_question_read((struct str){ bytes, len }, &read));
		bytes[i] = kept;
	}
	memset(bytes, 0, sizeof(bytes));
	ck_assert(!named_question_read((struct str){ bytes, sizeof(bytes) }, &read));
}
END_TEST

static void ck_refused(const char *directives, const char *why)
{
	const char *output;

	ck_assert_int_eq(server_fails(memory_printf("http { server { listen 127.0.0.1:%%PORT%% ssl;"
						    " %s } }",
						    directives),
				      &output),
			 1);
	ck_assert_msg(strstr(output, why) != NULL, "%s", output);
}

START_TEST(wrong_directives)
{
	start("");
	ck_refused("ssl_certificate /$ssl_server_name; ssl_certificate_key a;",
		   "the directory of the file is missing");
	ck_refused("ssl_certificate $nothing; ssl_certificate_key a;",
		   "unknown variable \"$nothing\"");
	ck_refused("ssl_certificate $ssl_server_name;", "each certificate needs its key");
	ck_refused("ssl_certificate_cache inactive=1s;", "max= is missing");
	ck_refused("ssl_certificate_cache max=0;", "max=0");
	ck_refused("ssl_certificate_cache max=1 size=2;", "expected max=N");
}
END_TEST

TESTS_IN((&(struct test_suite){
		 .name = "certificates by name", .setup = setup, .teardown = teardown }),
	 a_name_chooses_the_file, names_that_make_no_file, files_that_cannot_be_used,
	 links_are_followed, what_the_cache_keeps, data_and_a_map, a_resumed_session_reads_no_file,
	 a_key_that_takes_long, handshakes_wait_for_the_helper, handshakes_share_a_question,
	 questions_of_handshakes_that_ended_are_withdrawn, a_handshake_does_not_wait_for_ever,
	 a_reload_while_handshakes_wait, without_a_master_no_file_is_read,
	 questions_of_a_hostile_worker, wrong_directives)
