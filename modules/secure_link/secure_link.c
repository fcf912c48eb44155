/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Links that can be made only with a secret, and that expire:
 *
 *     location /files/ {
 *         secure_link     $arg_md5,$arg_expires;
 *         secure_link_md5 "$secure_link_expires$uri secret";
 *         if ($secure_link = "")  { return 403; }
 *         if ($secure_link = "0") { return 410; }
 *     }
 */
#include <module.h>

struct secure_link_conf {
	const struct template *link; /* "digest,time" */
	const struct template *text; /* from which the digest is computed */
	struct str secret; /* of secure_link_secret */
	const struct secure_link_conf *links_in; /* the block that `link` or `text` stands in */
	const struct secure_link_conf *secret_in; /* the block that `secret` stands in */
};

/* The two parts of "digest,time" in the request. Without a time, expires_s is 0. */
struct link {
	struct str digest, expires;
	uint64_t expires_s;
};

static bool find_link(struct request *req, const struct secure_link_conf *conf, struct link *out)
{
	struct str text = template_text(req, conf->link);
	bool has_time = str_chr(text, ',') >= 0;

	out->digest = str_split(&text, ',');
	out->expires = has_time ? text : STR("");
	out->expires_s = 0;
	if (!has_time)
		return true;
	return str_to_u64(text, INT64_MAX, &out->expires_s) == 0 && out->expires_s > 0;
}

enum { DIGEST_DIGITS = 24 /* of Base64, with padding */ };

/* Decodes Base64 with the URL alphabet (RFC 4648 section 5). */
static bool decode(struct pool *pool, struct str text, struct str *out)
{
	char *copy = pool_memdup(pool, text.data, text.len);

	if (text.len > DIGEST_DIGITS)
		return false;
	for (size_t i = 0; i < text.len; i++) {
		if (copy[i] == '+' || copy[i] == '/')
			return false;
		copy[i] = copy[i] == '-' ? '+' : copy[i] == '_' ? '/' : copy[i];
	}
	return base64_decode(pool, (struct str){ copy, text.len }, out);
}

static struct str digest_of(struct request *req, struct str text)
{
	unsigned char *digest = pool_alloc(req->pool, MD5_SIZE);

	md5_of(text, digest);
	return (struct str){ (char *)digest, MD5_SIZE };
}

static bool check_link(struct request *req, const struct secure_link_conf *conf, struct str *out)
{
	struct link link;
	struct str digest;

	if (!conf->link || !conf->text || !find_link(req, conf, &link) ||
	    !decode(req->pool, link.digest, &digest) ||
	    !secret_eq(digest, digest_of(req, template_text(req, conf->text))))
		return false;
	*out = link.expires_s && (int64_t)link.expires_s < clock_wall_ms() / 1000 ? STR("0") :
										   STR("1");
	return true;
}

/*
 * Checks "/prefix/DIGEST/rest" in the target of the request, before decoding. The value is the
 * rest.
 */
static bool check_path(struct request *req, struct str secret, struct str *out)
{
	struct str path = str_skip(req->target, 1);
	char hex[2 * MD5_SIZE];

	str_split(&path, '/');

	struct str sent = str_split(&path, '/');
	const struct str parts[] = { path, secret };
	struct str digest = digest_of(req, pool_concat(req->pool, parts, 2));

	for (size_t i = 0; i < sizeof(hex); i++) {
		unsigned char byte = (unsigned char)digest.data[i / 2];

		hex[i] = "0123456789abcdef"[i % 2 ? byte & 15 : byte >> 4];
	}
	*out = path;
	return !str_empty(path) &&
	       secret_eq(pool_lower(req->pool, sent), (struct str){ hex, sizeof(hex) });
}

static bool get_link(struct request *req, struct str rest, const void *data, struct str *out)
{
	const struct secure_link_conf *conf = data;

	(void)rest;
	return str_empty(conf->secret) ? check_link(req, conf, out) :
					 check_path(req, conf->secret, out);
}

static bool get_expires(struct request *req, struct str rest, const void *data, struct str *out)
{
	const struct secure_link_conf *conf = data;
	struct link link;

	(void)rest;
	if (!conf->link || !find_link(req, conf, &link) || !link.expires_s)
		return false;
	*out = link.expires;
	return true;
}

/* As in nginx, a block that has links of one kind inherits nothing of the other kind. */
static int note_links(struct conf_call *call)
{
	struct secure_link_conf *conf = call->data;

	conf->links_in = conf;
	if (conf->secret_in != conf)
		conf->secret = STR("");
	return 0;
}

static int note_secret(struct conf_call *call)
{
	struct secure_link_conf *conf = call->data;

	conf->secret_in = conf;
	if (conf->links_in != conf)
		conf->link = conf->text = NULL;
	return 0;
}

static int check_conf(struct conf_call *call, void *data)
{
	const struct secure_link_conf *conf = data;

	if (str_empty(conf->secret) || conf->links_in != conf)
		return 0;
	return conf_error(call, NULL,
			  "secure_link_secret cannot stand beside secure_link or "
			  "secure_link_md5\nuse one kind of links");
}

const struct module secure_link_module = {
	.name = "secure_link",
	.summary = "checks links that were made with a secret",
	.conf_size = sizeof(struct secure_link_conf),
	.directives = (const struct directive[]) {
		DIRECTIVE("secure_link", IN_ANY_HTTP, struct secure_link_conf, link, "value",
			  "The digest in the request (MD5 in Base64 for URLs) and, after a "
			  "comma, the time at which the link expires, in seconds since 1970. The "
			  "value usually contains arguments of the request. The digest is "
			  "computed from the text of secure_link_md5.\n\n"
			  "    location /files/ {\n"
			  "        secure_link     $arg_md5,$arg_expires;\n"
			  "        secure_link_md5 \"$secure_link_expires$uri secret\";\n"
			  "        if ($secure_link = \"\")  { return 403; }\n"
			  "        if ($secure_link = \"0\") { return 410; }\n"
			  "    }",
			  .set = note_links),
		DIRECTIVE("secure_link_md5", IN_ANY_HTTP, struct secure_link_conf, text, "value",
			  "The text from which the digest of a link is computed. It has to "
			  "contain a secret, should contain the path and the time, and may "
			  "contain the client's address.\n\n"
			  "    secure_link_md5 \"$secure_link_expires$uri$remote_addr secret\";",
			  .set = note_links),
		DIRECTIVE("secure_link_secret", IN_ANY_HTTP, struct secure_link_conf, secret,
			  "word",
			  "Checks links of an older kind: /prefix/DIGEST/rest. DIGEST is the MD5 "
			  "of the rest followed by this word, in hexadecimal digits. "
			  "$secure_link is the rest, or empty if the digest is wrong. Such links "
			  "do not expire. A location with secure_link or secure_link_md5 does not "
			  "inherit the word.\n\n"
			  "    location /p/ {\n"
			  "        secure_link_secret secret;\n"
			  "        if ($secure_link = \"\") { return 403; }\n"
			  "        rewrite ^ /files/$secure_link;\n"
			  "    }",
			  .set = note_secret),
		{ 0 }
	},
	.variables = (const struct variable[]) {
		{ "secure_link", get_link,
		  "With secure_link: no value if the digest of the link is wrong, 0 if the link "
		  "has expired, otherwise 1. With secure_link_secret: the part of the path after "
		  "the digest.\n\n"
		  "    if ($secure_link = \"\") { return 403; }" },
		{ "secure_link_expires", get_expires,
		  "The time at which the link expires, as it stands in the link.\n\n"
		  "    secure_link_md5 \"$secure_link_expires$uri secret\";" },
		{ 0 }
	},
	.check = check_conf,
};
