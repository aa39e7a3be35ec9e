# Completion of keystead for bash.
_keystead() {
    local current=${COMP_WORDS[COMP_CWORD]} quoted='' line word i
    local -a before=()
    for ((i = 1; i < COMP_CWORD; i++)); do
        word=${COMP_WORDS[i]}
        before+=("${word//[\"\'\\]/}") # unquoted without running what may stand in it
    done
    case $current in
        [\"\']*) quoted=yes current=${current:1} ;;
        *) current=${current//\\/} ;;
    esac
    COMPREPLY=()
    while IFS= read -r line; do
        case $line in
            :files) compopt -o filenames; mapfile -t COMPREPLY < <(compgen -f -- "$current"); return ;;
            :commands) mapfile -t COMPREPLY < <(compgen -c -- "$current"); return ;;
        esac
        word=${line%%$'\t'*}
        [[ $word == *= ]] && compopt -o nospace
        [[ -z $quoted ]] && printf -v word %q "$word"
        [[ $word == *\\= ]] && word=${word%\\=}=
        COMPREPLY+=("$word")
    done < <(command keystead __complete "${before[@]}" "$current" 2>/dev/null)
}
complete -F _keystead keystead
