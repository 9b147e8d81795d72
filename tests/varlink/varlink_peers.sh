#!/bin/sh
# SPDX-License-Identifier: MIT
# Other people's Varlink tools against our server: varlinkctl (systemd 257) and python3-varlink, whichever are installed.
set -eu

# Runs a command that must say a text.
says() {
	text=$1
	shift
	out=$("$@" 2>&1) || true
	case $out in
	*"$text"*) echo "ok: $1 $2: $text" ;;
	*)
		echo "FAILED: $*: no \"$text\" in: $out"
		exit 1
		;;
	esac
}

with_varlinkctl() {
	says "org.minimeter" varlinkctl info "$1"
	says "method GetInterfaceDescription" varlinkctl introspect "$1" org.varlink.service
	says "method TestOutput" varlinkctl introspect "$1" org.minimeter
	varlinkctl validate-idl "$MM_SRCDIR/src/varlink/org.minimeter.varlink" | grep -v SPDX >"$2/source"
	varlinkctl introspect "$1" org.minimeter >"$2/served"
	diff "$2/source" "$2/served"
	says '"delivered_uwh":1234567891' varlinkctl --json=short call "$1" org.minimeter.Read '{}'
	says '"name":"main"' varlinkctl --json=short call "$1" org.minimeter.Read '{"meter":"main"}'
	says "org.minimeter.NoSuchMeter" varlinkctl call "$1" org.minimeter.Read '{"meter":"none"}'
	says "MethodNotImplemented" varlinkctl call "$1" org.minimeter.Status '{}'
	test "$(varlinkctl --json=short --more call "$1" org.minimeter.Read '{}' | grep -c delivered_uwh)" -eq 3
	echo "ok: a stream of 3"
}

with_python() {
	python3 - "$1" <<'PYTHON'
import sys, varlink
with varlink.Client(address="unix:" + sys.argv[1]) as client:
    assert client.get_interfaces() != {}
    with client.open("org.minimeter") as minimeter:
        assert minimeter.Read()["meters"][0]["delivered_uwh"] == 1234567891
        assert len([m for m in minimeter.Read(_more=True)]) == 3
        try:
            minimeter.Read("none")
        except varlink.VarlinkError as error:
            assert error.error() == "org.minimeter.NoSuchMeter", error
            assert error.parameters()["meter"] == "none", error
        else:
            raise AssertionError("no error")
print("ok: python3-varlink")
PYTHON
}

has_varlinkctl() {
	varlinkctl --help 2>/dev/null | grep -q validate-idl
}

has_python() {
	python3 -c 'import varlink' 2>/dev/null
}

if [ "${1-}" = serving ]; then
	if has_varlinkctl; then with_varlinkctl "$2" "$3"; fi
	if has_python; then with_python "$2"; fi
	exit 0
fi
if ! has_varlinkctl && ! has_python; then
	echo "SKIP: neither varlinkctl nor python3-varlink is installed"
	exit 77
fi
directory=$(mktemp -d)
trap 'rm -rf "$directory"' EXIT
"$MM_BUILDDIR/tests/varlink/varlink_demo" "$directory/socket" "$0" serving "$directory/socket" "$directory"
