#compdef keystead
# Completion of keystead for zsh.
_keystead() {
    # Within quotes zsh keeps the opening one out of PREFIX; closed again, the word can be read.
    local line word begun=$compstate[quote]$PREFIX$compstate[quote]
    local -a values shown open before
    (( CURRENT > 2 )) && before=("${(@Q)words[2,CURRENT-1]}")
    for line in "${(@f)$(command keystead __complete "$before[@]" "${(Q)begun}" 2>/dev/null)}"; do
        case $line in
            '') continue ;;
            :files) _files; return ;;
            :commands) _command_names -e; return ;;
        esac
        word=${line%%$'\t'*}
        if [[ $word == *= ]]; then
            open+=("$word")
            continue
        fi
        values+=("$word")
        if [[ $line == *$'\t'* ]]; then
            shown+=("$word  -- ${line#*$'\t'}")
        else
            shown+=("$word")
        fi
    done
    (( $#open )) && compadd -S '' -- "${open[@]}"
    (( $#values )) && compadd -M 'm:{a-zA-Z}={A-Za-z}' -l -d shown -- "${values[@]}"
}
if (( $+functions[compdef] )); then
    compdef _keystead keystead
fi
