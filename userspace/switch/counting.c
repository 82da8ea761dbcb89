// SPDX-License-Identifier: GPL-2.0-only
/* The pass that counts what the switches of each arm really were. */
#include <math.h>

#include "lib/xalloc.h"
#include "shift.h"
#include "stage.h"

/*
 * Long rounds: what happens around the counted hand-overs (the members wake and
 * wait for one another) must not show beside them.
 */
#define COUNTED_MS 20.0
#define COUNTED_LEAST 2500

static int count_arm(struct stage *st, int arm)
{
	struct counts *c = &st->run->counts[arm];
	struct sample s;
	double ns;
	uint32_t n;
	int err;

	n = fmax(st->hand_overs[arm][0] * COUNTED_MS * 1e3 /
			 st->run->settings.round_us,
		 COUNTED_LEAST);
	err = stage_round(st, arm, 0, n, st->session[arm][SESSION_COUNT], &s,
			  &ns);
	if (err)
		return err;
	c->present = true;
	c->expected = s.expected;
	c->rusage = s.switches;
	return 0;
}

int stage_count(struct stage *st)
{
	int arm, err = 0;

	st->run->counter = xstrdup("none");
	for (arm = 0; arm < ARMS && !err; arm++) {
		stage_progress(st, "counting", (double)arm / ARMS);
		if (st->run->settings.arm[arm])
			err = count_arm(st, arm);
	}
	return err;
}
