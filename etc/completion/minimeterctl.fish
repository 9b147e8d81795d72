# SPDX-License-Identifier: MIT
# fish completion for minimeterctl(1).

# The tables of commands and options, as print_completion has them: 'make completions' puts them here.
# table
set -g __minimeterctl_table '
c|read|--meter --at||the readings: kWh, and what flows now
c|status|--seconds --wait||is everything in order?
c|watch|--meter --seconds||the front panel, live
c|nameplate|--meter --label||model, serial, ratings, pulse values
c|profile|--meter --from --to --month --csv --plot --svg||energy by interval
c|statement|--meter --from --to --month --csv --html --green-button --issue --ocmf||what was used in a month, from reading to reading
c|events|--meter --from --to --csv --code --all --after --limit||what happened, newest last
c|metrics|--meter||the figures for Prometheus
c|verify|--head --statement --key||is all as it was written?
c|head|||a signed head of the audit trail, to keep elsewhere
c|check|--meter --loaded --load --record --installer --seals --seen||the installation test
c|diagnose|--meter --loaded --load||what is wrong, and what to measure next
c|outputs|--meter||pulse outputs and LEDs: levels and edges
c|outputs test|--meter|led_power led_reverse|invert the power or reverse LED
c|harmonics|--meter --element||harmonics to the 40th, and THD
c|correct|--meter --confirm|ct1-reversed ct2-reversed ct3-reversed ct-crossed lines-180 lines-120 lines-240 none|correct reversed or crossed CTs by arithmetic
c|preset|--meter --received --confirm||set the start reading, once
c|calibrate|--meter --seconds --element||led through three points to new constants
c|calibrate start|--meter --element||the same step by step: begin
c|calibrate point|--seconds --session --left|full-load power-factor light-load|measure a point, and its reference
c|calibrate accept|--session||put the constants into force
c|calibrate cancel|||end what was begun, change nothing
c|calibrate history|--meter||all versions of the constants
c|calibrate return|--meter||go back to earlier constants
c|reload|||read the configuration again
c|help||read status watch nameplate profile statement events metrics verify head check diagnose outputs harmonics correct preset calibrate reload help|this help, or that of a command
o|--socket||file||socket of the daemon (/run/minimeter/minimeter.sock)
o|--admin-socket||file||its socket for acts (/run/minimeter/admin.sock)
o|--json||flag||print the answer of the daemon as JSON
o|--help|h|flag||print this help, or that of the command
o|--version|V|flag||print the version
o|--meter||meter||of this meter only
o|--from||words|now today yesterday -1h -24h -7d|what begins at TIME or later
o|--to||words|now today yesterday -1h -24h -7d|what begins before TIME
o|--month||words|this last|of 2026-03, this or last month
o|--csv||flag||print comma-separated values
o|--plot||flag||draw bars by hour, day or month
o|--svg||flag||draw a picture (SVG)
o|--html||flag||print a page (HTML)
o|--green-button||flag||print a Green Button file (ESPI)
o|--code||words|start stop crash power-down resumed handover-refused clock-step clock-known front-end-recovered gap received preset correction calibration-unrecorded check statement-issued output-test outputs-failing outputs-recovered outputs-uncertain register-failing register-recovered serial-corrected copy-failing copy-recovered backup-failed power-fail power-returned|events of this kind
o|--all||flag||every event, daily snapshots too
o|--after||any||events after this one
o|--limit||any||this many events, 1 to 100
o|--seconds||any||stop after N seconds, or measure for N seconds
o|--label||flag||draw the plate as SVG, with a QR code
o|--received||any||received reading of the old meter (0)
o|--confirm||flag||do it; without, only say what would be
o|--element||words|1 2 3|element 1, 2 or 3 of the meter; 1 unless given
o|--session||any||as calibrate start printed it
o|--left||flag||as left, with the constants proposed
o|--head||file||compare with a head that was kept earlier, too
o|--loaded||flag||a load over 1 A surely runs on every line
o|--load||any||power of all that runs now; 0: nothing runs
o|--record||flag||put the result on record, and print a sheet
o|--installer||any||who made the test, for the record
o|--seals||any||of the seals, with commas between, for the record
o|--seen||words|phase-relation pulse-outputs led-test display|looked at and in order, with commas between
o|--wait||flag||wait until it meters, with --seconds N no longer
o|--at||words|now today yesterday -1h -24h -7d|what the meters read at TIME
o|--issue||flag||sign it and keep it, if that was not done yet
o|--ocmf||flag||print the signed records of those that were issued
o|--statement||file||verify the signed records in this file
o|--key||file||with this public key, or that of a head
'
# end of table

# The fields of the line of the table that begins with $argv[1].
function __minimeterctl_find
    for line in (string split \n -- $__minimeterctl_table)
        if string match -q -- "$argv[1]|*" $line
            string split '|' -- $line
            return 0
        end
    end
    return 1
end

# Prints the command among the words before the cursor; '' where there is none yet.
function __minimeterctl_command
    set -l words (commandline -opc)
    set -l command ''
    set -l skip 0
    for word in $words[2..-1]
        if test $skip = 1
            set skip 0
            continue
        end
        set -l fields (__minimeterctl_find "o|$word")
        if test (count $fields) -gt 3; and test $fields[4] != flag
            set skip 1
        else if string match -q -- '-*' $word
            continue
        else if test -z "$command"
            set command $word
        else if __minimeterctl_find "c|$command $word" >/dev/null
            set command "$command $word"
        end
    end
    echo $command
end

function __minimeterctl_is
    test (__minimeterctl_command) = "$argv[1]"
end

# Is the command one of those that have the option, or can it become one?
function __minimeterctl_takes
    set -l command (__minimeterctl_command)
    test -z "$command"
    and return 0
    set -l fields (__minimeterctl_find "c|$command")
    and contains -- $argv[1] (string split ' ' -- $fields[3])
end

# The names of the meters, by the sockets that were named.
function __minimeterctl_names
    set -l words (commandline -opc)
    set -l sockets
    for i in (seq 2 (count $words))
        if contains -- $words[$i] --socket; and test (count $words) -gt $i
            set sockets --socket $words[(math $i + 1)]
        end
    end
    timeout 2 minimeterctl $sockets names 2>/dev/null
end

complete -c minimeterctl -f
set -l own
for line in (string split \n -- $__minimeterctl_table)
    set -l fields (string split '|' -- $line)
    switch $fields[1]
        case c
            set own $own (string split ' ' -- $fields[3])
            set -l words (string split ' ' -- $fields[2])
            set -l before ''
            if test (count $words) = 2
                set before $words[1]
            end
            complete -c minimeterctl -n "__minimeterctl_is '$before'" -a $words[-1] -d $fields[5]
            if test -n "$fields[4]"
                complete -c minimeterctl -n "__minimeterctl_is '$fields[2]'" -a $fields[4]
            end
        case o
            set -l arguments -c minimeterctl -l (string replace -- -- '' $fields[2]) -d $fields[6]
            if contains -- $fields[2] $own
                set arguments $arguments -n "__minimeterctl_takes $fields[2]"
            end
            if test -n "$fields[3]"
                set arguments $arguments -s $fields[3]
            end
            switch $fields[4]
                case file
                    set arguments $arguments -r -F
                case meter
                    set arguments $arguments -x -a '(__minimeterctl_names)'
                case words
                    set arguments $arguments -x -a $fields[5]
                case any
                    set arguments $arguments -x
            end
            complete $arguments
    end
end
