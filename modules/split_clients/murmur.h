/* SPDX-License-Identifier: BSD-2-Clause */
/* MurmurHash2, the hash that nginx spreads clients by. */
#ifndef SKUA_SPLIT_CLIENTS_MURMUR_H
#define SKUA_SPLIT_CLIENTS_MURMUR_H

#include <str.h>

/*
 * Austin Appleby's MurmurHash2 of 32 bits with the seed 0. Words are read with the least
 * significant byte first, so the value is the same on each machine.
 */
uint32_t murmur_hash2(struct str text);

#endif
