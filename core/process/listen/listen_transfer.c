/* SPDX-License-Identifier: BSD-2-Clause */
#include "process/listen/listen_transfer.h"

#include <errno.h>
#include <fcntl.h>
#include <log.h>
#include <pool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "net/address.h"
#include "process/listen/socket_sets.h"
#include "process/listen/sockets.h"

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

/* 0 and *in, the set that the socket is in now, or -errno. */
static int adopt(int fd, uint32_t id, struct socket_set **in)
{
	struct listener listener = { .address_len = sizeof(listener.address) };

	if (getsockname(fd, &listener.address.any, &listener.address_len) < 0)
		return -errno;
	if (fcntl(fd, F_SETFD, FD_CLOEXEC) < 0 || fcntl(fd, F_SETFL, O_RDWR | O_NONBLOCK) < 0)
		return -errno;
	*in = socket_set_find(&listener);
	if (!*in) {
		struct pool *pool = pool_create(0);

		listener.text = describe(pool, &listener.address);
		*in = socket_set_add(&listener);
		pool_destroy(pool);
		if (*in && id)
			(*in)->id = id;
		if (id > socket_sets.last_id)
			socket_sets.last_id = id;
	}
	int error = *in ? socket_set_append(*in, fd) : -ENOMEM;
	if (error < 0)
		return error;
	(*in)->is_new = false;
	(*in)->share = socket_is_shared(fd);
	(*in)->served = (*in)->sent = (*in)->count;
	return 0;
}

int listen_adopt(int fd, uint32_t id)
{
	struct socket_set *set = NULL;

	return adopt(fd, id, &set);
}

int listen_lend(int fd, uint32_t id, struct str name)
{
	struct socket_set *set = NULL;
	int error = adopt(fd, id, &set);

	if (error == 0 && !set->lender)
		set->lender = strndup(name.data, name.len);
	return error;
}

void listen_return(const struct listeners *listeners)
{
	struct socket_set *next;

	for (struct socket_set *set = socket_sets.first; set; set = next) {
		next = set->next;
		if (!set->lender || socket_set_is_wanted(set, listeners))
			continue;
		log_warnx("the inherited socket \"%s\" (%.*s) is used by no listen "
			  "directive: closed",
			  set->lender, STR_ARG(set->address.text));
		socket_set_destroy(set, true);
	}
}

bool listen_for_each(listen_visitor *act, void *data)
{
	for (const struct socket_set *set = socket_sets.first; set; set = set->next)
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
		set = socket_set_find(&listener);
	if (!set || socket_set_append(set, fd) < 0)
		close(fd);
	else
		set->sent = set->count;
}

void listen_send_new(void (*act)(const int *fds, size_t count))
{
	for (struct socket_set *set = socket_sets.first; set; set = set->next) {
		if (act && set->count > set->sent)
			act(set->fds + set->sent, (size_t)(set->count - set->sent));
		set->sent = set->count;
	}
}

void listen_share(bool (*listens)(uint32_t id))
{
	socket_sets.listens_elsewhere = listens;
}

void listen_skip_ids(uint32_t count)
{
	socket_sets.last_id += count;
}
