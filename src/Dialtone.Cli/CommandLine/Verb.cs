namespace Dialtone.Cli;

/// <summary>Something the tool does, as a row of a table.</summary>
/// <param name="Name">One word, or two for a family of verbs.</param>
/// <param name="Summary">One sentence without a full stop.</param>
/// <param name="Run">Does it.</param>
internal sealed record Verb(string Name, string Summary, Func<Arguments, Task<ExitCode>> Run)
{
    /// <summary>What stands behind the verb: a name in brackets may be missing, and one that ends in … may be several words.</summary>
    public IReadOnlyList<string> Operands { get; init; } = [];

    public IReadOnlyList<FlagGroup> Flags { get; init; } = [];

    /// <summary>Paragraphs for the help.</summary>
    public IReadOnlyList<string> Details { get; init; } = [];

    public IReadOnlyList<string> Examples { get; init; } = [];

    /// <summary>What must be right before a server opens anything. It stops at the first mistake; <c>config check</c> tells all of them, at the line of the flag.</summary>
    public IReadOnlyList<(Flag Flag, Action<Arguments> Look)> Checks { get; init; } = [];

    /// <summary>The exit code of every failure of ours, where the others are somebody else's.</summary>
    public ExitCode? OwnFailure { get; init; }

    /// <summary>What the first word of the name means where no second one follows, or a flag does.</summary>
    public bool LeadsFamily { get; init; }

    /// <summary>The name's first word.</summary>
    public string Family => Name.Split(' ')[0];

    /// <summary>How many words must stand behind the verb.</summary>
    public int LeastOperands => Operands.Count(name => !name.StartsWith('['));

    /// <summary>How many words may.</summary>
    public int MostOperands => Operands.Any(name => name.EndsWith('…')) ? int.MaxValue : Operands.Count;
}

/// <summary>Flags that belong together in the help.</summary>
internal sealed record FlagGroup(string Title, params IReadOnlyList<Flag> Flags);
