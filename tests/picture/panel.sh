#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# panel.sh FILE: the front panel as a picture (SVG), drawn by minimeterctl itself in a terminal. The simulated house stands still
# on its second evening, and so does the client's clock: the picture changes only where the panel does.
set -eu

# shellcheck source-path=SCRIPTDIR source=../e2e/lib.sh
. "${MM_SRCDIR:-.}/tests/e2e/lib.sh"

readonly columns=76 rows=28 evening=$((44 * 3600 + 3 * 60))
start=$(date -d "$(sed -n 's/^start_time = //p' "$MM_SRCDIR/etc/scenarios/house.ini")" +%s)

terminal() {
	tmux -f /dev/null -S "$scratch/tmux" "$@"
}

is_drawn() {
	terminal capture-pane -p | grep -A 20 'most [1-9]' | grep -q '● live'
}

start_held_sim $evening "$MM_SRCDIR/etc/scenarios/house.ini"
configure board "[meter house]" "model=MMD-120-2001-T-SCC" "serial=1001" "element1=A" "element2=B" "generation=element2"
start_meter
wait_for "the evening" is_board_held
echo "long time(long *ret) { return ret ? *ret = $((start + evening)) : $((start + evening)); }" |
	cc -shared -fPIC -x c -o "$scratch/clock.so" -
TERM=xterm-256color TZ=UTC LC_ALL=C.UTF-8 terminal new-session -d -x $columns -y $rows \
	"$(printf '%q ' env LD_PRELOAD="$scratch/clock.so" "$ctl" --socket "$scratch/sock" watch)"
terminal set -g status off
terminal resize-window -x $columns -y $rows
wait_for "the panel" is_drawn
terminal capture-pane -e -p >"$scratch/screen"
terminal kill-server
release_board
"$MM_SRCDIR/tests/picture/svg.py" $columns <"$scratch/screen" >"$1.new"
mv "$1.new" "$1"
