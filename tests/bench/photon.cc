// SPDX-License-Identifier: GPL-2.0-only
/*
 * What 'ctxlab sched' has coroutines do, by Photon: for scripts/bench-sched.
 *
 *	photon yield|create N
 *
 * prints the CPU time of an operation in nanoseconds, of N of them: the least of
 * ten rounds.  One vCPU, stacks out of its pool.  Photon has no channels.
 */
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>

#include <photon/common/alog.h>
#include <photon/photon.h>
#include <photon/thread/stack-allocator.h>
#include <photon/thread/thread.h>

static const uint64_t stack = 64 << 10;

static double used()
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return t.tv_sec * 1e9 + t.tv_nsec;
}

static photon::join_handle *start(photon::thread_entry entry, void *arg)
{
	photon::thread *th = photon::thread_create(entry, arg, stack);

	if (!th) {
		perror("photon::thread_create");
		exit(1);
	}
	return photon::thread_enable_join(th);
}

static void *yields(void *arg)
{
	long n = (long)arg;

	while (n--)
		photon::thread_yield();
	return nullptr;
}

static void yield_round(long n)
{
	photon::join_handle *other = start(yields, (void *)(n / 2));

	yields((void *)(n / 2));
	photon::thread_join(other);
}

static void *nothing(void *)
{
	return nullptr;
}

static void create_round(long n)
{
	while (n--)
		photon::thread_join(start(nothing, nullptr));
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*round)(long n);
	} loads[] = {
		{ "yield", yield_round },
		{ "create", create_round },
	};
	const size_t count = sizeof(loads) / sizeof(*loads);
	long n = argc == 3 ? atol(argv[2]) / 10 : 0;
	double least = 0, begin, each;
	photon::PhotonOptions options;
	size_t i;

	for (i = 0; i < count; i++)
		if (argc == 3 && !strcmp(argv[1], loads[i].name))
			break;
	if (i == count || n < 2) {
		fprintf(stderr, "usage: photon yield|create N\n");
		return 2;
	}
	set_log_output_level(ALOG_ERROR);
	options.use_pooled_stack_allocator = photon::STACK_ALLOCATOR_POOLED;
	if (photon::init(photon::INIT_EVENT_EPOLL, photon::INIT_IO_NONE, options)) {
		perror("photon::init");
		return 1;
	}
	for (int round = 0; round < 10; round++) {
		begin = used();
		loads[i].round(n);
		each = (used() - begin) / n;
		if (!round || each < least)
			least = each;
	}
	printf("%.1f\n", least);
	photon::fini();
	return 0;
}
