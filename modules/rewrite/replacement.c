/* SPDX-License-Identifier: BSD-2-Clause */
#include "replacement.h"

enum flag { FLAG_NONE, FLAG_LAST, FLAG_BREAK, FLAG_REDIRECT, FLAG_PERMANENT };

struct replacement {
	const struct pattern *pattern;
	struct str source; /* of the pattern, for rewrite_log */
	int status; /* of a redirect; 0: the URI is replaced within the server */
	bool names_host; /* of a redirect: the target begins with "//" in the file */
	enum flag flag;
	const struct template *path; /* of a redirect: the whole target */
	const struct template *args; /* NULL: the replacement has no "?" */
	bool has_mark; /* of a redirect: the target has a "?" */
	bool keeps_args; /* the arguments of the request are appended */
};

/* --- at run time ---------------------------------------------------------------- */

/* Returns `text` with the arguments of the request appended, after `mark`. */
static struct str with_args(struct request *req, struct str text, struct str mark)
{
	const struct str parts[] = { text, mark, req->args };

	return req->args.len ? pool_concat(req->pool, parts, 3) : text;
}

static verdict move_to(struct run *run, const struct replacement *to, struct str path,
		       struct str args)
{
	struct request *req = run->req;

	if (run->logs)
		request_log(req, LEVEL_NOTICE, 0, "rewritten data: \"%.*s\", args: \"%.*s\"",
			    STR_ARG(path), STR_ARG(args));
	if (str_empty(path)) {
		request_log(req, LEVEL_ERROR, 0, "the rewritten URI has a zero length");
		return 500;
	}
	if (!request_resolve(req, path, &req->uri)) {
		request_log(req, LEVEL_ERROR, 0, "the rewritten URI \"%.*s\" leads out of the "
						 "root",
			    STR_ARG(path));
		return 404;
	}
	req->args = args;
	req->is_internal = true;
	run->is_moved = to->flag != FLAG_BREAK;
	run->is_over = to->flag != FLAG_NONE;
	return PASS;
}

static verdict replace(struct run *run, const struct replacement *to)
{
	struct request *req = run->req;
	struct str path, args = STR("");

	run->encodes = false;
	int error = run_write(run, to->path, TEMPLATE_IS_PATH, &path);

	if (error == -EACCES) {
		request_log(req, LEVEL_ERROR, 0,
			    "the URI is not rewritten to \"%.*s\": a variable has brought a name "
			    "\".\" or \"..\" into it",
			    STR_ARG(path));
		return 404;
	}
	if (error == 0 && to->args)
		error = run_write(run, to->args, TEMPLATE_ENCODES, &args);
	if (error < 0)
		return 500;
	if (to->keeps_args)
		args = to->args ? with_args(req, args, STR("&")) : req->args;
	return move_to(run, to, path, args);
}

/*
 * As nginx does, decodes percent-encoded characters in the part of a redirect before its "?". %00
 * to %25 and %7F to %FF stay encoded, as they have to be in a Location.
 */
static struct str decode(struct pool *pool, struct str text)
{
	char *decoded = pool_alloc(pool, text.len), *to = decoded;

	while (text.len && text.data[0] != '?') {
		int high = text.len > 2 ? hex_digit(text.data[1]) : -1;
		int low = text.len > 2 ? hex_digit(text.data[2]) : -1;
		int c = high * 16 + low;
		bool is_code = text.data[0] == '%' && high >= 0 && low >= 0;
		bool is_decoded = is_code && c > '%' && c < 0x7f;

		*to++ = is_decoded ? (char)c : text.data[0];
		text = str_skip(text, is_decoded ? 3 : 1);
		if (is_decoded && c == '?')
			break;
	}
	return str_range(decoded, str_put(to, text));
}

static verdict redirect(struct run *run, const struct replacement *to)
{
	struct request *req = run->req;
	struct str text;

	run->encodes = true;
	if (run_write(run, to->path, 0, &text) < 0)
		return 500;
	text = decode(req->pool, text);
	if (to->keeps_args)
		text = with_args(req, text, to->has_mark ? STR("&") : STR("?"));
	if (run->logs)
		request_log(req, LEVEL_NOTICE, 0, "rewritten redirect: \"%.*s\"", STR_ARG(text));
	req->response.location = text;
	req->response.location_names_host = to->names_host;
	return to->status;
}

verdict take_rewrite(struct run *run, const struct step *step)
{
	const struct replacement *to = step->replacement;
	enum match match = run_match(run, to->pattern, to->source, run->req->uri);

	if (match != MATCH_YES)
		return match == MATCH_NO ? PASS : 500;
	return to->status ? redirect(run, to) : replace(run, to);
}

/* --- while the configuration is read ---------------------------------------- */

static int parse_flag(struct conf_call *call, struct replacement *out)
{
	static const struct keyword flags[] = {
		{ "last", FLAG_LAST },
		{ "break", FLAG_BREAK },
		{ "redirect", FLAG_REDIRECT },
		{ "permanent", FLAG_PERMANENT },
		{ 0 },
	};
	int flag = FLAG_NONE;

	if (call->node->nargs == 3 &&
	    conf_parse_keyword(call, &call->node->args[2], flags, &flag) < 0)
		return -EINVAL;
	out->flag = (enum flag)flag;
	if (is_url(call->node->args[1].text) || flag == FLAG_REDIRECT)
		out->status = 302;
	if (flag == FLAG_PERMANENT)
		out->status = 301;
	return 0;
}

/*
 * Parses the path and the arguments separately, because a "?" in the value of a variable is not a
 * separator.
 */
static int parse_parts(struct conf_call *call, const struct conf_word *word,
		       struct replacement *out)
{
	struct conf_word path = *word, args = *word;

	args.text = word->text;
	path.text = str_split(&args.text, '?');
	out->has_mark = path.text.len < word->text.len;
	out->names_host = str_starts(word->text, STR("//"));
	/*
	 * The whole word is parsed first, so that an error message shows it as it stands in the
	 * file.
	 */
	if (conf_parse_template(call, word, &out->path) < 0)
		return -EINVAL;
	if (out->status || !out->has_mark)
		return 0;
	if (conf_parse_template(call, &path, &out->path) < 0)
		return -EINVAL;
	return conf_parse_template(call, &args, &out->args);
}

int replacement_parse(struct conf_call *call, const struct replacement **out)
{
	const struct conf_word *args = call->node->args;
	struct replacement *replacement = pool_new(call->pool, struct replacement);
	struct conf_word text = args[1];

	*out = replacement;
	if (str_empty(text.text))
		return conf_error(call, &text, "the replacement is empty");
	replacement->source = args[0].text;
	replacement->pattern = pattern_compile(call, &args[0], 0, false);
	if (!replacement->pattern || parse_flag(call, replacement) < 0)
		return -EINVAL;
	replacement->keeps_args = !str_ends(text.text, STR("?"));
	if (!replacement->keeps_args)
		text.text.len--;
	return parse_parts(call, &text, replacement);
}
