/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Variables that tell old browsers from new ones, by the field User-Agent:
 *
 *     modern_browser  gecko 1.9;
 *     modern_browser  safari 3.0;
 *     ancient_browser "MSIE 6.0" Lynx;
 *
 *     if ($ancient_browser) { rewrite ^ /plain.html; }
 */
#include <module.h>

/* How a family of browsers is recognized. */
struct family {
	const char *name; /* in modern_browser */
	const char *before; /* what the field usually begins with: its length is skipped, unread */
	const char *mark; /* is searched for in the rest */
	const char *until; /* its length is the distance from the mark to the version */
};

/* In the order in which they are searched for: Opera also names other browsers. */
static const struct family families[] = {
	{ "opera", "", "Opera", "Opera " },
	{ "msie", "Mozilla/4.0 (compatible; ", "MSIE ", "MSIE " },
	{ "gecko", "Mozilla/5.0 (", "rv:", "rv:" },
	{ "safari", "Mozilla/5.0 (", "Safari/", "Safari/" },
	{ "konqueror", "Mozilla/5.0 (compatible; ", "Konqueror/", "Konqueror/" },
};
enum { FAMILIES = sizeof(families) / sizeof(families[0]) };

/* A version as a number: 1.9.2 is 1 09 02 00 by two digits each, as in nginx. */
enum { VERSION_SCALE = 1000000, VERSION_PART_MAX = 1000000 };

struct modern {
	size_t family;
	uint64_t version; /* the oldest that is modern */
	struct modern *next; /* in the order of the families */
};

struct browser_conf {
	struct modern_list {
		struct modern *first;
		bool unlisted; /* browsers that no directive is about are modern */
	} modern;
	struct ancient_list {
		struct str *marks;
		size_t count, capacity;
		bool netscape4; /* Mozilla/1 … Mozilla/4 */
	} ancient;
	struct str modern_value, ancient_value;
};

/* --- which one it is ------------------------------------------------------------- */

/* Reads digits and dots from the front of the text; *rest is what follows. */
static uint64_t read_version(struct str text, struct str *rest)
{
	uint64_t version = 0, part = 0, scale = VERSION_SCALE;
	size_t i;

	for (i = 0; i < text.len; i++) {
		char c = text.data[i];

		if (c == '.') {
			version += part * scale;
			part = 0;
			scale /= 100;
		} else if (c < '0' || c > '9') {
			break;
		} else if (part < VERSION_PART_MAX) {
			part = part * 10 + (uint64_t)(c - '0');
		}
	}
	*rest = str_skip(text, i);
	return version + part * scale;
}

/* False: the browser is of another family; as in nginx, also if nothing follows the mark. */
static bool find_version(struct str agent, const struct family *family, uint64_t *version)
{
	struct str text = str_skip(agent, strlen(family->before)), rest;
	ssize_t at = str_find(text, str_from(family->mark));

	if (at < 0)
		return false;
	text = str_skip(text, (size_t)at + strlen(family->until));
	*version = read_version(text, &rest);
	return !str_empty(text);
}

static bool has_ancient_mark(const struct ancient_list *ancient, struct str agent)
{
	const struct str mozilla = STR("Mozilla/");

	if (ancient->netscape4 && agent.len > sizeof("Mozilla/4.72 ") - 1 &&
	    str_starts(agent, mozilla) && agent.data[mozilla.len] > '0' &&
	    agent.data[mozilla.len] < '5')
		return true;
	for (size_t i = 0; i < ancient->count; i++)
		if (str_find(agent, ancient->marks[i]) >= 0)
			return true;
	return false;
}

static bool is_modern(const struct request *req, const struct browser_conf *conf)
{
	struct str agent = req->known.user_agent;

	if (!agent.data)
		return conf->modern.unlisted;
	for (const struct modern *modern = conf->modern.first; modern; modern = modern->next) {
		uint64_t version;

		if (find_version(agent, &families[modern->family], &version))
			return version >= modern->version;
	}
	return conf->modern.unlisted && !has_ancient_mark(&conf->ancient, agent);
}

static bool get_modern(struct request *req, struct str rest, const void *data, struct str *out)
{
	const struct browser_conf *conf = data;

	(void)rest;
	*out = is_modern(req, conf) ? conf->modern_value : STR("");
	return true;
}

static bool get_ancient(struct request *req, struct str rest, const void *data, struct str *out)
{
	const struct browser_conf *conf = data;

	(void)rest;
	*out = is_modern(req, conf) ? STR("") : conf->ancient_value;
	return true;
}

static bool get_msie(struct request *req, struct str rest, const void *data, struct str *out)
{
	struct str agent = req->known.user_agent;
	ssize_t at = str_find(agent, STR("MSIE "));
	bool has_version = at >= 0 && agent.len - (size_t)at > sizeof("MSIE 6.") - 1;

	(void)rest, (void)data;
	*out = has_version && str_find(agent, STR("Opera")) < 0 ? STR("1") : STR("");
	return true;
}

/* --- directives ------------------------------------------------------------------- */

static int set_modern(struct conf_call *call)
{
	struct modern_list *list = &((struct browser_conf *)call->data)->modern;
	const struct conf_word *args = call->node->args;
	struct modern *modern = pool_new(call->pool, struct modern), **at = &list->first;
	struct str rest;

	if (call->node->nargs == 1) {
		if (!str_eq(args[0].text, STR("unlisted")))
			return conf_error(call, &args[0],
					  "\"%.*s\" needs a version\n"
					  "expected \"unlisted\", or a browser and a version",
					  STR_ARG(args[0].text));
		list->unlisted = true;
		return 0;
	}
	while (modern->family < FAMILIES &&
	       !str_eq_nocase(args[0].text, str_from(families[modern->family].name)))
		modern->family++;
	if (modern->family == FAMILIES)
		return conf_error(call, &args[0],
				  "unknown browser \"%.*s\"\n"
				  "expected opera, msie, gecko, safari or konqueror",
				  STR_ARG(args[0].text));
	modern->version = read_version(args[1].text, &rest);
	if (!str_empty(rest))
		return conf_error(call, &args[1],
				  "invalid version \"%.*s\"\nexpected one like 1.9.2",
				  STR_ARG(args[1].text));
	while (*at && (*at)->family <= modern->family)
		at = &(*at)->next;
	modern->next = *at;
	*at = modern;
	return 0;
}

static int set_ancient(struct conf_call *call)
{
	struct ancient_list *list = &((struct browser_conf *)call->data)->ancient;

	for (size_t i = 0; i < call->node->nargs; i++) {
		struct str mark = call->node->args[i].text;

		if (str_eq(mark, STR("netscape4"))) {
			list->netscape4 = true;
			continue;
		}
		list->marks = pool_grow(call->pool, list->marks, list->count, &list->capacity,
					sizeof(mark));
		list->marks[list->count++] = mark;
	}
	return 0;
}

#define MODERN_DOC                                                                               \
	"From which version on a browser is modern: opera, msie, gecko, safari or konqueror, by " \
	"what the field User-Agent says. With unlisted, browsers that neither this directive nor " \
	"ancient_browser is about are modern; otherwise they are ancient.\n\n" \
	"    modern_browser gecko 1.9;\n" \
	"    modern_browser unlisted;\n\n" \
	"A block that contains modern_browser inherits none from the enclosing block."

#define ANCIENT_DOC                                                                           \
	"A browser is ancient if its field User-Agent contains one of these texts, unless "   \
	"modern_browser names its family. netscape4 stands for Mozilla/1 to Mozilla/4.\n\n" \
	"    ancient_browser Lynx netscape4;\n\n" \
	"A block that contains ancient_browser inherits none from the enclosing block."

const struct module browser_module = {
	.name = "browser",
	.summary = "has variables that tell old browsers from new ones",
	.conf_size = sizeof(struct browser_conf),
	.directives = (const struct directive[]) {
		DIRECTIVE_SET("modern_browser", IN_ANY_HTTP, set_modern,
			      "browser version | unlisted", MODERN_DOC,
			      FIELD_AT(struct browser_conf, modern),
			      .flags = LIST, .min_args = 1, .max_args = 2),
		DIRECTIVE_SET("ancient_browser", IN_ANY_HTTP, set_ancient, "text ...", ANCIENT_DOC,
			      FIELD_AT(struct browser_conf, ancient),
			      .flags = LIST, .min_args = 1, .max_args = MANY_ARGS),
		DIRECTIVE("modern_browser_value", IN_ANY_HTTP, struct browser_conf, modern_value,
			  "text",
			  "The value of $modern_browser for a modern browser.\n\n"
			  "    modern_browser_value new;",
			  .initial = "1"),
		DIRECTIVE("ancient_browser_value", IN_ANY_HTTP, struct browser_conf, ancient_value,
			  "text",
			  "The value of $ancient_browser for an ancient browser.\n\n"
			  "    ancient_browser_value old;",
			  .initial = "1"),
		{ 0 }
	},
	.variables = (const struct variable[]) {
		{ "modern_browser", get_modern,
		  "What modern_browser_value says if the browser is modern, otherwise empty.\n\n"
		  "    if ($modern_browser) { rewrite ^/app /app-new last; }",
		  VARIABLE_SETTABLE },
		{ "ancient_browser", get_ancient,
		  "What ancient_browser_value says if the browser is ancient, otherwise empty.\n\n"
		  "    if ($ancient_browser) { rewrite ^ /plain.html last; }",
		  VARIABLE_SETTABLE },
		{ "msie", get_msie, "\"1\" for Internet Explorer up to 10, otherwise empty.\n\n"
		  "    if ($msie) { return 301 /upgrade.html; }",
		  VARIABLE_PLAIN | VARIABLE_SETTABLE },
		{ 0 }
	},
};
