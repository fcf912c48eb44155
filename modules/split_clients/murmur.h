/* SPDX-License-Identifier: BSD-2-Clause */
/* MurmurHash2, the hash that nginx uses for split_clients. */
#ifndef SKUA_SPLIT_CLIENTS_MURMUR_H
#define SKUA_SPLIT_CLIENTS_MURMUR_H

#include <str.h>

/*
 * Austin Appleby's MurmurHash2 with 32 bits and the seed 0. Words are read in little-endian order
 * on all machines, so the result does not depend on the machine.
 */
uint32_t murmur_hash2(struct str text);

#endif
