# SPDX-License-Identifier: MIT
# shellcheck shell=bash
#
# Boots a Debian's own systemd in namespaces of this machine: in seconds, as root, without an emulator. To be sourced by bash.
#
#     boot_can || exit 77                          prints why it can't be tried here
#     boot_base SUITE PACKAGE...                   a Debian with those packages, below all roots that follow
#     boot_new [DIRECTORY]                         a root of its own on top of it; a directory that is named is kept
#     boot_inside COMMAND...                       a command in the root while it is not booted; it has this machine's network
#     boot_start                                   boots; returns once systemd has started all that it will start, or can't
#     boot_run COMMAND...                          a command in the booted root; it has no network but its own loopback
#     boot_stop                                    pulls the plug; boot_start boots the same root again
#     boot_remove                                  boot_stop, and the root is gone unless it was named
#
# Bases are kept in $MM_CACHE (default ~/.cache/minimeter). Files can be put into $boot_dir/upper while the root is not booted, and
# are seen as /proc/$boot_init/root while it is. The caller must call boot_remove in its trap on EXIT. It must not call boot_start
# in a subshell: what was booted ends with the process that booted it.

boot_lower=
boot_dir=
boot_kept=
boot_pid=
boot_init=
boot_cgroup=

boot_can() {
	local tool

	if [ "$(id -u)" != 0 ]; then
		echo "skipped: only root can boot a system of its own"
		return 77
	fi
	for tool in debootstrap unshare nsenter pivot_root setpriv findmnt flock pgrep; do
		if ! command -v "$tool" >/dev/null; then
			echo "skipped: no $tool"
			return 77
		fi
	done
	if ! findmnt -n -t cgroup2 >/dev/null || ! grep -qw overlay /proc/filesystems; then
		echo "skipped: needs overlayfs and a mounted cgroup2"
		return 77
	fi
}

# The archive that this machine itself uses, where that is Debian's.
boot_mirror() {
	# shellcheck disable=SC2016 # apt expands it
	apt-get indextargets --format '$(SITE)' 'Created-By: Packages' 'Origin: Debian' 2>/dev/null | grep -v security | head -n 1
}

# What a container has no use for, or what would take time at each boot.
boot_slim() {
	mkdir -p "$1/etc/systemd/journald.conf.d"
	printf '[Journal]\nStorage=volatile\nAudit=no\nRateLimitIntervalSec=0\n' >"$1/etc/systemd/journald.conf.d/boot.conf"
	echo 00000000000000000000000000000b0a >"$1/etc/machine-id"
	echo root >"$1/etc/hostname"
	chroot "$1" systemctl -q mask systemd-firstboot.service systemd-networkd.service systemd-networkd.socket systemd-logind.service \
		systemd-resolved.service systemd-timesyncd.service getty.target console-getty.service dpkg-db-backup.timer fstrim.timer \
		e2scrub_all.timer apt-daily.timer apt-daily-upgrade.timer systemd-tmpfiles-clean.timer systemd-udev-trigger.service \
		systemd-modules-load.service
}

# boot_base SUITE PACKAGE...: 77 where it can't be had, and says why
boot_base() {
	local cache=${MM_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/minimeter} suite=$1 base lock packages
	shift
	packages=$(printf '%s\n' systemd systemd-sysv udev procps util-linux "$@" | sort -u | paste -sd,)
	base=$cache/boot-$suite-$({ echo "$packages" && declare -f boot_slim; } | sha256sum | cut -c 1-12)
	mkdir -p "$cache" || return
	exec {lock}>"$base.lock" && flock "$lock" || return
	if [ ! -e "$base.done" ]; then
		rm -rf --one-file-system "$base"
		if ! { debootstrap --variant=minbase --include="$packages" "$suite" "$base" "$(boot_mirror)" &&
			rm -rf "$base"/var/cache/apt/archives/*.deb && boot_slim "$base"; } >"$base.log" 2>&1 </dev/null; then
			echo "skipped: no Debian $suite to boot: $(grep -E '^[EW]:' "$base.log" | tail -n 1) (all of it: $base.log)"
			exec {lock}>&-
			return 77
		fi
		printf '%s\n' "$packages" >"$base.done"
	fi
	exec {lock}>&-
	boot_lower=$base
}

# boot_new [DIRECTORY]
boot_new() {
	boot_kept=${1:-}
	boot_dir=${1:-$(mktemp -d "${TMPDIR:-/tmp}/minimeter-boot.XXXXXX")}
	mkdir -p "$boot_dir"/{upper,work,root} && chmod 755 "$boot_dir/upper"
}

# What both ways into the root begin with, in a mount namespace of their own.
# shellcheck disable=SC2016 # the shell in the namespaces expands it
readonly boot_mounts='
	set -e
	mount -t overlay -o "lowerdir=$boot_lower,upperdir=$boot_dir/upper,workdir=$boot_dir/work" overlay "$boot_dir/root"
	cd "$boot_dir/root"
	mount -t proc proc proc
'

boot_inside() {
	boot_lower=$boot_lower boot_dir=$boot_dir unshare --mount --pid --fork --kill-child sh -c "$boot_mounts"'
		mount --rbind /dev dev
		exec chroot . env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive "$@"
	' sh "$@"
}

# The settings of the kernel are the whole machine's: systemd sees them read-only, as in any container. A cgroup namespace
# begins where its first process is, so that process has to enter the new group first.
# shellcheck disable=SC2016
readonly boot_up='
	mount --bind proc/sys proc/sys
	mount -o remount,bind,ro proc/sys
	mount -t sysfs -o ro sysfs sys
	mount -t cgroup2 cgroup2 sys/fs/cgroup
	mount -t tmpfs -o mode=755,nosuid dev dev
	for node in null:3 zero:5 full:7 random:8 urandom:9; do
		mknod -m 666 "dev/${node%:*}" c 1 "${node#*:}"
	done
	mknod -m 666 dev/tty c 5 0
	ln -s /proc/self/fd dev/fd
	ln -s fd/0 dev/stdin
	ln -s fd/1 dev/stdout
	ln -s fd/2 dev/stderr
	mkdir dev/pts dev/shm
	mount -t devpts -o newinstance,ptmxmode=0666,mode=620,gid=5 devpts dev/pts
	ln -s pts/ptmx dev/ptmx
	mount -t tmpfs -o mode=1777 shm dev/shm
	mount -t tmpfs -o mode=755 run run
	pivot_root . mnt
	exec chroot . sh -c "umount -l /mnt && exec env -i container=lxc PATH=/usr/sbin:/usr/bin:/sbin:/bin /sbin/init"
'

# boot_wait_for TENTHS COMMAND...
boot_wait_for() {
	local tries=$1
	shift
	while ! "$@" >/dev/null 2>&1; do
		if [ $((tries -= 1)) -le 0 ] || ! kill -0 "$boot_pid" 2>/dev/null; then
			return 1
		fi
		sleep 0.1
	done
}

boot_find_init() {
	boot_init=$(pgrep -P "$boot_pid")
}

boot_start() {
	local state

	boot_cgroup=$(findmnt -n -o TARGET -t cgroup2 | head -n 1)/minimeter-boot-$$
	mkdir -p "$boot_cgroup" || return
	boot_lower=$boot_lower boot_dir=$boot_dir boot_cgroup=$boot_cgroup boot_script=$boot_mounts$boot_up \
		setpriv --pdeathsig KILL unshare --pid --mount --net --uts --ipc --fork --kill-child \
		sh -c 'echo 0 >"$boot_cgroup/cgroup.procs" && exec unshare --cgroup sh -c "$boot_script"' \
		</dev/null >"$boot_dir/console" 2>&1 &
	boot_pid=$!
	if ! boot_wait_for 100 boot_find_init || ! boot_wait_for 600 boot_run test -S /run/systemd/private; then
		echo "the root does not boot:"
		cat "$boot_dir/console"
		boot_stop
		return 1
	fi
	state=$(boot_run timeout 120 systemctl is-system-running --wait 2>&1)
	case $state in
	running) ;;
	*)
		echo "booted, but systemd is ${state:-not ready after two minutes}:"
		boot_run systemctl --failed --no-legend --plain
		boot_run systemctl list-jobs --no-legend
		return 1
		;;
	esac
}

boot_run() {
	nsenter -t "$boot_init" -m -u -i -n -p -C env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 "$@"
}

boot_stop() {
	if [ -n "$boot_pid" ]; then
		kill -KILL "$boot_pid" 2>/dev/null
		wait "$boot_pid" 2>/dev/null
	fi
	if [ -n "$boot_cgroup" ]; then
		# Each process of the namespace ends with its first; the groups are empty a moment later.
		boot_pid=$$ boot_wait_for 100 find "$boot_cgroup" -depth -type d -exec rmdir {} +
	fi
	boot_pid=
	boot_init=
	boot_cgroup=
}

boot_remove() {
	boot_stop
	if [ -n "$boot_dir" ] && [ -z "$boot_kept" ]; then
		rm -rf --one-file-system "$boot_dir"
	fi
	boot_dir=
}
