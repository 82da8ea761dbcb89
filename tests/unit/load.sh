#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# usage: load.sh NAME
#        load.sh --lacks NAME
#
# Programs that people run, under a load that has them contend: "expect none" is
# printed once it is on, and it goes on until a SIGTERM.  --lacks prints what is
# not installed of what NAME takes.

# shellcheck disable=SC2317 # functions that traps and names call
set -u
export LC_ALL=C.UTF-8
PATH=$PATH:/usr/sbin:/sbin
work=

# Each Debian has another version of PostgreSQL, in no folder of PATH.
postgresql=$(printf '%s\n' /usr/lib/postgresql/*/bin | sort -V | tail -n 1)
[ ! -d "$postgresql" ] || PATH=$postgresql:$PATH

needs()
{
	case $1 in
	nginx)		echo nginx wrk setpriv ;;
	redis)		echo redis-server redis-benchmark setpriv ;;
	postgresql)	echo initdb pg_ctl postgres pgbench setpriv ;;
	stress-*)	echo stress-ng setpriv ;;
	esac
}

lacks()
{
	local program

	for program in $(needs "$1"); do
		command -v "$program" >/dev/null || echo "$program"
	done
}

# beside COMMAND...: ends with this script, however that ends.
beside()
{
	setpriv --pdeathsig TERM "$@" >>"$work/log" 2>&1 &
}

# PostgreSQL refuses to be root, and with its rights stress-ng is in real time.
unprivileged=()
[ "$(id -u)" != 0 ] || unprivileged=(--reuid=65534 --regid=65534 --clear-groups)

end()
{
	local jobs

	trap '' TERM
	[ ! -e "$work/data/postmaster.pid" ] ||
		setpriv "${unprivileged[@]}" pg_ctl -D "$work/data" -m immediate \
			stop >/dev/null 2>&1
	mapfile -t jobs < <(jobs -p)
	[ ${#jobs[@]} = 0 ] || kill "${jobs[@]}" 2>/dev/null
	wait
	rm -rf "$work"
}

fail()
{
	sed 's/^/# /' "$work/log" >&2
	exit 1
}

# until_true COMMAND...: tries for half a minute.
until_true()
{
	for _ in {1..300}; do
		"$@" >/dev/null 2>&1 && return
		sleep 0.1
	done
	fail
}

answers()
{
	: <>"/dev/tcp/127.0.0.1/$1"
}

# Threads of a pool read the files, and all workers write one log.
nginx_config()
{
	cat <<-END
	pid $work/nginx.pid;
	error_log stderr;
	worker_processes 2;
	thread_pool readers threads=8;
	events {}
	http {
		access_log $work/access;
		client_body_temp_path $work/body;
		proxy_temp_path $work/proxy;
		fastcgi_temp_path $work/fastcgi;
		uwsgi_temp_path $work/uwsgi;
		scgi_temp_path $work/scgi;
		server {
			listen 127.0.0.1:$1;
			root $work/www;
			aio threads=readers;
			sendfile off;
		}
	}
	END
}

nginx_load()
{
	local port=$((20000 + RANDOM % 12000))

	mkdir "$work/www"
	head -c 100000 /dev/zero >"$work/www/index.html"
	chmod 755 "$work"
	# What it would tell of a worker that has ended is for a terminal.
	ln -s /dev/null "$work/access"
	nginx_config "$port" >"$work/config"
	beside nginx -e stderr -p "$work" -c "$work/config" -g 'daemon off;'
	until_true answers "$port"
	beside wrk -t 2 -c 16 -d 100000 "http://127.0.0.1:$port/"
}

redis_load()
{
	beside redis-server --port 0 --unixsocket "$work/socket" --dir "$work" \
		--save '' --appendonly yes --io-threads 2 --io-threads-do-reads yes
	until_true test -S "$work/socket"
	beside redis-benchmark -s "$work/socket" -q -l --threads 2 -c 20 \
		-t set,get,incr,lpush,lpop
}

postgresql_load()
{
	chmod 755 "$work"
	mkdir "$work/data"
	[ ${#unprivileged[@]} = 0 ] || chown 65534:65534 "$work/data"
	setpriv "${unprivileged[@]}" initdb -D "$work/data" -N -A trust -U tester \
		>>"$work/log" 2>&1 || fail
	beside "${unprivileged[@]}" postgres -D "$work/data" -k "$work/data" \
		-c listen_addresses= -c fsync=off
	until_true pgbench -i -q -h "$work/data" -U tester postgres
	beside pgbench -h "$work/data" -U tester -n -c 8 -j 2 -T 100000 postgres
}

stress()
{
	chmod 755 "$work"
	mkdir -m 777 "$work/temporary"
	beside "${unprivileged[@]}" stress-ng --temp-path "$work/temporary" \
		--timeout 0 --"$1" 4
	sleep 0.5
}

if [ "${1-}" = --lacks ]; then
	lacks "${2-}"
	exit
fi
[ -n "$(needs "${1-}")" ] || { echo "load.sh: no load '${1-}'" >&2; exit 2; }
work=$(mktemp -d)
trap end EXIT
trap 'exit 0' TERM
case $1 in
stress-*)	stress "${1#stress-}" ;;
*)		"${1}_load" ;;
esac
echo 'expect none'
# What ends by itself is no load.
wait -n
fail
