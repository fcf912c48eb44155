#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
#
# The completions: they are what the program says, and each shell, where it is there, offers
# what it should. bash and fish complete; of zsh the functions that do it are replaced by some that
# print what they are given. Then somebody types into each of them, in a terminal.

. "$(dirname "$0")/cases.sh"

SKUA=${SKUA:-build/skua}
SKUA=$(realpath "$SKUA")

files_are_what_the_program_says() {
	works auto/completions --check "$SKUA"
}

a_file_that_differs_is_noticed() {
	mkdir -p "$dir/auto"
	cp -R auto/completions auto/messages auto/completion "$dir/auto"
	for file in skua.bash _skua skua.fish; do
		sed -i 's/--listing/--lasting/; s/-l listing/-l lasting/' "$dir/auto/completion/$file"
		fails "$dir/auto/completions" --check "$SKUA"
		says "$file is not what"
		cp "auto/completion/$file" "$dir/auto/completion"
	done
	works "$dir/auto/completions" --check "$SKUA"
}

# Prints what bash offers for the words $2…, of which the last is being typed, in a folder that
# has the file site.conf and the folder site.
bash_offers() {
	bash -c '
		. "$1"
		cd "$2"
		shift 2
		COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
		_skua "$1" "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
		printf "%s\n" "${COMPREPLY[@]}"' - "$PWD/auto/completion/skua.bash" "$dir/files" "$SKUA" "$@" \
		>"$dir/out" 2>"$dir/err"
	[ ! -s "$dir/err" ] || { cat "$dir/err" && return 1; }
}

# The words that are offered are these, in any order.
offered_are() {
	for word; do
		echo "$word"
	done | sort >"$dir/expected"
	sort "$dir/out" | diff "$dir/expected" -
}

bash_completes() {
	command -v bash >/dev/null || { echo 'SKIP bash_completes: bash is not there' && return; }
	mkdir -p "$dir/files/site"
	touch "$dir/files/site.conf" "$dir/files/with space"
	bash_offers ''
	offered_are serve status help
	bash_offers st
	offered_are status
	bash_offers -s ''
	offered_are stop quit reload reopen upgrade
	bash_offers -s re
	offered_are reload reopen
	bash_offers -c si
	offered_are site site.conf
	bash_offers -c wi
	offered_are 'with space'
	bash_offers serve si
	offered_are site
	bash_offers serve --pr
	offered_are --print-config
	bash_offers serve --c
	offered_are --cors --cache --cert
	bash_offers serve --404 = si
	offered_are site site.conf
	bash_offers serve --404 =
	offered_are site site.conf 'with space'
	bash_offers serve --port ''
	offered_are ''
	bash_offers status --
	offered_are --help --json --openmetrics --log
	bash_offers help keepalive_t
	offered_are keepalive_time keepalive_timeout
	bash_offers help request_u
	offered_are request_uri
	bash_offers -t reload
	offered_are ''
	# What is typed is no pattern and is not run.
	bash_offers help '*'
	offered_are ''
	bash_offers help '$(touch made)'
	[ ! -e "$dir/files/made" ]
}

zsh_completes() {
	command -v zsh >/dev/null || { echo 'SKIP zsh_completes: zsh is not there' && return; }
	zsh -f -n auto/completion/_skua
	cat >"$dir/try" <<-'END'
	_arguments() { print -rl -- "$@" }
	_describe() { print -r -- $1; print -rl -- "${(@P)2}" }
	_try() { local -a words; words=("$@"); local CURRENT=$#; . auto/completion/_skua }
	END
	zsh -f -c '. "$1"; _try skua ""' - "$dir/try" >"$dir/out"
	says command
	says 'serve:Serves a folder'
	zsh -f -c '. "$1"; _try skua serve --' - "$dir/try" >"$dir/out"
	says '--cache=[browsers keep files'
	lacks '^-s+' "$dir/out"
	zsh -f -c '. "$1"; _try skua -s ""' - "$dir/try" >"$dir/out"
	says ':signal:(stop quit reload reopen upgrade)'
}

fish_completes() {
	command -v fish >/dev/null || { echo 'SKIP fish_completes: fish is not there' && return; }
	mkdir -p "$dir/bin" "$dir/home"
	ln -sf "$SKUA" "$dir/bin/skua"
	for line in 'skua -s re:reload reopen' 'skua serve --pr:--print-config' 'skua st:status' \
		'skua help keepalive_timeo:keepalive_timeout' 'skua status --l:--log'; do
		env HOME="$dir/home" XDG_CONFIG_HOME="$dir/home" PATH="$dir/bin:$PATH" fish --no-config -c '
			source auto/completion/skua.fish
			complete -C "$argv[1]"' "${line%%:*}" | cut -f 1 >"$dir/out"
		offered_are ${line#*:}
	done
}

# Types into the shell $2…, in a terminal, with the key Tab; $1 makes it know the completions.
in_terminal() {
	begin=$1
	shift
	mkdir -p "$dir/bin" "$dir/home" "$dir/files/site"
	# If serve offered files too, "si" would stay as it is, because of the second one.
	touch "$dir/files/site.conf" "$dir/files/sibling"
	ln -sf "$SKUA" "$dir/bin/skua"
	cat >"$dir/steps" <<-END
	run $begin
	run cd $dir/files
	type skua st\\t
	line skua status
	type skua serve --pr\\t
	line skua serve --print-config
	type skua serve --c\\t\\t
	shows --cors
	shows --cert
	line skua serve --c
	type skua -s relo\\t
	line skua -s reload
	type skua help keepalive_timeo\\t
	line skua help keepalive_timeout
	type skua -c site.\\t
	line skua -c site.conf
	type skua serve si\\t
	line skua serve site
	END
	works env -i HOME="$dir/home" XDG_CONFIG_HOME="$dir/home" PATH="$dir/bin:$PATH" TERM=xterm LC_ALL=C.UTF-8 \
		python3 tests/build/terminal.py "$@" <"$dir/steps"
}

# Whether there is what the case $1 needs: python3, and the shell $2.
can_type() {
	for tool in python3 "$2"; do
		command -v "$tool" >/dev/null || { echo "SKIP $1: $tool is not there" && return 1; }
	done
}

bash_completes_in_a_terminal() {
	can_type bash_completes_in_a_terminal bash || return 0
	in_terminal ". $PWD/auto/completion/skua.bash; bind 'set show-all-if-ambiguous on'; PS1='> '" \
		bash --norc --noprofile -i
}

zsh_completes_in_a_terminal() {
	can_type zsh_completes_in_a_terminal zsh || return 0
	in_terminal "fpath=($PWD/auto/completion \$fpath); autoload -Uz compinit; compinit -u -D; bindkey -e; PS1='> '" \
		zsh -f -i
}

fish_completes_in_a_terminal() {
	can_type fish_completes_in_a_terminal fish || return 0
	in_terminal "source $PWD/auto/completion/skua.fish; function fish_prompt; echo '> '; end" \
		fish --no-config -i
}

run_cases files_are_what_the_program_says a_file_that_differs_is_noticed bash_completes zsh_completes \
	fish_completes bash_completes_in_a_terminal zsh_completes_in_a_terminal fish_completes_in_a_terminal
