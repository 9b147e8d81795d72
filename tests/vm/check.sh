#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
#
# The virtual board: builds its image, boots it in QEMU, has the scenarios run inside, resets it without warning, and prints one
# table of all. Exits with 0 where every line is ok, and with 77 where it could not be tried, saying why.
#
# usage: check.sh TARBALL [SCENARIO...]
# VM_KERNEL: bookworm and trixie are Debian 12 and 13 with their kernels, backports, where not given, is Debian 13 with the newest one.
# VM_RESETS: how many times the board is reset, 10 where not given. VM_KILLS: how many times own_kills kills, 20 where not given.
# VM_UBSAN=1: minimeter's own driver is built with gcc's sanitizer of undefined behaviour, signed overflow among it, in trap mode, which
# needs nothing of the kernel: where it finds something the board ends, and its console says where. Without SCENARIO all own_* run.
# VM_CACHE: where the image is kept, and everything below it.
set -euo pipefail
here=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
cache=${VM_CACHE:-${XDG_CACHE_HOME:+$XDG_CACHE_HOME/minimeter-vm}}
kernel=${VM_KERNEL:-backports}
cache=${cache:-$PWD/build/vm}/$kernel
tarball=$1
shift
resets=${VM_RESETS:-10}
export VM_UBSAN=${VM_UBSAN:-}
results=$cache/results${VM_UBSAN:+-ubsan}
qemu_pid=''
# The machine's own.
# shellcheck disable=SC2016
mirror=$(apt-get indextargets --format '$(SITE) $(SUITE)' 'Created-By: Packages' 2>/dev/null | awk '$2 !~ /security/ { print $1; exit }' || true)

skip() {
	echo "check-vm: skipped: $*"
	exit 77
}

cleanup() {
	if [ -n "$qemu_pid" ]; then
		kill "$qemu_pid" 2>/dev/null || true
	fi
}
trap cleanup EXIT

can_be_tried() {
	local tool suite=trixie

	case $kernel in
	bookworm) suite=bookworm ;;
	trixie | backports) ;;
	*)
		echo "check-vm: VM_KERNEL=$kernel is none of bookworm, trixie and backports" >&2
		exit 2
		;;
	esac
	for tool in qemu-system-x86_64 debootstrap mke2fs unshare unxz wget column apt-get python3; do
		command -v "$tool" >/dev/null || skip "$tool is not installed (./bootstrap check-vm gets it)"
	done
	[ "$(id -u)" = 0 ] || skip "debootstrap and chroot need root"
	[ "$(dpkg --print-architecture)" = amd64 ] || skip "the image is for amd64"
	if [ ! -e "$cache/root.done" ] || [ ! -e "$cache/kernel.done" ]; then
		wget -q -T 20 -t 2 --spider "$mirror/dists/$suite/InRelease" || skip "Debian's archive can't be reached"
	fi
}

# The board's time goes by the instructions it has executed, and is skipped while it idles: what else the machine has to do
# stretches no interval and starves no deadline. Without rdrand it would wait for entropy, without end at times.
board=(
	qemu-system-x86_64 -accel tcg -icount "shift=1,sleep=off" -rtc clock=vm -cpu "qemu64,+rdrand" -smp 1 -m 768
	-nodefaults -no-user-config -display none -kernel "$cache/vmlinuz" -initrd "$cache/initrd.img"
)
arguments="console=ttyS0 quiet loglevel=5 systemd.show_status=no audit=0 mitigations=off${VM_UBSAN:+ oops=panic panic=-1}"
if [ -n "$VM_UBSAN" ]; then
	board+=(-no-reboot)
	# shellcheck disable=SC2046
	[ $# -gt 0 ] || set -- $(sed -n '/^scenarios=(/,/^)/s/.*/ & /p' "$here/board/scenarios" | grep -oE '\bown_[a-z]+')
fi

new_results() {
	rm -rf "${results:?}/$1" && mkdir -p "$results/$1"
}

# row NAME EXPECTED SEEN VERDICT
row() {
	printf '%s\t%s\t%s\t%s\n' "$@" >>"$results/table.tsv"
	printf '%-18s %s\n' "$1" "$4"
}

# The rows of the scenarios, and one of our own for each that was planned and gave none.
run_scenarios() {
	local dir=$results/scenarios name expected seen verdict

	new_results scenarios
	truncate -s 64M "$dir/logs.tar"
	timeout 3600 "${board[@]}" -monitor none -append "$arguments board=scenarios ${only:+only=$only} ${VM_KILLS:+systemd.setenv=VM_KILLS=$VM_KILLS}" \
		-drive "file=$cache/board.img,format=raw,if=virtio,snapshot=on,cache=unsafe" -drive "file=$dir/logs.tar,format=raw,if=virtio" \
		-serial "file:$dir/console.txt" -serial "file:$dir/rows.txt" >"$dir/qemu.txt" 2>&1 &
	qemu_pid=$!
	wait "$qemu_pid" || true
	tar -C "$dir" -xf "$dir/logs.tar" 2>/dev/null || echo "check-vm: the board left no logs; see $dir/console.txt"
	rm -f "$dir/logs.tar"
	tr -d '\r' <"$dir/rows.txt" >"$dir/rows.tsv"
	grep -q '^end' "$dir/rows.tsv" || row board "all scenarios run" "the board did not come to the end, see $dir/console.txt" FAILED
	while read -r name; do
		IFS=$'\t' read -r _ _ expected seen verdict < <(grep -m 1 "^row	$name	" "$dir/rows.tsv") || true
		row "$name" "${expected:-}" "${seen:-no result}" "${verdict:-FAILED}"
	done < <(sed -n 's/^plan\t//p' "$dir/rows.tsv")
}

# Nothing in the driver is undefined: of the traps that the compiler put there none was met.
count_traps() {
	local traps verdict=FAILED met

	traps=$(cat "$cache/traps")
	met=$(grep -cE 'invalid opcode|Oops' "$results/scenarios/console.txt" || true)
	if [ "$traps" -gt 0 ] && [ "$met" = 0 ] && grep -q '^end' "$results/scenarios/rows.tsv"; then
		verdict=ok
	fi
	row own_ubsan "no undefined behaviour in the driver" "$traps traps in it, $met met" $verdict
}

# What a board does not need to meter, and that makes each of its starts longer.
not_needed() {
	printf 'systemd.mask=%s ' dev-hugepages.mount dev-mqueue.mount run-lock.mount sys-fs-fuse-connections.mount tmp.mount \
		modprobe@{fuse,efi_pstore,drm}.service systemd-{sysctl,modules-load,journal-flush,user-sessions,logind,binfmt}.service \
		systemd-udev-{load-credentials,trigger}.service systemd-tmpfiles-setup-dev{,-early}.service apt-daily{,-upgrade}.timer \
		proc-sys-fs-binfmt_misc.automount
}

run_resets() {
	local dir=$results/resets expected seen verdict

	if [ "$kernel" != backports ]; then
		row system_reset "a driver to try it with" "this kernel has no driver of the ADE9000 of its own" skipped
		return
	fi
	new_results resets
	"$here/resets.py" "$dir" "$cache/board.img" "$resets" "${board[@]}" \
		-append "$arguments board=resets systemd.journald.forward_to_console=1 $(not_needed)" >"$dir/resets.txt" 2>"$dir/errors.txt" &
	qemu_pid=$!
	wait "$qemu_pid" || true
	IFS=$'\t' read -r _ _ expected seen verdict < <(grep '^row' "$dir/resets.txt") || true
	row system_reset "${expected:-}" "${seen:-no result, see $dir/errors.txt}" "${verdict:-FAILED}"
}

can_be_tried
only=$(IFS=, && echo "$*")
mkdir -p "$cache" "$results"
rm -f "$results/table.tsv"
echo "Building the image (log: $cache/image.log)"
"$here/image.sh" "$cache" "$tarball" "$mirror" "$kernel" >"$cache/image.log" 2>&1 || {
	tail -n 20 "$cache/image.log"
	echo "check-vm: the image could not be built"
	exit 1
}
echo "Running the scenarios (console: $results/scenarios/console.txt)"
if [ "$only" != system_reset ]; then
	run_scenarios
	[ -z "$VM_UBSAN" ] || count_traps
fi
if [ -z "$only" ] || [ "$only" = system_reset ]; then
	run_resets
fi
echo
(printf 'scenario\texpected\tseen\t\n' && cat "$results/table.tsv") | column -t -s $'\t'
printf '%s: %d scenarios, %d skipped, %d failed; logs in %s\n' "$kernel" "$(wc -l <"$results/table.tsv")" \
	"$(grep -c 'skipped$' "$results/table.tsv")" "$(grep -vcE '(ok|skipped)$' "$results/table.tsv")" "$results"
! grep -qvE '(ok|skipped)$' "$results/table.tsv"
