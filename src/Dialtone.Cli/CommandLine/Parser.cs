namespace Dialtone.Cli;

/// <summary>Reads command lines by the tables of verbs and flags.</summary>
/// <remarks>
/// Ours, since it starts in a few milliseconds and lets the same rows make the help. <c>@</c> is a letter like any other, as struct formats
/// and abstract socket names need it.
/// </remarks>
internal static class Parser
{
    // words    = verb *( flag | operand ) [ "--" *operand ]
    // flag     = switch | "--name" value *value | "--name=value"      ; several values only where the flag repeats
    //          | "-" *letter | "-" *letter [ value ]                  ; short forms
    // operand  = any word that does not begin with "-", a negative number, or "-" alone
    public static Arguments Parse(IReadOnlyList<string> words, IReadOnlyList<Verb> verbs)
    {
        Verb verb = FindVerb(words, verbs, out int next);
        var arguments = new Arguments(verb);
        Flag[] flags = [.. verb.Flags.SelectMany(group => group.Flags)];
        while (next < words.Count)
        {
            string word = words[next++];
            if (word == "--")
            {
                arguments.Operands.AddRange(words.Skip(next));
                break;
            }

            if (IsOperand(word))
            {
                arguments.Operands.Add(word);
                continue;
            }

            if (word[1] != '-')
            {
                next = ParseLetters(words, next - 1, arguments, flags);
                continue;
            }

            int equals = word.IndexOf('=', StringComparison.Ordinal);
            string name = equals < 0 ? word : word[..equals];
            Flag flag = flags.FirstOrDefault(flag => flag.Name == name) ?? throw UnknownFlag(name, verb, flags);
            if (flag.Value is null)
            {
                if (equals >= 0)
                    throw CliException.Usage($"{name} takes no value.");
                arguments.Add(flag, true);
            }
            else if (equals >= 0)
            {
                arguments.Add(flag, Read(flag, name, word[(equals + 1)..]));
            }
            else
            {
                if (next == words.Count || words[next] == "--")
                    throw CliException.Usage($"{name} needs a value: {name} {flag.Value}");
                do
                    arguments.Add(flag, Read(flag, name, words[next++]));
                while (flag.Repeats && !flag.TakesOneEach && next < words.Count && IsOperand(words[next]));
            }
        }

        CheckOperands(arguments);
        return arguments;
    }

    private static Verb FindVerb(IReadOnlyList<string> words, IReadOnlyList<Verb> verbs, out int next)
    {
        string first = words[0];
        string pair = words.Count > 1 ? $"{first} {words[1]}" : first;
        foreach (string name in (string[])[pair, first])
        {
            if (verbs.FirstOrDefault(verb => verb.Name == name) is { } found)
            {
                next = name == pair ? Math.Min(2, words.Count) : 1;
                if (!name.Contains(' ', StringComparison.Ordinal))
                    next = 1;
                return found;
            }
        }

        if ((words.Count == 1 || words[1].StartsWith('-')) && verbs.FirstOrDefault(verb => verb.LeadsFamily && verb.Family == first) is { } leader)
        {
            next = 1;
            return leader;
        }

        string[] family = [.. verbs.Where(verb => verb.Name.StartsWith(first + " ", StringComparison.Ordinal)).Select(verb => verb.Name)];
        if (family.Length > 0)
        {
            string what = words.Count > 1 && IsOperand(words[1]) ? $"'{pair}' is not one of its verbs." : $"'{first}' needs to know what.";
            throw CliException.Usage(what, $"Write {Join(family.Select(name => $"'dialtone {name}'"))}.");
        }

        if (first.StartsWith('-'))
            throw CliException.Usage($"The verb comes first; '{first}' is none.", "'dialtone --help' lists the verbs.");
        string? near = Spelling.Nearest(pair, verbs.Select(verb => verb.Name)) ?? Spelling.Nearest(first, verbs.Select(verb => verb.Name));
        throw CliException.Usage(
            $"There is no verb '{first}'.",
            near is null ? "'dialtone --help' lists the verbs." : $"Did you mean 'dialtone {near}'?");
    }

    private static object Read(Flag flag, string name, string text)
    {
        try
        {
            return flag.Read(text);
        }
        catch (FormatException e)
        {
            throw CliException.Usage($"{name}: {e.Message}");
        }
    }

    private static void CheckOperands(Arguments arguments)
    {
        Verb verb = arguments.Verb;
        List<string> words = arguments.Operands;
        if (words.Count < verb.LeastOperands)
        {
            string missing = verb.Operands.Where(name => !name.StartsWith('[')).ElementAt(words.Count);
            throw CliException.Usage(
                $"{missing} is missing: dialtone {verb.Name} {string.Join(' ', verb.Operands)}",
                $"'dialtone {verb.Name} --help' says more.");
        }

        if (words.Count > verb.MostOperands)
        {
            throw CliException.Usage(
                $"'{words[verb.MostOperands]}' is one word too many for 'dialtone {verb.Name}'.",
                $"'dialtone {verb.Name} --help' says more.");
        }
    }

    /// <summary>Reads a cluster of short flags; only the last may have a value.</summary>
    private static int ParseLetters(IReadOnlyList<string> words, int next, Arguments arguments, Flag[] flags)
    {
        string word = words[next++];
        for (int i = 1; i < word.Length; i++)
        {
            Flag flag = flags.FirstOrDefault(flag => flag.Letter == word[i]) ?? throw UnknownFlag($"-{word[i]}", arguments.Verb, flags);
            if (flag.Value is null)
            {
                arguments.Add(flag, true);
                continue;
            }

            if (i + 1 == word.Length && next == words.Count)
                throw CliException.Usage($"-{word[i]} needs a value: -{word[i]} {flag.Value}");
            arguments.Add(flag, Read(flag, $"-{word[i]}", i + 1 < word.Length ? word[(i + 1)..] : words[next++]));
            break;
        }

        return next;
    }

    private static CliException UnknownFlag(string name, Verb verb, Flag[] flags) => CliException.Usage(
        $"'dialtone {verb.Name}' has no flag {name}.",
        Spelling.Nearest(name, flags.Select(flag => flag.Name)) is { } near
            ? $"Did you mean {near}?"
            : $"'dialtone {verb.Name} --help' lists its flags.");

    private static bool IsOperand(string word) => word is "-" or "" || word[0] != '-' || (word.Length > 1 && char.IsAsciiDigit(word[1]));

    private static string Join(IEnumerable<string> names)
    {
        string[] all = [.. names];
        return all.Length == 1 ? all[0] : $"{string.Join(", ", all[..^1])} or {all[^1]}";
    }
}
