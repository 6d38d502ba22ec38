using System.Globalization;
using System.Text;

namespace Dialtone.Cli;

/// <summary>Help out of the tables, at most 80 columns wide.</summary>
internal static class Help
{
    public const int Width = 80;
    private const int Gutter = 2;
    private const int NameColumn = 26;

    /// <summary>Answers a command line that asks for help, or asks for nothing.</summary>
    public static bool TryAnswer(string[] words)
    {
        string[] asked = words switch
        {
            [] or ["--help" or "-h" or "help"] => [],
            ["help", .. var topic] => topic,
            _ when words.TakeWhile(word => word != "--").Any(word => word is "--help" or "-h") =>
                [.. words.TakeWhile(word => !word.StartsWith('-')).Take(2)],
            _ => null!,
        };
        if (asked is null)
            return false;
        Terminal.Out.Write(Page(asked));
        return true;
    }

    /// <summary>The page about a topic; the overview for none.</summary>
    /// <exception cref="CliException">There is no such topic.</exception>
    public static string Page(IReadOnlyList<string> topic)
    {
        string name = string.Join(' ', topic);
        if (name.Length == 0)
            return Overview();
        if (name == "exit-codes")
            return ExitCodesPage();
        Verb? verb = VerbTable.All.FirstOrDefault(verb => verb.Name == name)
            ?? VerbTable.All.FirstOrDefault(verb => verb.Name == topic[0])
            ?? VerbTable.All.FirstOrDefault(verb => verb.LeadsFamily && verb.Family == topic[0]);
        Verb[] family = [.. VerbTable.All.Where(verb => verb.Family == topic[0])];
        return verb is not null ? VerbPage(verb)
            : family.Length > 0 ? FamilyPage(topic[0], family)
            : throw CliException.Usage($"There is no help about '{name}'.", "'dialtone --help' lists the verbs.");
    }

    private static string Overview()
    {
        var page = new StringBuilder();
        page.Append("dialtone: socket servers and their clients, without ceremony.\n\n");
        page.Append(Heading("Usage")).Append("  dialtone VERB [ARGUMENTS]\n\n");
        page.Append(Heading("Examples"));
        foreach (string example in VerbTable.FirstSteps)
            page.Append("  ").Append(example).Append('\n');
        page.Append('\n').Append(Heading("Verbs"));
        foreach (Verb verb in VerbTable.All)
            Row(page, verb.Name, verb.Summary);
        page.Append('\n').Append(Heading("More"));
        Row(page, "VERB --help", "What a verb takes");
        Row(page, "help exit-codes", "What the tool's exit codes mean");
        Row(page, "--version", "Which version this is");
        return page.ToString();
    }

    private static string VerbPage(Verb verb)
    {
        var page = new StringBuilder();
        Paragraph(page, $"dialtone {verb.Name}: {verb.Summary}.");
        page.Append('\n').Append(Heading("Usage"));
        page.Append("  dialtone ").Append(verb.Name);
        foreach (string operand in verb.Operands)
            page.Append(' ').Append(operand);
        page.Append(verb.Flags.Count > 0 ? " [FLAGS]\n" : "\n");
        foreach (string detail in verb.Details)
        {
            page.Append('\n');
            Paragraph(page, detail);
        }

        if (verb.Examples.Count > 0)
            page.Append('\n').Append(Heading("Examples"));
        foreach (string example in verb.Examples)
            page.Append("  ").Append(example).Append('\n');
        foreach (FlagGroup group in verb.Flags)
        {
            page.Append('\n').Append(Heading(group.Title));
            foreach (Flag flag in group.Flags)
            {
                string name = flag.Letter is { } letter ? $"-{letter}, {flag.Name}" : flag.Name;
                if (flag.Value is not null)
                    name += $" {flag.Value}{(flag is { Repeats: true, TakesOneEach: false } ? "…" : "")}";
                Row(page, name, flag.DefaultText is { } value ? $"{flag.Help} (default {value})" : flag.Help);
            }
        }

        return page.ToString();
    }

    private static string FamilyPage(string name, IEnumerable<Verb> family)
    {
        var page = new StringBuilder(Heading("Verbs"));
        foreach (Verb verb in family)
            Row(page, verb.Name, verb.Summary);
        return page.Append('\n').Append(CultureInfo.InvariantCulture, $"'dialtone {name} VERB --help' says what a verb takes.\n").ToString();
    }

    private static string ExitCodesPage()
    {
        var page = new StringBuilder(Heading("Exit codes"));
        foreach ((ExitCode code, string meaning) in ExitCodes.All)
            Row(page, $"{(int)code,3}", meaning, nameColumn: 8);
        return page.ToString();
    }

    private static string Heading(string text) => Terminal.UsesStyle ? $"\e[1m{text}\e[0m\n" : $"{text}\n";

    private static void Row(StringBuilder page, string name, string text, int nameColumn = NameColumn)
    {
        page.Append(' ', Gutter).Append(name);
        int column = Gutter + name.Length;
        if (column > nameColumn - Gutter)
        {
            page.Append('\n');
            column = 0;
        }

        foreach (string line in Wrapped(text, Width - nameColumn))
        {
            page.Append(' ', nameColumn - column).Append(line).Append('\n');
            column = 0;
        }
    }

    private static void Paragraph(StringBuilder page, string text)
    {
        foreach (string line in Wrapped(text, Width))
            page.Append(line).Append('\n');
    }

    /// <summary>A line in as many as it needs, broken between words, those after the first indented.</summary>
    public static string Fold(string text, int width, string indent)
    {
        if (text.Length <= width)
            return text;
        string first = text[..(text.Length - text.TrimStart(' ').Length)];
        string[] rows = [.. Wrapped(text[first.Length..], width - indent.Length)];
        return first + string.Join($"\n{indent}", rows);
    }

    private static IEnumerable<string> Wrapped(string text, int width)
    {
        var line = new StringBuilder();
        foreach (string word in text.Split(' '))
        {
            if (line.Length > 0 && line.Length + 1 + word.Length > width)
            {
                yield return line.ToString();
                line.Clear();
            }

            if (line.Length > 0)
                line.Append(' ');
            line.Append(word);
        }

        yield return line.ToString();
    }
}
