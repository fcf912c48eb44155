/* SPDX-License-Identifier: BSD-2-Clause */
#include "scan.h"

#include <stdlib.h>

static const char beginning[] = "<!--#";
enum { BEGINNING_LEN = sizeof(beginning) - 1 };

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* --- the text between commands --------------------------------------------------- */

/*
 * Compares the input with what is left of the beginning of a command. Takes what is the same, and
 * begins the command if that was all of it. False: the input is something else.
 */
static bool take_beginning(struct scan *scan, struct str *input)
{
	while (!str_empty(*input) && scan->held < BEGINNING_LEN) {
		if (input->data[0] != beginning[scan->held])
			return false;
		*input = str_skip(*input, 1);
		scan->held++;
	}
	if (scan->held == BEGINNING_LEN) {
		scan->state = SCAN_BEFORE_NAME;
		scan->held = scan->len = scan->name_len = scan->count = 0;
		scan->problem = NULL;
	}
	return true;
}

/* True: *text is a text. False: a command begins, or the input has ended. */
static bool take_text(struct scan *scan, struct str *input, struct str *text)
{
	const char *begin = input->data;

	if (scan->held > 0) {
		if (take_beginning(scan, input))
			return false;
		/* The bytes before were the last ones of another piece. */
		*text = (struct str){ beginning, scan->held };
		scan->held = 0;
		return true;
	}
	while (!str_empty(*input)) {
		const char *found = memchr(input->data, '<', input->len);
		struct str rest;

		if (!found)
			found = input->data + input->len;
		rest = *input = str_range(found, input->data + input->len);
		if (take_beginning(scan, &rest)) {
			*input = rest;
			*text = str_range(begin, found);
			return !str_empty(*text);
		}
		scan->held = 0;
		*input = str_skip(*input, 1);
	}
	*text = str_range(begin, input->data);
	return !str_empty(*text);
}

/* --- a command ------------------------------------------------------------------- */

static void put(struct scan *scan, char c)
{
	if (scan->len == scan->capacity) {
		size_t capacity = 2 * scan->capacity + 256;
		char *larger = heap_alloc(capacity);

		str_put(larger, (struct str){ scan->bytes, scan->len });
		free(scan->bytes);
		scan->bytes = larger;
		scan->capacity = capacity;
	}
	scan->bytes[scan->len++] = c;
}

/* A character of a command that has been found to be malformed, and may be the first of its end. */
static enum scan_state wrong(struct scan *scan, const char *problem, char c)
{
	scan->problem = problem;
	return c == '-' ? SCAN_WRONG_IN_END : SCAN_WRONG;
}

static enum scan_state begin_parameter(struct scan *scan, char c)
{
	/* Of those that are too many, only the last one is remembered. */
	if (scan->count == PARAMETERS_MAX + 1) {
		scan->count--;
		scan->len -= scan->parts[scan->count].name_len + scan->parts[scan->count].value_len;
	}
	scan->parts[scan->count].name_len = 1;
	scan->parts[scan->count++].value_len = 0;
	put(scan, c);
	return SCAN_IN_PARAMETER;
}

static enum scan_state in_name(struct scan *scan, char c)
{
	if (is_blank(c))
		return SCAN_BEFORE_PARAMETER;
	if (c == '-')
		return SCAN_IN_END;
	if (scan->name_len == WORD_MAX)
		return wrong(scan, "its name is too long", '\0');
	put(scan, c);
	scan->name_len++;
	return SCAN_IN_NAME;
}

static enum scan_state in_parameter(struct scan *scan, char c)
{
	size_t *len = &scan->parts[scan->count - 1].name_len;

	if (is_blank(c))
		return SCAN_BEFORE_EQUALS;
	if (c == '=')
		return SCAN_BEFORE_VALUE;
	if (c == '-')
		return wrong(scan, "the name of a parameter has a \"-\"", c);
	if (*len == WORD_MAX)
		return wrong(scan, "the name of a parameter is too long", '\0');
	put(scan, c);
	++*len;
	return SCAN_IN_PARAMETER;
}

static enum scan_state in_value(struct scan *scan, char c, enum scan_state next)
{
	size_t *len = &scan->parts[scan->count - 1].value_len;

	if (next == SCAN_IN_VALUE && scan->state != SCAN_BEHIND_BACKSLASH && c == scan->quote)
		return SCAN_BEHIND_VALUE;
	if (*len == scan->value_max)
		return wrong(scan, "a value is longer than ssi_value_length", '\0');
	put(scan, c);
	++*len;
	return next;
}

static enum scan_state next_state(struct scan *scan, char c)
{
	switch (scan->state) {
	case SCAN_BEFORE_NAME:
		if (is_blank(c))
			return SCAN_BEFORE_NAME;
		put(scan, c);
		scan->name_len = 1;
		return SCAN_IN_NAME;
	case SCAN_IN_NAME:
		return in_name(scan, c);
	case SCAN_BEFORE_PARAMETER:
		if (is_blank(c))
			return SCAN_BEFORE_PARAMETER;
		return c == '-' ? SCAN_IN_END : begin_parameter(scan, c);
	case SCAN_IN_PARAMETER:
		return in_parameter(scan, c);
	case SCAN_BEFORE_EQUALS:
		if (is_blank(c))
			return SCAN_BEFORE_EQUALS;
		return c == '=' ? SCAN_BEFORE_VALUE : wrong(scan, "a parameter has no value", c);
	case SCAN_BEFORE_VALUE:
		if (is_blank(c))
			return SCAN_BEFORE_VALUE;
		scan->quote = c;
		return c == '"' || c == '\'' ? SCAN_IN_VALUE :
					       wrong(scan, "a value is not in quotes", c);
	case SCAN_IN_VALUE:
		return in_value(scan, c, c == '\\' ? SCAN_BEHIND_BACKSLASH : SCAN_IN_VALUE);
	case SCAN_BEHIND_BACKSLASH:
		return in_value(scan, c, SCAN_IN_VALUE);
	case SCAN_BEHIND_VALUE:
		if (is_blank(c))
			return SCAN_BEFORE_PARAMETER;
		return c == '-' ? SCAN_IN_END :
				  wrong(scan, "a blank is missing behind a value", '\0');
	case SCAN_IN_END:
		return c == '-' ? SCAN_AT_END : wrong(scan, "a \"-\" is not its end", '\0');
	case SCAN_AT_END:
		return c == '>' ? SCAN_IN_TEXT : wrong(scan, "\"--\" is not its end", '\0');
	case SCAN_WRONG:
		return c == '-' ? SCAN_WRONG_IN_END : SCAN_WRONG;
	case SCAN_WRONG_IN_END:
		return c == '-' ? SCAN_WRONG_AT_END : SCAN_WRONG;
	case SCAN_WRONG_AT_END:
		return c == '>' ? SCAN_IN_TEXT : SCAN_WRONG;
	case SCAN_IN_TEXT:
		break;
	}
	return SCAN_IN_TEXT;
}

static struct str cut(struct str *bytes, size_t len)
{
	struct str part = str_head(*bytes, len);

	*bytes = str_skip(*bytes, len);
	return part;
}

static void make_command(struct scan *scan)
{
	struct str bytes = { scan->bytes, scan->len };
	struct command *command = &scan->command;

	command->name = cut(&bytes, scan->name_len);
	command->count = scan->count;
	for (size_t i = 0; i < scan->count; i++) {
		command->parameters[i].name = cut(&bytes, scan->parts[i].name_len);
		command->parameters[i].value = cut(&bytes, scan->parts[i].value_len);
	}
}

enum scanned scan(struct scan *scan, struct str *input, struct str *text)
{
	while (!str_empty(*input)) {
		if (scan->state == SCAN_IN_TEXT) {
			if (take_text(scan, input, text))
				return SCAN_TEXT;
			continue;
		}
		scan->state = next_state(scan, input->data[0]);
		*input = str_skip(*input, 1);
		if (scan->state != SCAN_IN_TEXT)
			continue;
		make_command(scan);
		return scan->problem ? SCAN_MALFORMED : SCAN_COMMAND;
	}
	return SCAN_END;
}

struct str scan_rest(struct scan *scan)
{
	struct str rest = { beginning, scan->held };

	scan->held = 0;
	return rest;
}

void scan_finish(struct scan *scan)
{
	free(scan->bytes);
	scan->bytes = NULL;
	scan->len = scan->capacity = 0;
}
