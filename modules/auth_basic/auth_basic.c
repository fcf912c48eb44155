/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Asks for a name and a password (RFC 7617), and checks them with a file as htpasswd(1) writes it:
 *
 *     location /private/ {
 *         auth_basic           "Members only";
 *         auth_basic_user_file users.txt;
 *     }
 *
 * Passwords are checked on threads (check.c). A pair of name and password that was right is
 * remembered for a minute (verified.c).
 */
#include <module.h>

#include "check.h"

extern const struct module auth_basic_module;

struct auth_basic_conf {
	const struct template *realm; /* NULL, or the text "off": no password is needed */
	const struct template *file;
};

enum { CHECKED, REMEMBERED }; /* counters */

struct auth_context {
	struct credentials what;
	struct check *check; /* NULL: no check has begun yet */
};

/* --- refusals ------------------------------------------------------------------------ */

/*
 * Makes a quoted string (RFC 9110): quotes and backslashes are escaped, control characters become
 * blanks.
 */
static struct str quoted(struct pool *pool, struct str text)
{
	struct text out = { .pool = pool };

	text_add_char(&out, '"');
	for (size_t i = 0; i < text.len; i++) {
		unsigned char c = (unsigned char)text.data[i];

		if (c == '"' || c == '\\')
			text_add_char(&out, '\\');
		text_add_char(&out, c < ' ' || c == 0x7F ? ' ' : (char)c);
	}
	text_add_char(&out, '"');
	return text_str(&out);
}

static verdict challenge(struct request *req, const struct auth_basic_conf *conf)
{
	struct str realm = quoted(req->pool, template_text(req, conf->realm));

	response_set(req, STR("WWW-Authenticate"),
		     pool_printf(req->pool, "Basic realm=%.*s", STR_ARG(realm)));
	return 401;
}

/* As in nginx, a missing file gives 403, and other errors give 500. */
static verdict refuse_file(struct request *req, const char *path, int error)
{
	bool is_missing = error == -ENOENT;

	request_log(req, is_missing ? LEVEL_ERROR : LEVEL_CRIT, -error,
		    "the file of users \"%s\" cannot be read", path);
	return is_missing ? 403 : 500;
}

/* --- the check ----------------------------------------------------------------------- */

/* Parses "Basic dXNlcjpwYXNzd29yZA==". False: there is no such field, or it has no name. */
static bool parse_authorization(struct request *req, struct credentials *out)
{
	struct str field = req->known.authorization, pair;

	if (!str_eq_nocase(str_head(field, 6), STR("Basic ")) ||
	    !base64_decode(req->pool, str_trim(str_skip(field, 6), " "), &pair))
		return false;

	ssize_t colon = str_chr(pair, ':');

	if (colon <= 0)
		return false;
	out->user = str_head(pair, (size_t)colon);
	out->password = str_skip(pair, (size_t)colon + 1);
	return true;
}

static verdict conclude(struct request *req, const struct auth_basic_conf *conf,
			const struct auth_context *auth)
{
	struct str user = auth->what.user, path = auth->what.path;

	switch (check_outcome(auth->check)) {
	case CHECK_RIGHT:
		if (check_is_current(auth->check))
			verified_add(&auth->what.key, &auth->what.status);
		return ALLOW;
	case CHECK_ABANDONED:
		return 503;
	case CHECK_NO_FILE:
		return refuse_file(req, path.data, check_error(auth->check));
	case CHECK_NO_USER:
		request_log(req, LEVEL_ERROR, 0, "user \"%.*s\" was not found in \"%.*s\"",
			    STR_ARG(user), STR_ARG(path));
		break;
	case CHECK_WRONG:
		request_log(req, LEVEL_ERROR, 0, "user \"%.*s\": password mismatch", STR_ARG(user));
		break;
	case CHECK_UNKNOWN:
		request_log(req, LEVEL_ERROR, 0,
			    "user \"%.*s\": the password in \"%.*s\" is stored in a form that is "
			    "not known",
			    STR_ARG(user), STR_ARG(path));
		break;
	}
	return challenge(req, conf);
}

static verdict auth_basic_access(struct request *req, const void *data)
{
	const struct auth_basic_conf *conf = data;
	struct auth_context *auth = request_context(req, &auth_basic_module);
	struct credentials *what = &auth->what;

	if (auth->check)
		return conclude(req, conf, auth);
	if (!conf->realm || !conf->file || str_eq(template_text(req, conf->realm), STR("off")))
		return PASS;
	if (!parse_authorization(req, what)) {
		request_log(req, LEVEL_INFO, 0, "no user and password were provided");
		return challenge(req, conf);
	}
	if (!template_path(req, conf->file, &what->path)) {
		request_log(req, LEVEL_ERROR, 0,
			    "the file of users \"%.*s\" is not read: a variable has brought "
			    "\"..\" or a NUL into its path",
			    STR_ARG(what->path));
		return 403;
	}
	what->path = pool_strdup(req->pool, what->path);
	if (stat(what->path.data, &what->status) < 0)
		return refuse_file(req, what->path.data, -errno);
	what->key = pair_key_of(req->pool, what->path, &what->status, what->user, what->password);
	if (verified_has(&what->key)) {
		counter_add(&auth_basic_module, REMEMBERED, 1);
		return ALLOW;
	}
	counter_add(&auth_basic_module, CHECKED, 1);
	auth->check = check_start(req, what);
	if (auth->check)
		return WAIT;
	request_log(req, LEVEL_ERROR, 0, "too many passwords wait for their check");
	return 503;
}

/* --- the configuration --------------------------------------------------------------- */

/*
 * The sandbox lets workers open the file, and also its folder, since another file may be renamed
 * over it. If the path contains variables, workers may open the folder before the first of them.
 */
static int set_file(struct conf_call *call)
{
	struct auth_basic_conf *conf = call->data;
	struct conf_word word = call->node->args[0];
	struct str path;

	word.text = conf_relative_to_file(call->conf, word.text);
	if (conf_parse_template(call, &word, &conf->file) < 0)
		return -EINVAL;
	if (template_is_literal(conf->file, &path))
		conf_opens(call, path);
	else
		path = str_head(word.text, (size_t)str_chr(word.text, '$'));
	conf_opens(call, str_head(path, (size_t)str_rchr(path, '/') + 1));
	return 0;
}

static int check_conf(struct conf_call *call, void *data)
{
	const struct auth_basic_conf *conf = data;
	struct str realm;
	bool is_off = conf->realm && template_is_literal(conf->realm, &realm) &&
		      str_eq(realm, STR("off"));

	if (conf->realm && !is_off && !conf->file && conf_serves(call))
		conf_warn(call, NULL, "auth_basic protects nothing without auth_basic_user_file");
	return 0;
}

static int start(const void *conf)
{
	(void)conf;
	checks_init();
	return 0;
}

static void stop(const void *conf, enum stop_reason reason)
{
	(void)conf, (void)reason;
	checks_finish();
}

const struct module auth_basic_module = {
	.name = "auth_basic",
	.summary = "asks for a name and a password",
	.conf_size = sizeof(struct auth_basic_conf),
	.context_size = sizeof(struct auth_context),
	.directives = (const struct directive[]) {
		DIRECTIVE("auth_basic", IN_ANY_HTTP | IN_LIMIT_EXCEPT, struct auth_basic_conf,
			  realm, "text | off",
			  "Asks for a name and a password, which must be in the file of "
			  "auth_basic_user_file. Browsers may show the text when they ask for "
			  "the password. It may contain variables. With off, or if a variable "
			  "has the value \"off\", no password is needed.\n\n"
			  "    location /private/ {\n"
			  "        auth_basic           \"Members only\";\n"
			  "        auth_basic_user_file users.txt;\n"
			  "    }\n\n"
			  "Without TLS, passwords are sent unencrypted.",
			  .initial = "off"),
		DIRECTIVE_SET("auth_basic_user_file", IN_ANY_HTTP | IN_LIMIT_EXCEPT, set_file,
			      "path",
			      "The file of users, with one user on each line: \"name:password\" "
			      "or \"name:password:comment\". Lines that begin with \"#\" are "
			      "comments. Passwords are stored as crypt(3) makes them (yescrypt, "
			      "bcrypt, SHA-512, SHA-256, MD5, DES), or as $apr1$, {SHA}, {SSHA} "
			      "or {PLAIN}; htpasswd(1) and `openssl passwd -6` write such lines. "
			      "A password has at most 511 bytes. "
			      "A relative path starts at the directory of the main configuration "
			      "file. The path may contain variables. The sandbox lets workers "
			      "open all files in the folder of the file, or in the folder before "
			      "the first variable.\n\n"
			      "A change of the file takes effect at once. If the file does not "
			      "exist, the response is 403. A pair of name and password that was "
			      "right is remembered for a minute, so that not each request needs "
			      "a check. Passwords are checked on threads; if more than 64 checks "
			      "wait, the response is 503.\n\n"
			      "    auth_basic           \"Members only\";\n"
			      "    auth_basic_user_file members;",
			      .min_args = 1),
		{ 0 }
	},
	.counters = (const struct counter[]) {
		{ "checked", COUNTER, "Requests for which a password was checked." },
		{ "remembered", COUNTER, "Requests whose name and password were remembered from "
					 "an earlier check." },
		{ 0 }
	},
	.on[PHASE_ACCESS] = auth_basic_access,
	.if_configured = true,
	.check = check_conf,
	.start = start,
	.stop = stop,
};
