# SPDX-License-Identifier: BSD-2-Clause
# Written by auto/completions.
# shellcheck shell=bash

# Offers those of the words $1… that begin as what is typed.
_skua_words() {
	local word

	COMPREPLY=()
	for word in "$@"; do
		[[ $word == "$cur"* ]] && COMPREPLY+=("$word")
	done
}

# Files (-f) or folders (-d).
_skua_files() {
	compopt -o filenames 2>/dev/null
	mapfile -t COMPREPLY < <(compgen "$1" -- "$cur")
}

# What `skua help` explains; variables are found without their dollar, too.
_skua_names() {
	local names

	mapfile -t names < <("$1" help --names 2>/dev/null | tr -d '$')
	_skua_words "${names[@]}"
}

_skua() {
	local cur=${COMP_WORDS[COMP_CWORD]} before=$((COMP_CWORD - 1)) command=skua

	# An equals sign is a word of its own.
	if [ "$cur" = = ]; then
		cur=
	elif [ "${COMP_WORDS[before]}" = = ]; then
		before=$((before - 1))
	fi
	COMPREPLY=()
	if [ "$COMP_CWORD" -gt 1 ]; then
		case ${COMP_WORDS[1]} in
		serve | status | help) command=${COMP_WORDS[1]} ;;
		esac
	fi
	case "$command ${COMP_WORDS[before]}" in
	"skua -s") _skua_words stop quit reload reopen upgrade; return ;;
	"skua -p") _skua_files -d; return ;;
	"skua -c") _skua_files -f; return ;;
	"skua -e") _skua_files -f; return ;;
	"skua -g") return ;;
	"serve -r" | "serve --rootdir") _skua_files -d; return ;;
	"serve -p" | "serve --port") return ;;
	"serve -a" | "serve --address") return ;;
	"serve -w" | "serve --workers") return ;;
	"serve --404") _skua_files -f; return ;;
	"serve --cache") return ;;
	"serve --header") return ;;
	"serve --password") return ;;
	"serve --cert") _skua_files -f; return ;;
	"serve --key") _skua_files -f; return ;;
	"status -p") _skua_files -d; return ;;
	"status -c") _skua_files -f; return ;;
	"status -e") _skua_files -f; return ;;
	"status -g") return ;;
	"help -c") _skua_files -f; return ;;
	"help -p") _skua_files -d; return ;;
	"help -g") return ;;
	esac
	case "$command $cur" in
	"skua "-*)
		_skua_words -h --help -v --version -V -t -T -q --json -s -p -c -e -g
		;;
	"serve "-*)
		_skua_words -h --help -r --rootdir -p --port -a --address -w --workers -q --quiet --spa --404 --cors --cache --header --password --tls --cert --key --open --print-config
		;;
	"serve "*) _skua_files -d ;;
	"status "-*)
		_skua_words -h --help --json --openmetrics --log -p -c -e -g
		;;
	"help "-*)
		_skua_words -h --help --json --all --names --listing -c -p -g
		;;
	"help "*) _skua_names "$1" ;;
	"skua "*) [ "$COMP_CWORD" -gt 1 ] || _skua_words serve status help ;;
	esac
}

complete -F _skua skua
