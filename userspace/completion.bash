# SPDX-License-Identifier: GPL-2.0-only
# bash completion for ctxlab(1); tests/unit/docs_sync_test.sh holds it against
# the program's own tables.

# The options of a subcommand.
_ctxlab_options()
{
	local table='--json --noheadings --output --raw --list-columns'

	case $1 in
	show | compare)
		echo "$table --help" ;;
	sharing)
		echo "--all $table --help" ;;
	switch)
		echo "--all --cpu --from --huge-pages --mechanism --no-module" \
		     "--pages --plot --quick --repeat --ring --save --seconds" \
		     "$table --help" ;;
	create)
		echo "--all --cpu --from --no-module --plot --quick --repeat --save" \
		     "--seconds --size $table --help" ;;
	sync)
		echo "--all --cpu --from --limit --no-module --outside --plot --quick" \
		     "--repeat --save --seconds --threads $table --help" ;;
	ipc)
		echo "--all --bytes --cpu --from --no-module --plot --quick" \
		     "--repeat --save --seconds --way $table --help" ;;
	diff)
		echo "$table --help" ;;
	deadlock)
		echo "--all --dot --exit-code --stop --watch $table --help" ;;
	sched)
		echo "--all --bound --check --cpu --from --load --no-module --plot" \
		     "--procs --quick --repeat --save --seconds --seed --tasks" \
		     "--trace $table --help" ;;
	esac
}

# The columns, after those of the list that stand already.
_ctxlab_columns()
{
	local cmd=$1 cur=$2 done='' column

	[[ $cur == *,* ]] && done=${cur%,*},
	for column in $(ctxlab "$cmd" --list-columns 2>/dev/null); do
		[[ ,$done == *",$column,"* ]] || echo "$done$column"
	done
}

_ctxlab_pids()
{
	local path

	for path in "${CTXLAB_ROOT:-/proc/ctxlab}"/[0-9]*; do
		path=${path##*/}
		[[ $path == *[!0-9]* ]] || echo "$path"
	done
}

_ctxlab()
{
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}
	local cmd=${COMP_WORDS[1]} words=''

	if ((COMP_CWORD == 1)); then
		words='show compare sharing switch create sync ipc sched diff deadlock'
		words+=' --help --version'
	elif [[ $prev == -o || $prev == --output ]]; then
		words=$(_ctxlab_columns "$cmd" "$cur")
	elif [[ $prev == --trace ]]; then
		words='overflow 61st steal netpoll hand-over deadlock'
	elif [[ $cmd == ipc && ($prev == -w || $prev == --way) ]]; then
		words='all spin spin-futex futex eventfd pipe unix dgram seqpacket'
		words+=' tcp mq sysv signal rpc-unix rpc-tcp'
	elif [[ $cmd == sched && ($prev == -l || $prev == --load) ]]; then
		words='all yield yield-global yield-traced create wake mutex channel'
		words+=' pipe unix tcp timer block block-unsaid fan-out park'
	elif [[ $prev == -m || $prev == --mechanism ]]; then
		words='yield futex pipe perf-pipe'
	elif [[ $prev == --from || $prev == --plot || $prev == --save ||
	     $prev == -s || ($cmd == diff && $cur != -*) ]]; then
		words=$(compgen -f -- "$cur")
	elif [[ $cur == -* ]]; then
		words=$(_ctxlab_options "$cmd")
	elif [[ $cmd == show || $cmd == compare ]]; then
		words=$(_ctxlab_pids)
	elif [[ $cmd == deadlock ]]; then
		words=$(CTXLAB_ROOT=/proc _ctxlab_pids)
	fi
	# shellcheck disable=SC2207 # neither options nor columns hold blanks
	COMPREPLY=($(compgen -W "$words" -- "$cur"))
}

complete -F _ctxlab ctxlab
