#!/bin/sh
# SPDX-License-Identifier: MIT
#
# The overlays compile without a warning, their parameters name what is there, and they fit the device trees of Debian 13's
# newest kernels for the Raspberry Pi 3 and 4 and the BeagleBone Black. Those come from the machine's own mirror and stay in
# $MM_CACHE (default ~/.cache/minimeter) until somebody removes them. The front ends are validated against their schemas where there are dt-schema and,
# in $MM_DT_BINDINGS, the directory Documentation/devicetree/bindings of a kernel's source.
set -u

for tool in dtc fdtoverlay fdtget fdtput; do
	if ! command -v $tool >/dev/null; then
		echo "skipped: no $tool (Debian: device-tree-compiler)"
		exit 77
	fi
done

overlays=$MM_SRCDIR/dts-overlays
cache=${MM_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/minimeter}/device-trees
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT
failed=0
checks=0

wrong() {
	echo "FAIL: $*"
	failed=1
}

# equal WHAT EXPECTED SEEN
equal() {
	checks=$((checks + 1))
	[ "$2" = "$3" ] || wrong "$1: expected '$2', saw '$3'"
}

# is NODE PROPERTY TYPE VALUE: in the tree at hand
is() {
	equal "$where: $1 $2" "$4" "$(fdtget -t "$3" "$tree" "$1" "$2" 2>&1)"
}

# refers NODE PROPERTY NODE...: its value is the phandles of those
refers() {
	node=$1 property=$2 wanted=
	shift 2
	for target; do
		wanted="$wanted${wanted:+ }$(fdtget -t x "$tree" "$target" phandle 2>&1)"
	done
	is "$node" "$property" x "$wanted"
}

# merge BASE OVERLAY...: makes the tree at hand
merge() {
	onto=$1 tree=$work/merged.dtb
	shift
	where="$(basename "$onto" .dtb) + $*"
	checks=$((checks + 1))
	(cd "$work" && fdtoverlay -i "$onto" -o "$tree" "$@") >"$work/said" 2>&1 || wrong "$where: $(cat "$work/said")"
}

# valid NODE: by the schemas
valid() {
	[ -n "$schemas" ] || return
	dt-validate -M -s "$schemas" "$tree" >"$work/said" 2>&1
	equal "$where: schema that knows $1" 1 "$(grep -c "$1: matched" "$work/said")"
	equal "$where: what its schema says" '' "$(grep "^$tree: ${1##*/}: " "$work/said")"
}

# ---- Compiling ----

# compile NAME: what standard input has, and no warning but that a parameter called label is no label
compile() {
	checks=$((checks + 1))
	if ! dtc -W no-label_is_string -@ -I dts -O dtb -o "$work/$1.dtbo" - 2>"$work/said" || [ -s "$work/said" ]; then
		wrong "$1: $(cat "$work/said")"
	fi
}

# Each parameter names a property that its node has, long enough, or a fragment. The firmware makes a string anew, so that one may lack.
parameters() {
	blob=$work/$1.dtbo
	sed -nE 's/<&?([0-9a-z_]+)>, "([^"]+)"/\n\1 \2\n/gp' "$overlays/$1.dtso" | grep -E '^[0-9a-z_]+ ' | while read -r label target; do
		if [ "$label" = 0 ]; then
			fdtget -p "$blob" "/fragment-${target#[=+!-]}" >/dev/null 2>&1 || echo "no fragment ${target#?}"
		else
			node=$(fdtget "$blob" /__symbols__ "$label" 2>/dev/null)
			size=$(fdtget -t bx "$blob" "$node" "${target%:*}" 2>/dev/null | wc -w)
			case $target in
			label | 'name{0='*) [ -n "$node" ] || echo "there is no $label" ;;
			*) [ "$size" -ge $((${target#*:} + 4)) ] || echo "$label has no $target" ;;
			esac
		fi
	done
}

bus=/soc/spi@7e204000
gpio=/soc/gpio@7e200000

for source in "$overlays"/*.dtso; do
	name=$(basename "$source" .dtso)
	compile "$name" <"$source"
	# What parameters wake up, as a second overlay upon the first: only the firmware knows targets within an overlay.
	sed -e 's/__dormant__/__overlay__/' -e "s|target = <&ade9000>|target-path = \"$bus/energy-meter@0\"|" \
		-e "s|target = <&mcp3912>|target-path = \"$bus/adc@0\"|" "$source" >"$work/$name-woken.dtso"
	compile "$name-woken" <"$work/$name-woken.dtso"
	equal "$name: parameters" '' "$(parameters "$name")"
done

# A first and a second chip, as the firmware makes them of label=flat and of cs=1,label=shop.
for name in minimeter-ade9000 minimeter-mcp3912; do
	names=$(sed -n 's/.*"name{0=\([^,]*\),1=\([^}]*\)}".*/\1 {|\2 {/p' "$overlays/$name.dtso")
	sed 's/^\t*reg = <0>;/& label = "flat";/' "$work/$name-woken.dtso" | compile $name-flat
	sed -e "s|$names|" -e 's/\(energy-meter\|adc\|spidev\)@0/\1@1/' -e 's/^\t*reg = <0>;/reg = <1>; label = "shop";/' \
		"$work/$name-woken.dtso" | compile $name-shop
done

# ---- The trees of Debian's kernels ----

# fetch ARCHITECTURE SUITE PACKAGE: the trees that come with the package's newest kernel
fetch() {
	dir=$cache/$1
	[ ! -e "$dir/complete" ] || return 0
	mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Origin: Debian' 'Label: Debian' 2>/dev/null | head -n 1)
	if [ -z "$mirror" ]; then
		echo "apt knows no Debian mirror"
		return 1
	fi
	rm -rf "$dir" && mkdir -p "$dir/lists/partial" "$dir/archives/partial" && : >"$dir/status" || return
	echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror $2 main" >"$dir/sources.list"
	cat >"$dir/apt.conf" <<-END
		Dir::Etc::SourceList "$dir/sources.list";
		Dir::Etc::SourceParts "-";
		Dir::State "$dir";
		Dir::State::status "$dir/status";
		Dir::Cache "$dir";
		APT::Architecture "$1";
		APT::Architectures { "$1"; };
		APT::Sandbox::User "";
		Acquire::Languages "none";
		Acquire::http::Timeout "20";
	END
	(
		export APT_CONFIG="$dir/apt.conf"
		cd "$dir" && apt-get -q update || exit
		newest=$(apt-cache depends "$3" | sed -nE 's/^ *Depends: (linux-(base|image)-[0-9].*)/\1/p')
		apt-get -q download "$newest" && dpkg-deb --fsys-tarfile ./*.deb | tar -x --wildcards '*.dtb' || exit
		rm -f ./*.deb
		touch complete
	)
}

# In backports the trees are a small package of their own, in the release a part of the kernel's.
missing=
for arch in arm64 armhf; do
	flavour=$(echo $arch | sed 's/armhf/armmp/')
	if ! fetch $arch trixie-backports "linux-base-$flavour" >"$work/said" 2>&1 &&
		! fetch $arch trixie "linux-image-$flavour" >>"$work/said" 2>&1; then
		missing="$missing${missing:+; }the trees of $arch could not be had: $(grep -E -m 1 '^(E|Err|apt)' "$work/said")"
	fi
done

schemas=
bindings=${MM_DT_BINDINGS:-none}
if ! command -v dt-validate >/dev/null; then
	echo "not validated: no dt-validate (Debian 12: dt-schema)"
elif [ ! -e "$bindings/iio/adc/adi,ade9000.yaml" ]; then
	echo "not validated: no adi,ade9000.yaml in MM_DT_BINDINGS ($bindings)"
else
	mkdir "$work/schemas" && cp "$bindings/iio/adc/adi,ade9000.yaml" "$bindings/iio/adc/microchip,mcp3911.yaml" \
		"$bindings"/spi/*peripheral-props*.yaml "$work/schemas" && schemas=$work/schemas.json
	dt-mk-schema -j "$work/schemas" >"$schemas" || wrong "the schemas can't be read"
fi

# trees NAME: their paths, one for each architecture that has it
trees() {
	find "$cache" -name "$1.dtb" | sort
}

for name in bcm2711-rpi-4-b bcm2837-rpi-3-b-plus am335x-boneblack; do
	[ -n "$missing" ] || [ -n "$(trees $name)" ] || missing="there is no $name.dtb any more"
done

for base in $(trees bcm2711-rpi-4-b) $(trees bcm2837-rpi-3-b-plus); do
	merge "$base" minimeter-ade9000.dtbo minimeter-lcd.dtbo minimeter-lcd-i2c.dtbo
	is $bus status s okay
	refers $bus pinctrl-0 $gpio/spi0-gpio7
	is $bus/energy-meter@0 compatible s minimeter,minimeter-ade9000
	is $bus/energy-meter@0 reg u 0
	refers $bus/energy-meter@0 vdd-supply /regulator-ade9000
	is $bus/spidev@0 status s disabled
	is /auxdisplay compatible s hit,hd44780

	# As in Raspberry Pi OS.
	cp "$base" "$work/spidev.dtb"
	fdtput -c "$work/spidev.dtb" $bus/spidev@0
	fdtput -t s "$work/spidev.dtb" $bus/spidev@0 compatible spidev
	fdtput -t s "$work/spidev.dtb" $bus/spidev@0 status okay
	merge "$work/spidev.dtb" minimeter-ade9000.dtbo
	is $bus/spidev@0 compatible s spidev
	is $bus/spidev@0 status s disabled

	merge "$base" minimeter-ade9000.dtbo minimeter-ade9000-woken.dtbo
	refers $bus/energy-meter@0 interrupt-parent $gpio
	is $bus/energy-meter@0 interrupts u "5 2 6 2 13 2"
	is $bus/energy-meter@0 interrupt-names s "irq0 irq1 dready"
	is $bus/energy-meter@0 compatible s adi,ade9000
	valid $bus/energy-meter@0

	merge "$base" minimeter-mcp3912.dtbo
	is $bus status s okay
	is $bus/adc@0 compatible s microchip,mcp3912
	is $bus/adc@0 reg u 0
	is $bus/spidev@0 status s disabled
	valid $bus/adc@0
	merge "$base" minimeter-mcp3912.dtbo minimeter-mcp3912-woken.dtbo
	refers $bus/adc@0 clocks /clock-mcp3912
	refers $bus/adc@0 interrupt-parent $gpio
	valid $bus/adc@0

	# Two of a kind: each keeps what it refers to.
	merge "$base" minimeter-ade9000-flat.dtbo minimeter-ade9000-shop.dtbo
	is $bus/energy-meter@0 label s flat
	is $bus/energy-meter@1 label s shop
	is $bus/energy-meter@1 reg u 1
	refers $bus/energy-meter@0 vdd-supply /regulator-ade9000
	refers $bus/energy-meter@1 vdd-supply /regulator-ade9000-1
	is $bus/spidev@0 status s disabled
	is $bus/spidev@1 status s disabled
	merge "$base" minimeter-mcp3912-flat.dtbo minimeter-mcp3912-shop.dtbo
	is $bus/adc@0 label s flat
	is $bus/adc@1 label s shop
	refers $bus/adc@0 clocks /clock-mcp3912
	refers $bus/adc@1 clocks /clock-mcp3912-1

	merge "$base" minimeter-lcd.dtbo
	equal "$where: rs line" "$(fdtget -t x "$tree" $gpio phandle) 1a 0" "$(fdtget -t x "$tree" /auxdisplay rs-gpios)"

	merge "$base" minimeter-lcd-i2c.dtbo
	expander=/soc/i2c@7e804000/gpio@27
	is /soc/i2c@7e804000 status s okay
	is $expander compatible s nxp,pcf8574
	equal "$where: backlight" "$(fdtget -t x "$tree" $expander phandle) 3 0" "$(fdtget -t x "$tree" /auxdisplay backlight-gpios)"
done

for base in $(trees am335x-boneblack); do
	merge "$base" minimeter-bone-ade9000.dtbo
	bus=$(fdtget "$tree" /aliases spi0)
	pinmux=/ocp/interconnect@44c00000/segment@200000/target-module@10000/scm@0/pinmux@800
	is "$bus" status s okay
	refers "$bus" pinctrl-0 "$pinmux/minimeter-spi-pins" "$pinmux/minimeter-irq-pins" "$pinmux/minimeter-output-pins"
	is "$bus/energy-meter@0" compatible s minimeter,minimeter-ade9000
	is "$bus/energy-meter@0" reg u 0
	refers "$bus/energy-meter@0" vdd-supply /regulator-ade9000

	# The manual's names of lines. The kernel's label on a line may hold more than its name.
	dtc -q -I dtb -O dts "$tree" | sed -n 's/.*gpio-line-names = //p' | tr ',;' '\n\n' | sed 's/\\0/\n/g' | tr -d '" ' >"$work/lines"
	for line in P9_12 P9_23 P9_27 P8_11 P8_12 P8_16; do
		equal "$where: lines named $line" 1 "$(grep -cx $line "$work/lines")"
	done

	# No pad that another device of the tree has, or that we have twice.
	fdtget -l "$tree" "$pinmux" | while read -r group; do
		fdtget -t x "$tree" "$pinmux/$group" pinctrl-single,pins | xargs -n 3 | sed "s/ .*/ $group/"
	done >"$work/pads"
	ours=$(sed -n 's/ minimeter-.*//p' "$work/pads")
	for pad in $ours; do
		equal "$where: pad $pad" 1 "$(grep -c "^$pad " "$work/pads")"
	done
	equal "$where: pads" 13 "$(echo "$ours" | wc -l)"

	# The manual's way to say what parameters say elsewhere, and to give Debian's tree the label that the interrupt needs.
	chip=/fragment-2/__overlay__/energy-meter@0
	cp "$work/minimeter-bone-ade9000.dtbo" "$work/set.dtbo"
	for property in spi-max-frequency minimeter,full-scale-millivolt minimeter,nominal-millivolt; do
		equal "parameter $property" 0 "$(fdtget "$work/set.dtbo" $chip $property >/dev/null 2>&1; echo $?)"
		fdtput -t u "$work/set.dtbo" $chip $property 1000000
	done
	fdtput -t s "$work/set.dtbo" $chip label flat
	fdtput -t s "$work/set.dtbo" $chip compatible adi,ade9000
	gpio1=/ocp/interconnect@48000000/segment@0/target-module@4c000/gpio@0
	cp "$base" "$work/labels.dtb"
	fdtput -p -t s "$work/labels.dtb" /__symbols__ gpio1 $gpio1
	merge "$work/labels.dtb" set.dtbo minimeter-bone-ade9000-irq.dtbo
	is "$bus/energy-meter@0" spi-max-frequency u 1000000
	is "$bus/energy-meter@0" minimeter,full-scale-millivolt u 1000000
	is "$bus/energy-meter@0" minimeter,nominal-millivolt u 1000000
	is "$bus/energy-meter@0" label s flat
	is "$bus/energy-meter@0" compatible s adi,ade9000
	is "$bus/energy-meter@0" interrupts u "18 2 19 2 15 2"
	is "$bus/energy-meter@0" interrupt-names s "irq0 irq1 dready"
	refers "$bus/energy-meter@0" interrupt-parent $gpio1
	valid "$bus/energy-meter@0"
	# Line 18 of GPIO1 is the pin of the manual's table, and so on.
	dtc -q -I dtb -O dts "$tree" | sed -n '/target-module@4c000 {/,/};/s/.*gpio-line-names = "\(.*\)";/\1/p' |
		sed 's/\\0\|", "/\n/g' | sed 's/ .*//' >"$work/lines"
	equal "$where: pins of the interrupts" "P9_14 P9_16 P8_15" "$(for line in 18 19 15; do sed -n $((line + 1))p "$work/lines"; done | xargs)"
done

for base in $(trees bcm2712-rpi-5-b); do
	if dtc -q -I dtb -O dts "$base" | grep -q 'spi@.* {'; then
		echo "$(basename "$base"): has an SPI bus now; no overlay is for it yet"
	else
		echo "$(basename "$base"): has no SPI bus yet"
	fi
done

echo "$checks checks"
if [ $failed = 0 ] && [ -n "$missing" ]; then
	echo "skipped in part: $missing"
	exit 77
fi
exit $failed
