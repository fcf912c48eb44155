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
	pcre2_match_context *context;
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
	}
	if (groups > matcher.groups) {
		pcre2_match_data_free(matcher.data);
		matcher.data = pcre2_match_data_create(groups, NULL);
		matcher.groups = groups;
	}
}

static int find_named_groups(struct conf_call *call, struct pattern *pattern)
{
	uint32_t entry_size = 0;
	PCRE2_SPTR entry = NULL;

	pcre2_pattern_info(pattern->code, PCRE2_INFO_NAMECOUNT, &pattern->named_count);
	pcre2_pattern_info(pattern->code, PCRE2_INFO_NAMEENTRYSIZE, &entry_size);
	pcre2_pattern_info(pattern->code, PCRE2_INFO_NAMETABLE, &entry);
	pattern->named = pool_array(call->pool, struct named_group, pattern->named_count);
	for (uint32_t i = 0; i < pattern->named_count; i++, entry += entry_size) {
		struct named_group *group = &pattern->named[i];

		/* Two bytes of the group's number, then its name. */
		struct str name = str_from((const char *)entry + 2);

		group->group = (uint32_t)entry[0] << 8 | entry[1];
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

	uint32_t groups = 0;

	pcre2_pattern_info(pattern->code, PCRE2_INFO_CAPTURECOUNT, &groups);
	prepare_matcher(groups + 1);
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

static void take_captures(const struct pattern *pattern, struct str subject, uint32_t count,
			  struct captures *captures)
{
	const PCRE2_SIZE *offsets = pcre2_get_ovector_pointer(matcher.data);

	if (count > captures->room) {
		captures->groups = pool_array(captures->pool, struct str, count);
		captures->room = count;
	}
	for (uint32_t i = 0; i < count; i++) {
		PCRE2_SIZE begin = offsets[2 * i], end = offsets[2 * i + 1];

		captures->groups[i] = (struct str){ NULL, 0 };
		/* \K may put the beginning of $0 behind its end. */
		if (begin != PCRE2_UNSET && begin <= end)
			captures->groups[i] = (struct str){ subject.data + begin, end - begin };
	}
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

enum match pattern_try(const struct pattern *pattern, struct str subject,
		       struct captures *captures)
{
	int count = pcre2_match(pattern->code, (PCRE2_SPTR)(subject.data ? subject.data : ""),
				subject.len, 0, 0, matcher.data, matcher.context);

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
