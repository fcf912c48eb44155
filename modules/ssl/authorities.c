/* SPDX-License-Identifier: BSD-2-Clause */
#include "authorities.h"

#include <dirent.h>
#include <module.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "settings.h"

/* --- directories --- */

/*
 * The names of the files that OpenSSL looks for in a directory of authorities: the hash of a
 * subject and a number, with "r" before the number for a CRL. See X509_LOOKUP_hash_dir(3).
 */
static int is_hashed_name(const struct dirent *entry)
{
	const char *name = entry->d_name;
	size_t hash = strspn(name, "0123456789abcdef");
	const char *number = name + hash + 1;

	if (hash != 8 || name[hash] != '.')
		return 0;
	number += *number == 'r';
	return *number && number[strspn(number, "0123456789")] == '\0';
}

static int compare_names(const struct dirent **one, const struct dirent **other)
{
	return strcmp((*one)->d_name, (*other)->d_name);
}

/*
 * Calls visit() with the path of each file in the directory that OpenSSL can look for, always in
 * the same order.
 */
static void visit_directory(struct conf_call *call, struct str directory,
			    void (*visit)(struct conf_call *call, struct str path, void *data),
			    void *data)
{
	struct dirent **entries;
	int count = scandir(directory.data, &entries, is_hashed_name, compare_names);

	for (int i = 0; i < count; i++) {
		visit(call, pool_printf(call->pool, "%s/%s", directory.data, entries[i]->d_name),
		      data);
		free(entries[i]);
	}
	if (count >= 0)
		free(entries);
}

/* The next path of a list with colons, which starts at the directory of the configuration file. */
static bool next_directory(struct conf_call *call, struct str *list, struct str *out)
{
	struct str name = STR("");

	while (str_empty(name) && !str_empty(*list))
		name = str_split(list, ':');
	*out = conf_relative_to_file(call->conf, pool_strdup(call->pool, name));
	return !str_empty(name);
}

/* A link may lead out of the directory, to what workers may not open. */
static void allow_link(struct conf_call *call, struct str path, void *unused)
{
	struct stat info;

	(void)unused;
	if (lstat(path.data, &info) == 0 && S_ISLNK(info.st_mode))
		conf_opens(call, path);
}

struct str authorities_use_directories(struct conf_call *call, struct str list)
{
	struct text text = { .pool = call->pool };
	struct str directory;

	while (next_directory(call, &list, &directory)) {
		conf_opens(call, directory);
		visit_directory(call, directory, allow_link, NULL);
		text_add(&text, text.len > 0 ? STR(":") : STR(""));
		text_add(&text, directory);
	}
	return text_str(&text);
}

/* --- what they hold --- */

static void digest_file(EVP_MD_CTX *digest, struct str path)
{
	BIO *bio = path.len ? BIO_new_file(path.data, "r") : NULL;
	char bytes[4096];
	int len;

	while (bio && (len = BIO_read(bio, bytes, sizeof(bytes))) > 0)
		EVP_DigestUpdate(digest, bytes, (size_t)len);
	EVP_DigestUpdate(digest, "\n", 2);
	BIO_free(bio);
	ERR_clear_error();
}

static void digest_authority(struct conf_call *call, struct str path, void *digest)
{
	(void)call;
	EVP_DigestUpdate(digest, path.data, path.len + 1);
	digest_file(digest, path);
}

/* A command can name authorities, too, which take the place of those of the directives. */
static void digest_command(struct conf_call *call, EVP_MD_CTX *digest, struct str name,
			   struct str value)
{
	struct str directory;

	EVP_DigestUpdate(digest, name.data, name.len + 1);
	EVP_DigestUpdate(digest, value.data, value.len + 1);
	if (str_eq_nocase(name, STR("VerifyCAFile")))
		digest_file(digest, conf_relative_to_file(call->conf, value));
	if (str_eq_nocase(name, STR("VerifyCAPath")))
		while (next_directory(call, &value, &directory))
			visit_directory(call, directory, digest_authority, digest);
}

void authorities_digest(struct conf_call *call, const struct ssl_conf *conf, EVP_MD_CTX *digest)
{
	digest_file(digest, conf->client_certificate);
	digest_file(digest, conf->trusted_certificate);
	digest_file(digest, conf->crl);
	for (size_t i = 0; i < conf->commands.count; i += 2)
		digest_command(call, digest, conf->commands.items[i].text,
			       conf->commands.items[i + 1].text);
}
