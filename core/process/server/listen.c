/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The list of all addresses with their sockets. What a configuration that is
 * rejected has opened can be told from what was there before, and is closed.
 */
#include "process/server/listen.h"

#include <errno.h>
#include <fcntl.h>
#include <log.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <pool.h>

#include "net/conn.h"
#include "net/listener.h"
#include "process/server/sockets.h"

/* The sockets of one address. */
struct socket_set {
	struct listener address; /* what listener_same() looks at, and the text */
	struct listener covered; /* the listener that covers it, with this address */
	uint32_t id;
	char *lender; /* its name with the service manager that opened it; NULL: it is ours */
	int *fds;
	int count;
	bool is_new; /* the configuration that has opened it does not rule yet */
	bool share; /* with SO_REUSEPORT */
	bool makes_way; /* with it for as long as an address takes the port of another */
	int starting; /* how many the processes have that are being started */
	int served; /* how many those have that rule */
	int told; /* how many the other server has, too */
	struct socket_set *next;
};

static struct socket_set *sets;
static struct socket_set *dropped; /* of addresses that are not configured any more */
static uint32_t last_id;
static bool (*listens_elsewhere)(uint32_t id); /* another server; NULL: there is none */
static int last_error; /* errno, of the listen_open() that is under way; 0: none */
static bool left_over; /* sockets that a configuration has opened which was rejected */

static struct socket_set *find(const struct listener *listener)
{
	for (struct socket_set *set = sets; set; set = set->next)
		if (listener_same(&set->address, listener))
			return set;
	return NULL;
}

static struct socket_set *add_set(const struct listener *listener)
{
	struct socket_set *set = calloc(1, sizeof(*set));
	char *text = malloc(listener->text.len + 1);

	if (!set || !text) {
		free(set);
		free(text);
		return NULL;
	}
	memcpy(text, listener->text.data, listener->text.len);
	text[listener->text.len] = '\0';
	set->address.address = listener->address;
	set->address.address_len = listener->address_len;
	set->address.text = (struct str){ text, listener->text.len };
	set->id = ++last_id;
	set->is_new = true;
	set->next = sets;
	sets = set;
	return set;
}

static bool is_shared(const struct socket_set *set)
{
	return listens_elsewhere && listens_elsewhere(set->id);
}

static void remove_file(const struct socket_set *set)
{
	const struct sockaddr_un *un = &set->address.address.un;

	if (!is_shared(set) && !set->lender && un->sun_family == AF_UNIX && un->sun_path[0])
		unlink(un->sun_path);
}

static void close_from(struct socket_set *set, int first)
{
	while (set->count > first)
		close(set->fds[--set->count]);
}

static void take_out(struct socket_set **list, struct socket_set *set)
{
	while (*list != set)
		list = &(*list)->next;
	*list = set->next;
}

static void release(struct socket_set *set)
{
	close_from(set, 0);
	free(set->fds);
	free(set->lender);
	free((char *)set->address.text.data);
	free(set);
}

/* Takes it out of the list, too. */
static void destroy(struct socket_set *set, bool with_file)
{
	take_out(&sets, set);
	if (with_file)
		remove_file(set);
	release(set);
}

static int append(struct socket_set *set, int fd)
{
	int *fds = realloc(set->fds, sizeof(*fds) * (size_t)(set->count + 1));

	if (!fds)
		return -ENOMEM;
	set->fds = fds;
	set->fds[set->count++] = fd;
	return 0;
}

static void complain(const struct listener *listener, const struct failure *failure)
{
	const char *remedy = socket_remedy(listener, failure->error);
	bool said = failure->error == EMFILE && last_error == EMFILE;

	last_error = errno = failure->error;
	if (said)
		return;
	log_emerg("%s to %.*s failed%s%s", failure->call, STR_ARG(listener->text),
		  *remedy ? "; " : "", remedy);
}

static bool is_any(const union address *address)
{
	return address->any.sa_family == AF_INET6 ?
		       IN6_IS_ADDR_UNSPECIFIED(&address->in6.sin6_addr) :
		       address->in.sin_addr.s_addr == htonl(INADDR_ANY);
}

static bool have_same_port(const union address *a, const union address *b)
{
	return a->any.sa_family != AF_UNIX && b->any.sa_family != AF_UNIX &&
	       address_port(a) == address_port(b);
}

/* 0.0.0.0:80 covers 127.0.0.1:80. */
static bool covers(const struct listener *listener, const struct listener *other)
{
	const union address *all = &listener->address, *one = &other->address;

	return all->any.sa_family == one->any.sa_family && have_same_port(all, one) &&
	       is_any(all) && !is_any(one);
}

static bool is_named(const struct socket_set *set, const struct listeners *listeners)
{
	for (size_t i = 0; i < listeners->count; i++)
		if (listener_same(&set->address, &listeners->items[i]))
			return true;
	return false;
}

/*
 * When 127.0.0.1:80 becomes 0.0.0.0:80 its sockets stay and belong to the new address:
 * the kernel gives them the connections to 127.0.0.1 for as long as they listen, and
 * those in their queues would be lost if they were closed. NULL: nothing covers it.
 */
static struct listener *cover_of(const struct socket_set *set, const struct listeners *listeners)
{
	for (size_t i = 0; i < listeners->count; i++)
		if (covers(&listeners->items[i], &set->address))
			return set->lender || is_named(set, listeners) ? NULL :
									 &listeners->items[i];
	return NULL;
}

static bool is_wanted(const struct socket_set *set, const struct listeners *listeners)
{
	return is_named(set, listeners) || cover_of(set, listeners);
}

static void share_port(struct socket_set *set, bool share)
{
	for (int i = 0; i < set->count; i++)
		socket_share(set->fds[i], &set->address, share);
}

/*
 * From 0.0.0.0:80 to 127.0.0.1:80 or back: the old address is served until the new
 * one is, so both listen for a while.
 */
static void make_way(struct socket_set *set, const struct listeners *wanted)
{
	for (struct socket_set *other = sets; other; other = other->next) {
		const union address *a = &other->address.address, *b = &set->address.address;

		/* Whether it is named is asked last: that costs most. */
		if (other == set || other->lender || !have_same_port(a, b) ||
		    (!is_any(a) && !is_any(b)) || is_named(other, wanted))
			continue;
		share_port(other, true);
		set->makes_way = other->makes_way = true;
	}
}

static void end_making_way(void)
{
	for (struct socket_set *set = sets; set; set = set->next) {
		if (set->makes_way)
			share_port(set, set->share);
		set->makes_way = false;
	}
}

/* Fills the set up to `wanted` sockets. */
static int fill(struct socket_set *set, const struct listener *listener, int wanted)
{
	set->share = wanted > 1 || listener->reuseport;
	bool share = set->share || set->makes_way;

	for (int i = 0; i < set->count; i++)
		socket_apply(set->fds[i], listener, share);
	while (set->count < wanted) {
		struct failure failure;
		bool first = set->count == 0 && !set->makes_way;
		int fd = socket_listen(listener, share, first, last_error == 0, &failure);

		if (fd < 0) {
			complain(listener, &failure);
			return -1;
		}
		if (append(set, fd) < 0) {
			close(fd);
			log_emergx("no memory for the sockets of %.*s", STR_ARG(listener->text));
			return -1;
		}
	}
	return 0;
}

static void fill_in(struct listener *listener, struct socket_set *set)
{
	listener->id = set ? set->id : 0;
	listener->fds = set ? set->fds : NULL;
	listener->fds_count = set ? set->count : 0;
}

/* Makes the listener of a set that another one covers. */
static struct listener *make_covered(struct socket_set *set, const struct listener *cover)
{
	set->covered = *cover;
	set->covered.address = set->address.address;
	set->covered.address_len = set->address.address_len;
	fill_in(&set->covered, set);
	return &set->covered;
}

static int open_one(const struct listeners *all, const struct listener *listener,
		    unsigned workers, bool each_own)
{
	bool is_unix = listener->address.any.sa_family == AF_UNIX;
	int wanted = !is_unix && (each_own || listener->reuseport) ? (int)workers : 1;
	struct socket_set *set = find(listener);

	if (!set)
		set = add_set(listener);
	if (!set) {
		log_emergx("no memory for the sockets of %.*s", STR_ARG(listener->text));
		return -1;
	}
	if (set->count < wanted)
		make_way(set, all);
	return fill(set, listener, set->lender ? set->count : wanted);
}

/* It was opened for a part of an address that is served: its connections are for that. */
static bool is_part_of_served(const struct socket_set *set)
{
	const struct socket_set *other = sets;

	while (other && (other->is_new || !covers(&other->address, &set->address)))
		other = other->next;
	return other && set->count > 0;
}

/* What may have connections for an address that was served before stays. */
void listen_undo(void)
{
	struct socket_set *next;

	for (struct socket_set *set = sets; set; set = next) {
		next = set->next;
		if (set->is_new && !is_part_of_served(set))
			destroy(set, set->count > 0);
		else if (set->count > set->served)
			left_over = true;
	}
	end_making_way();
}

void listen_starting(void)
{
	for (struct socket_set *set = sets; set; set = set->next)
		set->starting = set->count;
}

void listen_serving(void)
{
	left_over = false;
	for (struct socket_set *set = sets; set; set = set->next) {
		set->is_new = false;
		set->served = set->starting;
	}
}

bool listen_is_unserved(bool ours)
{
	if (ours && !left_over)
		return false;
	for (const struct socket_set *set = sets; set; set = set->next)
		if (set->count > set->served)
			return true;
	return false;
}

int listen_open(struct listeners *listeners, unsigned workers, bool each_own)
{
	int result = 0;

	last_error = 0;
	for (size_t i = 0; i < listeners->count; i++)
		if (open_one(listeners, &listeners->items[i], workers, each_own) < 0)
			result = -1;
	for (struct socket_set *set = sets; set && result == 0; set = set->next) {
		const struct listener *cover = cover_of(set, listeners);

		if (cover)
			result = open_one(listeners, make_covered(set, cover), workers, each_own);
	}
	if (result < 0)
		listen_undo();
	else
		listen_connect(listeners);
	return result;
}

void listen_connect(struct listeners *listeners)
{
	for (size_t i = 0; i < listeners->count; i++) {
		struct listener *listener = &listeners->items[i];

		fill_in(listener, find(listener));
		listener->also = NULL;
	}
	for (struct socket_set *set = sets; set; set = set->next) {
		struct listener *cover = cover_of(set, listeners);

		/* It begins as a copy, so the chain goes on where it went on. */
		if (cover)
			cover->also = make_covered(set, cover);
	}
}

bool listen_repair(struct listeners *listeners)
{
	bool some_are_new = false;

	listen_connect(listeners);
	for (size_t i = 0; i < listeners->count; i++)
		for (const struct listener *one = &listeners->items[i]; one; one = one->also) {
			const struct socket_set *set = find(one);
			bool share = set && (set->share || set->makes_way);

			for (int k = 0; k < one->fds_count; k++)
				if (socket_repair(one->fds[k], one, share, set && !set->lender) ==
				    SOCKET_REPLACED)
					some_are_new = true;
		}
	return some_are_new;
}

void listen_return(const struct listeners *listeners)
{
	struct socket_set *next;

	for (struct socket_set *set = sets; set; set = next) {
		next = set->next;
		if (!set->lender || is_wanted(set, listeners))
			continue;
		log_warnx("the inherited socket \"%s\" (%.*s) is used by no listen "
			  "directive: closed",
			  set->lender, STR_ARG(set->address.text));
		destroy(set, true);
	}
}

static void drop(struct socket_set *set)
{
	take_out(&sets, set);
	remove_file(set);
	set->next = dropped;
	dropped = set;
}

bool listen_drop_others(const struct listeners *listeners)
{
	struct socket_set *next;

	if (listeners)
		listen_return(listeners);
	for (struct socket_set *set = sets; set; set = next) {
		next = set->next;
		if (listeners && is_wanted(set, listeners))
			continue;
		if (set->lender)
			destroy(set, true);
		else
			drop(set);
	}
	return dropped;
}

void listen_close_dropped(void)
{
	while (dropped) {
		struct socket_set *set = dropped;

		for (int i = 0; i < set->count && !is_shared(set); i++)
			shutdown(set->fds[i], SHUT_RDWR);
		take_out(&dropped, set);
		release(set);
	}
	end_making_way();
}

/* As a listen directive would name it. */
static struct str describe(struct pool *pool, const union address *address)
{
	struct str host = address_text(address, pool);

	switch (address->any.sa_family) {
	case AF_INET:
		return pool_printf(pool, "%.*s:%d", STR_ARG(host), address_port(address));
	case AF_INET6:
		return pool_printf(pool, "[%.*s]:%d", STR_ARG(host), address_port(address));
	default:
		return pool_printf(pool, "unix:%s", address->un.sun_path);
	}
}

static int adopt(int fd, uint32_t id, struct socket_set **in)
{
	struct listener listener = { .address_len = sizeof(listener.address) };

	if (getsockname(fd, &listener.address.any, &listener.address_len) < 0)
		return -errno;
	if (fcntl(fd, F_SETFD, FD_CLOEXEC) < 0 || fcntl(fd, F_SETFL, O_RDWR | O_NONBLOCK) < 0)
		return -errno;
	*in = find(&listener);
	if (!*in) {
		struct pool *pool = pool_create(0);

		listener.text = describe(pool, &listener.address);
		*in = add_set(&listener);
		pool_destroy(pool);
		if (*in && id)
			(*in)->id = id;
		if (id > last_id)
			last_id = id;
	}
	int error = *in ? append(*in, fd) : -ENOMEM;
	if (error < 0)
		return error;
	(*in)->is_new = false;
	(*in)->share = socket_is_shared(fd);
	(*in)->served = (*in)->told = (*in)->count;
	return 0;
}

int listen_adopt(int fd, uint32_t id)
{
	struct socket_set *set;

	return adopt(fd, id, &set);
}

int listen_lend(int fd, uint32_t id, struct str name)
{
	struct socket_set *set;
	int error = adopt(fd, id, &set);

	if (error == 0 && !set->lender)
		set->lender = strndup(name.data, name.len);
	return error;
}

bool listen_for_each(listen_visitor *act, void *data)
{
	for (const struct socket_set *set = sets; set; set = set->next)
		for (int i = 0; i < set->count; i++)
			if (!act(data, set->id, set->fds[i], set->lender))
				return false;
	return true;
}

void listen_receive(int fd)
{
	struct listener listener = { .address_len = sizeof(listener.address) };
	struct socket_set *set = NULL;

	if (getsockname(fd, &listener.address.any, &listener.address_len) == 0)
		set = find(&listener);
	if (!set || append(set, fd) < 0)
		close(fd);
	else
		set->told = set->count;
}

void listen_tell(void (*act)(const int *fds, size_t count))
{
	for (struct socket_set *set = sets; set; set = set->next) {
		if (act && set->count > set->told)
			act(set->fds + set->told, (size_t)(set->count - set->told));
		set->told = set->count;
	}
}

void listen_share(bool (*listens)(uint32_t id))
{
	listens_elsewhere = listens;
}

void listen_skip_ids(uint32_t count)
{
	last_id += count;
}

void listen_keep(struct listeners *listeners, bool accepts)
{
	struct socket_set *next;

	for (struct socket_set *set = sets; set; set = next) {
		next = set->next;
		if (!is_wanted(set, listeners))
			destroy(set, false);
		else if (!accepts)
			close_from(set, 0);
	}
	while (dropped) {
		struct socket_set *set = dropped;

		take_out(&dropped, set);
		release(set);
	}
	if (accepts)
		return;
	for (size_t i = 0; i < listeners->count; i++)
		for (struct listener *one = &listeners->items[i]; one; one = one->also)
			one->fds_count = 0;
}

void listen_finish(bool remove_files)
{
	while (sets)
		destroy(sets, remove_files);
	listen_close_dropped();
}
