#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Each sample output in minimeterctl(1) is what the real client prints of a real daemon, in a terminal of 67 columns. Figures may
# differ, and where lines end; words and their order may not. In the page a comment goes before each sample:
#
#   .\" sample SITUATION [LINES]: COMMAND    the first LINES of it, and then "..."
#   .\" no sample: WHY                       what follows is input, or needs a person
#
# samples.sh --update puts what is printed now into the page.
set -eu

# shellcheck source-path=SCRIPTDIR source=lib.sh
. "${MM_SRCDIR:-.}/tests/e2e/lib.sh"

if ! command -v script >/dev/null; then
	echo "skipped: script is not installed"
	exit 77
fi
page=${MM_SRCDIR:-.}/man/minimeterctl.1
export TZ=UTC LC_ALL=C NO_COLOR=1 MINIMETER_SOCKET=$scratch/sock MINIMETER_ADMIN_SOCKET=$scratch/admin
session=''

# ---- The situations ----

common="[meter main]
model=MMD-120-2001-T-SCC
serial=00042
element1=A
element2=B
output_10=GPIO17
output_100=GPIO27
led_power=GPIO24"

# A morning in a house; the driver answers from its cache for a minute.
house() {
	cat >"$scratch/board.ini" <<-END
		[board]
		start_time = 2026-03-01T11:58:00Z
		[at 0]
		voltage_a = 120.1
		voltage_b = 120.4
		frequency_hz = 60.01
		load_a = 3600 W 0.998 lag
		load_b = 1200 W 0.998 lag
		[at 0:20:00]
		fault = frozen
		[at 0:21:00]
		fault = none
	END
	start_sim "$scratch/board.ini" --stepped
	configure board "$common"
	start_meter
	wait_for "the second quarter of an hour" board_past 2000
}

# The second CT is turned round.
reversed() {
	printf '%s\n' "[board]" "start_time = 2026-03-01T11:58:00Z" "[at 0]" "voltage_a = 120.3" "voltage_b = 119.2" "load_a = 1206 W" \
		"load_b = 774 W 0.97 lag" "ct_b = reversed" >"$scratch/board.ini"
	start_sim "$scratch/board.ini" --stepped
	configure board "$common"
	start_meter
	wait_for "two minutes" board_past 120
}

# The front end repeats itself.
frozen() {
	printf '%s\n' "[at 0]" "load_a = 1200 W" "[at 30]" "fault = frozen" >"$scratch/board.ini"
	start_sim "$scratch/board.ini" --stepped
	configure board "$common"
	start_meter
	wait_for "the fault" in_state frozen
}

# A converter of wave forms, and a load like that of a computer.
waveform() {
	printf '%s\n' "[board]" "chip=mcp3912" "burden_ohm=3.3" "[at 0]" "load_a=970 W" "voltage_harmonics=3:1.5 5:1" \
		"current_harmonics=3:27 5:14" >"$scratch/board.ini"
	start_sim "$scratch/board.ini" --stepped
	configure board "$common"
	sed -i "/^uri=/a driver=mcp3912\nburden_ohm=3.3" "$scratch/minimeter.conf"
	start_meter
	wait_for "readings" metered
	windows_pass 5
}

# ---- Samples ----

# in_terminal COMMAND...: what it prints in a terminal of 67 columns.
in_terminal() {
	script -qec "stty cols 67 rows 40; exec $ctl $* </dev/null" /dev/null </dev/null | tr -d '\r' || true
}

# The panel as a terminal shows it.
panel() {
	local name=samples.$$

	tmux -L "$name" -f /dev/null new-session -d -x 67 -y 22 "exec $ctl watch"
	shows() {
		tmux -L "$name" capture-pane -p | grep -q "$1"
	}
	wait_for "the panel" shows 'front end ok'
	wait_for "the last hours" shows 'last 24 hours'
	tmux -L "$name" capture-pane -p
	tmux -L "$name" kill-server
}

# print COMMAND...
print() {
	case $* in
	panel) panel ;;
	line) "$ctl" watch --seconds 5 | head -n 1 | fold -s -w 67 ;;
	'calibrate start'*)
		in_terminal "$@" >"$scratch/session"
		session=$(cut -d ' ' -f 2 "$scratch/session")
		cat "$scratch/session"
		;;
	'calibrate point'*) "$ctl" "$@" --session "$session" --seconds 5 ;; # in a terminal it shows how far it is
	'calibrate history'*)
		"$ctl" calibrate accept "yearly test, job 4711" --session "$session" >/dev/null
		in_terminal "$@"
		;;
	reload)
		sed -i '/^register=/a profile_interval_min=30' "$scratch/minimeter.conf"
		in_terminal "$@"
		;;
	*) in_terminal "$@" ;;
	esac
}

# Text of the page as a reader has it.
plain() {
	sed 's/\\(aq/'"'"'/g; s/\\-/-/g; s/\\&//g; s/\\e/\\/g'
}

# The words of it, one a line: without figures, without lamps and bars, which change, and wherever a line ends.
words() {
	sed -E 's/[0-9a-f]{12,}/HASH/g; s/-?[0-9]+(\.[0-9]+)?/N/g; s/by [a-z_-]+ \(uid N\)/by WHO/
		s/(^| )[*o] /\1/g; s/\b(on|off)\b/LEVEL/g; s/[#|_]/ /g; s/N (d N h|h N min|min N s|s)\b/DURATION/g' | tr -s '[:space:]' '\n' | sed '/^$/d'
}

# block NUMBER: the lines of the literal text after that line of the page.
block() {
	sed -n "$(($1 + 1)),\$p" "$page" | sed -n '/^\.Bd -literal/,/^\.Ed/p' | sed '1d;/^\.Ed/,$d' | plain
}

# put NUMBER FILE: the file takes the place of that text.
put() {
	sed "s/ *\$//; s/\\\\/\\\\e/g; s/^\\./\\\\\\&./; s/'/\\\\(aq/g" "$2" >"$scratch/block"
	awk -v from="$1" -v block="$scratch/block" '
		!inside { print }
		NR > from && !done && /^\.Bd -literal/ { inside = 1; while ((getline line < block) > 0) print line; close(block) }
		inside && /^\.Ed/ { print; inside = 0; done = 1 }' "$page" >"$scratch/page"
	cp "$scratch/page" "$page"
}

update=no
[ "${1-}" != --update ] || update=yes

for situation in house reversed frozen waveform; do
	rm -rf "$scratch/state"
	"$situation"
	while IFS= read -r line; do
		number=${line%%:*}
		rest=${line#*.\\\" sample }
		read -r where lines <<<"${rest%%:*}"
		command=${rest#*: }
		[ "$where" = "$situation" ] || continue
		if [ "$command" = panel ] && ! command -v tmux >/dev/null; then
			echo "the panel is not compared: tmux is not installed"
			continue
		fi
		# shellcheck disable=SC2086 # words of a command
		print $command >"$scratch/printed"
		if [ -n "$lines" ]; then
			head -n "$lines" "$scratch/printed" >"$scratch/head"
			echo ... >>"$scratch/head"
			mv "$scratch/head" "$scratch/printed"
		fi
		cp "$scratch/printed" "$scratch/sample.$number"
		words <"$scratch/printed" >"$scratch/got"
		block "$number" | words >"$scratch/wanted"
		check "sample of '$command', line $number" diff -u --label page --label printed "$scratch/wanted" "$scratch/got"
	done < <(grep -n '^\.\\" sample ' "$page")
	stop_meter
	stop_sim
done

if [ $update = yes ]; then
	# From the end on, so that numbers of lines stay what they are.
	for file in $(printf '%s\n' "$scratch"/sample.* | sort -t . -k 3 -n -r); do
		put "${file##*.}" "$file"
	done
fi

# Whatever is set as it stands has been thought of.
while IFS= read -r number; do
	check "a comment of a sample before line $number" \
		grep -qE '^\.\\" (no sample: .|sample [a-z].*: .)' <(sed -n "$((number - 1))p" "$page")
done < <(sed -n '/^\.Bd -literal/=' "$page")
finish
