/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A variable that has one of several values, each for a share of the clients.
 *
 *     split_clients "$remote_addr$http_user_agent" $variant {
 *         0.5%  .one;
 *         2.0%  .two;
 *         *     "";
 *     }
 *
 * The hash of the text is a number below 2^32. Each line is assigned its share of these numbers,
 * in the order of the lines. A client keeps its value as long as the text, its line and the lines
 * before it stay the same.
 */
#include <module.h>

#include "murmur.h"

enum {
	WHOLE = 10000, /* shares are counted in hundredths of a percent */
};

struct share {
	uint32_t end; /* the first hash after the share; 0: all remaining hashes */
	struct str value;
};

struct split {
	const struct template *source;
	struct share *shares;
	size_t count;
};

/* The shares of the lines that were read so far. */
struct taken {
	uint32_t hundredths;
	uint32_t end; /* of the last share with a percentage */
};

static bool split_get(struct request *req, struct str rest, const void *data, struct str *out)
{
	const struct split *split = data;
	uint32_t hash = murmur_hash2(template_text(req, split->source));

	(void)rest;
	*out = STR("");
	for (size_t i = 0; i < split->count; i++)
		if (hash < split->shares[i].end || split->shares[i].end == 0) {
			*out = split->shares[i].value;
			break;
		}
	return true;
}

static int bad_share(struct conf_call *call, const struct conf_word *word)
{
	return conf_error(call, word,
			  "\"%.*s\" is not a share\nexpected one from 0.01%% to 100%%, or \"*\"",
			  STR_ARG(word->text));
}

/* "0.5%" becomes 50; at most two digits may follow the point. "*" becomes 0. */
static int parse_share(struct conf_call *call, const struct conf_word *word, uint32_t *out)
{
	struct str digits = str_head(word->text, word->text.len - str_ends(word->text, STR("%")));
	ssize_t point = str_chr(digits, '.');
	size_t whole = point < 0 ? digits.len : (size_t)point;
	size_t decimals = point < 0 ? 0 : digits.len - whole - 1;
	uint64_t number = 0;

	*out = 0;
	if (str_eq(word->text, STR("*")))
		return 0;
	if (digits.len == word->text.len || digits.len > 6 || decimals > 2)
		return bad_share(call, word);
	for (size_t i = 0; i < digits.len; i++) {
		if (i == whole)
			continue;
		if (digits.data[i] < '0' || digits.data[i] > '9')
			return bad_share(call, word);
		number = number * 10 + (uint64_t)(digits.data[i] - '0');
	}
	for (; decimals < 2; decimals++)
		number *= 10;
	if (number == 0 || number > WHOLE)
		return bad_share(call, word);
	*out = (uint32_t)number;
	return 0;
}

static int add_share(struct conf_call *call, struct split *split, const struct conf_node *line,
		     struct taken *taken)
{
	struct share *share = &split->shares[split->count];
	uint32_t part;

	if (line->is_block || line->nargs != 1)
		return conf_error(call, &line->name,
				  "a line of split_clients has a share and a value, as in "
				  "\"10%% new;\"");
	if (parse_share(call, &line->name, &part) < 0)
		return -EINVAL;
	if (taken->hundredths + part > WHOLE)
		return conf_error(call, &line->name,
				  "the shares are more than 100%% with this one");
	share->value = line->args[0].text;
	if (part) {
		/* As nginx does, each share is rounded down by itself. */
		taken->end += (uint32_t)(part * (uint64_t)UINT32_MAX / WHOLE);
		share->end = taken->end;
	}
	taken->hundredths = part ? taken->hundredths + part : WHOLE;
	split->count++;
	return 0;
}

static int set_split_clients(struct conf_call *call)
{
	const struct conf_word *args = call->node->args;
	struct split *split = pool_new(call->pool, struct split);
	struct taken taken = { 0 };
	struct str name;
	size_t lines = 0;
	int result = 0;

	if (conf_parse_template(call, &args[0], &split->source) < 0 ||
	    conf_parse_variable(call, &args[1], &name) < 0)
		return -EINVAL;
	for (const struct conf_node *line = call->node->first; line; line = line->next)
		lines++;
	split->shares = pool_array(call->pool, struct share, lines);
	for (const struct conf_node *line = call->node->first; line; line = line->next)
		if (add_share(call, split, line, &taken) < 0)
			result = -EINVAL;
	if (variable_define(call, name, split_get, split, VARIABLE_LISTED) < 0)
		return -EINVAL;
	for (size_t i = 0; i < split->count; i++)
		variable_value(call, name, split->shares[i].value);
	return result;
}

#define SPLIT_DOC                                                                             \
	"Defines a variable that has one of several values. The text, which contains " \
	"variables, is hashed, and each line is assigned its share of all hashes. A share is a " \
	"percentage with at most two digits after the point; \"*\" is assigned the remaining " \
	"hashes. If the hash belongs to no line, the value is empty. The hash is the same as " \
	"in nginx (MurmurHash2), so a client gets the same value as from nginx.\n\n" \
	"    split_clients \"$remote_addr$http_user_agent\" $variant {\n" \
	"        0.5%  .one;\n" \
	"        *     \"\";\n" \
	"    }\n" \
	"    server { index index$variant.html; }"

const struct module split_clients_module = {
	.name = "split_clients",
	.summary = "defines variables with different values for shares of the clients",
	.directives = (const struct directive[]) {
		DIRECTIVE_SET("split_clients", IN_HTTP, set_split_clients,
			      "text $variable { share value; ... }", SPLIT_DOC,
			      .flags = RAW_BLOCK | REPEAT, .min_args = 2),
		{ 0 }
	},
};
