/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Regular expressions by PCRE2 (man pcre2api). They are compiled just in time
 * and matched under limits, so that an expression that backtracks without end
 * costs milliseconds. The memory of a match is one block for the whole process,
 * because no two matches run at the same time. Named groups become variables, to which each
 * match assigns values.
 */
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pattern.h>

#include <pcre2.h>

#include "http/routing/routing.h"

enum {
	MATCH_LIMIT = 1000000, /* steps: some milliseconds */
	DEPTH_LIMIT = 20000, /* of the interpreter, where there is no JIT */
	HEAP_LIMIT = 4096, /* KiB, of the interpreter */
	STACK_START = 32 * 1024, /* bytes, of the JIT */
	STACK_LIMIT = 512 * 1024,

	/* Of expressions that are compiled for one match. */
	TEXT_MAX = 8 * 1024, /* bytes of the expression */
	TEXT_MATCH_LIMIT = MATCH_LIMIT / 10,
};

/* A named group of one expression. */
struct named_group {
	uint32_t group;
	const struct variable_slot *variable;
};

struct pattern {
	pcre2_code *code;
	struct str source;
	struct named_group *named;
	uint32_t named_count;
};

static struct {
	pcre2_match_context *context, *text_context;
	pcre2_match_data *data;
	uint32_t groups; /* that data has room for */
} matcher;

static void prepare_matcher(uint32_t groups)
{
	if (!matcher.context) {
		pcre2_jit_stack *stack = pcre2_jit_stack_create(STACK_START, STACK_LIMIT, NULL);

		matcher.context = pcre2_match_context_create(NULL);
		pcre2_set_match_limit(matcher.context, MATCH_LIMIT);
		pcre2_set_depth_limit(matcher.context, DEPTH_LIMIT);
		pcre2_set_heap_limit(matcher.context, HEAP_LIMIT);
		pcre2_jit_stack_assign(matcher.context, NULL, stack);
		matcher.text_context = pcre2_match_context_copy(matcher.context);
		pcre2_set_match_limit(matcher.text_context, TEXT_MATCH_LIMIT);
	}
	if (groups > matcher.groups) {
		pcre2_match_data_free(matcher.data);
		matcher.data = pcre2_match_data_create(groups, NULL);
		matcher.groups = groups;
	}
}

/* The table of the names of groups: two bytes of a group's number, then its name. */
struct name_table {
	const char *entry;
	uint32_t count, entry_size;
};

static struct name_table name_table_of(const pcre2_code *code)
{
	struct name_table table = { 0 };
	PCRE2_SPTR entries = NULL;

	pcre2_pattern_info(code, PCRE2_INFO_NAMECOUNT, &table.count);
	pcre2_pattern_info(code, PCRE2_INFO_NAMEENTRYSIZE, &table.entry_size);
	pcre2_pattern_info(code, PCRE2_INFO_NAMETABLE, &entries);
	table.entry = (const char *)entries;
	return table;
}

static uint32_t next_name(struct name_table *table, struct str *name)
{
	const uint8_t *entry = (const uint8_t *)table->entry;

	*name = str_from(table->entry + 2);
	table->entry += table->entry_size;
	return (uint32_t)entry[0] << 8 | entry[1];
}

static uint32_t groups_of(const pcre2_code *code)
{
	uint32_t groups = 0;

	pcre2_pattern_info(code, PCRE2_INFO_CAPTURECOUNT, &groups);
	return groups;
}

static int find_named_groups(struct conf_call *call, struct pattern *pattern)
{
	struct name_table table = name_table_of(pattern->code);

	pattern->named_count = table.count;
	pattern->named = pool_array(call->pool, struct named_group, table.count);
	for (uint32_t i = 0; i < table.count; i++) {
		struct named_group *group = &pattern->named[i];
		struct str name;

		group->group = next_name(&table, &name);
		int error = variable_define(call, name, NULL, NULL, 0);

		if (error < 0)
			return error;
		group->variable = variable_slot(call, name);
	}
	return 0;
}

static void free_code(void *code)
{
	pcre2_code_free(code);
}

const struct pattern *pattern_compile(struct conf_call *call, const struct conf_word *word,
				      size_t skip, bool nocase)
{
	struct pattern *pattern = pool_new(call->pool, struct pattern);
	int error;
	PCRE2_SIZE where;

	pattern->source = str_skip(word->text, skip);
	pattern->code = pcre2_compile((PCRE2_SPTR)pattern->source.data, pattern->source.len,
				      nocase ? PCRE2_CASELESS : 0, &error, &where, NULL);
	if (!pattern->code) {
		char reason[128];

		pcre2_get_error_message(error, (PCRE2_UCHAR *)reason, sizeof(reason));
		conf_error(call, word, "the regular expression \"%.*s\" is wrong: %s%s%.*s",
			   STR_ARG(pattern->source), reason,
			   where < pattern->source.len ? " before " : " at its end",
			   STR_ARG(str_skip(pattern->source, where)));
		return NULL;
	}
	pool_cleanup(call->pool, free_code, pattern->code);

	/* If this fails because there is no JIT, the interpreter matches, under the same limits. */
	pcre2_jit_compile(pattern->code, PCRE2_JIT_COMPLETE);

	prepare_matcher(groups_of(pattern->code) + 1);
	return find_named_groups(call, pattern) < 0 ? NULL : pattern;
}

static void add_named(struct captures *captures, const struct variable_slot *variable,
		      struct str text)
{
	struct named_capture *named = pool_new(captures->pool, struct named_capture);

	*named = (struct named_capture){ variable, text, NULL };
	if (captures->named)
		captures->last_named->next = named;
	else
		captures->named = named;
	captures->last_named = named;
}

/* A group of the last match; data NULL: it took no part. */
static struct str group_text(uint32_t group, struct str subject)
{
	const PCRE2_SIZE *offsets = pcre2_get_ovector_pointer(matcher.data);
	PCRE2_SIZE begin = offsets[2 * group], end = offsets[2 * group + 1];

	/* \K may put the beginning of $0 behind its end. */
	if (begin == PCRE2_UNSET || begin > end)
		return (struct str){ NULL, 0 };
	return (struct str){ subject.data + begin, end - begin };
}

static void take_captures(const struct pattern *pattern, struct str subject, uint32_t count,
			  struct captures *captures)
{
	if (count > captures->room) {
		captures->groups = pool_array(captures->pool, struct str, count);
		captures->room = count;
	}
	for (uint32_t i = 0; i < count; i++)
		captures->groups[i] = group_text(i, subject);
	captures->count = count;

	/* Several groups may have one name, (?J): the value of the one that took part is kept. */
	for (int took_part = 0; took_part <= 1; took_part++)
		for (uint32_t i = 0; i < pattern->named_count; i++) {
			const struct named_group *named = &pattern->named[i];
			struct str text = { NULL, 0 };

			if (named->group < count)
				text = captures->groups[named->group];
			if ((text.data != NULL) == took_part)
				add_named(captures, named->variable, text);
		}
}

static int match(const pcre2_code *code, struct str subject, pcre2_match_context *context)
{
	return pcre2_match(code, (PCRE2_SPTR)(subject.data ? subject.data : ""), subject.len, 0, 0,
			   matcher.data, context);
}

enum match pattern_try(const struct pattern *pattern, struct str subject,
		       struct captures *captures)
{
	int count = match(pattern->code, subject, matcher.context);

	if (count == PCRE2_ERROR_NOMATCH)
		return MATCH_NO;
	if (count < 0) {
		captures->failed = pattern;
		captures->error = count;
		return MATCH_FAILED;
	}
	if (captures->pool)
		take_captures(pattern, subject, (uint32_t)count, captures);
	return MATCH_YES;
}

static void take_text_match(const pcre2_code *code, uint32_t count, struct str subject,
			    struct pool *pool, struct text_match *out)
{
	enum { GROUPS = sizeof(out->groups) / sizeof(out->groups[0]) };
	struct name_table table = name_table_of(code);

	out->groups_count = count < GROUPS ? count : GROUPS;
	for (uint32_t i = 0; i < out->groups_count; i++)
		out->groups[i] = group_text(i, subject);
	out->names = pool_array(pool, struct text_match_name, table.count);
	out->names_count = table.count;
	for (uint32_t i = 0; i < table.count; i++) {
		struct str name;
		uint32_t group = next_name(&table, &name);

		out->names[i].name = pool_strdup(pool, name);
		out->names[i].text = group < count ? group_text(group, subject) : STR("");
	}
}

enum match pattern_try_text(struct pool *pool, struct str expression, struct str subject,
			    struct text_match *out, int *error)
{
	PCRE2_SIZE where;

	*error = 0;
	if (expression.len > TEXT_MAX)
		return MATCH_FAILED;

	pcre2_code *code = pcre2_compile((PCRE2_SPTR)(expression.data ? expression.data : ""),
					 expression.len, 0, error, &where, NULL);

	if (!code)
		return MATCH_FAILED;
	prepare_matcher(groups_of(code) + 1);

	int count = match(code, subject, matcher.text_context);

	if (count > 0)
		take_text_match(code, (uint32_t)count, subject, pool, out);
	pcre2_code_free(code);
	*error = count;
	if (count == PCRE2_ERROR_NOMATCH)
		return MATCH_NO;
	return count > 0 ? MATCH_YES : MATCH_FAILED;
}

struct str pattern_source(const struct pattern *pattern)
{
	return pattern->source;
}

void pattern_explain(int error, char *reason, size_t size)
{
	pcre2_get_error_message(error, (PCRE2_UCHAR *)reason, size);
}

bool pattern_is_limit(int error)
{
	return error == PCRE2_ERROR_MATCHLIMIT || error == PCRE2_ERROR_DEPTHLIMIT ||
	       error == PCRE2_ERROR_HEAPLIMIT || error == PCRE2_ERROR_JIT_STACKLIMIT;
}

const char *pattern_library(void)
{
	static char text[64] = "PCRE2 ";

	pcre2_config(PCRE2_CONFIG_VERSION, text + 6);
	return text;
}
