# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0-only
# Debian's suites, whatever the host is: each with a state of apt's own in the
# cache, from which packages are downloaded and unpacked, never installed.
# Needs common.sh and apt.sh.

# The archive that this host's apt uses for what is labelled so, or Debian's.
archive_of()
{
	local label=$1 default=$2 found

	# shellcheck disable=SC2016 # apt's
	found=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' \
		"Origin: Debian" "Label: $label" 2>/dev/null | head -n 1)
	echo "${found:-$default}"
}

suite_sources()
{
	local keys=/usr/share/keyrings/debian-archive-keyring.gpg archive suite

	archive=$(archive_of Debian http://deb.debian.org/debian)
	for suite in "$1" "$1-updates" "$1-backports"; do
		echo "deb [signed-by=$keys] $archive $suite main"
	done
	archive=$(archive_of Debian-Security \
		http://deb.debian.org/debian-security)
	echo "deb [signed-by=$keys] $archive $1-security main"
}

# suite_apt SUITE ARCHITECTURE PROGRAM ARGUMENT...: apt-get or apt-cache as on a
# machine of that suite and architecture that has nothing installed.
suite_apt()
{
	local state=$CACHE/apt/$1-$2 arch=$2 program=$3

	shift 3
	"$program" -qq -oDir::State="$state" -oDir::Cache="$state" \
		-oDir::State::status=/dev/null \
		-oDir::Etc::sourcelist="$state/sources.list" \
		-oDir::Etc::sourceparts=- -oAPT::Architecture="$arch" \
		-oAPT::Architectures="$arch" -oAPT::Sandbox::User=root "$@"
}

# Those of a suite's parts that apt complained of.
parts_lost()
{
	local part

	for part in "$1" "$1-updates" "$1-backports" "$1-security"; do
		! grep -qE "^[EW]: .*[ /]$part([ /]|\$)" "$2" || echo "$part"
	done
}

# Not every mirror has all parts of a suite: without some of them, not the suite
# itself, what the others have is known, the file "lost" names those, and a day
# later it is tried again.
suite_update()
{
	local suite=$1 arch=$2 state=$CACHE/apt/$1-$2 lost
	local -a update=(suite_apt "$suite" "$arch" apt-get
			 -oAPT::Update::Error-Mode=any update)

	say "looking up what Debian's $suite has for $arch"
	mkdir -p "$state/lists/partial" "$state/archives/partial"
	suite_sources "$suite" >"$state/sources.list"
	if ! "${update[@]}" >"$state/update.log" 2>&1 </dev/null; then
		lost=$(parts_lost "$suite" "$state/update.log")
		if [ -z "$lost" ] || grep -qx "$suite" <<<"$lost"; then
			tail -n 20 "$state/update.log" >&2
			return 1
		fi
		sed -i -E "/ (${lost//$'\n'/|}) main\$/d" "$state/sources.list"
		logged "$state/update.log" "${update[@]}" || return
	fi
	echo "${lost-}" >"$state/lost"
	touch ${lost:+-d '6 days ago'} "$state/fetched"
}

# Nothing, or in brackets what this host could not fetch of a suite.
suite_lost()
{
	local lost

	lost=$(tr '\n' ' ' 2>/dev/null <"$CACHE/apt/$1-$2/lost")
	[ -z "${lost// /}" ] ||
		echo " (its archive has no ${lost%% }, or cannot be reached)"
}

# know_suite SUITE ARCHITECTURE: what apt knows of it is a week old at most, or,
# where Debian cannot be reached, what was known.
know_suite()
{
	local suite=$1 arch=$2 fetched=$CACHE/apt/$1-$2/fetched

	need_programs apt-get dpkg-deb
	[ -e /usr/share/keyrings/debian-archive-keyring.gpg ] ||
		die "Debian's keys are missing: install debian-archive-keyring"
	[ -z "$(find "$fetched" -mtime -7 2>/dev/null)" ] || return 0
	locked "$CACHE/apt/$suite-$arch/lock" suite_update "$suite" "$arch" ||
		[ -e "$fetched" ] || die "cannot reach Debian's $suite"
}

# suite_download SUITE ARCHITECTURE DIRECTORY PACKAGE...: their files.
suite_download()
{
	local suite=$1 arch=$2 dir=$3

	shift 3
	know_suite "$suite" "$arch"
	(cd "$dir" && suite_apt "$suite" "$arch" apt-get download "$@") \
		>"$dir/apt.log" 2>&1 && return
	# There may be newer ones since.
	locked "$CACHE/apt/$suite-$arch/lock" suite_update "$suite" "$arch" &&
		(cd "$dir" && logged apt.log \
			suite_apt "$suite" "$arch" apt-get download "$@")
}

# suite_names SUITE ARCHITECTURE PATTERN: packages of such names, the newest of
# them last.
suite_names()
{
	know_suite "$1" "$2"
	suite_apt "$1" "$2" apt-cache pkgnames | grep -xE "$3" | sort -V
}

# The packages of that name's pattern that PACKAGE depends on.
suite_depends()
{
	suite_apt "$1" "$2" apt-cache show "$3" | sed -n 's/^Depends: //p' |
		tr ',' '\n' | sed 's/^ *//; s/[ (].*//' | grep -xE "$4" | sort -u
}
