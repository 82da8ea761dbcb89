/* SPDX-License-Identifier: GPL-2.0-only */
/* Why no further task could be made. */
#ifndef CREATE_LIMITS_H
#define CREATE_LIMITS_H

/*
 * What the negative errno @err of a failed creation means, with the limits that
 * the kernel may have met and what stands against them as far as it can be read:
 * a note in words, which the caller frees.
 */
char *limits_say(int err);

#endif /* CREATE_LIMITS_H */
