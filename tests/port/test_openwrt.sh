#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# The recipe for OpenWrt, without OpenWrt: its Makefile is put through make with the conventions of
# rules.mk, package.mk and bpf.mk written out, so that it builds and installs the tree; its init
# script is run by busybox with procd's and UCI's functions written out, and the agent takes what
# it would be started with.
# shellcheck disable=SC2016,SC2317
set -u
cd "$(dirname "$0")/../.." || exit 1
O=${O:-build}
recipe=$(pwd)/data/packaging/openwrt
case $O in /*) agent=$O/agent ;; *) agent=$(pwd)/$O/agent ;; esac
bad=0
T=$(mktemp -d) || exit 1
trap 'rm -rf "$T"' EXIT

check() { # WHAT COMMAND...
	what=$1
	shift
	if "$@" >"$T/out" 2>&1; then
		echo "ok - $what"
	else
		cat "$T/out"
		echo "not ok - $what"
		bad=1
	fi
}

# ---- the init script
# As rc.common, functions.sh and procd.sh do: a section is a file of lines "option NAME VALUE" and
# "list NAME VALUE"; the command's words are printed, one a line.
cat >"$T/rc" <<'END'
extra_command() { echo "$1" >>"$T/extra"; }
config_load() { [ "$1" = portacct ]; }
config_foreach() { "$1" main; }
config_get() { eval "$1=\$(sed -n \"s/^[[:space:]]*option $3 '\\(.*\\)'/\\1/p\" \"\$T/config\")"; }
config_get_bool() {
	config_get "$1" "$2" "$3"
	eval "case \$$1 in '') $1=\$4 ;; 1 | on | true | yes | enabled) $1=1 ;; *) $1=0 ;; esac"
}
config_list_foreach() {
	sed -n "s/^[[:space:]]*list $2 '\(.*\)'/\1/p" "$T/config" >"$T/list"
	while read -r item; do "$3" "$item" "$4"; done <"$T/list"
}
procd_open_instance() { :; }
procd_set_param() {
	[ "$1" != command ] || printf '%s\n' "$2" >"$T/words"
	echo "$*" >>"$T/params"
}
procd_append_param() { shift; printf '%s\n' "$@" >>"$T/words"; }
procd_close_instance() { echo closed >>"$T/params"; }
procd_add_reload_trigger() { echo "trigger $1" >>"$T/params"; }
mkdir() { echo "mkdir $*" >>"$T/params"; }
mount() { echo "mount $*" >>"$T/params"; }
END

# The agent's words, one a line; none: it is not to be started.
words() { # CONFIG
	: >"$T/words"
	: >"$T/params"
	printf '%s\n' "$1" >"$T/config"
	T=$T busybox ash -euc '. "$T/rc"; . "$0"; start_service' "$recipe/files/portacct.init" || return 1
	sed 1d "$T/words"
}

# That the agent takes them: it reads all options before it prints its help, and refuses others.
takes() { # WORD...
	"$agent" "$@" --help >/dev/null
}

starts_with() { # CONFIG WANTED, words that spaces separate
	got=$(words "$1") || return 1
	got=$(echo "$got" | tr '\n' ' ')
	[ "${got% }" = "$2" ] || { echo "got: $got"; return 1; }
	set -f
	# shellcheck disable=SC2086
	takes $2
}

# What the agent is called with, which here prints it, once the service has been stopped.
detaches() { # CONFIG WANTED
	printf '%s\n' "$1" >"$T/config"
	got=$(T=$T busybox ash -euc '. "$T/rc"; . "$0"; stop() { :; }; pidof() { return 1; }; PROG=echo; detach' \
		"$recipe/files/portacct.init") || return 1
	[ "$got" = "$2" ] || { echo "got: $got"; return 1; }
}

refuses_others() { ! takes --interval 15 --no-such-option; }

grep_params() { grep -qx "$1" "$T/params"; }

# Comments are examples: taken in, they make a valid configuration too.
examples() {
	all=$(sed "s/^#\([[:space:]]*list\)/\1/" "$recipe/files/portacct.conf")
	starts_with "$all" "--interface br-lan --interface wan --services /etc/portacct.csv --interval 15 --textfile /var/prometheus/portacct.prom --mode auto"
}

init_script() {
	if ! command -v busybox >/dev/null; then
		echo 'skipped: busybox, whose shell OpenWrt has, is missing'
		return
	fi
	check 'the init script is one for busybox' busybox ash -n "$recipe/files/portacct.init"
	check 'the defaults start the agent' starts_with "$(cat "$recipe/files/portacct.conf")" \
		'--interval 15 --textfile /var/prometheus/portacct.prom --mode auto'
	check 'it is started anew without end' grep_params 'set_param respawn 3600 5 0\|respawn 3600 5 0'
	check 'the directory of the textfile is made' grep_params 'mkdir -p /var/prometheus'
	check 'the examples in the defaults are valid' examples
	check 'transmitted frames are counted when asked for' starts_with "option egress '1'" --egress
	check 'a pattern stays one word' starts_with "list interface 'pppoe-*'" '--interface pppoe-*'
	check 'an empty section takes all by default' starts_with '' ''
	check 'the instance is handed to procd' grep_params closed
	words "option enabled '0'" >"$T/none"
	check 'what is disabled is not started' cmp "$T/words" /dev/null
	check 'an unknown option would be refused' refuses_others
	check 'detaching removes the textfile that was written' detaches "$(cat "$recipe/files/portacct.conf")" \
		'--detach --textfile /var/prometheus/portacct.prom'
	check 'detaching names none where none is configured' detaches '' --detach
}

# ---- the recipe
# What it relies on, as OpenWrt defines it: rules.mk, package.mk, bpf.mk.
make_openwrt() {
	mkdir -p "$T/openwrt/include" "$T/staging/usr/sbin" &&
		ln -s "$(command -v bpftool || echo /usr/sbin/bpftool)" "$T/staging/usr/sbin/bpftool" || return 1
	cat >"$T/openwrt/rules.mk" <<-END
		INCLUDE_DIR:=\$(TOPDIR)/include
		PKG_BUILD_DIR=$T/build/\$(PKG_NAME)-\$(PKG_VERSION)
		PKG_INSTALL_DIR=\$(PKG_BUILD_DIR)/ipkg-install
		STAGING_DIR_HOST:=$T/staging
		INSTALL_DIR:=install -d -m0755
		INSTALL_BIN:=install -m0755
		INSTALL_CONF:=install -m0600
		CP:=cp -fpR
	END
	cat >"$T/openwrt/include/package.mk" <<'END'
MAKE_VARS = CFLAGS="-O1" LDFLAGS=""
MAKE_FLAGS = CC="$(CC)" AR="$(AR)" ARCH="mips" CROSS=""
define Build/Compile
	$(MAKE_VARS) $(MAKE) -C $(PKG_BUILD_DIR) $(MAKE_FLAGS)
endef
define Build/Install
	$(MAKE_VARS) $(MAKE) -C $(PKG_BUILD_DIR) $(MAKE_FLAGS) DESTDIR="$(PKG_INSTALL_DIR)" install
endef
define BuildPackage
$(foreach part,TITLE DEPENDS,$(if $(findstring $(part):=,$(Package/$(1))),,$$(error Package/$(1) has no $(part))))
build:
	$(Build/Prepare)
	$(Build/Configure)
	$(Build/Compile)
	$(Build/Install)
	$(call Package/$(1)/install,$(DESTINATION))
version:
	@echo $(PKG_VERSION)
prerm:
	$$(file >$(DESTINATION),$$(Package/$(1)/prerm))
endef
END
	cat >"$T/openwrt/include/bpf.mk" <<-END
		BPF_DEPENDS:=@HAS_BPF_TOOLCHAIN
		CLANG:=$(command -v "${CLANG:-clang}")
		BPF_TARGET:=bpfel
		BPF_CFLAGS:=-nostdinc -D__KERNEL__ -emit-llvm
	END
}

recipe_make() { # GOAL
	env -u MAKEFLAGS -u MAKELEVEL -u O make -s -C "$recipe" TOPDIR="$T/openwrt" DESTINATION="$T/$2" "$1"
}

same_version() {
	[ "$("$agent" --version | sed 's/[^ ]* \([0-9.]*\).*/\1/;q')" = "$(recipe_make version none)" ]
}

complete() {
	(cd "$T/root" && find . -type f -printf '%m %p\n' | sort -k 2) >"$T/files"
	cat "$T/files"
	printf '600 ./etc/config/portacct\n755 ./etc/init.d/portacct\n755 ./usr/sbin/portacct-agent\n' | cmp -s - "$T/files"
}

installed_works() {
	"$T/root/usr/sbin/portacct-agent" --lookup 443/tcp | grep -q '^https 443/tcp' &&
		[ "$("$T/root/usr/sbin/portacct-agent" --version | head -n 1 | cut -d' ' -f2)" = "$(recipe_make version none)" ]
}

removed_detaches() {
	recipe_make prerm prerm || return 1
	cat "$T/prerm"
	busybox ash -n "$T/prerm" && grep -q '\${IPKG_INSTROOT}.*\${PKG_UPGRADE}.*portacct detach$' "$T/prerm"
}

recipe() {
	make_openwrt || return
	check 'the recipe names the version that is built' same_version
	check 'the recipe builds the tree, in a directory without git' recipe_make build root
	check 'the package holds the agent, its init script and its defaults' complete
	check 'the installed agent runs, and its version is the plain one' installed_works
	check 'the package that is removed stops counting' removed_detaches
}

init_script
recipe
exit $bad
