// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a message holds: its number, at the beginning, in each cache line, and at the
 * end, so that both sides touch all of it, and none can take its own for the other's.
 */
#include <string.h>

#include "arena.h"

#define LINE 64

/* The two directions never have the same mark for one number. */
static uint8_t mark_of(uint32_t number, unsigned int direction)
{
	return (uint8_t)(number << 1 | direction);
}

void message_fill(struct side *s, uint8_t *buf, uint32_t bytes)
{
	uint32_t number = s->sent++, i;
	uint8_t mark = mark_of(number, s->out);

	for (i = 0; i < bytes; i += LINE)
		buf[i] = mark;
	buf[bytes - 1] = mark;
	if (bytes > sizeof(number))
		memcpy(buf + 1, &number, sizeof(number) - 1);
}

void message_check(struct side *s, const uint8_t *buf, uint32_t bytes)
{
	uint32_t number = s->received++, i;
	uint8_t mark = mark_of(number, s->in), differ = 0;

	for (i = 0; i < bytes; i += LINE)
		differ |= buf[i] ^ mark;
	differ |= buf[bytes - 1] ^ mark;
	if (bytes > sizeof(number) && memcmp(buf + 1, &number, sizeof(number) - 1))
		differ = 1;
	s->wrong += differ != 0;
}
