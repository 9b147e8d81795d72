#!/bin/bash
# SPDX-License-Identifier: MIT
# The completions of bash, zsh and fish know the tables of commands and options, and offer what can follow: for arguments as for
# options, and for names with blanks. Shells that are not installed are left out, with a word.
set -u
failures=0
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
completion=$MM_SRCDIR/etc/completion

# A client that knows two meters on one socket, others on a second one, and none elsewhere.
cat >"$scratch/minimeterctl" <<-'END'
	#!/bin/sh
	case "$*" in
	"--socket /tmp/s names" | names) printf '%s\n' main 'shop 1' ;;
	"--socket /tmp/hostile names") cat "${0%/*}/hostile" ;;
	*) exit 3 ;;
	esac
END
cat >"$scratch/hostile" <<-'END'
	"
	"; touch ran;"
	$(touch ran)
	:/touch ran;/e#
	\
	\$(touch ran)
	`touch ran`
	a!b
	x'
	x'; touch ran;#
END
chmod +x "$scratch/minimeterctl"
PATH=$scratch:$PATH

# same WHAT WANTED FOUND
same()
{
	if [[ $2 != "$3" ]]; then
		printf '%s:\n--- wanted\n%s\n--- found\n%s\n' "$1" "$2" "$3"
		failures=$((failures + 1))
	fi
}

mkdir "$scratch/etc"
cp "$completion"/*minimeterctl* "$scratch/etc"
"$completion/update.sh" "$MM_BUILDDIR/tests/ctl/print_completion" "$scratch"/etc/* || exit 1
for file in minimeterctl _minimeterctl minimeterctl.fish; do
	same "the tables in etc/completion/$file; 'make completions' puts them there" "$(cat "$scratch/etc/$file")" \
		"$(cat "$completion/$file")"
done

# bash_words WORD...: what bash offers for the last word.
bash_words()
{
	bash --norc -c '
		. "$1"
		shift
		COMP_WORDS=("$@")
		COMP_CWORD=$(($# - 1))
		_minimeterctl
		printf "%s\n" "${COMPREPLY[@]}"' bash "$completion/minimeterctl" "$@" | LC_ALL=C sort
}

# zsh_words WORD...: the same of zsh, whose functions for widgets print what they are given.
zsh_words()
{
	zsh -f -c '
		compadd() { [[ $1 == -a ]] && set -- "${(@P)2}"; [[ $1 == -- ]] && shift; offer "$@"; }
		_describe() { offer "${(@)${(@P)argv[-1]}%%:*}"; }
		_files() { offer FILES; }
		_message() { }
		compset() { words[CURRENT]=${words[CURRENT]#*=}; }
		offer() { local word; for word; do [[ $word == ${words[CURRENT]}* || $word == FILES ]] && print -r -- $word; done; return 0 }
		. $1
		shift
		words=("$@") CURRENT=$#
		_minimeterctl' zsh "$completion/_minimeterctl" "$@" | LC_ALL=C sort
}

# fish_words WORD...: the same of fish.
fish_words()
{
	local line=${*: -1} word

	for word in $(seq $(($# - 1)) -1 1); do
		line="${!word} $line"
	done
	HOME=$scratch fish --no-config -c 'source $argv[1]; complete -C $argv[2]' "$completion/minimeterctl.fish" "$line" |
		cut -f 1 | LC_ALL=C sort
}

commands=$'--admin-socket\n--help\n--json\n--socket\n--version\ncalibrate\ncheck\ncorrect\ndiagnose\nevents\nharmonics\nhead\nhelp\nmetrics\nnameplate\noutputs\npreset\nprofile\nread\nreload\nstatement\nstatus\nverify\nwatch'

# offers SHELL WANTED WORD...
offers()
{
	local shell=$1 wanted=$2

	shift 2
	same "$shell: $*" "$wanted" "$("${shell}_words" minimeterctl "$@")"
}

# What does not depend on how a shell shows options.
all_shells()
{
	offers "$1" nameplate --json na
	offers "$1" nameplate --socket /x na
	offers "$1" $'lines-120\nlines-180\nlines-240' correct l
	offers "$1" $'ct-crossed\nct1-reversed\nct2-reversed\nct3-reversed' correct lines-180 c
	offers "$1" $'led_power\nled_reverse' outputs test led
	offers "$1" test outputs te
	offers "$1" light-load calibrate point li
	offers "$1" history calibrate hi
	offers "$1" yesterday profile --from y
	offers "$1" this profile --month th
	offers "$1" gap events --code ga
	offers "$1" main --meter m
	offers "$1" '' profile --limit 2
	offers "$1" $'--admin-socket\n--after\n--all' events --a
	offers "$1" '' read --cs
	offers "$1" watch help wa
	offers "$1" '' outputs test n
}

# A name that is run leaves its file here.
cd "$scratch" || exit 1

all_shells bash
offers bash "$commands" ''
offers bash $'main\nshop\\ 1' --meter ''
offers bash 'shop\ 1' --meter = shop
offers bash 'shop\ 1' --meter 'shop\ '
offers bash 'shop 1' --meter '"sh'
offers bash 'shop\ 1' --socket /tmp/s read --meter s
offers bash '' --socket /nowhere read --meter s
offers bash "$completion/minimeterctl.fish" verify --head "$completion/minimeterctl.f"
offers bash '' --meter '"main"m'
offers bash '' --meter "'main'm"
offers bash '' --meter "ma'i"
offers bash $'--admin-socket\n--help\n--json\n--socket\n--version' --meter : '/touch\ ran;/e#' ''

# bash_names QUOTE BEGINNING: the names that a shell reads in what bash offers there, with the quote closed. Nothing may run.
bash_names()
{
	local word

	bash_words minimeterctl --socket /tmp/hostile --meter "$1$2" | while IFS= read -r word; do
		eval "printf '%s\n' $1$word$1"
	done | LC_ALL=C sort
}

same 'bash: names without quotes' "$(<hostile)" "$(bash_names '' '')"
same 'bash: names in single quotes' "$(<hostile)" "$(bash_names "'" '')"
same 'bash: names in double quotes' "$(grep -v '!' hostile)" "$(bash_names '"' '')"
same 'bash: a name that has begun' "$(printf '%s\n' \\ '\$(touch ran)')" "$(bash_names '' '\\')"
same 'bash: a name that has begun in double quotes' '\$(touch ran)' "$(bash_names '"' '\\\$(to')"
same 'bash: a name that has begun in single quotes' '$(touch ran)' "$(bash_names "'" '$(to')"

if command -v zsh >/dev/null; then
	all_shells zsh
	offers zsh "$commands" ''
	offers zsh $'main\nshop 1' --meter ''
	offers zsh 'shop 1' read --meter=sh
	offers zsh 'shop 1' --socket /tmp/s read --meter s
	offers zsh '' --socket /nowhere read --meter s
	offers zsh FILES verify --head ''
	offers zsh "$(<hostile)" --socket /tmp/hostile --meter ''
else
	echo "left out: zsh is not installed"
fi
if command -v fish >/dev/null; then
	all_shells fish
	offers fish $'main\nshop 1' --meter ''
	offers fish '--meter=shop 1' read --meter=sh
	offers fish 'shop 1' --socket /tmp/s read --meter s
	offers fish '' --socket /nowhere read --meter s
	offers fish "$(<hostile)" --socket /tmp/hostile --meter ''
else
	echo "left out: fish is not installed"
fi
same 'what names ran' '' "$(ls ran 2>/dev/null)"
echo "completion: $failures failures"
exit $((failures > 0))
