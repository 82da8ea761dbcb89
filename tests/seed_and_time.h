/* SPDX-License-Identifier: GPL-2.0-only */
/* Tests that go on for as long as is wanted, and choose by chance. */
#ifndef CTXLAB_TEST_SEED_AND_TIME_H
#define CTXLAB_TEST_SEED_AND_TIME_H

/**
 * struct seed_and_time - what such a test is told
 * @seed: where its random numbers begin; the same one makes it choose alike
 * @seconds: how long it goes on
 */
struct seed_and_time {
	unsigned int seed;
	int seconds;
};

/*
 * "PROGRAM [-s SEED] [-t SECONDS]", or CTXLAB_SEED and CTXLAB_SECONDS in the
 * environment; what is not told stays as it is.  Ends the test where it cannot be.
 */
void seed_and_time_parse(int argc, char **argv, struct seed_and_time *how);

#endif /* CTXLAB_TEST_SEED_AND_TIME_H */
