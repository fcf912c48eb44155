/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Checks what modules declare, before a configuration is read by it. A mistake in a table
 * would otherwise show much later: as a directive that silently replaces another module's,
 * as a crash in `skua -t`, or not at all. The mistake is always in the module, so the message
 * names the module and what its author has to change.
 */
#include "config/internal.h"
#include "stats/stats.h"

enum {
	ALL_FLAGS = LOCAL | LIST | REPEAT | ORDERED | BLOCK | RAW_BLOCK | OBSOLETE,
	ALL_VARIABLE_FLAGS = VARIABLE_PREFIX | VARIABLE_VOLATILE | VARIABLE_PLAIN |
			     VARIABLE_SETTABLE,
};

/* The module, or the entry of its table, that is being checked. */
struct subject {
	struct conf *conf;
	const struct module *module;
	const char *kind, *name; /* "directive" and its name; NULL: the module itself */
};

/* What follows a newline in the format is the remedy, as in conf_error(). */
static void __attribute__((format(printf, 2, 3)))
mistake(const struct subject *subject, const char *format, ...)
{
	struct conf *conf = subject->conf;
	const char *module = subject->module->name ? subject->module->name : "(without a name)";
	va_list args;

	va_start(args, format);
	struct str remedy = pool_vprintf(conf->pool, format, args);
	va_end(args);
	struct str text = str_split(&remedy, '\n');
	struct str entry = subject->kind ? pool_printf(conf->pool, "the %s \"%s\" ", subject->kind,
						       subject->name) :
					   STR("");

	message_add(&conf->source, MESSAGE_ERROR, (struct conf_place){ 0 },
		    "module %s: %.*s%.*s\n%.*s", module, STR_ARG(entry), STR_ARG(text),
		    STR_ARG(remedy));
}

/* Names of modules, directives and variables: lower case, so that all are written alike. */
static bool is_name(const char *name)
{
	size_t letters = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_");

	return letters > 0 && name[letters] == '\0' && (*name < '0' || *name > '9');
}

/* The name and the text of an entry, which this command shows. */
static void check_entry(const struct subject *subject, const char *doc, const char *command)
{
	if (!is_name(subject->name))
		mistake(subject, "has a name that is none\n"
				 "use lower case letters, digits and underscores");
	if (!doc || !*doc)
		mistake(subject, "has no text for `%s`\nadd .doc", command);
}

static bool has_range(const struct directive *directive)
{
	return directive->type == FIELD_INT || directive->type == FIELD_SIZE ||
	       directive->type == FIELD_DURATION;
}

static bool has_keywords(const struct directive *directive)
{
	return directive->type == FIELD_KEYWORD || directive->type == FIELD_BITS;
}

static void check_field(const struct subject *subject, const struct directive *directive)
{
	size_t conf_size = subject->module->conf_size;

	if (directive->size && directive->offset + directive->size > conf_size)
		mistake(subject,
			"points behind the module's struct\n"
			".conf_size is %zu, the field ends at %zu",
			conf_size, directive->offset + directive->size);
	if (directive->type != FIELD_SETTER && directive->size == 0)
		mistake(subject, "has the type of a field, but no field\nwrite it as DIRECTIVE()");
	if (has_keywords(directive) && (!directive->keywords || !directive->keywords[0].name))
		mistake(subject, "sets a field of type int or unsigned, but has no keywords\n"
				 "add .keywords; a number is an int64_t");
	if (!has_keywords(directive) && directive->keywords)
		mistake(subject, "has keywords that nothing reads\n"
				 "its field is neither an int nor an unsigned");
	if (!has_range(directive) && (directive->min || directive->max))
		mistake(subject, "has .min or .max that nothing reads\n"
				 "they are for int64_t, struct size and struct duration");
	if (directive->max && directive->min > directive->max)
		mistake(subject, "has a .min that is greater than its .max\nno value would fit");
}

static void check_flags(const struct subject *subject, const struct directive *directive)
{
	unsigned flags = directive->flags;
	bool is_block = flags & (BLOCK | RAW_BLOCK);

	if (flags & ~(unsigned)ALL_FLAGS)
		mistake(subject, "has unknown flags (0x%x)\nuse those of conf.h",
			flags & ~(unsigned)ALL_FLAGS);
	if ((flags & LOCAL) && directive->size == 0)
		mistake(subject, "is LOCAL, but says not of which field\nadd FIELD_AT()");
	if ((flags & ORDERED) && !(flags & (LOCAL | BLOCK)))
		mistake(subject, "is ORDERED, but not LOCAL\n"
				 "a block that stands before it would not inherit it");
	if ((flags & LIST) && (flags & REPEAT))
		mistake(subject, "is LIST and REPEAT\nLIST alone may repeat, too");
	if ((flags & BLOCK) && (flags & RAW_BLOCK))
		mistake(subject, "is BLOCK and RAW_BLOCK\nkeep the one that is meant");
	if (is_block && !directive->set)
		mistake(subject, "has a block that nothing reads\nadd .set");
	if ((flags & OBSOLETE) && (directive->set || directive->size || directive->initial))
		mistake(subject, "is OBSOLETE, so its setter, field or default is never used\n"
				 "take them away");
}

static void check_directive(const struct subject *subject, const struct directive *directive)
{
	check_entry(subject, directive->doc, "skua help");
	if (directive->contexts == 0)
		mistake(subject, "may stand nowhere\nadd .contexts, such as IN_ANY_HTTP");
	if (directive->contexts & ~(unsigned)IN_ANYWHERE)
		mistake(subject, "has unknown contexts (0x%x)\nuse those of conf.h",
			directive->contexts & ~(unsigned)IN_ANYWHERE);
	if (directive->max_args && directive->min_args > directive->max_args)
		mistake(subject, "has a .min_args that is greater than its .max_args\n"
				 "no number of words would fit");
	if (directive->type == FIELD_SETTER && !directive->set && !(directive->flags & OBSOLETE) &&
	    subject->module != &config_include_module) /* config/source/tree.c obeys it */
		mistake(subject, "does nothing\nadd a field or a setter");
	check_field(subject, directive);
	check_flags(subject, directive);
}

/*
 * Reports an entry if another one, of this or an earlier module, has the same name and a
 * context in common with it.
 */
static void check_directive_is_new(const struct subject *subject,
				   const struct directive_entry *entry)
{
	for (const struct directive_entry *other = entry->next; other; other = other->next)
		if (other->directive->contexts & entry->directive->contexts) {
			mistake(subject,
				"is there already\nthe module %s has one of that name; "
				"give yours another",
				subject->conf->modules[other->module]->name);
			return;
		}
}

static const struct directive_entry *entry_of(const struct conf *conf,
					      const struct directive *directive)
{
	const struct directive_entry *entry =
		hash_get(&conf->directives, str_from(directive->name));

	while (entry->directive != directive)
		entry = entry->next;
	return entry;
}

static void check_variable(const struct subject *subject, const struct variable *variable)
{
	check_entry(subject, variable->doc, "skua help");
	if (!variable->get)
		mistake(subject, "has no getter\nadd .get");
	if (variable->flags & VARIABLE_PREFIX &&
	    (variable->set || variable->flags & VARIABLE_SETTABLE))
		mistake(subject, "stands for all names that begin so, none of which can be set\n"
				 "leave out .set and VARIABLE_SETTABLE");
	if (variable->flags & ~(unsigned)ALL_VARIABLE_FLAGS)
		mistake(subject, "has flags that mean nothing here (0x%x)\nuse those of variable.h",
			variable->flags & ~(unsigned)ALL_VARIABLE_FLAGS);
}

static void check_variable_is_new(const struct subject *subject, size_t last,
				  const struct variable *variable)
{
	for (size_t i = 0; i <= last; i++) {
		const struct variable *other = subject->conf->modules[i]->variables;

		for (; other && other->name && other != variable; other++)
			if (strcmp(other->name, variable->name) == 0) {
				mistake(subject,
					"is there already\nthe module %s has one of that "
					"name; give yours another",
					subject->conf->modules[i]->name);
				return;
			}
	}
}

static void check_counter(const struct subject *subject, const struct counter *counter)
{
	check_entry(subject, counter->doc, "skua status");
	for (const struct counter *c = subject->module->counters; c != counter; c++)
		if (strcmp(c->name, counter->name) == 0)
			mistake(subject, "is there twice\ngive one of them another name");
}

/* The first parameter of this name, of this or of an earlier module. */
static const struct listen_parameter *first_parameter(const struct conf *conf, size_t last,
						      const char *name)
{
	for (size_t i = 0; i <= last; i++) {
		const struct listen_parameter *p = conf->modules[i]->listen_parameters;

		for (; p && p->name; p++)
			if (strcmp(p->name, name) == 0)
				return p;
	}
	return NULL;
}

static void check_parameter(const struct subject *subject, size_t index,
			    const struct listen_parameter *parameter)
{
	check_entry(subject, parameter->doc, "skua help listen");
	const struct preface *preface = parameter->preface;
	const struct transport_type *transport = parameter->transport;

	if ((!preface && !transport) || (preface && (!preface->read || !preface->what)))
		mistake(subject, "does nothing\nadd .preface, with .what and .read, or .transport");
	if (transport && (!transport->name || !transport->receive || !transport->has_bytes ||
			  !transport->send || !transport->unsent))
		mistake(subject, "has a transport that lacks something\n"
				 "add .name, .receive, .has_bytes, .send and .unsent");
	if (transport && !transport->export != !transport->import)
		mistake(subject, "has a transport that moves one way only\n"
				 "add both .export and .import, or neither");
	if (first_parameter(subject->conf, index, parameter->name) != parameter)
		mistake(subject, "is there already\ngive yours another name");
}

static void check_coding(const struct subject *subject)
{
	const struct module *module = subject->module;
	const struct coding *coding = module->coding;

	if (!coding)
		return;
	if (str_empty(coding->name) || str_empty(coding->suffix) || str_empty(coding->tag) ||
	    !coding->begin || !coding->encode || !coding->end || !coding->memory)
		mistake(subject, ".coding is not complete\n"
				 "it needs name, suffix, tag, begin, encode, end and memory");
	if (module->conf_size < sizeof(struct coding_conf))
		mistake(subject, ".coding is set, but its settings have no place\n"
				 "begin the configuration struct with a struct coding_conf");
	if (!module->on[PHASE_FILTER] || module->filter_role != FILTER_ENCODING)
		mistake(subject,
			".coding is set, but no filter uses it\n"
			"set .on[PHASE_FILTER] = coding_filter, .filter_role = FILTER_ENCODING");
}

/* Its name is that of a process, beside "worker" and "acceptor". */
static void check_helper(struct subject *subject, size_t index)
{
	const struct helper *helper = subject->module->helper;

	if (!helper)
		return;
	if (!helper->asked)
		mistake(subject, ".helper does nothing\nadd .asked");
	if (!helper->name || !is_name(helper->name) || strcmp(helper->name, "worker") == 0 ||
	    strcmp(helper->name, "acceptor") == 0) {
		mistake(subject, ".helper has no name, or one that is none\n"
				 "use lower case letters, digits and underscores");
		return;
	}
	for (size_t i = 0; i < index; i++) {
		const struct helper *other = subject->conf->modules[i]->helper;
		if (other && other->name && strcmp(other->name, helper->name) == 0)
			mistake(subject, ".helper has the name of another module's\n"
					 "give yours another name");
	}
}

static void check_module(struct conf *conf, size_t index)
{
	const struct module *module = conf->modules[index];
	struct subject subject = { .conf = conf, .module = module };

	if (!module->name || !is_name(module->name))
		mistake(&subject, "has no name, or one that is none\n"
				  "use lower case letters, digits and underscores");
	for (size_t i = 0; i < index && module->name; i++)
		if (conf->modules[i]->name && strcmp(conf->modules[i]->name, module->name) == 0)
			mistake(&subject, "there are two modules of this name\ngive yours another");
	if (module->if_configured && module->conf_size == 0)
		mistake(&subject, ".if_configured is set, but nothing can be configured: its "
				  "handlers would never be called\n"
				  "add .conf_size, or take .if_configured away");
	if (module->if_listened && !module->listen_parameters)
		mistake(&subject, ".if_listened is set, but no address can have a parameter of it: "
				  "its handlers would never be called\n"
				  "add .listen_parameters, or take .if_listened away");
	if (module->filter_role < FILTER_TYPE || module->filter_role >= FILTER_ROLES ||
	    (module->filter_role && !module->on[PHASE_FILTER]))
		mistake(&subject,
			".filter_role says nothing\n"
			"it is for modules with .on[PHASE_FILTER], and one of enum filter_role");
	check_coding(&subject);
	check_helper(&subject, index);
	subject.kind = "directive";
	for (const struct directive *d = module->directives; d && d->name; d++) {
		subject.name = d->name;
		check_directive(&subject, d);
		check_directive_is_new(&subject, entry_of(conf, d));
	}
	subject.kind = "counter";
	for (const struct counter *c = module->counters; c && c->name; c++) {
		subject.name = c->name;
		check_counter(&subject, c);
	}
	subject.kind = "listen parameter";
	for (const struct listen_parameter *p = module->listen_parameters; p && p->name; p++) {
		subject.name = p->name;
		check_parameter(&subject, index, p);
	}
	subject.kind = "variable";
	for (const struct variable *v = module->variables; v && v->name; v++) {
		subject.name = v->name;
		check_variable(&subject, v);
		check_variable_is_new(&subject, index, v);
	}
}

bool tables_check(struct conf *conf)
{
	size_t counters = 0, helpers = 0;

	for (size_t i = 0; i < conf->module_count; i++) {
		check_module(conf, i);
		counters += counters_of(conf->modules[i]);
		helpers += conf->modules[i]->helper != NULL;
	}
	if (helpers > HELPERS_MAX)
		message_add(&conf->source, MESSAGE_ERROR, (struct conf_place){ 0 },
			    "%zu modules have helpers, and there is room for %d", helpers,
			    HELPERS_MAX);
	if (counters > STATS_MODULES_MAX)
		message_add(&conf->source, MESSAGE_ERROR, (struct conf_place){ 0 },
			    "the modules have %zu counters, and there is room for %d", counters,
			    STATS_MODULES_MAX);
	return conf->source.errors == 0;
}
