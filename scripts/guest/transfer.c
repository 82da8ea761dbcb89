// SPDX-License-Identifier: GPL-2.0-only
/* A bank with a bug: two transfers in opposite directions lock against each other. */
#include <pthread.h>
#include <stdio.h>

struct account {
	pthread_mutex_t lock;
	long balance;
};

static struct account checking = { PTHREAD_MUTEX_INITIALIZER, 100000 };
static struct account savings = { PTHREAD_MUTEX_INITIALIZER, 100000 };

static void transfer(struct account *from, struct account *to, long amount)
{
	pthread_mutex_lock(&from->lock);
	pthread_mutex_lock(&to->lock);
	from->balance -= amount;
	to->balance += amount;
	pthread_mutex_unlock(&to->lock);
	pthread_mutex_unlock(&from->lock);
}

static void *save(void *unused)
{
	for (;;)
		transfer(&checking, &savings, 1);
	return unused;
}

static void *spend(void *unused)
{
	for (;;)
		transfer(&savings, &checking, 1);
	return unused;
}

int main(void)
{
	pthread_t thread[2];

	pthread_create(&thread[0], NULL, save, NULL);
	pthread_create(&thread[1], NULL, spend, NULL);
	pthread_join(thread[0], NULL);
	puts("this is never printed");
	return 0;
}
