#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Builds all with musl's headers, warnings being errors, links with musl and runs the unit tests there.
# Debian builds its libraries for glibc: what they need of it and musl lacks is in stand_ins.c. musl
# and its compiler wrapper lie under $O/port: nothing is installed.
set -u
cd "$(dirname "$0")/../.." || exit 1
O=${O:-build}
mkdir -p "$O/port/musl" && musl=$(cd "$O/port/musl" && pwd) || exit 1
tools=$musl/tools out=$musl/out log=$musl/log
bad=0

not_ok() { # WHAT, said more of in $log
	cat "$log"
	echo "not ok - musl: $*"
	bad=1
}

reason=$(FETCH_SECONDS=250 sh tests/port/fetch.sh "$tools" - musl-tools) || {
	echo "skipped: musl: $reason"
	exit 0
}
folder=$(gcc -print-multiarch)
name=${folder%-gnu}-musl
loader=$(echo "$tools"/lib/ld-musl-*.so.1)
if [ ! -e "$loader" ]; then # musl-tools is installed on this machine
	tools='' loader=$(echo /lib/ld-musl-*.so.1)
fi

# The headers of the kernel and of libraries, without glibc's beside them.
rm -rf "$musl"/include "${musl:?}"/lib
mkdir -p "$musl/include/sys" "$musl/lib"
for header in linux asm-generic bpf libelf.h gelf.h zlib.h zconf.h libmnl jansson.h jansson_config.h pcap.h \
	pcap sys/capability.h cmocka.h; do
	ln -s "/usr/include/$header" "$musl/include/$header"
done
ln -s "/usr/include/$folder/asm" "$musl/include/asm"
for library in bpf elf z mnl jansson pcap cap cmocka; do
	ln -s "/usr/lib/$folder/lib$library.so" "$musl/lib/lib$library.so"
	soname=$(objdump -p "/usr/lib/$folder/lib$library.so" | sed -n 's/^ *SONAME *//p')
	ln -s "/usr/lib/$folder/lib$library.so" "$musl/lib/$soname"
done

ln -s "$loader" "$musl/lib/libc.so" # musl's loader is its C library

# The wrapper names its files by where an installation has them.
sed "s#/usr/lib/$name#$tools&#g; s#/usr/include/$name#$tools&#g" \
	"$tools/usr/lib/$name/musl-gcc.specs" >"$musl/specs"
cc="gcc -specs $musl/specs -isystem $musl/include"
# Names that the libraries ask for, and that are glibc's and D-Bus's.
glibc_loader=$(readelf -l /bin/sh | sed -n 's#.*interpreter: .*/\(.*\)\]#\1#p')
cc_shared="$cc -fPIC -shared -nostdlib"
if ! { $cc_shared -Wl,-soname,libdbus-1.so.3 -o "$musl/lib/libdbus-1.so.3" tests/port/stand_ins.c &&
	$cc_shared -o "$musl/lib/$glibc_loader" -x c /dev/null; } >"$log" 2>&1; then
	not_ok 'the stand-ins are built'
	exit 1
fi

# The answers of pkg-config would name glibc's folders.
cat >"$musl/pkg-config" <<-END
	#!/bin/sh
	case "\$*" in *--libs*) echo '-lbpf -lelf -lz -lmnl -ljansson -lpcap -lcap' ;; esac
END
chmod +x "$musl/pkg-config"
link="-L$musl/lib -Wl,--disable-new-dtags,-rpath,$musl/lib,--dynamic-linker,$loader,--no-as-needed"
link="$link -l:libdbus-1.so.3 -Wl,--unresolved-symbols=ignore-in-shared-libs"
if ! make -s O="$out" WERROR=1 PKG_CONFIG="$musl/pkg-config" CC="$cc" LDFLAGS="$link" all unit-tests >"$log" 2>&1; then
	not_ok 'builds without a warning'
	exit 1
fi
# Libraries of another release may ask for more of glibc than the stand-ins have.
"$out/agent" --version >"$log" 2>&1
if grep -q '^Error relocating' "$log"; then
	echo "skipped: musl: $(head -n 1 "$log")"
	exit $bad
fi
echo 'ok - musl: builds without a warning'

number_passed() { # as cmocka tells it, or 0
	sed -n 's/^\[  PASSED  \] \([0-9]*\) test(s).*/\1/p' "$log" | tail -n 1 | grep . || echo 0
}

programs=0 passed=0
for test in "$out"/tests/unit/test_*; do
	case $test in *.o | *.d) continue ;; esac
	programs=$((programs + 1))
	timeout -k 10 300 "$test" >"$log" 2>&1 </dev/null || not_ok "${test##*/} passes"
	passed=$((passed + $(number_passed)))
done
: >"$log"
if [ $passed -gt 0 ]; then
	echo "ok - musl: $passed tests of $programs programs pass"
else
	not_ok 'a test passes'
fi
sh tests/port/traffic.sh musl "$out/agent" || bad=1
exit $bad
