// SPDX-License-Identifier: GPL-2.0-only
/* The programs of corpus/, each of which says what is true of it. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "play.h"

struct play play_begin(const char *program, const char *scene, size_t n)
{
	struct play play;
	char number[24];
	int fd[2];

	snprintf(number, sizeof(number), "%zu", n);
	if (pipe(fd))
		exit(1);
	fflush(stdout);
	play.pid = fork();
	if (!play.pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		dup2(fd[1], STDOUT_FILENO);
		close(fd[0]);
		close(fd[1]);
		execl(program, "corpus", scene, number, NULL);
		_exit(127);
	}
	close(fd[1]);
	play.out = fdopen(fd[0], "r");
	return play;
}

void play_end(struct play *play)
{
	kill(play->pid, SIGKILL);
	waitpid(play->pid, NULL, 0);
	fclose(play->out);
}

/* "TID", or "TID:WAITS:TYPE:WHOM:ENDS" of which the last may lack. */
static bool parse_member(const char *word, pid_t *tid, struct said *said)
{
	char whom[16] = "-";

	*said = (struct said){};
	if (sscanf(word, "%d:%23[^:]:%15[^:]:%15[^:]:%d", tid, said->waits,
		   said->type, whom, &said->ends) < 1)
		return false;
	said->whom = strtol(whom, NULL, 10);
	if (!strcmp(said->type, "-"))
		said->type[0] = '\0';
	return true;
}

bool play_truth(struct play *play, struct truth *t)
{
	static char line[64 * PLAY_MAX];
	char *word, *rest = line;

	*t = (struct truth){};
	if (!fgets(line, sizeof(line), play->out) ||
	    sscanf(line, "expect %31s", t->verdict) != 1)
		return false;
	strtok_r(line, "\n ", &rest);
	strtok_r(NULL, "\n ", &rest);
	while (t->n < PLAY_MAX && (word = strtok_r(NULL, "\n ", &rest)) &&
	       parse_member(word, &t->tid[t->n], &t->said[t->n]))
		t->n++;
	return true;
}
