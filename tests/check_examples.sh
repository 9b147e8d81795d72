#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# What the pages set as it stands is true: each configuration passes the check, each scenario is one, each command is one that the
# program takes, and what a program writes is what it writes. minimeterctl(1) has samples of its own, tests/e2e/samples.sh. Before
# each such text a comment says what it is:
#
#   .\" example configuration       a part of minimeter.conf; what is missing is added
#   .\" example scenario            of minimeter-sim
#   .\" example commands            lines for a shell; those of our programs are tried where they do nothing
#   .\" example drop-in URI         what minimeter-setup writes for the unit where the front end is there
#   .\" sample setup ARGUMENT...    the configuration that minimeter-setup writes for these
#   .\" no sample: WHY
#
# check_examples.sh --update puts what minimeter-setup writes into the pages.
set -u

cd "$MM_SRCDIR" || exit 99
# shellcheck source-path=SCRIPTDIR source=checks.sh
. "$MM_SRCDIR/tests/checks.sh"
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT
update=${1-}
examples=0

# block PAGE NUMBER: the text behind that line of the page, as a reader has it.
block() {
	sed -n "$(($2 + 1)),\$p" "$1" | sed '/^\.Ed/,$d' | sed 's/\\(aq/'"'"'/g; s/\\-/-/g; s/\\&//g; s/\\e/\\/g'
}

# A meter and what is missing of one, so that the part by itself can be checked.
complete() {
	awk '{ print } /^\[meter / && !model { print "model = MMD-120-2001-T-SCC\nserial = 1\nelement1 = A\nelement2 = B" }' \
		model="$(grep -c '^model' "$1")" "$1"
	grep -q '^\[meter ' "$1" || printf '[meter main]\nmodel = MMD-120-2001-T-SCC\nserial = 1\nelement1 = A\nelement2 = B\n'
	printf '[daemon]\nregister = %s/register.db\n' "$work"
}

takes_configuration() {
	complete "$work/block" >"$work/minimeter.conf"
	"$MM_BUILDDIR/minimeterd" --check-config --config "$work/minimeter.conf" >"$work/said" 2>&1 || { cat "$work/said"; return 1; }
}

takes_scenario() {
	"$MM_BUILDDIR/minimeter-sim" --check-scenario --scenario "$work/block" >"$work/said" 2>&1 || { cat "$work/said"; return 1; }
}

# setup ROOT ARGUMENT...: writes below a new root.
setup() {
	local root=$1

	shift
	mkdir -p "$root" && "$MM_BUILDDIR/minimeter-setup" --unattended --root "$root" "$@" >"$work/said" 2>&1 || { cat "$work/said"; return 1; }
}

# A command of ours, words as the shell has them, tried where it does nothing: below a root, or without a daemon.
takes_command() {
	local code=0 program=$1

	shift
	case $program in
	minimeter-setup)
		# The last --root counts; a chip that nobody sees must be named.
		rm -rf "$work/root"
		[[ $* == *--driver* ]] || set -- "$@" --driver ade9000
		setup "$work/root" "$@" --root "$work/root"
		;;
	minimeterctl)
		# It would wait for a daemon.
		[[ $* != *--wait* ]] || set -- "$@" --seconds 1
		"$MM_BUILDDIR/minimeterctl" --socket "$work/none" --admin-socket "$work/none" "$@" >"$work/said" 2>&1 </dev/null || code=$?
		[ "$code" = 3 ] || { cat "$work/said"; return 1; }
		;;
	minimeterd)
		"$MM_BUILDDIR/minimeterd" --help | grep -qF -- "$1"
		;;
	esac
}

takes_commands() {
	local line

	while IFS= read -r line; do
		# shellcheck disable=SC2016 # the page's own words are expanded
		if [[ $line =~ (^|[[:space:]])(minimeter-setup|minimeterctl|minimeterd)[[:space:]](.*)$ ]]; then
			eval "takes_command ${BASH_REMATCH[2]} ${BASH_REMATCH[3]%%[&|>]*}" || return 1
		fi
	done < <(sed -e ':a' -e '/\\$/{N;s/\\\n//;ba' -e '}' "$work/block")
}

is_drop_in() {
	rm -rf "$work/root"
	setup "$work/root" --uri "$1" --driver ade9000 --model MMS-120-1001 --serial 1 &&
		diff -u "$work/block" <(grep -v '^#' "$work/root"/etc/systemd/system/minimeterd.service.d/minimeter-setup.conf | sed '/^$/d')
}

is_written() {
	rm -rf "$work/root"
	eval "setup '$work/root' $*" && find "$work/root" -name minimeter.conf -exec cp {} "$work/written" \; || return 1
	if [ "$update" = --update ]; then
		awk -v from="$number" -v block="$work/written" '
			NR <= from || done { print; next }
			/^\.Ed/ { while ((getline line < block) > 0) print line; print; done = 1 }' "$page" >"$work/page" && cp "$work/page" "$page"
	else
		diff -u "$work/block" "$work/written"
	fi
}

for page in man/*.[1-8]; do
	[ "$page" != man/minimeterctl.1 ] || continue
	while IFS= read -r number; do
		comment=$(sed -n "$((number - 1))p" "$page")
		block "$page" "$number" >"$work/block"
		what="$page, line $number"
		examples=$((examples + 1))
		case $comment in
		'.\" example configuration') check "$what is a configuration" takes_configuration ;;
		'.\" example scenario') check "$what is a scenario" takes_scenario ;;
		'.\" example commands') check "$what has commands that are right" takes_commands ;;
		'.\" example drop-in '*) check "$what is what minimeter-setup writes" is_drop_in "${comment##* }" ;;
		'.\" sample setup '*) check "$what is what minimeter-setup writes" is_written "${comment#*setup }" ;;
		'.\" no sample: '?*) ;;
		*) check "$what has a comment that says what it is" false ;;
		esac
	done < <(sed -n '/^\.Bd -literal/=' "$page")
done
check "there are examples" test "$examples" -ge 20
exit "$failed"
