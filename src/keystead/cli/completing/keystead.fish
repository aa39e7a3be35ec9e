# Completion of keystead for fish.
function __keystead_complete
    set -l before (commandline -opc)
    set -l current (commandline -ct | string trim --left --chars="'\"" | string unescape)
    set -l lines (command keystead __complete $before[2..-1] "$current" 2>/dev/null)
    switch "$lines[1]"
        case ':files'
            __fish_complete_path "$current"
        case ':commands'
            __fish_complete_command
        case '*'
            printf '%s\n' $lines
    end
end
complete -c keystead -f -a '(__keystead_complete)'
