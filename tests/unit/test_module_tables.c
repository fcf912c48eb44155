/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Mistakes that the author of a module can make in its tables. Each is an error when a
 * configuration is read, which names the module and says what to change.
 */
#include "unit/config_test.h"

#include "config/modules.h"
#include "harness/memory.h"

struct fields {
	bool flag;
	int kind;
	int64_t number;
	struct str word;
};

static const struct keyword kinds[] = { { "one", 1 }, { NULL, 0 } };

static void asked_nothing(struct helper_call *call)
{
	helper_answer(call, 0, STR(""), -1);
}

static int set_nothing(struct conf_call *call)
{
	(void)call;
	return 0;
}

/* What a server with the sample module and this one says to an empty configuration. */
static const char *said_of(const struct module *module)
{
	const struct module *const all[] = { &config_include_module, &sample_module, module };

	conf_destroy(load_modules(all, 3, ""));
	return messages;
}

#define SAID_OF(...) said_of(&(const struct module){ .name = "odd", __VA_ARGS__ })
#define SAID_OF_DIRECTIVE(...)                      \
	SAID_OF(.conf_size = sizeof(struct fields), \
		.directives = (const struct directive[]){ __VA_ARGS__, { 0 } })
#define SAID_OF_VARIABLE(...) \
	SAID_OF(.variables = (const struct variable[]){ { __VA_ARGS__ }, { 0 } })

START_TEST(a_sound_module)
{
	ck_assert_str_eq(SAID_OF_DIRECTIVE(DIRECTIVE("odd_flag", IN_SERVER, struct fields, flag,
						     "on | off", "A flag.", .initial = "on"),
					   DIRECTIVE("odd_kind", IN_SERVER, struct fields, kind,
						     "one", "A kind.", .keywords = kinds)),
			 "");
	ck_assert_int_eq(loaded, 0);
	/* One name may be two directives, where no block has both. */
	ck_assert_str_eq(
		SAID_OF_DIRECTIVE(
			DIRECTIVE("listen", IN_MAIN, struct fields, word, "word", "In one place."),
			DIRECTIVE("listen", IN_SERVER, struct fields, word, "word", "In another.")),
		"");
}
END_TEST

START_TEST(names)
{
	assert_has(said_of(&(const struct module){ .summary = "" }),
		   "module (without a name): has no name");
	assert_has(said_of(&(const struct module){ .name = "Odd-one" }),
		   "module Odd-one: has no name, or one that is none");
	assert_has(said_of(&(const struct module){ .name = "sample" }),
		   "module sample: there are two modules of this name");
	assert_has(SAID_OF_DIRECTIVE(DIRECTIVE("Odd", IN_SERVER, struct fields, flag, "", "Odd.")),
		   "module odd: the directive \"Odd\" has a name that is none");
	assert_has(SAID_OF_DIRECTIVE(DIRECTIVE("root", IN_SERVER, struct fields, word, "", "Odd.")),
		   "module odd: the directive \"root\" is there already\n"
		   "       | the module sample has one of that name");
	assert_has(SAID_OF_DIRECTIVE(DIRECTIVE("odd", IN_SERVER, struct fields, word, "", "Odd."),
				     DIRECTIVE("odd", IN_SERVER, struct fields, word, "", "Odd.")),
		   "the module odd has one of that name");
	assert_has(SAID_OF_VARIABLE("host", get_nothing, "Odd.", 0),
		   "module odd: the variable \"host\" is there already");
	assert_has(SAID_OF_VARIABLE("arg_", get_nothing, "Odd.", VARIABLE_PREFIX),
		   "module odd: the variable \"arg_\" is there already");
	assert_has(SAID_OF_VARIABLE("ho-st", get_nothing, "Odd.", 0),
		   "module odd: the variable \"ho-st\" has a name that is none");
	ck_assert_int_ne(loaded, 0);
}
END_TEST

START_TEST(directives_that_cannot_work)
{
	assert_has(SAID_OF_DIRECTIVE(DIRECTIVE("odd", 0, struct fields, flag, "", "Odd.")),
		   "module odd: the directive \"odd\" may stand nowhere");
	assert_has(SAID_OF_DIRECTIVE(DIRECTIVE("odd", 1 << 20, struct fields, flag, "", "Odd.")),
		   "has unknown contexts (0x100000)");
	assert_has(SAID_OF_DIRECTIVE(DIRECTIVE("odd", IN_SERVER, struct fields, kind, "", "Odd.")),
		   "sets a field of type int or unsigned, but has no keywords\n"
		   "       | add .keywords; a number is an int64_t");
	assert_has(SAID_OF_DIRECTIVE(DIRECTIVE("odd", IN_SERVER, struct fields, flag, "", "Odd.",
					       .keywords = kinds)),
		   "has keywords that nothing reads");
	assert_has(SAID_OF_DIRECTIVE(
			   DIRECTIVE("odd", IN_SERVER, struct fields, word, "", "Odd.", .max = 5)),
		   "has .min or .max that nothing reads");
	assert_has(SAID_OF_DIRECTIVE(DIRECTIVE("odd", IN_SERVER, struct fields, number, "", "Odd.",
					       .min = 9, .max = 5)),
		   "has a .min that is greater than its .max");
	assert_has(SAID_OF_DIRECTIVE(DIRECTIVE("odd", IN_SERVER, struct fields, flag, "", NULL)),
		   "has no text for `skua help`");
	assert_has(SAID_OF_DIRECTIVE(DIRECTIVE_SET("odd", IN_SERVER, NULL, "", "Odd.")),
		   "the directive \"odd\" does nothing");
	assert_has(SAID_OF_DIRECTIVE(DIRECTIVE_SET("odd", IN_SERVER, set_nothing, "", "Odd.",
						   .min_args = 3, .max_args = 2)),
		   "has a .min_args that is greater than its .max_args");
	assert_has(SAID_OF(.directives = (const struct directive[]){ DIRECTIVE("odd", IN_SERVER,
									       struct fields, word,
									       "", "Odd."),
								     { 0 } }),
		   "points behind the module's struct\n       | .conf_size is 0");
	assert_has(SAID_OF(.if_configured = true), "its handlers would never be called");
	assert_has(SAID_OF(.if_listened = true),
		   "no address can have a parameter of it: its handlers would never be called");
	assert_has(SAID_OF(.helper = &(const struct helper){ .name = "odd" }),
		   ".helper does nothing\n       | add .asked");
	assert_has(SAID_OF(.helper = &(const struct helper){ .asked = asked_nothing }),
		   ".helper has no name");
	assert_has(SAID_OF(.helper = &(const struct helper){ "worker", .asked = asked_nothing }),
		   ".helper has no name");
	assert_has(SAID_OF_VARIABLE("odd", NULL, "Odd.", 0), "has no getter");
	assert_has(SAID_OF_VARIABLE("odd", get_nothing, NULL, 0), "has no text for `skua help`");
	ck_assert_int_ne(loaded, 0);
}
END_TEST

START_TEST(flags_that_do_nothing)
{
#define WITH_FLAGS(...) DIRECTIVE_SET("odd", IN_SERVER, set_nothing, "", "Odd.", __VA_ARGS__)
	assert_has(SAID_OF_DIRECTIVE(WITH_FLAGS(.flags = 1 << 12)), "has unknown flags (0x1000)");
	assert_has(SAID_OF_DIRECTIVE(WITH_FLAGS(.flags = LOCAL)),
		   "is LOCAL, but says not of which");
	assert_has(SAID_OF_DIRECTIVE(WITH_FLAGS(.flags = ORDERED)), "is ORDERED, but not LOCAL");
	assert_has(SAID_OF_DIRECTIVE(WITH_FLAGS(.flags = LIST | REPEAT)), "is LIST and REPEAT");
	assert_has(SAID_OF_DIRECTIVE(WITH_FLAGS(.flags = BLOCK | RAW_BLOCK)),
		   "is BLOCK and RAW_BLOCK");
	assert_has(SAID_OF_DIRECTIVE(WITH_FLAGS(.flags = OBSOLETE)), "is OBSOLETE, so its setter");
	assert_has(SAID_OF_DIRECTIVE(DIRECTIVE("odd", IN_SERVER, struct fields, word, "", "Odd.",
					       .flags = RAW_BLOCK)),
		   "has a block that nothing reads");
	assert_has(SAID_OF_VARIABLE("odd", get_nothing, "Odd.", VARIABLE_ASSIGNED),
		   "has flags that mean nothing here");
#undef WITH_FLAGS
}
END_TEST

START_TEST(a_default_that_is_refused)
{
	assert_has(SAID_OF_DIRECTIVE(DIRECTIVE("odd", IN_SERVER, struct fields, number, "", "Odd.",
					       .initial = "many")),
		   "module odd: the default \"many\" of the directive \"odd\" is refused");
	assert_has(SAID_OF_DIRECTIVE(DIRECTIVE("odd", IN_SERVER, struct fields, flag, "", "Odd.",
					       .initial = "\"on")),
		   "module odd: the default \"\"on\" of the directive \"odd\" is refused");
	ck_assert_int_ne(loaded, 0);
}
END_TEST

static int refuse_silently(struct conf_call *call)
{
	(void)call;
	return -EINVAL;
}

static int check_silently(struct conf_call *call, void *conf)
{
	(void)call;
	(void)conf;
	return -EINVAL;
}

START_TEST(a_refusal_without_a_reason)
{
	const struct module odd = {
		.name = "odd",
		.directives =
			(const struct directive[]){
				DIRECTIVE_SET("odd", IN_MAIN, refuse_silently, "", "Odd."), { 0 } },
	};
	const struct module wary = { .name = "wary", .check = check_silently };
	const struct module *const all[] = { &config_include_module, &odd, &wary };

	conf_destroy(load_modules(all, 3, "\n  odd;"));
	ck_assert_int_ne(loaded, 0);
	assert_has(messages, "skua.conf:2:3: the setter of the module odd has failed without "
			     "saying why");
	assert_has(messages, "this is a defect of the module: it has to call conf_error()");
	assert_has(messages, "the check of the module wary has failed without saying why");
}
END_TEST

static enum preface_verdict read_nothing(struct str bytes, size_t *len, const char **why)
{
	(void)bytes, (void)len, (void)why;
	return PREFACE_DONE;
}

static ssize_t receive_nothing(struct transport *transport, void *buffer, size_t size)
{
	(void)transport, (void)buffer, (void)size;
	return 0;
}

static ssize_t send_nothing(struct transport *transport, const struct iovec *iov, int count,
			    bool more)
{
	(void)transport, (void)iov, (void)count, (void)more;
	return -EPIPE;
}

static bool has_nothing(const struct transport *transport)
{
	(void)transport;
	return false;
}

static size_t none(const struct transport *transport)
{
	(void)transport;
	return 0;
}

static int import_nothing(struct transport *transport, struct str state)
{
	(void)transport, (void)state;
	return 0;
}

static const struct transport_type mute = {
	.name = "mute",
	.receive = receive_nothing,
	.has_bytes = has_nothing,
	.send = send_nothing,
	.unsent = none,
};

static const struct transport_type deaf = { .name = "deaf", .send = send_nothing };

static const struct transport_type one_way = {
	.name = "one way",
	.receive = receive_nothing,
	.has_bytes = has_nothing,
	.send = send_nothing,
	.unsent = none,
	.import = import_nothing,
};

#define SAID_OF_PARAMETERS(...) \
	SAID_OF(.listen_parameters = (const struct listen_parameter[]){ __VA_ARGS__, { 0 } })

START_TEST(parameters_of_listen)
{
	static const struct preface good = { "nothing", read_nothing }, empty = { .what = "it" };

	ck_assert_str_eq(SAID_OF_PARAMETERS({ "odd", &good, "Odd." }), "");
	assert_has(SAID_OF_PARAMETERS({ "odd=", &good, "Odd." }),
		   "module odd: the listen parameter \"odd=\" has a name that is none");
	assert_has(SAID_OF_PARAMETERS({ "odd", &good, NULL }),
		   "has no text for `skua help listen`");
	assert_has(SAID_OF_PARAMETERS({ "odd", NULL, "Odd." }), "does nothing");
	assert_has(SAID_OF_PARAMETERS({ "odd", &empty, "Odd." }), "does nothing");
	assert_has(SAID_OF_PARAMETERS({ "odd", &good, "Odd." }, { "odd", &good, "Odd." }),
		   "is there already");
	ck_assert_str_eq(SAID_OF_PARAMETERS({ "odd", NULL, "Odd.", &mute }), "");
	assert_has(SAID_OF_PARAMETERS({ "odd", NULL, "Odd.", &deaf }),
		   "has a transport that lacks something");
	assert_has(SAID_OF_PARAMETERS({ "odd", NULL, "Odd.", &one_way }),
		   "has a transport that moves one way only");
}
END_TEST

static const struct coding odd_coding = { .name = STR_INIT("odd") };

START_TEST(a_coding_that_cannot_work)
{
	const char *said = SAID_OF(.coding = &odd_coding);

	assert_has(said, "module odd: .coding is not complete");
	assert_has(said, "module odd: .coding is set, but its settings have no place");
	assert_has(said, "module odd: .coding is set, but no filter uses it");
}
END_TEST

/*
 * A module costs nothing where it is not used: without if_configured or if_listened its handlers
 * would be called for each request. These have something to do for every file.
 */
START_TEST(modules_take_part_where_they_are_used)
{
	static const char always[] = " mime index static conditional range log ";

	for (size_t i = 0; i < module_count(); i++) {
		const struct module *module = module_at(i);
		bool has_handlers = module->on_validators;

		for (int phase = 0; phase < PHASES; phase++)
			has_handlers = has_handlers || module->on[phase];
		if (has_handlers && !module->if_configured && !module->if_listened)
			ck_assert_msg(strstr(always, memory_printf(" %s ", module->name)), "%s",
				      module->name);
	}
}
END_TEST

TESTS("tables of modules", a_sound_module, a_coding_that_cannot_work, parameters_of_listen, names,
      directives_that_cannot_work, flags_that_do_nothing, a_default_that_is_refused,
      a_refusal_without_a_reason, modules_take_part_where_they_are_used)
