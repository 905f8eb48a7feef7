/// The shells that can complete our command lines, and their scripts.
///
/// The scripts only ask `memfun __complete` and hand its answer to the shell, so that all shells offer
/// the same, and new commands need no new script. The answer is lines: first `none`, `files` or
/// `directories`; then the part of the word before the value; then the candidates.
enum Shell: String, Sendable, CaseIterable {
  case bash, zsh, fish

  /// How to install the script.
  var installation: String {
    switch self {
    case .bash: "memfun completion bash > ~/.local/share/bash-completion/completions/memfun"
    case .zsh: "memfun completion zsh > \"${fpath[1]}/_memfun\""
    case .fish: "memfun completion fish > ~/.config/fish/completions/memfun.fish"
    }
  }

  /// The script.
  var script: String {
    switch self {
    case .bash: Self.bashScript
    case .zsh: Self.zshScript
    case .fish: Self.fishScript
    }
  }

  // Bash splits words at the characters of COMP_WORDBREAKS, '=' and ':' among them, and replaces only
  // the last piece. The pieces are joined for the question and cut off again from the answer.
  private static let bashScript = #"""
    # bash completion for memfun. Install: memfun completion bash > ~/.local/share/bash-completion/completions/memfun
    _memfun() {
      local -a words=() reply=()
      local index piece glue=0 current kept line
      for ((index = 1; index <= COMP_CWORD; index++)); do
        piece=${COMP_WORDS[index]}
        if ((${#words[@]} > 0)) && { ((glue)) || [[ $piece == [=:]* && -n ${words[-1]} ]]; }; then
          words[-1]+=$piece
        else
          words+=("$piece")
        fi
        glue=0
        [[ $piece == *[=:] ]] && glue=1
      done
      ((${#words[@]} > 0)) || words=("")
      current=${words[-1]}
      mapfile -t reply < <("${COMP_WORDS[0]}" __complete bash "${words[@]/#/=}" 2>/dev/null)
      ((${#reply[@]} >= 2)) || return 0
      COMPREPLY=()
      case ${reply[0]} in
        files | directories)
          local action=-f
          [[ ${reply[0]} == directories ]] && action=-d
          compopt -o filenames 2>/dev/null
          while IFS= read -r line; do COMPREPLY+=("$line"); done \
            < <(compgen "$action" -- "${current#"${reply[1]}"}")
          ;;
        *)
          kept=""
          [[ $current == *[=:]* ]] && kept=${current%"${current##*[=:]}"}
          for line in "${reply[@]:2}"; do
            COMPREPLY+=("${line#"$kept"}")
            [[ $line == *= ]] && compopt -o nospace 2>/dev/null
          done
          ;;
      esac
      return 0
    }
    complete -F _memfun memfun

    """#

  private static let zshScript = #"""
    #compdef memfun
    # zsh completion for memfun. Install: memfun completion zsh > "${fpath[1]}/_memfun"
    _memfun() {
      local -a reply candidates meanings
      local line word
      reply=("${(@f)$("${words[1]}" __complete zsh "${(@)words[2,CURRENT]/#/=}" 2>/dev/null)}")
      [[ -n ${reply[1]} ]] || return 1
      case ${reply[1]} in
        files)
          [[ -n ${reply[2]} ]] && compset -P "${(b)reply[2]}"
          _files
          ;;
        directories)
          [[ -n ${reply[2]} ]] && compset -P "${(b)reply[2]}"
          _files -/
          ;;
        *)
          for line in "${(@)reply[3,-1]}"; do
            word=${line%%$'\t'*}
            [[ -n $word ]] || continue
            candidates+=("$word")
            if [[ $line == *$'\t'* ]]; then
              meanings+=("$word -- ${line#*$'\t'}")
            else
              meanings+=("$word")
            fi
          done
          (( ${#candidates} )) || return 1
          compadd -l -d meanings -a candidates
          ;;
      esac
    }
    if [ "$funcstack[1]" = "_memfun" ]; then
      _memfun "$@"
    else
      compdef _memfun memfun
    fi

    """#

  private static let fishScript = #"""
    # fish completion for memfun. Install: memfun completion fish > ~/.config/fish/completions/memfun.fish
    function __memfun_complete
      set -l words (commandline -opc) (commandline -ct)
      set -l reply ($words[1] __complete fish "="$words[2..-1] 2>/dev/null)
      test (count $reply) -ge 2; or return
      switch $reply[1]
        case files
          for path in (__fish_complete_path (string replace -- "$reply[2]" "" "$words[-1]"))
            echo "$reply[2]$path"
          end
        case directories
          for path in (__fish_complete_directories (string replace -- "$reply[2]" "" "$words[-1]") "")
            echo "$reply[2]$path"
          end
        case '*'
          test (count $reply) -gt 2; and printf '%s\n' $reply[3..-1]
      end
    end
    complete -c memfun -f -a '(__memfun_complete)'

    """#
}
