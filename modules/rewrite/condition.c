/* SPDX-License-Identifier: BSD-2-Clause */
#include "condition.h"

struct condition {
	enum match (*holds)(struct run *run, const struct condition *condition);
	bool is_negated;
	char test; /* of a file: f, d, e, x */
	const struct template *left; /* the variable, or the path of a file */
	const struct template *right; /* what it is compared with */
	const struct pattern *pattern;
	struct str source; /* of the pattern, for rewrite_log */
};

/* --- at run time ------------------------------------------------------------ */

static enum match truth(bool is_true)
{
	return is_true ? MATCH_YES : MATCH_NO;
}

static enum match is_set(struct run *run, const struct condition *condition)
{
	return truth(template_is_true(run->req, condition->left));
}

static enum match is_equal(struct run *run, const struct condition *condition)
{
	struct str left = template_text(run->req, condition->left), right;

	if (run_write(run, condition->right, 0, &right) < 0)
		return MATCH_FAILED;
	return truth(str_eq(left, right));
}

static enum match matches(struct run *run, const struct condition *condition)
{
	return run_match(run, condition->pattern, condition->source,
			 template_text(run->req, condition->left));
}

static bool has_dots(struct str path)
{
	while (path.len) {
		struct str name = str_split(&path, '/');

		if (str_eq(name, STR(".")) || str_eq(name, STR("..")))
			return true;
	}
	return false;
}

static enum match file_is(struct run *run, const struct condition *condition)
{
	struct str path, root = request_root(run->req);
	int error = run_write(run, condition->left, TEMPLATE_IS_PATH, &path);

	if (error == -E2BIG)
		return MATCH_FAILED;
	/*
	 * If a variable brings a name "." or ".." into the path, the file counts as missing, as in
	 * all paths with variables. The root, with which $document_root and $request_filename
	 * begin, may contain these names.
	 */
	if (error && (!str_starts(path, root) || has_dots(str_skip(path, root.len))))
		return MATCH_NO;

	struct file_status status;

	run->waits = file_test(run->req, path, &status) == WAIT;
	if (run->waits)
		return MATCH_NO;
	switch (condition->test) {
	case 'f':
		return truth(status.kind == FILE_REGULAR);
	case 'd':
		return truth(status.kind == FILE_DIRECTORY);
	case 'x':
		return truth(status.is_executable);
	default: /* -e, as in nginx: other kinds of files count as missing */
		return truth(status.kind == FILE_REGULAR || status.kind == FILE_DIRECTORY);
	}
}

bool condition_tests_file(const struct condition *condition)
{
	return condition->holds == file_is;
}

enum match condition_holds(struct run *run, const struct condition *condition)
{
	enum match match = condition->holds(run, condition);

	if (match == MATCH_FAILED || !condition->is_negated)
		return match;
	return truth(match == MATCH_NO);
}

/* --- while the configuration is read ---------------------------------------- */

enum { WORDS_MAX = 3 };

/* The words between the parentheses. A parenthesis may be a word of its own, or part of a word. */
struct words {
	struct conf_word items[WORDS_MAX];
	size_t count;
};

static int invalid(struct conf_call *call, const struct conf_word *word)
{
	return conf_error(call, word,
			  "invalid condition \"%.*s\"\n"
			  "expected ($name), ($name = text), ($name ~ expression) or (-f path), "
			  "with a blank on each side of the operator",
			  STR_ARG(word->text));
}

static int take_words(struct conf_call *call, struct words *words)
{
	const struct conf_node *node = call->node;
	const struct conf_word *last = &node->args[node->nargs - 1];

	words->count = 0;
	if (node->args[0].quoted || !str_starts(node->args[0].text, STR("(")))
		return invalid(call, &node->args[0]);
	if (last->quoted || !str_ends(last->text, STR(")")))
		return invalid(call, last);
	for (size_t i = 0; i < node->nargs; i++) {
		struct conf_word word = node->args[i];

		if (i == 0) {
			word.text = str_skip(word.text, 1);
			word.place.column++;
			word.place.len--;
		}
		if (i == node->nargs - 1) {
			if (str_empty(word.text)) /* the word was a single parenthesis */
				return invalid(call, last);
			word.text.len--;
			word.text.data = pool_cstr(call->pool, word.text); /* a NUL for the ")" */
			word.place.len--;
		}
		if (str_empty(word.text) && !word.quoted)
			continue;
		if (words->count == WORDS_MAX)
			return invalid(call, &node->args[i]);
		words->items[words->count++] = word;
	}
	return words->count ? 0 : invalid(call, &node->args[0]);
}

/* Whether the word is exactly one variable: "$name" or "${name}". */
static bool is_variable(const struct conf_word *word)
{
	struct str name = str_skip(word->text, 1);

	if (word->quoted || !str_starts(word->text, STR("$")))
		return false;
	if (str_starts(name, STR("{")) && str_ends(name, STR("}")))
		name = str_head(str_skip(name, 1), name.len - 2);
	for (size_t i = 0; i < name.len; i++) {
		char c = ascii_lower(name.data[i]);

		if ((c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '_')
			return false;
	}
	return name.len > 0;
}

static int parse_comparison(struct conf_call *call, const struct words *words,
			    struct condition *out)
{
	const struct conf_word *op = &words->items[1], *right = &words->items[2];
	struct str text = op->text;

	out->is_negated = str_starts(text, STR("!"));
	if (out->is_negated)
		text = str_skip(text, 1);
	if (str_eq(text, STR("="))) {
		out->holds = is_equal;
		return conf_parse_template(call, right, &out->right);
	}
	if (!str_eq(text, STR("~")) && !str_eq(text, STR("~*")))
		return conf_error(call, op, "unexpected \"%.*s\" in a condition\n"
						  "expected =, !=, ~, ~*, !~ or !~*",
				  STR_ARG(op->text));
	out->holds = matches;
	out->source = right->text;
	out->pattern = pattern_compile(call, right, 0, str_ends(text, STR("*")));
	return out->pattern ? 0 : -EINVAL;
}

/* Parses "-f" or "!-f". False: the text is not a test of a file. */
static bool is_file_test(struct str text, struct condition *out)
{
	out->is_negated = str_starts(text, STR("!"));
	if (out->is_negated)
		text = str_skip(text, 1);
	if (text.len != 2 || text.data[0] != '-' || !strchr("fdex", text.data[1]))
		return false;
	out->test = text.data[1];
	return true;
}

static int parse_file_test(struct conf_call *call, const struct conf_word *path,
			   struct condition *out)
{
	struct str literal;

	out->holds = file_is;
	if (conf_parse_template(call, path, &out->left) < 0)
		return -EINVAL;
	if (template_is_literal(out->left, &literal) && !str_starts(literal, STR("/")))
		conf_warn(call, path,
			  "the path \"%.*s\" is relative\n"
			  "as in nginx, it is relative to the directory in which the server is "
			  "started: begin it with $document_root",
			  STR_ARG(literal));
	return 0;
}

int condition_parse(struct conf_call *call, const struct condition **out)
{
	struct condition *condition = pool_new(call->pool, struct condition);
	struct words words;

	*out = condition;
	if (take_words(call, &words) < 0)
		return -EINVAL;
	if (is_variable(&words.items[0]) && words.count != 2) {
		condition->holds = is_set;
		if (conf_parse_template(call, &words.items[0], &condition->left) < 0)
			return -EINVAL;
		return words.count == 1 ? 0 : parse_comparison(call, &words, condition);
	}
	if (words.count == 2 && is_file_test(words.items[0].text, condition))
		return parse_file_test(call, &words.items[1], condition);
	return invalid(call, &words.items[0]);
}
