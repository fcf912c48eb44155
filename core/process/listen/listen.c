/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Opens, keeps and closes the listening sockets as configurations come and go. What a
 * configuration that is rejected has opened is closed again (socket_set.is_new).
 */
#include "process/listen/listen.h"

#include <errno.h>
#include <log.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/listener.h"
#include "process/listen/listen_transfer.h"
#include "process/listen/socket_sets.h"
#include "process/listen/sockets.h"

/* --- addresses that exclude each other --------------------------------------------- */

/* Whether the listener has the port at all addresses, including the other listener's. */
static bool takes_port_of(const struct listener *listener, const struct listener *other)
{
	const union address *all = &listener->address;

	if (listener_covers(listener, other))
		return true;
	return all->any.sa_family == AF_INET6 && !listener->ipv6only && address_is_any(all) &&
	       other->address.any.sa_family == AF_INET &&
	       address_same_port(all, &other->address);
}

static bool overlap(const struct listener *a, const struct listener *b)
{
	return takes_port_of(a, b) || takes_port_of(b, a);
}

static bool shares_port(const struct listener *listener, unsigned workers, bool each_own)
{
	return listener->reuseport || (each_own && workers > 1);
}

const struct listener *listen_conflict(const struct listeners *listeners,
				       const struct listener *listener, unsigned workers,
				       bool each_own)
{
	for (size_t i = 0; i < listeners->count; i++) {
		const struct listener *other = &listeners->items[i];

		if (overlap(other, listener) && !(shares_port(listener, workers, each_own) &&
						  shares_port(other, workers, each_own)))
			return other;
	}
	return NULL;
}

const char *listen_conflict_remedy(const struct listener *listener, const struct listener *other)
{
	return listener->address.any.sa_family == other->address.any.sa_family ?
		       "an address without options (bind, backlog= and the like) is served by "
		       "the socket for all addresses of its port; with reuseport at both each has "
		       "its own" :
		       "remove ipv6only=off, or write reuseport at both";
}

/* --- opening ----------------------------------------------------------------------- */

/* The parameters of listen_open(). */
struct wanted {
	const struct listeners *listeners;
	unsigned workers;
	bool each_own;
};

static void log_failure(const struct listener *listener, const struct listener *conflict, int error,
			const char *call)
{
	const char *remedy = socket_remedy(listener, error);
	bool is_logged = error == -EMFILE && socket_sets.last_error == -EMFILE;

	socket_sets.last_error = error;
	if (is_logged)
		return;
	if (conflict && error == -EADDRINUSE)
		log_emergx("%.*s and %.*s cannot both have sockets: %s", STR_ARG(listener->text),
			   STR_ARG(conflict->text), listen_conflict_remedy(listener, conflict));
	else
		log_emergc(error, "%s to %.*s failed%s%s", call, STR_ARG(listener->text),
			   *remedy ? "; " : "", remedy);
}

/*
 * When a reload changes 0.0.0.0:80 to 127.0.0.1:80 or back, the old address is served until the
 * new one is. Both listen for a while, which the kernel allows with SO_REUSEPORT only.
 */
static void make_way(struct socket_set *set, const struct listeners *wanted)
{
	for (struct socket_set *other = socket_sets.first; other; other = other->next) {
		const union address *a = &other->address.address, *b = &set->address.address;

		/* socket_set_is_named() is the last condition because it takes the most time. */
		if (other == set || other->lender || !address_same_port(a, b) ||
		    (!address_is_any(a) && !address_is_any(b)) ||
		    socket_set_is_named(other, wanted))
			continue;
		socket_set_share_port(other, true);
		set->makes_way = other->makes_way = true;
	}
}

static void end_making_way(void)
{
	for (struct socket_set *set = socket_sets.first; set; set = set->next) {
		if (set->makes_way)
			socket_set_share_port(set, set->share);
		set->makes_way = false;
	}
}

/* Whether an open socket of another address has the port already, and shares it. */
static bool is_beside_ours(const struct listeners *listeners, const struct listener *listener)
{
	for (size_t i = 0; i < listeners->count; i++) {
		const struct listener *other = &listeners->items[i];
		const struct socket_set *set = NULL;

		if (overlap(other, listener))
			set = socket_set_find(other);
		if (set && set->count && set->share)
			return true;
	}
	return false;
}

/* Fills the set up to `count` sockets. 0, or -errno after a message. */
static int fill(struct socket_set *set, const struct wanted *wanted,
		const struct listener *listener, int count)
{
	set->share = count > 1 || listener->reuseport;
	bool share = set->share || set->makes_way;

	for (int i = 0; i < set->count; i++)
		socket_apply(set->fds[i], listener, share);
	if (set->count >= count)
		return 0;
	const struct listener *conflict = listen_conflict(wanted->listeners, listener,
							  wanted->workers, wanted->each_own);
	bool probe = set->count == 0 && !set->makes_way &&
		     !is_beside_ours(wanted->listeners, listener);
	while (set->count < count) {
		bool waits = !conflict && socket_sets.last_error == 0;
		unsigned flags = (share ? SOCKET_SHARE : 0) | (probe ? SOCKET_PROBE : 0) |
				 (waits ? SOCKET_WAIT : 0);
		const char *call;
		int fd = socket_listen(listener, flags, &call);

		if (fd < 0) {
			log_failure(listener, conflict, fd, call);
			return fd;
		}
		if (socket_set_append(set, fd) < 0) {
			close(fd);
			log_emergx("no memory for the sockets of %.*s", STR_ARG(listener->text));
			return -ENOMEM;
		}
		probe = false;
	}
	return 0;
}

static int open_one(const struct wanted *wanted, const struct listener *listener)
{
	bool is_unix = listener->address.any.sa_family == AF_UNIX;
	bool one_each = !is_unix && (wanted->each_own || listener->reuseport);
	int count = one_each ? (int)wanted->workers : 1;
	struct socket_set *set = socket_set_find(listener);

	if (!set)
		set = socket_set_add(listener);
	if (!set) {
		log_emergx("no memory for the sockets of %.*s", STR_ARG(listener->text));
		return -ENOMEM;
	}
	if (set->count < count)
		make_way(set, wanted->listeners);
	return fill(set, wanted, listener, set->lender ? set->count : count);
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

int listen_open(struct listeners *listeners, unsigned workers, bool each_own)
{
	const struct wanted wanted = { listeners, workers, each_own };
	int result = 0;

	socket_sets.last_error = 0;
	for (size_t i = 0; i < listeners->count; i++) {
		int error = open_one(&wanted, &listeners->items[i]);
		if (error < 0)
			result = error;
	}
	for (struct socket_set *set = socket_sets.first; set && result == 0; set = set->next) {
		const struct listener *cover = socket_set_cover(set, listeners);

		if (cover)
			result = open_one(&wanted, make_covered(set, cover));
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

		fill_in(listener, socket_set_find(listener));
		listener->also = NULL;
	}
	for (struct socket_set *set = socket_sets.first; set; set = set->next) {
		struct listener *cover = socket_set_cover(set, listeners);

		/* make_covered() copies cover->also, so the rest of the chain is kept. */
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
			const struct socket_set *set = socket_set_find(one);
			bool share = set && (set->share || set->makes_way);

			for (int k = 0; k < one->fds_count; k++)
				if (socket_repair(one->fds[k], one, share, set && !set->lender) ==
				    SOCKET_REPLACED)
					some_are_new = true;
		}
	return some_are_new;
}

/* --- over a reload ----------------------------------------------------------------- */

void listen_starting(void)
{
	for (struct socket_set *set = socket_sets.first; set; set = set->next)
		set->starting = set->count;
}

void listen_serving(void)
{
	socket_sets.left_over = false;
	for (struct socket_set *set = socket_sets.first; set; set = set->next) {
		set->is_new = false;
		set->served = set->starting;
	}
}

bool listen_is_unserved(bool ours)
{
	if (ours && !socket_sets.left_over)
		return false;
	for (const struct socket_set *set = socket_sets.first; set; set = set->next)
		if (set->count > set->served)
			return true;
	return false;
}

/*
 * Whether a served address covers this one, as 0.0.0.0:80 covers 127.0.0.1:80. Closing the
 * socket would lose connections that the kernel has put into it for the served address.
 */
static bool is_part_of_served(const struct socket_set *set)
{
	const struct socket_set *other = socket_sets.first;

	while (other && (other->is_new || !listener_covers(&other->address, &set->address)))
		other = other->next;
	return other && set->count > 0;
}

void listen_undo(void)
{
	struct socket_set *next;

	for (struct socket_set *set = socket_sets.first; set; set = next) {
		next = set->next;
		if (set->is_new && !is_part_of_served(set))
			socket_set_destroy(set, set->count > 0);
		else if (set->count > set->served)
			socket_sets.left_over = true;
	}
	end_making_way();
}

bool listen_drop_others(const struct listeners *listeners)
{
	struct socket_set *next;

	if (listeners)
		listen_return(listeners);
	for (struct socket_set *set = socket_sets.first; set; set = next) {
		next = set->next;
		if (listeners && socket_set_is_wanted(set, listeners))
			continue;
		if (set->lender) {
			socket_set_destroy(set, true);
			continue;
		}
		socket_set_take_out(&socket_sets.first, set);
		socket_set_remove_file(set);
		set->next = socket_sets.dropped;
		socket_sets.dropped = set;
	}
	return socket_sets.dropped;
}

void listen_close_dropped(void)
{
	while (socket_sets.dropped) {
		struct socket_set *set = socket_sets.dropped;

		for (int i = 0; i < set->count && !socket_set_is_shared(set); i++)
			shutdown(set->fds[i], SHUT_RDWR);
		socket_set_take_out(&socket_sets.dropped, set);
		socket_set_release(set);
	}
	end_making_way();
}

/* --- when a process ends its use ---------------------------------------------------- */

void listen_keep(struct listeners *listeners, bool accepts)
{
	struct socket_set *next;

	for (struct socket_set *set = socket_sets.first; set; set = next) {
		next = set->next;
		if (!socket_set_is_wanted(set, listeners))
			socket_set_destroy(set, false);
		else if (!accepts)
			socket_set_close_from(set, 0);
	}
	while (socket_sets.dropped) {
		struct socket_set *set = socket_sets.dropped;

		socket_set_take_out(&socket_sets.dropped, set);
		socket_set_release(set);
	}
	if (accepts)
		return;
	for (size_t i = 0; i < listeners->count; i++)
		for (struct listener *one = &listeners->items[i]; one; one = one->also)
			one->fds_count = 0;
}

void listen_finish(bool remove_files)
{
	while (socket_sets.first)
		socket_set_destroy(socket_sets.first, remove_files);
	listen_close_dropped();
}
