/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Lists a directory for a URI that ends in a slash, where index has found no file.
 *
 *     location /files/ {
 *         autoindex on;
 *         autoindex_exact_size off;
 *         autoindex_readme README.md README;
 *     }
 *
 * directory_read() reads the directory on a thread; listing.c writes the response from its
 * entries while the client reads it.
 */
#include "listing.h"

enum { CALLBACK_MAX = 128 };

/* The text of nginx's argument `callback` must be a name of JavaScript, with dots. */
static bool is_callback(struct str name)
{
	if (name.len > CALLBACK_MAX)
		return false;
	for (size_t i = 0; i < name.len; i++) {
		char c = ascii_lower(name.data[i]);

		if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && c != '_' && c != '.')
			return false;
	}
	return true;
}

/* PASS, or 400 for a callback that is none. */
static verdict choose_format(struct request *req, struct listing *listing)
{
	static const struct format *const formats[] = {
		[FORMAT_HTML] = &format_html, [FORMAT_XML] = &format_xml,
		[FORMAT_JSON] = &format_json, [FORMAT_JSONP] = &format_jsonp,
		[FORMAT_TEXT] = &format_text,
	};
	struct str wanted = listing->conf->query ? variable_text(req, STR("arg_format")) : STR("");

	listing->format = formats[listing->conf->format];
	if (str_eq(wanted, STR("json")))
		listing->format = &format_json;
	else if (str_eq(wanted, STR("text")))
		listing->format = &format_text;
	if (listing->format != &format_jsonp)
		return PASS;
	listing->callback = variable_text(req, STR("arg_callback"));
	if (!is_callback(listing->callback)) {
		request_log(req, LEVEL_INFO, 0, "the argument callback is no name: \"%.*s\"",
			    STR_ARG(listing->callback));
		return 400;
	}
	if (str_empty(listing->callback))
		listing->format = &format_json;
	return PASS;
}

/*
 * The first of the names that is a file, and that a request would get by the same rules. WAIT:
 * as file_open().
 */
static verdict find_readme(struct request *req, struct listing *listing)
{
	const struct str_list *names = &listing->conf->readme;

	for (size_t i = 0; i < names->count && listing->format == &format_html; i++) {
		const struct str parts[] = { req->uri, names->items[i] };
		struct str uri = pool_concat(req->pool, parts, 2);
		struct file *file;

		if (!request_shares_location(req, uri))
			continue;
		if (file_open(req, request_path(req, uri), &file) == WAIT)
			return WAIT;
		if (file->kind == FILE_REGULAR) {
			listing->readme = file;
			return PASS;
		}
	}
	return PASS;
}

static verdict respond(struct request *req, struct listing *listing)
{
	struct response *response = &req->response;
	const struct format *format = listing->format;

	if (find_readme(req, listing) == WAIT)
		return WAIT;
	response->status = 200;
	response->content_type = str_from(format->content_type);
	response->charset = str_from(format->charset);
	response->nosniff = format == &format_html || format == &format_text;
	if (format == &format_html)
		response_add(req, STR("Content-Security-Policy"), html_policy());
	listing->req = req;
	listing->uri = req->uri;
	listing_respond(listing);
	return DONE;
}

static verdict autoindex_content(struct request *req, const void *data)
{
	const struct autoindex_conf *conf = data;

	if (!conf->is_on || !str_ends(req->uri, STR("/")) ||
	    (req->method != METHOD_GET && req->method != METHOD_HEAD))
		return PASS;

	struct listing *listing = pool_new(req->pool, struct listing);
	struct str path = request_path(req, req->uri);
	struct file *file;
	verdict v;

	listing->conf = conf;
	if (file_open(req, path, &file) == WAIT)
		return WAIT;
	if (file->kind != FILE_DIRECTORY)
		return file->kind == FILE_MISSING ? file_refuse(req, file) : PASS;
	v = choose_format(req, listing);
	if (v == PASS)
		v = directory_read(req, path, listing->format->order, &listing->directory);
	if (v != PASS)
		return v;
	if (listing->directory->error)
		return directory_refuse(req, path, listing->directory);
	return respond(req, listing);
}

/* "off" ends what an outer block has named. */
static int check_readme(struct conf_call *call)
{
	struct autoindex_conf *conf = call->data;
	const struct conf_node *node = call->node;

	if (node->nargs == 1 && conf_word_is(&node->args[0], "off")) {
		conf->readme = (struct str_list){ 0 };
		return 0;
	}
	for (size_t i = 0; i < node->nargs; i++)
		if (str_empty(node->args[i].text) || str_chr(node->args[i].text, '/') >= 0)
			return conf_error(call, &node->args[i],
					  "\"%.*s\" is no name of a file in the directory\n"
					  "expected a name without \"/\"",
					  STR_ARG(node->args[i].text));
	return 0;
}

const struct module autoindex_module = {
	.name = "autoindex",
	.summary = "lists directories",
	.conf_size = sizeof(struct autoindex_conf),
	.directives = (const struct directive[]) {
		DIRECTIVE("autoindex", IN_ANY_HTTP, struct autoindex_conf, is_on,
			  "on | off",
			  "Answers a URI that ends in a slash with a list of what lies in the "
			  "directory, when index has found no file in it. Names that begin with a "
			  "dot are never listed, and neither are symbolic links that `symlinks` "
			  "does not follow.\n\n"
			  "The page is Skua's own: one document without external parts, with a "
			  "Content-Security-Policy that allows its own style and script and "
			  "nothing else. Folders come first, and numbers in names count as "
			  "numbers. The script adds a field that filters, and sorting by the "
			  "columns; without scripts it is a table. Characters in names that cannot "
			  "be seen, or that reorder others, and bytes that are no UTF-8 are shown "
			  "as escapes.\n\n"
			  "Directories are read on threads, two at a time in each worker. One "
			  "whose names need more than 64 MiB, some 600 000, is answered with 500.",
			  .initial = "off"),
		DIRECTIVE("autoindex_exact_size", IN_ANY_HTTP, struct autoindex_conf, exact_size,
			  "on | off",
			  "Shows sizes as numbers of bytes, or rounded, as in 1.5 KiB. Only in "
			  "HTML.",
			  .initial = "on"),
		DIRECTIVE("autoindex_localtime", IN_ANY_HTTP, struct autoindex_conf, localtime,
			  "on | off",
			  "Shows times in the server's time zone instead of UTC. Only in HTML.",
			  .initial = "off"),
		DIRECTIVE("autoindex_format", IN_ANY_HTTP, struct autoindex_conf, format,
			  "html | xml | json | jsonp",
			  "The format of the list. XML, JSON and JSONP are byte for byte those of "
			  "nginx. The argument `callback` names the function of JSONP; without it "
			  "the response is JSON.",
			  .initial = "html",
			  .keywords = (const struct keyword[]) {
				  { "html", FORMAT_HTML },
				  { "xml", FORMAT_XML },
				  { "json", FORMAT_JSON },
				  { "jsonp", FORMAT_JSONP },
				  { 0 }
			  }),
		DIRECTIVE("autoindex_query", IN_ANY_HTTP, struct autoindex_conf, query,
			  "on | off",
			  "Lets clients choose another format by the argument `format`: "
			  "?format=json gives the JSON of autoindex_format, ?format=text the "
			  "names, one a line, folders with a slash. nginx has no such directive.",
			  .initial = "off"),
		DIRECTIVE("autoindex_omit_compressed", IN_ANY_HTTP, struct autoindex_conf,
			  omit_compressed, "on | off",
			  "Leaves out NAME.gz, NAME.br and NAME.zst where NAME lies beside them: "
			  "files that were compressed beforehand are for the server. nginx has no "
			  "such directive.",
			  .initial = "off"),
		DIRECTIVE("autoindex_readme", IN_ANY_HTTP, struct autoindex_conf, readme,
			  "file ... | off",
			  "Shows the text of the first of these files that is in the directory "
			  "below the list, up to 64 KiB of it. A file for which requests come to "
			  "another location is not shown, since other rules of access may hold "
			  "there. Only in HTML. nginx has no such directive.\n\n"
			  "    autoindex_readme README.md README.txt README;",
			  .flags = LIST, .set = check_readme),
		{ 0 }
	},
	.on[PHASE_CONTENT] = autoindex_content,
	.if_configured = true,
};
