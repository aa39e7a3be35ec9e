#compdef keystead
# Completion of keystead for zsh.
_keystead() {
    local line word
    local -a values shown open
    for line in "${(@f)$(command keystead __complete "${(@Q)words[2,CURRENT]}" 2>/dev/null)}"; do
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
