namespace Dialtone.Cli;

/// <summary>Something the tool does, as a row of a table.</summary>
/// <param name="Name">One word, or two for a family of verbs.</param>
/// <param name="Summary">One sentence without a full stop.</param>
/// <param name="Run">Does it.</param>
internal sealed record Verb(string Name, string Summary, Func<Arguments, Task<ExitCode>> Run)
{
    /// <summary>What stands behind the verb; a name that ends in … takes the rest.</summary>
    public IReadOnlyList<string> Operands { get; init; } = [];

    public IReadOnlyList<FlagGroup> Flags { get; init; } = [];

    /// <summary>Paragraphs for the help.</summary>
    public IReadOnlyList<string> Details { get; init; } = [];

    public IReadOnlyList<string> Examples { get; init; } = [];

    public bool TakesRest => Operands is [.., var last] && last.EndsWith('…');
}

/// <summary>Flags that belong together in the help.</summary>
internal sealed record FlagGroup(string Title, params IReadOnlyList<Flag> Flags);
