# Completion of keystead for bash.

# Parts the line up to the cursor into words as bash does, and runs nothing that stands in it: a name
# may hold `$(...)`. Sets words, the open quote of the last one in quote, and in drop what is typed of
# it up to the last of its word breaks, which a name may hold (`:`, `@`, `=`): bash replaces the rest.
_keystead_words() {
    local line=${COMP_LINE:0:COMP_POINT} char next i word='' raw=''
    words=() quote='' drop=''
    for ((i = 0; i < ${#line}; i++)); do
        char=${line:i:1} next=${line:i+1:1}
        if [[ -z $quote && $char == [[:blank:]] ]]; then
            [[ -n $raw ]] && words+=("$word")
            word='' raw='' drop=''
            continue
        fi
        raw+=$char
        if [[ $quote == "'" ]]; then
            if [[ $char == "'" ]]; then quote=''; else word+=$char; fi
        elif [[ $char == '\' && (-z $quote || $next == [\$\`\"\\]) ]]; then
            word+=$next raw+=$next
            ((i += 1))
        elif [[ $char == '"' ]]; then
            if [[ -n $quote ]]; then quote=''; else quote='"'; fi
        elif [[ $char == "'" && -z $quote ]]; then
            quote="'"
        else
            word+=$char
            [[ -z $quote && $COMP_WORDBREAKS == *"$char"* ]] && drop=$raw
        fi
    done
    words+=("$word")
}

# The text of a name for the quotes that the word began with.
_keystead_quoted() {
    local text=$1 char i
    quoted=''
    case $quote in
        '') printf -v quoted %q "$text" ;;
        "'") quoted=${text//\'/\'\\\'\'} ;;
        '"')
            for ((i = 0; i < ${#text}; i++)); do
                char=${text:i:1}
                case $char in
                    [\$\`\"\\]) quoted+="\\$char" ;;
                    '!') quoted+='"\!"' ;; # in double quotes an interactive bash takes it for history
                    *) quoted+=$char ;;
                esac
            done
            ;;
    esac
    # Bash closes the quotes, but not behind a quote that it takes for the closing one.
    [[ -n $quote && $quoted == *"$quote" ]] && quoted+=$quote
}

_keystead() {
    local quote quoted line word drop
    local -a words
    _keystead_words
    local current=${words[-1]}
    COMPREPLY=()
    while IFS= read -r line; do
        case $line in
            :files) compopt -o filenames; mapfile -t COMPREPLY < <(compgen -f -- "$current"); return ;;
            :commands) mapfile -t COMPREPLY < <(compgen -c -- "$current"); return ;;
        esac
        word=${line%%$'\t'*}
        [[ $word == *= ]] && compopt -o nospace
        _keystead_quoted "$word"
        [[ $quoted == *\\= ]] && quoted=${quoted%\\=}=
        COMPREPLY+=("${quoted#"$drop"}")
    done < <(command keystead __complete "${words[@]:1}" 2>/dev/null)
}
complete -F _keystead keystead
