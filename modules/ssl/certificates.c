/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The master keeps a list of the certificates whose files it looks at again. A pair that has
 * changed takes the place of the old one in the memory of the master; the workers that are forked
 * then have it, too.
 */
#include "certificates.h"

#include <errno.h>
#include <fcntl.h>
#include <hash.h>
#include <module.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "named.h"
#include "self_signed.h"

/* What a file was like when it was looked at last. */
struct stamp {
	struct timespec changed;
	off_t size;
	ino_t inode;
};

struct watched {
	const struct ssl_conf *conf;
	struct ssl_certificate *certificate;
	struct conf_word file, key_file;
	struct stamp stamp, key_stamp;
	struct watched *next, **link;
};

static struct watched *first_watched;

/* --- reading --- */

static void free_certificate(void *certificate)
{
	certificate_free(certificate);
}

/*
 * Reports an error at a word of the configuration; without `call`, to the log, because a file has
 * changed while the server runs. Returns -EINVAL.
 */
static int __attribute__((format(printf, 3, 4)))
complain(struct conf_call *call, const struct conf_word *word, const char *format, ...)
{
	char text[512];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	/* The remedy stands behind the last line feed, if the format has one. */
	char *feed = strchr(format, '\n') ? strrchr(text, '\n') : NULL;
	if (feed)
		*feed = '\0';
	if (call && feed)
		return conf_error(call, word, "%s\n%s", text, feed + 1);
	if (call)
		return conf_error(call, word, "%s", text);
	log_errorx("\"%.*s\" has changed, and the old certificate stays in use: %s",
		   STR_ARG(str_head(word->text, 300)), text);
	return -EINVAL;
}

/* The bytes of a file, which may be a private key. */
struct bytes {
	char *data; /* of malloc(3) */
	size_t len, room;
};

static void free_bytes(struct bytes *bytes)
{
	if (bytes->data)
		explicit_bzero(bytes->data, bytes->len);
	free(bytes->data);
	*bytes = (struct bytes){ NULL, 0, 0 };
}

/* No copy stays in memory that was freed, as realloc(3) would leave it. */
static void grow(struct bytes *bytes, size_t room)
{
	struct bytes grown = { heap_alloc(room), bytes->len, room };

	if (bytes->len)
		memcpy(grown.data, bytes->data, bytes->len);
	free_bytes(bytes);
	*bytes = grown;
}

/* 0 or -errno. */
static int read_all(int fd, struct bytes *bytes)
{
	enum { FILE_MAX = 64 << 20 };
	ssize_t n;

	grow(bytes, 8192);
	while ((n = read(fd, bytes->data + bytes->len, bytes->room - bytes->len)) != 0) {
		if (n < 0 && errno != EINTR)
			return -errno;
		bytes->len += n < 0 ? 0 : (size_t)n;
		if (bytes->len >= FILE_MAX)
			return -EFBIG;
		if (bytes->len == bytes->room)
			grow(bytes, 2 * bytes->room);
	}
	return 0;
}

/*
 * *text is what the file holds, or what follows "data:", as long as *bytes is not freed. 0, or
 * -EINVAL after an error was reported.
 */
static int read_text(struct conf_call *call, const struct conf_word *word, struct bytes *bytes,
		     struct str *text)
{
	*text = str_skip(word->text, 5);
	if (str_starts(word->text, STR("data:")))
		return 0;

	int fd = open(word->text.data, O_RDONLY | O_CLOEXEC);
	int error = fd < 0 ? -errno : read_all(fd, bytes);

	if (fd >= 0)
		close(fd);
	*text = (struct str){ bytes->data, bytes->len };
	return error < 0 ? complain(call, word, "it cannot be read: %s", strerror(-error)) : 0;
}

/* The certificates of issuers of this configuration. NULL: no configuration is read. */
static struct hash_table *issuers_of(struct conf_call *call)
{
	static const char key_of_issuers;
	struct hash_table *issuers =
		call ? conf_shared(call->conf, &key_of_issuers, sizeof(*issuers)) : NULL;

	if (issuers)
		issuers->pool = call->pool;
	return issuers;
}

static int parse_pair(struct conf_call *call, const struct ssl_conf *conf,
		      const struct conf_word *file, struct str chain,
		      const struct conf_word *key_file, struct str key,
		      struct ssl_certificate *out)
{
	const char *reason;

	switch (certificate_parse(chain, key, &conf->passwords, issuers_of(call), out, &reason)) {
	case CERTIFICATE_WRONG_CHAIN:
		return complain(call, file,
				"this is not a certificate: %s\n"
				"expected PEM: the server's certificate, then its issuers'",
				reason);
	case CERTIFICATE_WRONG_KEY:
		return complain(call, key_file,
				"this is not a private key that can be read: %s\n"
				"expected PEM; a key with a password needs ssl_password_file",
				reason);
	case CERTIFICATE_OTHER_KEY:
		return complain(call, key_file,
				"this is not the key of the certificate \"%.*s\"",
				STR_ARG(str_head(file->text, 200)));
	default:
		return 0;
	}
}

static int read_pair(struct conf_call *call, const struct ssl_conf *conf,
		     const struct conf_word *file, const struct conf_word *key_file,
		     struct ssl_certificate *out)
{
	struct bytes chain_bytes = { NULL, 0, 0 }, key_bytes = { NULL, 0, 0 };
	struct str chain, key;
	int result = -EINVAL;

	if (read_text(call, file, &chain_bytes, &chain) == 0 &&
	    read_text(call, key_file, &key_bytes, &key) == 0)
		result = parse_pair(call, conf, file, chain, key_file, key, out);
	free_bytes(&chain_bytes);
	free_bytes(&key_bytes);
	return result;
}

/* --- files that change --- */

static void look_at(const struct conf_word *word, struct stamp *stamp)
{
	struct stat status;

	*stamp = (struct stamp){ .size = -1 };
	if (!str_starts(word->text, STR("data:")) && stat(word->text.data, &status) == 0)
		*stamp = (struct stamp){ status.st_mtim, status.st_size, status.st_ino };
}

static bool is_same(const struct stamp *a, const struct stamp *b)
{
	return a->changed.tv_sec == b->changed.tv_sec &&
	       a->changed.tv_nsec == b->changed.tv_nsec && a->size == b->size &&
	       a->inode == b->inode;
}

static void unwatch(void *data)
{
	struct watched *watched = data;

	*watched->link = watched->next;
	if (watched->next)
		watched->next->link = watched->link;
}

static void watch(struct pool *pool, const struct ssl_conf *conf, size_t i,
		  struct ssl_certificate *certificate)
{
	struct watched *watched = pool_new(pool, struct watched);

	*watched = (struct watched){
		.conf = conf,
		.certificate = certificate,
		.file = conf->certificates.items[i].word,
		.key_file = conf->keys.items[i].word,
		.next = first_watched,
		.link = &first_watched,
	};
	look_at(&watched->file, &watched->stamp);
	look_at(&watched->key_file, &watched->key_stamp);
	if (first_watched)
		first_watched->link = &watched->next;
	first_watched = watched;
	pool_cleanup(pool, unwatch, watched);
}

/* Whether the pair has changed, and is in use now. An error is reported once for each change. */
static bool refresh(struct watched *watched)
{
	struct ssl_certificate read = { .leaf = NULL };
	struct stamp stamp, key_stamp;

	look_at(&watched->file, &stamp);
	look_at(&watched->key_file, &key_stamp);
	if (is_same(&stamp, &watched->stamp) && is_same(&key_stamp, &watched->key_stamp))
		return false;
	watched->stamp = stamp;
	watched->key_stamp = key_stamp;
	if (read_pair(NULL, watched->conf, &watched->file, &watched->key_file, &read) < 0) {
		certificate_free(&read);
		return false;
	}
	certificate_free(watched->certificate);
	*watched->certificate = read;
	log_notice("\"%.*s\" has changed and is used from now on",
		   STR_ARG(str_head(watched->file.text, 300)));
	return true;
}

bool certificates_refresh(void)
{
	bool has_changed = false;

	for (struct watched *watched = first_watched; watched; watched = watched->next)
		has_changed |= refresh(watched);
	return has_changed;
}

/* --- the certificates of a server --- */

/* Reads the pair with this index. NULL after an error was reported. */
static struct ssl_certificate *read_new(struct conf_call *call, const struct ssl_conf *conf,
					size_t i)
{
	struct ssl_certificate *certificate = pool_new(call->pool, struct ssl_certificate);

	pool_cleanup(call->pool, free_certificate, certificate);
	/* It is looked at before it is read: what changes in between is read again. */
	watch(call->pool, conf, i, certificate);
	return read_pair(call, conf, &conf->certificates.items[i].word,
			 &conf->keys.items[i].word, certificate) < 0 ?
		       NULL :
		       certificate;
}

/* The same for a pair that may have been read for another server: such servers share it. */
static struct ssl_certificate *read_once(struct conf_call *call, const struct ssl_conf *conf,
					 size_t i)
{
	static const char key_of_table;
	struct hash_table *pairs = conf_shared(call->conf, &key_of_table, sizeof(*pairs));
	struct str file = conf->certificates.items[i].word.text;
	struct str key_file = conf->keys.items[i].word.text;
	struct str name = pool_printf(call->pool, "%.*s\n%.*s\n%p", STR_ARG(file),
					       STR_ARG(key_file), (void *)conf->passwords.items);
	struct ssl_certificate *certificate;

	pairs->pool = call->pool;
	certificate = hash_get(pairs, name);
	if (!certificate) {
		certificate = read_new(call, conf, i);
		if (certificate)
			hash_put(pairs, name, certificate);
	}
	return certificate;
}

static int make_self_signed(struct conf_call *call, const struct ssl_conf *conf,
			    struct ssl_certificate *out)
{
	pool_cleanup(call->pool, free_certificate, out);
	return self_signed_create(&conf->self_signed, out) ?
		       0 :
		       conf_error(call, &conf->self_signed.items[0],
				  "OpenSSL cannot make a certificate: %s", ssl_error_text());
}

int certificates_read(struct conf_call *call, const struct ssl_conf *conf,
		      struct ssl_settings *settings)
{
	struct ssl_certificate **certificates =
		pool_array(call->pool, struct ssl_certificate *, conf->certificates.count + 1);
	const struct named_pair **pairs = pool_array(call->pool, const struct named_pair *,
						     conf->certificates.count + 1);

	settings->certificates = certificates;
	if (conf->self_signed.count) {
		certificates[0] = pool_new(call->pool, struct ssl_certificate);
		settings->certificates_count = 1;
		return make_self_signed(call, conf, certificates[0]);
	}
	settings->pairs = pairs;
	for (size_t i = 0; i < conf->certificates.count; i++) {
		if (conf->certificates.items[i].path || conf->keys.items[i].path) {
			pairs[settings->pairs_count] = named_pair_find(call, conf, i);
			if (!pairs[settings->pairs_count++])
				return -EINVAL;
			continue;
		}

		struct ssl_certificate *certificate = read_once(call, conf, i);

		if (!certificate)
			return -EINVAL;
		certificates[settings->certificates_count++] = certificate;
	}
	return 0;
}

/*
 * The list has the certificates of all configurations that are in memory, the latest first, so a
 * file may be in it twice.
 */
void certificates_metrics(struct metrics *to)
{
	struct pool *pool = pool_create(0);
	struct hash_table seen = { .pool = pool };

	metrics_family(to, "skua_ssl_certificate_expiry_time_seconds", GAUGE,
		       "When the certificate in this file expires, in seconds since the epoch.");
	for (const struct watched *at = first_watched; at; at = at->next) {
		struct str file = at->file.text;

		/* What the configuration itself holds has no name. */
		if (str_starts(file, STR("data:")) || at->certificate->expires <= 0 ||
		    hash_put(&seen, file, to))
			continue;
		metrics_sample(to, "file", file, (uint64_t)at->certificate->expires);
	}
	pool_destroy(pool);
}
