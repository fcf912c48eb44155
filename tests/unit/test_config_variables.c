/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Strings with variables, and where the variables come from.
 */
#include "unit/config_test.h"

/* The parts of "text …", a variable as <name:rest>. */
static const char *parts_of(const char *text)
{
	static char joined[1024];
	char line[512], *to = joined;

	snprintf(line, sizeof(line), "define later; text \"%s\";", text);
	struct conf *conf = load_good(line);
	const struct template *template = sample_main(conf)->text;

	*to = '\0';
	for (size_t i = 0; i < template->count; i++) {
		const struct template_part *part = &template->parts[i];
		size_t room = sizeof(joined) - (size_t)(to - joined);

		to += snprintf(to, room, "%.*s", STR_ARG(part->literal));
		room = sizeof(joined) - (size_t)(to - joined);
		if (part->slot)
			to += snprintf(to, room, "<%.*s:%.*s:%d>", STR_ARG(part->slot->name),
				       STR_ARG(part->slot->rest), part->slot->capture);
	}
	ck_assert(template->is_literal == !strchr(joined, '<'));
	conf_destroy(conf);
	return joined;
}

START_TEST(templates)
{
	ck_assert_str_eq(parts_of("plain"), "plain");
	ck_assert_str_eq(parts_of(""), "");
	ck_assert_str_eq(parts_of("$host"), "<host::0>");
	ck_assert_str_eq(parts_of("a$host-b${host}c"), "a<host::0>-b<host::0>c");
	ck_assert_str_eq(parts_of("$HOST"), "<host::0>");
	ck_assert_str_eq(parts_of("$arg_name/$arg_x_y"), "<arg_name:name:0>/<arg_x_y:y:0>");
	ck_assert_str_eq(parts_of("$arg_"), "<arg_::0>");
	ck_assert_str_eq(parts_of("$1$25"), "<1::1><2::2>5");
	ck_assert_str_eq(parts_of("${3}x"), "<3::3>x");
	ck_assert_str_eq(parts_of("$later"), "<later::0>");
}
END_TEST

START_TEST(defined_after_its_use)
{
	struct conf *conf = load_good("http { text $x; server { define X; } }");
	const struct variable_slot *slot = conf_variable_find(conf, STR("x"));

	ck_assert_ptr_nonnull(slot);
	ck_assert_ptr_eq(sample_of(scopes[0])->text->parts[0].slot, slot);
	ck_assert_uint_eq(conf_variables_count(conf), 1);
	conf_destroy(conf);
}
END_TEST

START_TEST(one_slot_for_a_name)
{
	struct conf *conf = load_good("texts $host $arg_a $HOST ${arg_a}; define b;");
	struct template_list texts = sample_main(conf)->texts;
	struct variable_slot found;

	ck_assert_uint_eq(texts.count, 4);
	ck_assert_ptr_eq(texts.items[0]->parts[0].slot, texts.items[2]->parts[0].slot);
	ck_assert_uint_eq(conf_variables_count(conf), 3);
	ck_assert(conf_variable_resolve(conf, STR("arg_a"), &found));
	ck_assert_uint_eq(found.index, 1);
	ck_assert(conf_variable_resolve(conf, STR("arg_z"), &found));
	ck_assert_uint_eq(found.flags, VARIABLE_PREFIX | VARIABLE_VOLATILE);
	assert_str(found.rest, "z");
	ck_assert_ptr_eq(found.module, &sample_module);
	ck_assert(!conf_variable_resolve(conf, STR("nobody"), &found));
	conf_destroy(conf);
}
END_TEST

START_TEST(unknown_variables)
{
	assert_has(errors_of("text \"a $hots b\";"), "skua.conf:1:9: unknown variable \"$hots\"");
	assert_has(messages, "^~~~~ did you mean \"$host\"?");
	assert_has(errors_of("text $zzzzzz;\ntexts $zzzzzz;"), "skua.conf:1:6: unknown variable");
	assert_has(messages, "| the same in line 2\n");
}
END_TEST

START_TEST(bad_templates)
{
	assert_has(errors_of("text \"costs 5$\";"), "skua.conf:1:14: a \"$\" without the name");
	assert_has(errors_of("text \"a $-\";"), "without the name");
	assert_has(errors_of("text \"${}\";"), "without the name");
	assert_has(errors_of("text \"x${host\";"), "skua.conf:1:8: the \"}\" of this variable");
	assert_has(errors_of("text \"${ho st}\";"), "without the name");
}
END_TEST

START_TEST(names_that_cannot_be_defined)
{
	assert_has(errors_of("define host;"), "the variable \"$host\" exists already");
	assert_has(errors_of("define a-b;"), "invalid name of a variable \"$a-b\"");
	assert_has(errors_of("define '';"), "is empty");
	load_good("define a; define A;");
}
END_TEST

TESTS("variables", templates, defined_after_its_use, one_slot_for_a_name, unknown_variables,
      bad_templates, names_that_cannot_be_defined)
