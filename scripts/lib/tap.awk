# SPDX-License-Identifier: GPL-2.0-only
# Judges the TAP of many tests, each between a line "@@ begin NAME" and a line
# "@@ end NAME STATUS SECONDS".  Prints one line a test, what failed, and last
# "total PASSED FAILED SKIPPED".  -v expected="NAME..." names the tests that
# must be there.
#
# A test passes when its plan is there and met by results in order, none of
# which is "not ok", and its status is 0 (or 4, kselftest's "skipped").
# Whatever else is wrong with it counts as one failure more.

function complain(text)
{
	failed++
	wrong = wrong "    " test ": " text "\n"
}

function finish(status, seconds,    tag)
{
	if (plan < 0 && !bailed)
		complain("printed no plan")
	else if (results != plan && !bailed)
		complain("planned " plan " results, gave " results)
	if (plan == 0 && !skip_all)
		complain("ran nothing")
	if (status != 0 && status != 4 && !not_ok)
		complain("exit status " status)
	tag = wrong == "" ? (passed ? "ok" : "skipped") : "FAILED"
	printf "  %-7s %-24s %4d passed %3d failed %3d skipped %5s s\n", tag,
	       test, passed, failed, skipped, seconds
	printf "%s", wrong
	fflush()
	total_passed += passed
	total_failed += failed
	total_skipped += skipped
	test = ""
}

function begin(name)
{
	test = name
	seen[name] = 1
	plan = -1
	passed = failed = skipped = results = not_ok = bailed = skip_all = 0
	wrong = diagnosis = ""
}

/^@@ begin / {
	if (test != "")
		finish("none: it never ended", "?")
	begin($3)
	next
}

/^@@ end / && test == $3 {
	finish($4, $5)
	next
}

test == "" { next }

/^1\.\.[0-9]+/ {
	if (plan >= 0)
		complain("a second plan")
	plan = substr($1, 4) + 0
	if (plan == 0 && toupper($0) ~ /# *SKIP/) {
		skip_all = 1
		skipped++
	}
	next
}

/^Bail out!/ {
	bailed = 1
	complain($0)
	next
}

/^(not )?ok([ \t]|$)/ {
	results++
	number = $1 == "ok" ? $2 : $3
	if (number ~ /^[0-9]+$/ && number + 0 != results)
		complain("result " number " where " results " was due")
	if ($1 == "not") {
		not_ok++
		failed++
		wrong = wrong diagnosis "    " test ": " $0 "\n"
	} else if (toupper($0) ~ /# *SKIP/) {
		skipped++
	} else {
		passed++
	}
	diagnosis = ""
	next
}

# Of what a test says, the last lines before a failure are shown with it.
!/^(TAP version|# *(RUN|OK|Starting) |$)/ {
	diagnosis = diagnosis "      " $0 "\n"
	if (length(diagnosis) > 4000)
		diagnosis = substr(diagnosis, length(diagnosis) - 3000)
}

END {
	if (test != "")
		finish("none: it never ended", "?")
	n = split(expected, names, " ")
	for (i = 1; i <= n; i++) {
		if (names[i] in seen)
			continue
		printf "  FAILED  %-24s did not run\n", names[i]
		total_failed++
	}
	printf "total %d %d %d\n", total_passed, total_failed, total_skipped
}
